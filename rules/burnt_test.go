package rules_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// What burns detectors is not over because the one that saw it has fallen silent and another of the
// same room, which never saw it, goes on saying that all is well.
func TestHealthyNeighbourIsNoAllClear(t *testing.T) {
	rs := mustParse(t, `rules:
  - id: fire
    title: T
    severity: critical
    per: zone
    when: {all: [{property: smoke, is: true}, {property: temperature, above: 57}]}
    clear: {after: 30s, unknown: stays}
  - id: rise
    title: T
    severity: critical
    per: zone
    fresh: 20s
    when: {rate: {property: temperature, over: 1m, above: 20}}
    clear: {after: 30s, unknown: stays}
  - id: many
    title: T
    severity: critical
    per: zone
    when: {share: {of: {property: smoke, is: true}, at_least: 50%}}
    clear: {after: 30s, unknown: stays}
  - id: news
    title: T
    severity: critical
    per: zone
    when: {property: smoke, is: true}
    clear: {after: 30s}
`)
	w := &world{t: t, town: newTown("lab-1", "lab-2"), engine: rules.New(rs, nil)}
	for id, f := range w.town {
		f.Properties = map[string]g.Property{"smoke": {Reports: g.ReportsChange}}
		w.town[id] = f
	}
	for at := range 4 {
		w.read(float64(at*30), "lab-1", "temperature", 22)
		w.read(float64(at*30), "lab-2", "temperature", 22)
	}
	var got []rules.Effect
	got = append(got, w.read(100, "lab-2", "smoke", false)...)
	got = append(got, w.read(100, "lab-1", "temperature", 70)...)
	got = append(got, w.read(100, "lab-1", "smoke", true)...)
	want(t, got, "08:01:40 riselab-1 firing=true", "08:01:40 firelab-1 firing=true", "08:01:40 many firing=true",
		"08:01:40 newslab-1 firing=true")
	off := w.event(101, "lab-1")
	off.Kind, off.Status = g.EventStatus, &g.Status{State: g.StateOffline}
	got = w.engine.Observe(off, w.town)
	for at := 110; at < 3600; at += 10 {
		got = append(got, w.read(float64(at), "lab-2", "temperature", 22)...)
		got = append(got, w.read(float64(at), "lab-2", "smoke", false)...)
		if at == 600 {
			w.restart(rs)
		}
	}
	want(t, got, "08:02:11 newslab-1 firing=false")
	// It is back and says that it is over.
	got = w.read(3600, "lab-1", "smoke", false)
	got = append(got, w.read(3600, "lab-1", "temperature", 22)...)
	got = append(got, w.read(3615, "lab-1", "temperature", 22)...)
	got = append(got, w.engine.Tick(morning(3630))...)
	want(t, got, "09:00:30 firelab-1 firing=false", "09:00:30 riselab-1 firing=false", "09:00:30 many firing=false")
}

// Once a person has said that it is over, or silenced it, the burnt detector keeps the room silent no
// longer: another one of the room raises a new alert, also after a restart.
func TestSilencedForWantOfNewsEnds(t *testing.T) {
	rs := mustParse(t, `rules:
  - id: fire
    title: T
    severity: critical
    per: zone
    when: {property: smoke, is: true}
    clear: {after: 30s, unknown: stays}
`)
	w := &world{t: t, town: newTown("lab-1", "lab-2"), engine: rules.New(rs, nil)}
	for id, f := range w.town {
		f.Properties = map[string]g.Property{"smoke": {Reports: g.ReportsChange}}
		w.town[id] = f
	}
	w.read(0, "lab-2", "smoke", false)
	raised := w.read(1, "lab-1", "smoke", true)
	want(t, raised, "08:00:01 firelab-1 firing=true")
	silenced := w.event(10, "")
	silenced.Kind, silenced.Alert = g.EventAlert, raised[0].Alert
	silenced.Alert.State, silenced.Alert.Resolver = g.AlertResolved, "usr_guard"
	want(t, w.engine.Observe(silenced, w.town))
	// It holds, so it stays silenced.
	want(t, w.engine.Tick(morning(600)))
	want(t, w.read(601, "lab-2", "smoke", true))
	want(t, w.read(602, "lab-2", "smoke", false))
	off := w.event(610, "lab-1")
	off.Kind, off.Status = g.EventStatus, &g.Status{State: g.StateOffline}
	want(t, w.engine.Observe(off, w.town))
	w.restart(rs)
	want(t, w.engine.Tick(morning(640)), "08:10:40 firelab-1 firing=false")
	again := w.read(700, "lab-2", "smoke", true)
	want(t, again, "08:11:40 firelab-2 firing=true")
	if again[0].Alert.ID == raised[0].Alert.ID {
		t.Error("it is the alert that was silenced, want a new one")
	}
}
