package registry_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// TestTheRosterIsOfItsDay: who moves to another class today was in the old one last week, who is
// enrolled today was not expected then, and who left and came back was away between.
func TestTheRosterIsOfItsDay(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx := t.Context()
		create := func(number, class string) g.Person {
			return must[g.Person](t)(d.sys.People.Create(ctx, g.Person{
				School: "a",
				Kind:   g.Student,
				Name:   "Pupil " + number,
				Number: number,
				Class:  class,
			}))
		}
		start := d.clock.now()
		moves, stays := create("9001", "9-1"), create("9002", "9-1")
		day := func(n int) { d.clock.add(time.Duration(n) * 24 * time.Hour) }
		day(10)
		moves.Class = "9-2"
		ok(t, d.sys.People.Update(ctx, moves))
		enrolled := create("9003", "9-2")
		day(10)
		ok(t, d.sys.People.SetLeft(ctx, stays.ID, true))
		day(10)
		ok(t, d.sys.People.SetLeft(ctx, stays.ID, false))
		day(1)
		of := func(days int, class string) (out []g.PersonID) {
			due := start.AddDate(0, 0, days).Add(time.Hour)
			for _, r := range d.roster(t, g.Session{
				School:  "a",
				Due:     due,
				Who:     []g.PersonKind{g.Student},
				Classes: []string{class},
			}) {
				out = append(out, r.Person)
			}
			return out
		}
		for _, x := range []struct {
			name  string
			day   int
			class string
			want  []g.PersonID
		}{
			{"before the move", 5, "9-1", []g.PersonID{moves.ID, stays.ID}},
			{"not enrolled yet", 5, "9-2", nil},
			{"after the move", 15, "9-1", []g.PersonID{stays.ID}},
			{"the new class", 15, "9-2", []g.PersonID{moves.ID, enrolled.ID}},
			{"gone", 25, "9-1", nil},
			{"back", 31, "9-1", []g.PersonID{stays.ID}},
			{"before they left, as ever", 1, "9-1", []g.PersonID{moves.ID, stays.ID}},
		} {
			same(t, x.name, of(x.day, x.class), x.want)
		}
	})
}

func same(t *testing.T, name string, got, want []g.PersonID) {
	t.Helper()
	left := map[g.PersonID]bool{}
	for _, id := range want {
		left[id] = true
	}
	for _, id := range got {
		if !left[id] {
			t.Errorf("%s: %s is expected, and should not be", name, id)
		}
		delete(left, id)
	}
	if len(left) > 0 {
		t.Errorf("%s: %v are missing", name, left)
	}
}
