package attendance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// A day of more pupils than are looked up one by one, with a reader that was away, one whose clock is
// behind, refused cards, late deliveries, leave and corrections: what is computed for everybody and
// all sessions at once is what is computed for each session and some of its people.
func TestTogetherIsAsAlone(t *testing.T) {
	s := newSchool(t)
	ctx, day := t.Context(), time.Date(2026, 9, 2, 0, 0, 0, 0, time.UTC)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var file strings.Builder
	file.WriteString("kind,number,name,class\n")
	for i := range peopleMost + 20 {
		fmt.Fprintf(&file, "student,%d,Pupil %d,7-%d\n", i+1, i, i%3)
	}
	_, err := s.v.People.ImportRoster(ctx, "sch", []byte(file.String()), people.ImportOptions{})
	ok(err)
	var sessions []g.Session
	for _, x := range []g.Session{
		{Kind: g.SessionArrival, Name: "Day", Start: day.Add(7 * time.Hour), End: day.Add(17 * time.Hour)},
		{Kind: g.SessionLesson, Name: "One", Start: day.Add(8 * time.Hour), End: day.Add(9 * time.Hour),
			Classes: []string{"7-1"}, Zones: []g.ZoneID{"gate"}},
		{Kind: g.SessionMeal, Name: "Lunch", Start: day.Add(11 * time.Hour), End: day.Add(12 * time.Hour),
			Zones: []g.ZoneID{"gate"}},
		{Kind: g.SessionMeal, Name: "Lunch", Start: day.Add(12 * time.Hour), End: day.Add(13 * time.Hour),
			Zones: []g.ZoneID{"gate"}},
		{Kind: g.SessionDorm, Name: "Night", Start: day.Add(21 * time.Hour), End: day.Add(29 * time.Hour)},
	} {
		x.School, x.Who, x.Due = "sch", []g.PersonKind{g.Student}, x.Start.Add(10*time.Minute)
		x, err = s.v.Sessions.Put(ctx, x)
		ok(err)
		sessions = append(sessions, x)
	}
	members, err := s.v.People.Members(ctx, "sch")
	ok(err)
	random := rand.New(rand.NewPCG(1, 2))
	s.history(g.Event{
		Kind:   g.EventStatus,
		Device: "at-gate",
		Status: &g.Status{State: g.StateOffline},
		Time:   day.Add(8*time.Hour + 5*time.Minute),
	})
	s.history(g.Event{
		Kind:   g.EventStatus,
		Device: "at-gate",
		Status: &g.Status{State: g.StateOnline},
		Time:   day.Add(8*time.Hour + 20*time.Minute),
	})
	for _, m := range members {
		for range random.IntN(6) {
			at := day.Add(time.Duration(random.IntN(29*3600)) * time.Second)
			zone := []g.ZoneID{"gate", "dorm"}[random.IntN(2)]
			s.now = at
			received := at
			if zone == "dorm" {
				received = at.Add(7 * time.Minute) // its clock is behind
			}
			s.history(g.Event{
				Kind:     g.EventSighting,
				Device:   g.DeviceID("at-" + zone),
				Zone:     zone,
				Time:     at,
				Received: received,
				Sighting: &g.Sighting{
					ID:        g.SightingID(fmt.Sprintf("sgt_%d", s.n)),
					Person:    m.ID,
					Method:    g.ByCard,
					Zone:      zone,
					Direction: []g.Direction{g.In, g.Out, ""}[random.IntN(3)],
				},
			})
		}
		if random.IntN(10) == 0 {
			from := day.Add(time.Duration(random.IntN(20)) * time.Hour)
			_, err := s.v.Sessions.PutLeave(ctx, g.Leave{
				Person: m.ID,
				From:   from,
				To:     from.Add(time.Duration(1+random.IntN(8)) * time.Hour),
				Reason: "x",
			})
			ok(err)
		}
	}
	s.now = day.Add(40 * time.Hour)
	ok(s.c.compute(ctx, "sch", sessions, nil, g.CauseTime))
	told := s.told()
	if told < len(members)*4 {
		t.Fatalf("got %d answers, want those of %d people", told, len(members))
	}
	for _, x := range sessions {
		for i := 0; i < len(members); i += 40 {
			var some []g.PersonID
			for _, m := range members[i:min(i+3, len(members))] {
				some = append(some, m.ID)
			}
			ok(s.c.compute(ctx, "sch", []g.Session{x}, some, g.CauseSighting))
		}
		ok(s.c.compute(ctx, "sch", []g.Session{x}, nil, g.CauseTime))
	}
	if again := s.told(); again != told {
		t.Errorf("%d answers differ when computed alone", again-told)
	}
}

// told is how many events the gateway has of its own.
func (s *school) told() int {
	s.t.Helper()
	n, after := 0, int64(0)
	for {
		rows, err := s.v.Outbox(s.t.Context(), after, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(rows) == 0 {
			return n
		}
		n, after = n+len(rows), rows[len(rows)-1].ID
	}
}
