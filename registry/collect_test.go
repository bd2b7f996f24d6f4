package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/collect"
)

// aCollector may collect a pupil for a day.
func aCollector(p g.Person, now time.Time) g.Collector {
	return g.Collector{
		Pupil: p.ID,
		From:  now,
		To:    now.Add(24 * time.Hour),
		CollectorDetails: g.CollectorDetails{
			Name:     "Zhang Lan",
			Relation: "grandmother",
			Phone:    "13612345678",
			Card:     "310101195001011234",
		},
	}
}

// TestCollecting goes through an afternoon at the gate: who is listed and the guardian may collect, of their
// numbers the last digits are shown, a pupil on leave may go, and who is not listed is a stranger, once.
func TestCollecting(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		pupil := household(t, d)
		office, guard := d.as(d.a, g.RoleAdmin), d.as(d.a, g.RoleSecurity)
		lan := must[collect.Listed](t)(office.Collect.Add(ctx, aCollector(pupil, c.now())))
		if lan.Phone != "…5678" || lan.Card != "…1234" || !lan.Now {
			t.Errorf("got %+v, want the last digits alone", lan)
		}
		later := aCollector(pupil, c.now().Add(48*time.Hour))
		uncle := must[collect.Listed](t)(office.Collect.Add(ctx, later))
		if _, err := guard.Collect.Add(ctx, aCollector(pupil, c.now())); g.ErrorCode(err) != g.Forbidden {
			t.Errorf("got %v, want the office alone to list", err)
		}
		at := must[collect.AtGate](t)(guard.Collect.Gate(ctx, pupil.ID))
		if at.MayLeave || len(at.Guardians) != 1 || len(at.Listed) != 2 || at.Name == "" {
			t.Errorf("got %+v, want one guardian, two listed, and no leave", at)
		}
		must[g.Leave](t)(office.Sessions.PutLeave(ctx, g.Leave{
			Person: pupil.ID,
			From:   c.now().Add(30 * time.Minute),
			To:     c.now().Add(3 * time.Hour),
			Reason: "dentist",
		}))
		if at = must[collect.AtGate](t)(guard.Collect.Gate(ctx, pupil.ID)); !at.MayLeave || at.LeaveTo.IsZero() {
			t.Errorf("got %+v, want the leave to let them go", at)
		}
		hand := func(x g.CollectedDetails) (g.Collected, error) {
			return guard.Collect.HandOver(ctx, g.Collected{
				Pupil:            pupil.ID,
				CollectedDetails: x,
			})
		}
		for _, x := range []g.CollectedDetails{
			{Collector: lan.ID, Given: true},
			{Guardian: pupil.Guardian[0], Given: true},
		} {
			if got := must[g.Collected](t)(hand(x)); got.Stranger || got.Name == "" || got.By == "" {
				t.Errorf("got %+v, want who came and who handed over", got)
			}
		}
		for want, x := range map[string]g.CollectedDetails{
			"collector: they may not collect now": {Collector: uncle.ID, Given: true},
			"guardian: they are no guardian":      {Guardian: pupil.ID, Given: true},
			"name: give a":                        {Note: "sent away"},
			"note: give a":                        {Name: "Zhao Lei"},
		} {
			if _, err := hand(x); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		must[collect.Listed](t)(office.Collect.End(ctx, lan.ID))
		if _, err := hand(g.CollectedDetails{Collector: lan.ID, Given: true}); g.ErrorCode(err) != g.Invalid {
			t.Errorf("got %v, want an entry that has ended to count no more", err)
		}
		c.add(time.Minute)
		odd := must[g.Collected](t)(hand(g.CollectedDetails{Name: "Zhao Lei", Note: "sent away"}))
		all := must[[]g.Collected](t)(d.sys.Collect.Strangers(ctx, 10))
		if !odd.Stranger || len(all) != 1 || all[0].ID != odd.ID {
			t.Errorf("got %+v, want the stranger alone", all)
		}
		ok(t, d.sys.Collect.Settle(ctx, odd.ID))
		if all = must[[]g.Collected](t)(d.sys.Collect.Strangers(ctx, 10)); len(all) != 0 {
			t.Errorf("got %+v, want the stranger once", all)
		}
		at = must[collect.AtGate](t)(guard.Collect.Gate(ctx, pupil.ID))
		if len(at.Today) != 3 || !at.Today[0].Stranger {
			t.Errorf("got %+v, want the three of today, the newest first", at.Today)
		}
		for want, change := range map[string]func(*g.Collector){
			"to: it ends before it begins": func(x *g.Collector) { x.To = x.From },
			"to: this time is over": func(x *g.Collector) {
				x.From, x.To = c.now().Add(-2*time.Hour), c.now().Add(-time.Hour)
			},
			"to: an entry has at most": func(x *g.Collector) { x.To = x.To.AddDate(11, 0, 0) },
			"name: give a":             func(x *g.Collector) { x.Name = "" },
			"pupil: only pupils":       func(x *g.Collector) { x.Pupil = pupil.Guardian[0] },
		} {
			x := aCollector(pupil, c.now())
			change(&x)
			if _, err := office.Collect.Add(ctx, x); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
	})
}
