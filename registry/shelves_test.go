package registry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

func (x *desk) shelves(long time.Duration, reason string, ids ...g.AlertID) alerts.Done {
	x.t.Helper()
	return must[alerts.Done](x.t)(x.v.Alerts.Do(x.t.Context(), alerts.Batch{
		Deed:    alerts.ToShelve,
		IDs:     ids,
		For:     long,
		Comment: reason,
	}, x.lin))
}

// TestShelveMany: many are shelved at once, what may not be is left alone with the reason, and all
// of it is taken back without anybody being told again.
func TestShelveMany(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		device := x.device["a"].ID
		x.raises("alt_1", "battery", device, g.Major)
		x.raises("alt_2", "battery", device, g.Warning)
		x.raises("alt_3", "heat", device, g.Major)
		x.raises("alt_4", "battery", device, g.Info)
		x.fires("alt_fire", g.Critical)
		_, err := x.v.Alerts.Do(ctx, alerts.Batch{Deed: alerts.ToShelve, For: time.Hour,
			IDs: []g.AlertID{"alt_1"}, Comment: ".."}, x.lin)
		wantField(t, err, "comment")
		_, err = x.v.Alerts.Do(ctx, alerts.Batch{Deed: alerts.ToShelve,
			IDs: []g.AlertID{"alt_1"}, Comment: "known since Monday"}, x.lin)
		wantField(t, err, "minutes")
		done := x.shelves(time.Hour, "known since Monday", "alt_1", "alt_2", "alt_3", "alt_fire")
		if e := done.Outcomes[3].Err; e == nil || e.Reason != "needs_suppress" {
			t.Errorf("got %v, want the fire left alone", e)
		}
		x.follow()
		x.wantWall("with three shelved, and what lies beside them", "alt_fire")
		if got := x.hidden().Shelf; got.Major != 2 || got.Warning != 1 || got.Info != 1 {
			t.Errorf("got %+v, want four on shelves", got)
		}
		c.add(10 * time.Second)
		outcomes := must[[]alerts.Outcome](t)(x.v.Alerts.Undo(ctx, done.Undo, x.lin))
		for i, want := range []g.AlertID{"alt_1", "alt_2", "alt_3"} {
			if outcomes[i].ID != want || outcomes[i].Err != nil {
				t.Errorf("got %+v, want %s undone", outcomes[i], want)
			}
		}
		x.follow()
		x.wantWall("undone", "alt_fire", "alt_3", "alt_1", "alt_2", "alt_4")
		for _, id := range []g.AlertID{"alt_1", "alt_2", "alt_3"} {
			if a := x.find(id); a.Retold != 0 || a.Hidden != (g.Hiding{}) {
				t.Errorf("got %+v, want nobody told again", a)
			}
		}
		want := []alerts.What{alerts.WasRaised, alerts.WasShelved, alerts.WasUndone}
		if diff := cmp.Diff(want, x.history("alt_1")); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		c.add(time.Second)
		x.follow()
		x.wantWall("and it stays so", "alt_fire", "alt_3", "alt_1", "alt_2", "alt_4")
	})
}

// TestUndoOfALongerShelf: a shelf that was made longer by mistake ends as before; what somebody has
// changed since is left alone.
func TestUndoOfALongerShelf(t *testing.T) {
	c := newClock()
	x := newDesk(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ctx := t.Context()
	x.raises("alt_1", "battery", x.device["a"].ID, g.Major)
	x.raises("alt_2", "battery", x.device["a"].ID, g.Major)
	until := c.now().Add(time.Hour)
	x.shelves(time.Hour, "known since Monday", "alt_1")
	c.add(time.Minute)
	longer := x.shelves(23*time.Hour, "known since Tuesday", "alt_2")
	x.follow()
	if a := x.find("alt_1"); a.Hidden.Reason != "known since Tuesday" {
		t.Errorf("got %+v, want the longer shelf", a.Hidden)
	}
	must[[]alerts.Outcome](t)(x.v.Alerts.Undo(ctx, longer.Undo, x.lin))
	x.follow()
	for _, id := range []g.AlertID{"alt_1", "alt_2"} {
		if h := x.find(id).Hidden; !h.Until.Equal(until) || h.Reason != "known since Monday" {
			t.Errorf("got %+v, want the shelf as it was", h)
		}
	}
	again := x.shelves(2*time.Hour, "known since Tuesday", "alt_1")
	c.add(time.Second)
	must[g.Alert](t)(x.v.Alerts.Unshelve(ctx, "alt_1", alerts.AnyVersion, x.wei, ""))
	out := must[[]alerts.Outcome](t)(x.v.Alerts.Undo(ctx, again.Undo, x.lin))
	if g.ErrorCode(out[0].Err) != g.Conflict {
		t.Errorf("got %v, want it left as Wei made it", out[0].Err)
	}
}

// TestNoLongerShelfOfWhatIsCritical: what is shelved beside something critical is not the way to
// keep that off the wall for longer than an hour.
func TestNoLongerShelfOfWhatIsCritical(t *testing.T) {
	c := newClock()
	x := newDesk(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	boss := x.as(x.a, g.RoleAdmin)
	x.raises("alt_worst", "battery", x.device["a"].ID, g.Critical)
	x.raises("alt_beside", "battery", x.device["a"].ID, g.Major)
	must[g.Alert](t)(boss.Alerts.Shelve(t.Context(), "alt_worst", alerts.AnyVersion, x.lin,
		time.Hour, "a broken battery"))
	x.follow()
	x.wantWall("with both shelved")
	x.shelves(20*time.Hour, "a broken battery", "alt_beside")
	c.add(time.Hour)
	x.follow()
	x.wantWall("after an hour", "alt_worst")
}

// TestWindowOfTheDevicesThemselves: the detectors of a building are serviced. Their faults and
// batteries are kept off the wall, and what they smell rings.
func TestWindowOfTheDevicesThemselves(t *testing.T) {
	c := newClock()
	x := newDesk(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	x.window(g.Suppression{Until: c.now().Add(time.Hour), OwnOnly: true,
		Buildings: []g.BuildingID{x.gate["a"].Building}})
	fault := g.Alert{ID: "alt_fault", School: "a", Rule: "fault", Severity: g.Major, Own: true,
		Device: x.device["a"].ID, Zone: x.gate["a"].ID, Firing: true, Count: 1, Opened: c.now()}
	x.finds(fault)
	x.raises("alt_smoke", "smoke", x.device["a"].ID, g.Major)
	x.wantWall("in the window", "alt_smoke")
	if got := x.hidden().Window.Major; got != 1 {
		t.Errorf("got %d hidden, want the fault", got)
	}
}

// TestUnshelveMany: many shelves are taken back at once and told; the way back brings each shelf with
// its former end, owner and reason, for all that it hid.
func TestUnshelveMany(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		device := x.device["a"].ID
		x.raises("alt_1", "battery", device, g.Major)
		x.raises("alt_2", "battery", device, g.Major) // on the shelf of alt_1
		x.raises("alt_3", "heat", device, g.Major)
		x.raises("alt_4", "battery", device, g.Info) // hidden with alt_1, in no batch
		x.raises("alt_5", "noise", device, g.Major)
		must[g.Alert](t)(x.v.Alerts.Shelve(ctx, "alt_1", alerts.AnyVersion, x.wei, 2*time.Hour,
			"known since Monday"))
		x.shelves(time.Hour, "the boiler is new", "alt_3")
		x.follow()
		was := map[g.AlertID]g.Hiding{}
		all := []g.AlertID{"alt_1", "alt_2", "alt_3", "alt_4"}
		for _, id := range all {
			was[id] = x.find(id).Hidden
		}
		c.add(time.Minute)
		unshelve := func(ids ...g.AlertID) alerts.Done {
			return must[alerts.Done](t)(x.v.Alerts.Do(ctx,
				alerts.Batch{Deed: alerts.ToUnshelve, IDs: ids}, x.lin))
		}
		done := unshelve("alt_1", "alt_2", "alt_3", "alt_5")
		for i, o := range done.Outcomes[:3] {
			if o.Err != nil || o.Alert.RetoldWhy != g.Returned {
				t.Errorf("got %+v, want %s told again", o, all[i])
			}
		}
		if g.ErrorCode(done.Outcomes[3].Err) != g.Conflict {
			t.Errorf("got %v, want what lies on no shelf left alone", done.Outcomes[3].Err)
		}
		x.follow()
		x.wantWall("unshelved", "alt_5", "alt_3", "alt_2", "alt_1", "alt_4")

		c.add(10 * time.Second)
		for _, o := range must[[]alerts.Outcome](t)(x.v.Alerts.Undo(ctx, done.Undo, x.lin)) {
			if o.Err != nil {
				t.Errorf("%s: got %v, want it undone", o.ID, o.Err)
			}
		}
		x.follow()
		x.wantWall("and taken back", "alt_5")
		for _, id := range all {
			h, want := x.find(id).Hidden, was[id]
			if h.Suppression != want.Suppression || h.By != want.By || h.Reason != want.Reason ||
				!h.Until.Equal(want.Until) {
				t.Errorf("%s: got %+v, want %+v", id, h, want)
			}
		}
		if a := x.find("alt_1"); a.Retold != 0 || a.Hidden.ByName != x.wei.FullName {
			t.Errorf("got %+v, want Wei's shelf, and nobody told again", a)
		}
		s := must[alerts.SuppressionRow](t)(x.v.Alerts.Suppression(ctx, was["alt_1"].Suppression))
		if s.State != alerts.Active || s.EnderName != "" || s.Hides != 3 {
			t.Errorf("got %+v, want it to hide three", s)
		}

		c.add(time.Hour - 80*time.Second) // the shelf of alt_3 ends in 10 s
		last := unshelve("alt_3")
		c.add(20 * time.Second)
		out := must[[]alerts.Outcome](t)(x.v.Alerts.Undo(ctx, last.Undo, x.lin))
		if g.ErrorCode(out[0].Err) != g.Conflict {
			t.Errorf("got %v, want no shelf whose end has passed", out[0].Err)
		}
		x.follow()
		x.wantWall("at the end of one", "alt_5", "alt_3")
	})
}
