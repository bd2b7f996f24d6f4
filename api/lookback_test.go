package api_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestEventsOfPeopleEndADayBack: events of passages end a day back, since older passages take a
// reason; events that are not about people are shown however old.
func TestEventsOfPeopleEndADayBack(t *testing.T) {
	w := newWorld(t).schools()
	for _, ago := range []time.Duration{25 * time.Hour, time.Hour} {
		at := time.Now().Add(-ago)
		w.live.add(
			g.Event{
				Kind:     g.EventSighting,
				School:   w.a.ID,
				Time:     at,
				Received: at,
				Sighting: &g.Sighting{Method: g.ByCard},
			},
			g.Event{
				Kind:     g.EventStatus,
				School:   w.a.ID,
				Time:     at,
				Received: at,
				Status:   &g.Status{State: g.StateOnline},
			},
		)
	}
	var page struct{ Items []g.Event }
	w.user(w.a, g.RoleAdmin).do("GET", "/v1/events?after=0&kinds=sighting,status", nil).want(200).into(&page)
	var got []g.EventKind
	for _, e := range page.Items {
		got = append(got, e.Kind)
	}
	if len(got) != 3 || got[0] != g.EventStatus || got[1] != g.EventSighting ||
		got[2] != g.EventStatus {
		t.Errorf("got %v, want both states and the newer passage", got)
	}
}
