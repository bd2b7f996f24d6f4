package rules_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// An alert about a room names the device at which it is so, though another one of the room spoke
// last; and if it fires again, the one at which it is so then.
func TestAlertNamesTheDeviceAtWhichItIsSo(t *testing.T) {
	rs := mustParse(t, `rules:
  - id: hot
    title: T
    severity: major
    per: zone
    when: {property: temperature, above: 50}
    for: 5s
    once: {every: 1h}
    then: [{alert: {}}, {command: {device: same, action: shut}}]
  - {id: away, title: T, severity: major, per: zone, when: {status: offline}, for: 1m}
`)
	w := &world{t: t, town: newTown("lab-1", "lab-2", "lab-3"), engine: rules.New(rs, nil)}
	status := func(second float64, device string, state g.DeviceState) {
		x := w.event(second, device)
		x.Kind, x.Status = g.EventStatus, &g.Status{State: state}
		w.engine.Observe(x, w.town)
	}
	for _, id := range []string{"lab-1", "lab-2", "lab-3"} {
		status(0, id, g.StateOnline)
		w.read(0, id, "temperature", 20)
	}
	named := func(list []rules.Effect) (alert, told g.DeviceID) {
		for _, x := range list {
			if x.Alert != nil {
				alert = x.Alert.Device
			}
			if x.Command != nil {
				told = x.Command.Device
			}
		}
		return alert, told
	}
	at := func(second float64, hot string) {
		t.Helper()
		w.read(second, hot, "temperature", 60)
		w.read(second+1, "lab-3", "temperature", 60)
		w.read(second+2, "lab-3", "temperature", 20)
		if alert, told := named(w.engine.Tick(morning(second + 5))); string(alert) != hot || string(told) != hot {
			t.Errorf("the alert names %s and %s was told, want %s", alert, told, hot)
		}
		w.read(second+10, hot, "temperature", 20)
	}
	at(10, "lab-2")
	at(40, "lab-1")
	status(100, "lab-2", g.StateOffline)
	status(130, "lab-1", g.StateOnline)
	if alert, _ := named(w.engine.Tick(morning(160))); alert != "lab-2" {
		t.Errorf("the alert names %s, want lab-2", alert)
	}
}
