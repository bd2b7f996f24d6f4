package api_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// TestRejectionsInTheReadersLanguage: with the same code and clock in both; what was refused before
// there were codes is English.
func TestRejectionsInTheReadersLanguage(t *testing.T) {
	w := newWorld(t).schools()
	now := time.Date(2026, 9, 1, 7, 30, 0, 0, time.UTC)
	refused := func(seq uint64, why error) g.Event {
		r := &g.Rejection{Source: "mqtt status"}
		r.Explain(why)
		return g.Event{
			Seq:       seq,
			Kind:      g.EventRejected,
			School:    w.a.ID,
			Device:    "lab-1-smoke",
			Received:  now,
			Rejection: r,
		}
	}
	d := g.Device{ID: "lab-1-smoke", Enabled: true}
	clock := now.Add(time.Hour)
	_, slow := g.Admit(d, smokeProfile(), g.Observation{
		Device: d.ID,
		Time:   clock,
		Status: &g.Status{State: g.StateOnline},
	}, now)
	_, misfit := g.Admit(d, smokeProfile(), g.Observation{
		Device:  d.ID,
		Reading: &g.Reading{Values: map[string]g.Value{"rssi": g.NumberValue(1)}},
	}, now)
	old := refused(3, misfit)
	old.Rejection = &g.Rejection{Reason: "rssi: no such property", Source: "mqtt telemetry"}
	mustDo(t, w.system().History.Apply(t.Context(),
		[]g.Event{refused(1, slow), refused(2, misfit), old}))
	c := w.user(w.a, g.RoleFacility)
	for language, want := range map[string][]string{
		"en": {
			"rssi: no such property",
			`rssi: profile "smoke-heat-sensor" has no such property; it has [limit smoke temperature]`,
			"the time 2026-09-01T08:30:00Z is 1h0m0s ahead of the gateway's clock: set the " +
				"device's clock",
		},
		"zh-CN": {
			"rssi: no such property",
			`rssi：配置模板 "smoke-heat-sensor" 没有此属性，已有属性为 [limit smoke temperature]`,
			"时间 2026-09-01T08:30:00Z 比网关时钟快 1h0m0s：请校准设备时钟",
		},
	} {
		var page struct{ Items []history.RejectionRow }
		c.do("GET", "/v1/rejections", nil, "Accept-Language", language).want(200).into(&page)
		if len(page.Items) != 3 {
			t.Fatalf("got %+v, want 3", page.Items)
		}
		for i, row := range page.Items {
			if row.Reason != want[i] {
				t.Errorf("%s: got %q, want %q", language, row.Reason, want[i])
			}
		}
		if row := page.Items[2]; row.Code != g.RejectedClockAhead || !row.Clock.Equal(clock) {
			t.Errorf("got %+v, want the code and the device's clock", row)
		}
		if row := page.Items[0]; row.Code != "" || !row.Clock.IsZero() {
			t.Errorf("got %+v, want neither of what was refused before", row)
		}
	}
}
