package vision_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// face is a vector of unit length with the cosine a to Anna and b to Bert.
func face(a, b float64) []float32 {
	return []float32{float32(a), float32(b), float32(math.Sqrt(max(1-a*a-b*b, 0))), 0}
}

func put(t testing.TB, g *vision.Gallery, p gatehouse.PersonID, templates ...[]float32) {
	t.Helper()
	if err := g.Put(p, templates...); err != nil {
		t.Fatal(err)
	}
}

func TestMatch(t *testing.T) {
	g := vision.NewGallery(4)
	put(t, g, "anna", []float32{0, 0, 0, 1}, face(1, 0)) // the best template counts
	put(t, g, "bert", face(0, 1))
	only := func(p gatehouse.PersonID) func(gatehouse.PersonID) bool {
		return func(q gatehouse.PersonID) bool { return p == q }
	}
	d := vision.Decision{Score: 0.45, Margin: 0.08, Quality: 0.3}
	for _, c := range []struct {
		name   string
		query  vision.Query
		person gatehouse.PersonID
		want   gatehouse.Match
	}{
		{
			"clear",
			vision.Query{Embedding: face(0.8, 0.1), Quality: 0.9, Frames: 5},
			"anna",
			gatehouse.Match{Score: 0.8, RunnerUp: 0.1, Quality: 0.9, Frames: 5, Reason: "matched"},
		},
		{
			"longer than a unit",
			vision.Query{Embedding: []float32{0, 3, 0, 0}},
			"bert",
			gatehouse.Match{Score: 1, RunnerUp: 0, Reason: "matched"},
		},
		{
			"a stranger",
			vision.Query{Embedding: face(0.44, 0.1)},
			"",
			gatehouse.Match{Score: 0.44, RunnerUp: 0.1, Reason: "below_threshold"},
		},
		{
			"between two",
			vision.Query{Embedding: face(0.6, 0.55)},
			"",
			gatehouse.Match{Score: 0.6, RunnerUp: 0.55, Reason: "low_margin"},
		},
		{
			"blurred",
			vision.Query{Embedding: face(0.8, 0.1), Quality: 0.2},
			"",
			gatehouse.Match{Score: 0.8, RunnerUp: 0.1, Quality: 0.2, Reason: "low_quality"},
		},
		{
			"nobody may be compared",
			vision.Query{Embedding: face(1, 0), Only: only("carl")},
			"",
			gatehouse.Match{Score: -1, RunnerUp: -1, Reason: "nobody_enrolled"},
		},
		{
			"without Anna's consent",
			vision.Query{Embedding: face(0.8, 0.3), Only: only("bert")},
			"",
			gatehouse.Match{Score: 0.3, RunnerUp: -1, Reason: "below_threshold"},
		},
		{
			"other model",
			vision.Query{Embedding: []float32{1, 0}},
			"",
			gatehouse.Match{Score: -1, RunnerUp: -1, Reason: "wrong_model"},
		},
		{
			"no direction",
			vision.Query{Embedding: make([]float32, 4)},
			"",
			gatehouse.Match{Score: -1, RunnerUp: -1, Reason: "wrong_model"},
		},
		{
			"not a number",
			vision.Query{Embedding: []float32{float32(math.NaN()), 0, 0, 1}},
			"",
			gatehouse.Match{Score: -1, RunnerUp: -1, Reason: "wrong_model"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			person, got := g.Match(c.query, d)
			if person != c.person {
				t.Errorf("got %q, want %q", person, c.person)
			}
			c.want.Margin = c.want.Score - c.want.RunnerUp
			if diff := cmp.Diff(got, c.want, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

func TestMatchInAnEmptyGallery(t *testing.T) {
	person, got := vision.NewGallery(4).Match(vision.Query{Embedding: face(1, 0)},
		vision.DefaultDecision())
	want := gatehouse.Match{Score: -1, RunnerUp: -1, Reason: "nobody_enrolled"}
	if person != "" || got != want {
		t.Errorf("got %q, %+v, want \"\", %+v", person, got, want)
	}
}

// The default lies between what LFW showed for strangers and for enrolled people: see
// DefaultDecision. The test guards against lowering it.
func TestDefaultDecisionIsStrict(t *testing.T) {
	d := vision.DefaultDecision()
	if d.Score < 0.473 { // one stranger in 100,000 a comparison
		t.Errorf("score %v, want 0.473 at least", d.Score)
	}
	if d.Margin < 0.05 || d.Quality <= 0 {
		t.Errorf("got %+v, want a margin and a quality", d)
	}
}
