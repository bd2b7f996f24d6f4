package app_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// TestAWrongClockAlarmsLikeAnyOther: a detector that takes today for 2020 alarms, and a button that
// takes it for 2030 raises its level; what their clocks say is told beside it.
func TestAWrongClockAlarmsLikeAnyOther(t *testing.T) {
	s, clock := newSchool(t), newWall()
	r := s.runOver(t, configOf(s.dir), app.Options{Now: clock.now})
	view := r.a.Registry().In(g.SystemScope("test"))
	ok(t, view.Fleet.PutProfile(t.Context(), g.Profile{
		ID:     "button",
		Title:  "Button",
		Type:   g.TypeSensor,
		Events: map[string]g.Affordance{"alarm": {Title: "Pressed"}},
	}))
	_, password, err := view.Fleet.CreateDevice(t.Context(), g.Device{
		ID:      "button",
		School:  killSchool,
		Zone:    "zone",
		Driver:  g.DriverMQTTFront,
		Profile: "button",
		Name:    "Button",
		Enabled: true,
	}, nil)
	ok(t, err)
	s.passwords["button"] = password
	_, err = view.Lockdown.PutLevel(t.Context(), g.ThreatLevel{
		ID:       g.LevelLockdown,
		School:   killSchool,
		Title:    "Lockdown",
		Severity: g.Critical,
		Triggers: []g.LevelTrigger{{Kind: g.OccurrenceAlarm}},
	})
	ok(t, err)

	r.connect(t, "sensor-1").say("telemetry",
		`{"values": {"smoke": true, "temperature": 80}, "time": "2020-01-01T00:00:00Z"}`)
	eventually(t, "the fire alarm", func() bool {
		all, err := list(t.Context(), s, r.a.URL()+"/v1/alerts?",
			func(alerts.AlertRow) bool { return false })
		ok(t, err)
		for _, a := range all {
			if a.Rule == "smoke-and-heat" && a.Device == "sensor-1" && a.Firing {
				return true
			}
		}
		return false
	})
	eventually(t, "the button's connection", func() bool {
		return r.dial(t, "button").ask(connectPacket("button", password)) == 0
	})
	r.connect(t, "button").say("occurrence", `{"kind": "alarm", "time": "2030-01-01T00:00:00Z"}`)
	eventually(t, "the lockdown", func() bool {
		all, err := view.Lockdown.Standing(t.Context(), killSchool)
		ok(t, err)
		return len(all) == 1 && all[0].Level == g.LevelLockdown
	})
	eventually(t, "the words about the clocks", func() bool {
		all, err := list(t.Context(), s, r.a.URL()+"/v1/rejections?",
			func(history.RejectionRow) bool { return false })
		ok(t, err)
		codes := map[g.DeviceID]g.RejectionCode{}
		for _, x := range all {
			codes[x.Device] = x.Code
		}
		return len(all) == 2 && codes["sensor-1"] == g.RejectedClockBehind &&
			codes["button"] == g.RejectedClockAhead
	})
}
