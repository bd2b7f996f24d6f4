package identify_test

import (
	"context"
	"log/slog"
	"math"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// templates is a registry that holds nothing but face templates.
type templates []people.Template

func (t templates) Templates(context.Context, g.SchoolID) ([]people.Template, error) {
	return t, nil
}

func (templates) ByCredential(
	context.Context, g.SchoolID, g.Method, string,
) (g.PersonID, bool, error) {
	return "", false, nil
}

func (templates) ByNumber(context.Context, g.SchoolID, string) (g.PersonID, bool, error) {
	return "", false, nil
}

func (templates) Duress(context.Context, g.SchoolID, string) (bool, error) { return false, nil }

func (templates) Standing(
	context.Context, g.SchoolID, g.Method, string, bool,
) (people.Holder, error) {
	return people.Holder{Why: g.ReasonNobody}, nil
}

// face is a unit vector whose cosine with the first axis is c.
func face(c float64) []float32 {
	v := make([]float32, 8)
	v[0], v[1] = float32(c), float32(math.Sqrt(1-c*c))
	return v
}

// Templates of another model are never compared, at a camera or at enrolment, even if they have the
// same size and direction; where a school has templates of both models, a face is compared with
// those of its own.
func TestAnotherModelsTemplatesAreNotCompared(t *testing.T) {
	reg := templates{
		{Pass: "p1", Person: "per_old", Model: "retired-512", Embedding: face(1)},
		{Pass: "p2", Person: "per_new", Model: "present-512", Embedding: face(0)},
	}
	i := identify.New(reg, vision.DefaultDecision(), slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		model  string
		face   []float32
		person g.PersonID
		reason string
	}{
		{"present-512", face(1), "", g.MatchBelowThreshold},
		{"present-512", face(0), "per_new", g.MatchFound},
		{"retired-512", face(1), "per_old", g.MatchFound},
		{"tomorrow-512", face(1), "", g.MatchWrongModel},
		{"", face(1), "", g.MatchWrongModel},
	} {
		s := &g.Sighting{Method: g.ByFace, Embedding: c.face, Model: c.model, Frames: 3}
		person, m, err := i.Face(t.Context(), "sch_1", s)
		if err != nil || person != c.person || m.Reason != c.reason {
			t.Errorf("%s: got %q, %+v, %v, want %q for %s", c.model, person, m, err, c.person,
				c.reason)
		}
	}
	l, err := i.Compare(t.Context(), "sch_1", "per_old", "present-512", face(1))
	if err != nil || l.Enrolled || l.Alike || l.Score > 0.01 {
		t.Errorf("got %+v, %v at enrolment, want the old template left alone", l, err)
	}
	if l, err = i.Compare(t.Context(), "sch_1", "per_new", "tomorrow-512", face(0)); err != nil ||
		l.Enrolled || l.Other != "" {
		t.Errorf("got %+v, %v at enrolment with a third model, want nobody compared", l, err)
	}
}

// TestCompareAsks: Unlike and Alike are set from the thresholds of vision.DefaultAlike on.
func TestCompareAsks(t *testing.T) {
	a := vision.DefaultAlike()
	reg := templates{{Pass: "p1", Person: "per_a", Model: "m-512", Embedding: face(1)}}
	i := identify.New(reg, vision.DefaultDecision(), slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		person        g.PersonID
		like          float64
		unlike, alike bool
	}{
		{"per_a", a.Own + 0.01, false, false},
		{"per_a", a.Own - 0.01, true, false},
		{"per_b", a.Other - 0.01, false, false},
		{"per_b", a.Other + 0.01, false, true},
		{"", a.Other + 0.01, false, true},
	} {
		l, err := i.Compare(t.Context(), "sch_1", c.person, "m-512", face(c.like))
		if err != nil || l.Unlike != c.unlike || l.Alike != c.alike {
			t.Errorf("%q at %.2f: got %+v, %v, want unlike %v, alike %v", c.person, c.like, l, err,
				c.unlike, c.alike)
		}
	}
}
