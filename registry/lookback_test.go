package registry_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// TestLookingBackOverEverybodyNeedsAReason: a guard sees the last 24 hours without a reason; older
// sightings require one, and are audited once for all pages of a query.
func TestLookingBackOverEverybodyNeedsAReason(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		now := c.now()
		var events []g.Event
		for i, ago := range []time.Duration{
			time.Minute, 23 * time.Hour, 25 * time.Hour, 26 * time.Hour, 60 * 24 * time.Hour,
		} {
			at := now.Add(-ago)
			events = append(events, g.Event{
				Seq:  uint64(100 + i),
				Kind: g.EventSighting, School: "a", Device: "gate", Time: at, Received: at,
				Sighting: &g.Sighting{
					ID:     g.SightingID(fmt.Sprint("sgt_back", i)),
					Method: g.ByCard,
					Zone:   d.gate["a"].ID,
				},
			})
		}
		ok(t, d.sys.History.Apply(ctx, events))
		scope := g.Scope{
			School:      "a",
			Actor:       "usr_guard guard",
			Permissions: append(g.RoleSecurity.Permissions(), g.SightingsRead, g.AuditRead),
		}
		list := func(reason string, f history.SightingFilter) (int, string, error) {
			s := scope
			s.Reason = reason
			f.Device = "gate"
			rows, next, err := d.r.In(s).History.Sightings(ctx, f)
			return len(rows), next, err
		}
		audited := func() int {
			rows, _, err := d.r.In(scope).Views.Audit(ctx, views.AuditFilter{Deed: "sightings.back"})
			ok(t, err)
			return len(rows)
		}
		if n, next, err := list("", history.SightingFilter{}); n != 2 || next != "" || err != nil {
			t.Errorf("without a reason: %d, more %q, %v; want the two of the last 24 hours", n,
				next, err)
		}
		for _, f := range []history.SightingFilter{
			{From: now.Add(-25 * time.Hour)},
			{To: now.Add(-25 * time.Hour)},
		} {
			if _, _, err := list("", f); g.ErrorCode(err) != g.Invalid {
				t.Errorf("%+v without a reason: %v, want that one is needed", f, err)
			}
			if _, _, err := list(".", f); g.ErrorCode(err) != g.Invalid {
				t.Errorf("%+v because of \".\": %v, want that this says nothing", f, err)
			}
		}
		if n := audited(); n != 0 {
			t.Errorf("%d entries in the audit log, want none yet", n)
		}
		total, cursor := 0, ""
		for {
			n, next, err := list("a satchel was lost last week",
				history.SightingFilter{Page: registry.Page{Limit: 2, Cursor: cursor}})
			ok(t, err)
			if total, cursor = total+n, next; next == "" {
				break
			}
		}
		if total != 5 || audited() != 1 {
			t.Errorf("with a reason: %d passages, %d entries in the audit log; want 5 and 1",
				total, audited())
		}
		c.add(11 * time.Minute)
		_, _, err := list("a satchel was lost last week",
			history.SightingFilter{From: now.Add(-48 * time.Hour)})
		ok(t, err)
		if audited() != 2 {
			t.Errorf("%d entries in the audit log, want another for another look", audited())
		}
	})
}
