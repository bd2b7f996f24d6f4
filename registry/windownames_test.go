package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/rules"
)

// TestAWindowNamesWhatThereIs: a rule that nobody has is refused where it stands; those of the
// folder, of the school and of the district above, and of the gateway itself are not.
func TestAWindowNamesWhatThereIs(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		x := newDesk(t, o, c)
		x.knows("smoke")
		x.writes("a", "own")
		x.writes("b", "other")
		x.writes(x.dist.ID, "above")
		w := x.window(g.Suppression{
			Until: c.now().Add(time.Hour),
			Rules: []g.RuleID{"smoke", "own@a", "above@" + g.RuleID(x.dist.ID), "gateway:disk"},
		})
		if len(w.Gone) != 0 {
			t.Errorf("got %v gone, want nothing", w.Gone)
		}
		for _, id := range []g.RuleID{"smok", "own", "own@b", "other@b", "gone@a", "fire:smoke"} {
			_, err := x.v.Alerts.PutWindow(t.Context(), g.Suppression{
				School: "a",
				Reason: "the UPS is serviced",
				Until:  c.now().Add(time.Hour),
				Rules:  []g.RuleID{"smoke", id},
			}, x.lin)
			wantField(t, err, "rules[1]")
		}
	})
}

// TestAWindowTellsWhatIsGone: what a window names may be deleted later. The window says so by name,
// can still be changed, and takes in nothing else that is not there.
func TestAWindowTellsWhatIsGone(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.knows("smoke", "ups")
		x.writes("a", "own")
		device, zone := x.device["a"], x.gate["a"]
		w := x.window(g.Suppression{
			Until:   c.now().Add(time.Hour),
			Devices: []g.DeviceID{device.ID},
			Zones:   []g.ZoneID{zone.ID},
			Rules:   []g.RuleID{"own@a", "smoke", "ups"},
		})
		admin := x.as(x.a, g.RoleAdmin)
		ok(t, admin.Fleet.DeleteDevice(ctx, device.ID))
		ok(t, admin.Deeds.DeleteZone(ctx, zone.ID))
		must[rules.RuleVersion](t)(x.sys.Rules.Delete(ctx, "a", "own", 1, "not used"))
		x.knows("ups")
		want := []alerts.Named{
			{What: alerts.NamedDevice, ID: string(device.ID), Name: device.Name},
			{What: alerts.NamedZone, ID: string(zone.ID), Name: zone.Name},
			{What: alerts.NamedRule, ID: "own@a"},
			{What: alerts.NamedRule, ID: "smoke"},
		}
		w = must[alerts.SuppressionRow](t)(x.v.Alerts.Suppression(ctx, w.ID))
		if diff := cmp.Diff(want, w.Gone); diff != "" {
			t.Errorf("after the deletions -want +got\n%s", diff)
		}
		w.Until, w.Reason = c.now().Add(2*time.Hour), "the UPS is serviced, and it takes longer"
		w = must[alerts.SuppressionRow](t)(x.v.Alerts.PutWindow(ctx, w.Suppression, x.wei))
		if diff := cmp.Diff(want, w.Gone); diff != "" {
			t.Errorf("after the edit -want +got\n%s", diff)
		}
		more := w.Suppression
		more.Rules = append(slices.Clone(more.Rules), "none")
		_, err := x.v.Alerts.PutWindow(ctx, more, x.lin)
		wantField(t, err, "rules[3]")
		w.Rules, w.Devices, w.Zones = []g.RuleID{"ups"}, nil, nil
		w = must[alerts.SuppressionRow](t)(x.v.Alerts.PutWindow(ctx, w.Suppression, x.lin))
		if len(w.Gone) != 0 {
			t.Errorf("got %v gone, want nothing: the window names it no longer", w.Gone)
		}
	})
}

// knows has the folder of rules hold these.
func (x *desk) knows(ids ...string) {
	x.t.Helper()
	var all []alerts.RuleText
	for _, id := range ids {
		all = append(all, alerts.RuleText{Kind: "rule", ID: id, Body: "id: " + id + "\n"})
	}
	ok(x.t, x.sys.Alerts.NoteRules(x.t.Context(), all))
}

// writes has a school write a rule.
func (x *desk) writes(school g.SchoolID, id g.RuleID) {
	x.t.Helper()
	must[rules.RuleVersion](x.t)(x.sys.Rules.Put(x.t.Context(),
		rules.RuleVersion{School: school, ID: id, Text: "id: " + string(id) + "\n", Enabled: true}, 0))
}
