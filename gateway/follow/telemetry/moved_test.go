package telemetry_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

// TestMovedWhileTheGatewayWasDown: the cache of series is gone, and the meter still counts once.
func TestMovedWhileTheGatewayWasDown(t *testing.T) {
	o := telemetry.Options{
		Dir:     t.TempDir(),
		LateBy:  time.Hour,
		Classes: []telemetry.Class{{Name: "default", Retention: 90 * 24 * time.Hour}},
	}
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	append1 := func(zone g.ZoneID, at time.Time, energy float64) *telemetry.Store {
		t.Helper()
		s, err := telemetry.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, meter := range []g.DeviceID{"meter", "other"} {
			e := reading("sch_a", meter, at, map[string]g.Value{"energy": g.NumberValue(energy)})
			if meter == "meter" {
				e.Zone = zone
			}
			if err := s.Append(t.Context(), []g.Event{e}, describe); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	if err := append1("zon_1", at, 100).Close(); err != nil {
		t.Fatal(err)
	}
	s := append1("zon_2", at.Add(10*time.Second), 200)
	defer s.Close()
	h := s.Handler(prefix, telemetry.Allowed{Schools: []g.SchoolID{"sch_a"}})
	for offset, want := range map[time.Duration]string{
		5 * time.Second:  `"200"`,
		11 * time.Second: `"400"`,
	} {
		form := url.Values{
			"query": {`sum(gatehouse_energy)`},
			"time":  {at.Add(offset).Format(time.RFC3339)},
		}
		if _, got := ask(t, h, "/query", form); !strings.Contains(got, want) {
			t.Errorf("%s after the first reading: got %s, want %s", offset, got, want)
		}
	}
	form := url.Values{
		"query": {`gatehouse_energy{zone="zon_1",device="meter"}`},
		"time":  {at.Add(11 * time.Second).Format(time.RFC3339)},
	}
	if _, got := ask(t, h, "/query", form); strings.Contains(got, `"100"`) {
		t.Errorf("the old room: got %s, want nothing", got)
	}
}
