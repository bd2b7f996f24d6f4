package gatehouse_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestAdmitEachValueByItself: a probe that is broken, or a field that nobody has heard of, keeps
// no smoke out.
func TestAdmitEachValueByItself(t *testing.T) {
	top := 125.0
	p := g.Profile{ID: "smoke-heat", Properties: map[string]g.Property{"smoke": {Type: "boolean"}, "temperature": {Type: "number", Maximum: &top}}}
	values := map[string]g.Value{"smoke": g.BoolValue(true), "temperature": g.NumberValue(3276.7), "rssi": g.NumberValue(-60)}
	o := g.Observation{Device: "d", Reading: &g.Reading{Values: values}}
	a, err := g.Admit(g.Device{ID: "d", Enabled: true}, p, o, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(maps.Keys(a.Observation.Reading.Values)); !slices.Equal(got, []string{"smoke"}) {
		t.Errorf("got %v admitted, want smoke alone", got)
	}
	want := []g.Misfit{
		{Property: "rssi", Reason: "no such property", Unknown: true},
		{Property: "temperature", Reason: "3276.7 is above the maximum 125"},
	}
	if d := cmp.Diff(a.Misfits, want); d != "" {
		t.Errorf("misfits: got, want:\n%s", d)
	}
	if len(values) != 3 {
		t.Errorf("the driver's own reading was changed: %v", values)
	}
	text := `temperature: 3276.7 is above the maximum 125; rssi: profile "smoke-heat" has no such property; it has [smoke temperature]`
	if got := g.MisfitError(p, a.Misfits).Error(); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
}

// TestAdmitByAge: what is old is history, whether its source says so or not.
func TestAdmitByAge(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		age      time.Duration
		replayed bool
		want     string
	}{
		{-9 * time.Minute, false, "live"},
		{-11 * time.Minute, false, "refused"},
		{-11 * time.Minute, true, "refused"},
		{14 * time.Minute, false, "live"},
		{14 * time.Minute, true, "history"},
		{16 * time.Minute, false, "history late"},
		{7 * day, false, "history late"},
		{29 * day, true, "history"},
		{31 * day, false, "refused"},
		{31 * day, true, "history"},
		{399 * day, true, "history"},
		{401 * day, true, "refused"},
	} {
		o := g.Observation{Device: "d", Time: now.Add(-c.age), Replayed: c.replayed, Status: &g.Status{State: g.StateOnline}}
		a, err := g.Admit(g.Device{ID: "d", Enabled: true}, g.Profile{}, o, now)
		got := "live"
		switch {
		case err != nil:
			got = "refused"
		case a.Late && a.Observation.Replayed:
			got = "history late"
		case a.Observation.Replayed:
			got = "history"
		}
		if got != c.want {
			t.Errorf("%s old, replayed %t: got %s, want %s", c.age, c.replayed, got, c.want)
		}
	}
}

func TestSignOfLife(t *testing.T) {
	for _, c := range []struct {
		replayed, late bool
		driver         g.DriverName
		want           bool
	}{
		{false, false, "modbus", true},
		{true, false, g.DriverMQTTFront, false}, // it keeps what it saw, and may say so long after
		{true, true, "mqtt", false},             // a broker's memory
		{true, true, g.DriverMQTTFront, true},   // its clock is wrong
	} {
		e := g.Event{Replayed: c.replayed, Late: c.late, Driver: c.driver, Kind: g.EventStatus, Status: &g.Status{State: g.StateOnline}}
		b, err := g.AppendEvent(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		head, err := g.DecodeHead(b)
		if got := fmt.Sprint(e.SignOfLife(), head.SignOfLife(), err); got != fmt.Sprintf("%t %t <nil>", c.want, c.want) {
			t.Errorf("%+v: got %s, want %t", c, got, c.want)
		}
	}
}
