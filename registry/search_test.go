package registry_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// Alerts are found by words in any order, in title, place, device and comment, by callers who may
// see them, page by page.
func TestAlertsAreFoundByWords(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx := t.Context()
		var all []g.Alert
		for i := range 7 {
			a := smoke(d, c.now().Add(time.Duration(i)*time.Minute))
			a.ID, a.Title, a.TitleZH = g.AlertID(fmt.Sprintf("alt_%d", i)), "Smoke in the laboratory", "烟雾"
			if i%2 == 1 {
				a.Rule = "held-open"
				a.Title = "Door held open"
				a.TitleZH = "门未关"
				a.Comment = "100% the wind"
			}
			all = append(all, a)
		}
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 1, Alerts: all}))
		v := d.as(d.a, g.RoleSecurity)
		for q, want := range map[string]int{
			"smoke":            4,
			"laboratory SMOKE": 4,
			"gate door":        3,
			"烟雾":               4,
			"wind held":        3,
			"100%":             3,
			"smoke door":       0,
			"%":                3,
			"  ":               7,
		} {
			rows, _, err := v.Alerts.List(ctx, alerts.Filter{Query: q})
			ok(t, err)
			if len(rows) != want {
				t.Errorf("%q: got %d alerts, want %d", q, len(rows), want)
			}
		}
		var got []g.AlertID
		f := alerts.Filter{Query: "door", Page: registry.Page{Limit: 2}}
		for pages := 1; ; pages++ {
			rows, next, err := v.Alerts.List(ctx, f)
			ok(t, err)
			for _, a := range rows {
				got = append(got, a.ID)
			}
			if next == "" {
				if pages != 2 {
					t.Errorf("got %d pages of two, want 2", pages)
				}
				break
			}
			f.Cursor = next
		}
		if fmt.Sprint(got) != "[alt_5 alt_3 alt_1]" {
			t.Errorf("got %v over the pages, want the three doors, newest first", got)
		}
		if rows, _, err := d.as(d.b, g.RoleSecurity).Alerts.List(ctx,
			alerts.Filter{Query: "smoke"}); err != nil || len(rows) > 0 {
			t.Errorf("another school found %d alerts (%v), want none", len(rows), err)
		}
	})
}

// The audit log is searched by actor, action, object and time; % and _ are literal.
func TestAuditIsFiltered(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx := t.Context()
		v := d.as(d.a, g.RoleAdmin)
		ok(t, v.Deeds.Record(ctx, "camera.view", "cam_gate"))
		early := c.now().Add(time.Second)
		c.add(time.Hour)
		ok(t, v.Deeds.Record(ctx, "camera.view", "cam-yard"))
		ok(t, v.Deeds.Record(ctx, "cameraman.view", "100%"))
		for name, x := range map[string]struct {
			f    views.AuditFilter
			want string
		}{
			"a deed": {
				views.AuditFilter{Deed: "camera.view"},
				"[cam-yard cam_gate]",
			},
			"what a deed begins with": {
				views.AuditFilter{Deed: "camera"},
				"[cam-yard cam_gate]",
			},
			"_ is no other letter": {views.AuditFilter{Object: "cam_"}, "[cam_gate]"},
			"% is a sign":          {views.AuditFilter{Query: "%"}, "[100%]"},
			"words in any order":   {views.AuditFilter{Query: "YARD camera"}, "[cam-yard]"},
			"since": {
				views.AuditFilter{Deed: "camera", From: early},
				"[cam-yard]",
			},
			"until": {
				views.AuditFilter{Deed: "camera", To: early},
				"[cam_gate]",
			},
			"nobody's": {
				views.AuditFilter{Deed: "camera", Actor: "nobody"},
				"[]",
			},
		} {
			rows, _, err := v.Views.Audit(ctx, x.f)
			ok(t, err)
			got := []string{}
			for _, e := range rows {
				got = append(got, e.Object)
			}
			if fmt.Sprint(got) != x.want {
				t.Errorf("%s: got %v, want %s", name, got, x.want)
			}
		}
		rows, _, err := v.Views.Audit(ctx, views.AuditFilter{Deed: "cameraman"})
		ok(t, err)
		if len(rows) != 1 {
			t.Fatalf("got %d entries, want 1", len(rows))
		}
		actor := []rune(rows[0].Actor)
		rows, _, err = v.Views.Audit(ctx,
			views.AuditFilter{Deed: "cameraman", Actor: string(actor[1 : len(actor)-1])})
		ok(t, err)
		if len(rows) != 1 {
			t.Errorf("a part of the actor %q: got %d entries, want 1", string(actor), len(rows))
		}
	})
}

// Only people whose templates are of another model need a new photograph.
func TestWhoNeedsANewPhotograph(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx := t.Context()
		v := d.as(d.a, g.RoleAdmin)
		enrolled := func(name string, model string) g.PersonID {
			p := must[g.Person](t)(v.People.Create(ctx,
				g.Person{School: "a", Kind: g.Staff, Name: name}))
			ok(t, v.People.SetConsent(ctx, g.Consent{Person: p.ID, Given: true, By: "self"}))
			must[g.Pass](t)(v.People.AddFace(ctx, p.ID, []float32{3, 0, 4}, model, 0.9))
			return p.ID
		}
		old := enrolled("Old", "m1")
		enrolled("New", "m2")
		rows, _, err := v.People.List(ctx, people.Filter{NotOfModel: "m2"})
		ok(t, err)
		if len(rows) != 1 || rows[0].ID != old {
			t.Fatalf("got %v, want the one of the older model alone", rows)
		}
		if counts := must[views.FaceCounts](t)(v.Views.FaceCounts(ctx, "a", "m2")); counts.Outdated != len(
			rows) {
			t.Errorf("got a count of %d for a list of %d", counts.Outdated, len(rows))
		}
		must[g.Pass](t)(v.People.AddFace(ctx, old, []float32{3, 0, 4}, "m2", 0.9))
		if rows, _, err = v.People.List(ctx, people.Filter{NotOfModel: "m2"}); err != nil ||
			len(rows) > 0 {
			t.Errorf("got %v (%v) after the new photograph, want nobody", rows, err)
		}
	})
}
