package escalate_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// Whoever is on duty by the school's clock is told around a change of it: a hand-over at a time that
// is left out takes place when the clock jumps, one at a time that comes twice takes place once.
func TestAHandOverAtAChangeOfTheClock(t *testing.T) {
	for _, c := range []struct {
		name, zone, handOver string
		before               string    // the day on which guard1's turn begins
		at                   time.Time // of the hand-over to guard2
		lasts                time.Duration
	}{
		{"Santiago has no midnight", "America/Santiago", "00:00", "2026-09-05",
			time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC), 23 * time.Hour},
		{"Santiago's last hour comes twice", "America/Santiago", "23:30", "2026-04-03",
			time.Date(2026, 4, 5, 2, 30, 0, 0, time.UTC), 25 * time.Hour},
		{"Berlin has no half past two", "Europe/Berlin", "02:30", "2026-03-28",
			time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), 23*time.Hour + 30*time.Minute},
		{"Berlin's half past two comes twice", "Europe/Berlin", "02:30", "2026-10-24",
			time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), 25 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNightIn(t, c.zone, c.at.Add(-time.Minute))
			n.handsOver(c.handOver, c.before)
			calls := func(id g.AlertID) {
				n.raise(id)
				n.work()
				n.take(id, "head")
			}
			calls("alt_1") // a minute before
			n.pass(time.Minute)
			calls("alt_2") // at the hand-over
			n.pass(time.Hour)
			calls("alt_3") // by the clock the same time again, where it was put back
			n.pass(c.lasts - 61*time.Minute)
			calls("alt_4") // a minute before the next hand-over
			n.pass(time.Minute)
			calls("alt_5")
			last := int(c.lasts.Minutes())
			n.heard("0 guard1: alt_1", "1 guard2: alt_2", "61 guard2: alt_3",
				fmt.Sprintf("%d guard2: alt_4", last), fmt.Sprintf("%d guard1: alt_5", last+1))
		})
	}
}

// handsOver makes the rota one in which two guards take turns by the day, told at once by the chain.
func (n *night) handsOver(at, first string) {
	n.t.Helper()
	n.turns(at, first, "guard1", "guard2")
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{{Rotas: []g.RotaID{"nights"}}},
		Wait:  60,
	})
}

func (n *night) turns(at, first string, guards ...g.UserID) {
	n.t.Helper()
	var turns [][]g.UserID
	for _, u := range guards {
		turns = append(turns, []g.UserID{u})
	}
	if len(turns) == 0 {
		turns = [][]g.UserID{{}} // nobody's
	}
	_, err := n.view.Oncall.PutRota(n.t.Context(), g.Rota{
		ID:     "nights",
		School: n.school.ID,
		Name:   "Nights",
		Lines: []g.RotaLine{{
			Start: at,
			End:   at,
			First: first,
			Each:  g.TurnDay,
			Turns: turns,
		}},
	})
	n.ok(err)
}

// A step comes its minutes after the one before, also where the clock was put forward or back between
// them.
func TestAStepWaitsItsMinutesOverAChangeOfTheClock(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 3, 29, 0, 50, 0, 0, time.UTC),
		time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC),
	} {
		n := newNightIn(t, "Europe/Berlin", at)
		n.chain(g.Escalation{
			Steps: []g.EscalationStep{
				{Users: []g.UserID{"guard1"}},
				{After: 30, Users: []g.UserID{"guard2"}},
			},
			Wait: 60,
		})
		n.raise("alt_1")
		n.work()
		n.minutes(35)
		n.heard("0 guard1: alt_1", "30 guard2: alt_1")
	}
}

// A rota that is changed while an alert escalates is asked as it is when a step is due: who is put in
// is told, who is taken out is not, and a hole is passed over at once and named.
func TestARotaThatChangesOnTheWay(t *testing.T) {
	n := newNight(t)
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{
			{Rotas: []g.RotaID{"nights"}},
			{After: 3, Rotas: []g.RotaID{"nights"}},
			{After: 3, Rotas: []g.RotaID{"nights"}},
			{After: 3, Users: []g.UserID{"facility"}},
		},
		Wait: 60,
	})
	n.raise("alt_1")
	n.work()
	n.minutes(2)
	n.turns("00:00", "2026-09-01", "guard2")
	n.minutes(2)
	n.turns("00:00", "2026-09-01")
	n.minutes(10)
	n.heard("0 guard1: alt_1", "3 guard2: alt_1", "6 facility: alt_1")
	_, log, err := n.view.Oncall.CallOf(t.Context(), "alt_1")
	n.ok(err)
	if len(log) != 4 || log[2].What != oncall.CallNobody || log[2].RotaName != "Nights" {
		t.Errorf("got %+v, want that nobody was on duty in the third step", log)
	}
}
