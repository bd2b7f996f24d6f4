package registry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// TestNewsOfSuppressions: what becomes of windows and shelves, by hand and by the clock, is an event,
// once, however often the registry looks.
func TestNewsOfSuppressions(t *testing.T) {
	c := newClock()
	x := newDesk(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	x.raises("alt_1", "battery", x.device["a"].ID, g.Major)
	w := x.window(g.Suppression{From: c.now().Add(time.Hour), Until: c.now().Add(2 * time.Hour),
		Devices: []g.DeviceID{x.device["a"].ID}})
	look := func(n int) {
		for range n {
			c.add(30 * time.Minute)
			x.follow()
			x.follow()
		}
	}
	look(3)
	w.Until = w.Until.Add(time.Hour)
	must[alerts.SuppressionRow](t)(x.v.Alerts.PutWindow(t.Context(), w.Suppression, x.wei))
	look(4)
	must[g.Alert](t)(x.v.Alerts.Shelve(t.Context(), "alt_1", alerts.AnyVersion, x.lin, time.Hour,
		"known since Monday"))
	must[g.Alert](t)(x.v.Alerts.Unshelve(t.Context(), "alt_1", alerts.AnyVersion, x.wei, ""))
	look(1)
	var got []string
	seen := map[string]bool{}
	all, err := x.sys.Outbox(t.Context(), 0, 1000)
	ok(t, err)
	for _, row := range all {
		if e := row.Event; e.Kind == g.EventSuppression && !seen[e.ID] {
			seen[e.ID] = true
			got = append(got, string(e.Suppression.Kind)+" "+string(e.Suppression.Deed)+" "+
				e.Suppression.ByName)
		}
	}
	want := []string{
		"window planned Lin Feng", "window began Lin Feng", "window edited Lin Feng",
		"window ended Lin Feng", "shelf began Lin Feng", "shelf ended Wei Na",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
