package rulebook_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestTheCalendarCountsAtOnce: a district's days off hold for its schools with the commit, a working
// day of one school takes them back there, and deleting that brings them again.
func TestTheCalendarCountsAtOnce(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	_, err := h.book.Put(ctx, h.view, draft("dist", `id: holiday
title: Warm on a holiday
severity: info
when: {all: [{property: temperature, above: 20}, {time: {days: days-off}}]}
once: {every: 0s}
`), 0)
	must(t, err)
	now := time.Now().UTC()
	// Term every day of the test, so that weekends are working days as well.
	day := func(kind g.CalendarKind) g.CalendarEntry {
		return g.CalendarEntry{
			Kind: kind,
			Name: "Today",
			From: g.DateOf(now).Add(-1).String(),
			To:   g.DateOf(now).Add(2).String(),
		}
	}
	worked, err := h.view.Calendar.Put(ctx, "dist", []g.CalendarEntry{day(g.CalendarWorkday)})
	must(t, err)
	h.says("a", 25)
	h.says("b", 25)
	h.firing()
	must(t, h.view.Calendar.Delete(ctx, worked[0].ID))
	_, err = h.view.Calendar.Put(ctx, "dist", []g.CalendarEntry{day(g.CalendarDayOff)})
	must(t, err)
	h.firing("holiday@dist in a", "holiday@dist in b")
	own, err := h.a.Calendar.Put(ctx, "a", []g.CalendarEntry{day(g.CalendarWorkday)})
	must(t, err)
	h.firing("holiday@dist in b")
	must(t, h.a.Calendar.Delete(ctx, own[0].ID))
	h.firing("holiday@dist in a", "holiday@dist in b")
}
