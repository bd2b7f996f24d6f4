package intake_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
)

// A pupil without consent who shows a card is seen by the camera as somebody unknown, and
// leaves no picture: not in the event, not on the disk, and after ten seconds not in memory.
func TestAChildWithoutConsentLeavesNoPicture(t *testing.T) {
	s := open(t)
	look := g.Sighting{
		Method:    g.ByFace,
		Track:     "7",
		Embedding: face(1),
		Model:     "m",
		Snapshot:  []byte("a child's face"),
		Match:     &g.Match{Quality: 0.8},
	}
	for name, pass := range map[string]func(){
		"a card": func() {
			s.see(g.DriverMQTTFront, "reader", g.Sighting{Method: g.ByCard, Credential: "0004711"})
		},
		"a terminal's match": func() {
			s.see("push", "terminal", g.Sighting{Method: g.ByFace, Credential: "1002"})
		},
		"a colleague's word": func() {
			_, _, err := s.Manual(t.Context(), "sch", g.Sighting{Zone: "gate", Person: "per_a"})
			must(t, err)
			s.journalled()
		},
	} {
		s.now = s.now.Add(time.Hour)
		look.Track += "x"
		seen := s.see("vision", "camera", look)
		s.now = s.now.Add(4 * time.Second)
		pass()
		s.now = s.now.Add(7 * time.Second)
		if _, found := s.Strangers.Settle(seen.ID, s.now); found != strangers.Passed {
			t.Errorf("%s: got %v, want that there is no picture", name, found)
		}
		if n, _, _ := s.Strangers.Stat(); n != 0 {
			t.Errorf("%s: %d tracks are still held", name, n)
		}
	}
}

// A face that could be compared with nobody, or that resembles several people, is no stranger.
func TestNotMatchedIsNoStranger(t *testing.T) {
	s := open(t)
	for _, p := range []g.PersonID{"per_a", "per_b"} {
		must(t,
			s.view.People.SetConsent(t.Context(),
				g.Consent{Person: p, Given: true, By: "parent", At: time.Now()}))
		_, err := s.view.People.AddFace(t.Context(), p, face(1), "m", 0.9)
		must(t, err)
	}
	for i, c := range []struct {
		model, reason string
		held          int
	}{
		{"m", "low_margin", 0},
		{"m-3", "wrong_model", 0},
		{"", "wrong_model", 0},
	} {
		look := g.Sighting{
			Method:    g.ByFace,
			Track:     fmt.Sprint(i),
			Embedding: face(1),
			Model:     c.model,
			Snapshot:  []byte("jpeg"),
			Match:     &g.Match{Quality: 0.8},
		}
		got := s.see("vision", "camera", look)
		if n, _, _ := s.Strangers.Stat(); got.Person != "" || got.Match.Reason != c.reason ||
			n != c.held {
			t.Errorf("model %q: got %q, %s and %d held; want nobody, %s and %d", c.model,
				got.Person, got.Match.Reason, n, c.reason, c.held)
		}
	}
	far := g.Sighting{
		Method:    g.ByFace,
		Track:     "far",
		Embedding: face(2.7),
		Model:     "m",
		Snapshot:  []byte("jpeg"),
		Match:     &g.Match{Quality: 0.8},
	}
	if got := s.see("vision", "camera", far); got.Match.Reason != "below_threshold" {
		t.Errorf("got %+v, want somebody else", got.Match)
	}
	if n, _, _ := s.Strangers.Stat(); n != 1 {
		t.Errorf("%d tracks are held, want the one of somebody else", n)
	}
	s.Pictures = func(g.SchoolID) bool { return false }
	far.Track = "far-2"
	s.see("vision", "camera", far)
	if n, _, _ := s.Strangers.Stat(); n != 1 {
		t.Errorf("%d tracks are held, want no more: the school has turned pictures off", n)
	}
}
