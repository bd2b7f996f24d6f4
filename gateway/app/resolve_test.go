package app_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// TestPassagesFromBeforeAnImport: a terminal reports numbers that are unknown; one's person is
// created later, the other's card later still. The passages are then assigned to them, except one
// that is too old for the card to have been theirs.
func TestPassagesFromBeforeAnImport(t *testing.T) {
	s, clock := newSchool(t), newWall()
	r := s.runOver(t, configOf(s.dir), app.Options{Now: clock.now})
	reader := r.connect(t, "reader-8")
	pass := func(credential string, ago time.Duration) {
		reader.say("sighting",
			fmt.Sprintf(`{"method":"card","credential":%q,"replayed":true,"time":%d}`, credential,
				clock.ms(-ago)))
	}
	pass("9001", 60*24*time.Hour) // a summer without network
	pass("9001", time.Minute)
	pass("04A1B2C3", time.Hour)
	pass("04A1B2C3", 20*24*time.Hour)
	pass("nobody", time.Minute)
	sys := r.a.Registry().In(g.SystemScope("test"))
	eventually(t, "five passages of nobody", func() bool {
		rows, _, err := sys.History.Sightings(t.Context(), history.SightingFilter{Unknown: true})
		return err == nil && len(rows) == 5
	})
	pupil, err := sys.People.Create(t.Context(),
		g.Person{School: killSchool, Kind: g.Student, Name: "Late Import", Number: "9001"})
	ok(t, err)
	theirs := func(n int) func() bool {
		return func() bool {
			rows, _, err := sys.History.Sightings(t.Context(), history.SightingFilter{Person: pupil.ID})
			return err == nil && len(rows) == n
		}
	}
	eventually(t, "the pupil's two passages", theirs(2))
	_, err = sys.People.AddCard(t.Context(), pupil.ID, g.ByCard, "04A1B2C3", time.Time{})
	ok(t, err)
	eventually(t, "the passage with the card", theirs(3))
}
