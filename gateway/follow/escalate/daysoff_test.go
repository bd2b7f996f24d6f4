package escalate_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// A rota that has the school's days off as holidays follows the calendar: on a day off the line for
// holidays is called, on one that is worked for it the usual one is, and a day that is put into the
// calendar later counts from then on.
func TestARotaAsksTheCalendar(t *testing.T) {
	n := newNightIn(t, "Asia/Shanghai", time.Date(2026, 9, 30, 2, 0, 0, 0, time.UTC)) // 10:00 there
	line := func(u g.UserID, on g.HolidayShift) g.RotaLine {
		return g.RotaLine{
			Start:    "00:00",
			End:      "00:00",
			First:    "2026-09-01",
			Each:     g.TurnDay,
			Turns:    [][]g.UserID{{u}},
			Holidays: on,
		}
	}
	_, err := n.view.Oncall.PutRota(t.Context(), g.Rota{
		ID:       "nights",
		School:   n.school.ID,
		Name:     "Nights",
		Calendar: true,
		Lines:    []g.RotaLine{line("guard1", g.HolidayOff), line("guard2", g.HolidayOnly)},
	})
	n.ok(err)
	n.chain(g.Escalation{
		Steps: []g.EscalationStep{{Rotas: []g.RotaID{"nights"}}},
		Wait:  60,
	})
	calls := func(id g.AlertID) {
		n.raise(id)
		n.work()
		n.take(id, "head")
	}
	days := func(kind g.CalendarKind, from, to string) {
		_, err := n.view.Calendar.Put(t.Context(), n.school.ID, []g.CalendarEntry{{
			School: n.school.ID,
			Kind:   kind,
			Name:   from,
			From:   from,
			To:     to,
		}})
		n.ok(err)
	}
	days(g.CalendarDayOff, "2026-10-01", "2026-10-03")
	days(g.CalendarWorkday, "2026-10-02", "2026-10-02")
	calls("alt_1") // the day before
	n.pass(24 * time.Hour)
	calls("alt_2") // off
	n.pass(24 * time.Hour)
	calls("alt_3") // worked
	n.pass(24 * time.Hour)
	calls("alt_4") // off
	n.pass(24 * time.Hour)
	calls("alt_5") // a Sunday is no holiday
	days(g.CalendarDayOff, "2026-10-04", "2026-10-04")
	calls("alt_6")
	n.heard("0 guard1: alt_1", "1440 guard2: alt_2", "2880 guard1: alt_3", "4320 guard2: alt_4",
		"5760 guard1: alt_5", "5760 guard2: alt_6")
}
