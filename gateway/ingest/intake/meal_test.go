package intake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// canteen puts a till into the school, and a lunch that is being served.
func (s *school) canteen() {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.view.Fleet.PutProfile(ctx, g.Profile{
		ID:        "till",
		Title:     "Till",
		Type:      g.TypePOS,
		Sightings: []g.Method{g.ByCard},
	}))
	_, err := s.view.Deeds.PutZone(ctx,
		g.Zone{ID: "canteen", School: "sch", Building: "bld", Name: "Canteen", Kind: g.ZoneCanteen})
	must(s.t, err)
	_, _, err = s.view.Fleet.CreateDevice(ctx, g.Device{
		ID:      "till",
		School:  "sch",
		Zone:    "canteen",
		Profile: "till",
		Driver:  "push",
		Name:    "Till",
		Serial:  "till",
		Enabled: true,
	}, nil)
	must(s.t, err)
	_, err = s.view.Sessions.Put(ctx, g.Session{
		School:    "sch",
		Kind:      g.SessionMeal,
		Name:      "Lunch",
		Start:     s.now.Add(-time.Hour),
		Due:       s.now,
		End:       s.now.Add(time.Hour),
		Who:       []g.PersonKind{g.Student},
		ZoneKinds: []g.ZoneKind{g.ZoneCanteen},
	})
	must(s.t, err)
	s.Meals = s.view.Meals
}

// TestATillIsAnswered: a meal is decided and journalled, once; a lockdown shuts no mouth; what staff
// give anyway says so; and a time that cannot be is refused for good instead of being left open.
func TestATillIsAnswered(t *testing.T) {
	s := open(t)
	w := &written{Journal: s.j, done: make(chan error, 1)}
	s.Journal = w
	s.now = time.Now().Truncate(time.Microsecond) // as the registry's clock, which deletes what is old
	s.canteen()
	ask := func(a g.Ask) g.Answer {
		t.Helper()
		a.Device, a.Method, a.Credential = "till", g.ByCard, "0004711"
		answer, err := s.Answer(t.Context(), "push", a)
		must(t, err)
		return answer
	}
	_, err := s.view.Lockdown.Raise(t.Context(), lockdown.Order{School: "sch", Level: g.LevelLockdown})
	must(t, err)
	want := g.Answer{Allow: true, Person: "per_a", Serving: &g.Serving{Meal: "Lunch", Name: "A"}}
	if diff := cmp.Diff(ask(g.Ask{Sequence: 1}), want); diff != "" {
		t.Errorf("the first: got -, want +:\n%s", diff)
	}
	if d := s.decided(w).Decision; !d.Allow || d.Person != "per_a" || d.Reason.Code != "" {
		t.Errorf("got %+v, want a meal", d)
	}
	if got := ask(g.Ask{Sequence: 1}); !got.Allow {
		t.Errorf("got %+v to the same question, want the same answer", got)
	}
	s.decided(w)
	if got := ask(g.Ask{Sequence: 2}); got.Allow || got.Reason.Code != g.ReasonMealEaten || got.Person != "" ||
		!got.Serving.Before.Equal(s.now) {
		t.Errorf("got %+v, want no second meal", got)
	}
	s.decided(w)
	if got := ask(g.Ask{Sequence: 3, Override: "hungry"}); !got.Allow || got.Person != "per_a" {
		t.Errorf("got %+v, want staff to serve anyway", got)
	}
	if d := s.decided(w).Decision; !d.Allow || d.Reason.Code != g.ReasonServedAnyway {
		t.Errorf("got %+v, want to read that staff served", d)
	}
	odd := ask(g.Ask{Sequence: 4, Served: true, Time: s.now.Add(24 * time.Hour)})
	if odd.Allow || odd.Reason.Code == "" || odd.Serving != nil {
		t.Errorf("got %+v, want a meal of tomorrow refused", odd)
	}
	past := ask(g.Ask{Sequence: 5, Served: true, Time: s.now.Add(-30 * time.Minute)})
	if !past.Allow || past.Reason.Code != g.ReasonMealEaten {
		t.Errorf("got %+v, want what was given told as a second one", past)
	}
	s.decided(w)
}

// TestOnlyTillsServe: a door's question says nothing of meals, and takes nothing of them.
func TestOnlyTillsServe(t *testing.T) {
	s := open(t)
	s.canteen()
	door := g.Ask{Device: "terminal", Method: g.ByCard, Credential: "0004711"}
	got, err := s.Answer(t.Context(), "push", door)
	must(t, err)
	if !got.Allow || got.Serving != nil {
		t.Errorf("got %+v, want a door to open", got)
	}
	door.Override = "hungry"
	if got, err := s.Answer(t.Context(), "push", door); err == nil || got.Allow {
		t.Errorf("got %+v, %v, want a door with an override refused", got, err)
	}
}
