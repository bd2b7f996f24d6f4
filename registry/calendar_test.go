package registry_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

var holiday = g.CalendarEntry{
	ID:   "cal-b",
	Kind: g.CalendarDayOff,
	Name: "National Day",
	From: "2026-10-01",
	To:   "2026-10-07",
}

// TestCalendar: a school sees its district's days beside its own and cannot change them; what cannot
// be is refused, and of many entries all are kept or none.
func TestCalendar(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		below := d.b
		must[[]g.CalendarEntry](t)(d.sys.Calendar.Put(ctx, d.dist.ID, []g.CalendarEntry{holiday}))
		admin := d.as(below, g.RoleAdmin)
		own := must[[]g.CalendarEntry](t)(admin.Calendar.Put(ctx, below.ID, []g.CalendarEntry{{
			Kind:   g.CalendarWorkday,
			Name:   "Saturday",
			From:   "2026-10-10",
			To:     "2026-10-10",
			RunsAs: "mon",
		}}))[0]
		all := must[[]g.CalendarEntry](t)(admin.Calendar.Entries(ctx, below.ID))
		if len(all) != 2 || all[0].ID != "cal-b" || all[1].ID != own.ID {
			t.Errorf("got %+v, want the district's and its own", all)
		}
		if got := must[[]g.CalendarEntry](t)(admin.Calendar.Entries(ctx, "")); len(got) != 1 {
			t.Errorf("got %+v, want its own", got)
		}
		if err := admin.Calendar.Delete(ctx, "cal-b"); g.ErrorCode(err) != g.NotFound {
			t.Errorf("deletes the district's: got %v, want not found", err)
		}
		for want, change := range map[string]func(*g.CalendarEntry){
			"it ends before it begins":       func(e *g.CalendarEntry) { e.To = "2026-09-30" },
			"an entry has at most":           func(e *g.CalendarEntry) { e.To = "2029-01-01" },
			"is no day; write it as":         func(e *g.CalendarEntry) { e.From = "2026-02-30" },
			"only a working day has another": func(e *g.CalendarEntry) { e.RunsAs = "fri" },
			"is no kind":                     func(e *g.CalendarEntry) { e.Kind = "party" },
			"name: give a name":              func(e *g.CalendarEntry) { e.Name = " " },
		} {
			bad := holiday
			bad.ID = ""
			change(&bad)
			good := holiday
			good.ID = ""
			_, err := admin.Calendar.Put(ctx, below.ID, []g.CalendarEntry{good, bad})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		if got := must[[]g.CalendarEntry](t)(admin.Calendar.Entries(ctx, "")); len(got) != 1 {
			t.Errorf("got %+v, want nothing of what was refused", got)
		}
		ok(t, admin.Calendar.Delete(ctx, own.ID))
	})
}
