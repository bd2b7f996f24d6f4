package main

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// recorded reads the results of the last run on all of LFW.
func recorded[T any](t *testing.T, name string, load func(io.Reader) ([]T, error)) []T {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := load(f)
	if err != nil || len(rows) < 1000 {
		t.Fatalf("got %d rows, %v, want a thousand at least", len(rows), err)
	}
	return rows
}

// The product's threshold is the one that the rule yields.
func TestThresholdIsDerived(t *testing.T) {
	tracks := recorded(t, "tracks.txt", Load)
	got := vision.DefaultDecision().Score
	want, ok := Derive(tracks)
	if !ok || got != want.Threshold {
		t.Errorf("the default is %.2f, and the rule asks for %.2f (%v)", got, want.Threshold, ok)
	}
	o := At(tracks, got)
	t.Logf("at %.2f: strangers taken %v, tracks %v; enrolled found %v, mistaken %v", got,
		o.Strangers, o.Tracks, o.Found, o.Mistaken)
	if o.Strangers.Upper() >= mostStrangers || o.Found.Lower() < 0.80 {
		t.Errorf("at %.2f: strangers taken %v, found %v, want under %.1f %% and over 80 %%", got,
			o.Strangers, o.Found, 100*mostStrangers)
	}
}

// The product's enrolment thresholds are those that the rules yield.
func TestAlikeIsDerived(t *testing.T) {
	kin := recorded(t, "alike.txt", LoadKin)
	got := vision.DefaultAlike()
	want, ok := DeriveAlike(kin)
	if !ok || got != want {
		t.Errorf("the default is %+v, and the rules ask for %+v (%v)", got, want, ok)
	}
	a := Ask(kin, got)
	t.Logf("at %+v: needless %v, caught %v, doubted %v, foreign %v", got, a.Needless, a.Caught,
		a.Doubted, a.Foreign)
	if a.Caught.Lower() < 0.93 {
		t.Errorf("got %v second enrolments caught, want 93 %% at least", a.Caught)
	}
}

// The rule on made-up tracks: too few prove nothing, and a stranger who is accepted raises the
// threshold.
func TestDerive(t *testing.T) {
	var tracks []Track
	for p := range 1000 {
		tracks = append(tracks,
			Track{
				Mark:     "x",
				Person:   p,
				Reports:  1,
				Known:    true,
				Own:      0.7,
				Wrong:    -1,
				Stranger: 0.31,
			})
	}
	if o, ok := Derive(tracks[:100]); ok {
		t.Errorf("got %v of 100 tracks, want none", o)
	}
	if o, ok := Derive(tracks); !ok || o.Threshold != 0.35 {
		t.Errorf("got %v, want 0.35", o)
	}
	for p := range 20 {
		tracks[p].Stranger = 0.52
	}
	o, ok := Derive(tracks)
	if !ok || o.Threshold != 0.55 || o.Found != (Rate{1000, 1000}) {
		t.Errorf("got %v, want 0.55 with everybody found", o)
	}
	if o = At(tracks, 0.5); o.Strangers != (Rate{20, 1000}) || o.Tracks != (Rate{20, 1000}) {
		t.Errorf("got %v, want 20 strangers", o)
	}
}

func TestCompareCountsPeople(t *testing.T) {
	faces := []Enrolled{
		{1, []float32{1, 0}},
		{1, []float32{0.6, 0.8}},
		{2, []float32{0, 1}},
		{1, []float32{0, 1}},
	}
	kin, pairs := Compare(faces, 0.5)
	want := []Kin{
		{Person: 1, Nearest: 0, Again: Cosine(faces[0], faces[1])},
		{Person: 2, Nearest: 0},
	}
	if d := cmp.Diff(kin, want); d != "" || pairs != (Rate{0, 1}) {
		t.Errorf("got %v, %v pairs, want %v", kin, pairs, want)
	}
}

func Cosine(a, b Enrolled) float64 { return vision.Cosine(a.Embedding, b.Embedding) }

// Load reads what Save wrote.
func TestTracksAreKept(t *testing.T) {
	in := []Track{{"0a0b0c0d", 3, 2, true, 0.5, -1, 0.25}, {"ffffffff", 4, 0, false, -1, -1, -1}}
	var b bytes.Buffer
	b.WriteString("# a remark\n")
	if err := Save(&b, in); err != nil {
		t.Fatal(err)
	}
	out, err := Load(&b)
	if d := cmp.Diff(out, in); err != nil || d != "" {
		t.Error(err, d)
	}
	if _, err := Load(bytes.NewBufferString("nonsense")); err == nil {
		t.Error("nonsense was read")
	}
	kin := []Kin{{3, 0.25, 0}, {4, 0.5, 0.75}}
	if err := SaveKin(&b, kin); err != nil {
		t.Fatal(err)
	}
	if got, err := LoadKin(&b); err != nil || cmp.Diff(got, kin) != "" {
		t.Error(err, got)
	}
}
