package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

func TestQualityReport(t *testing.T) {
	w := newWorld(t).schools()
	day := func(back int) string {
		return time.Now().In(w.a.Location()).AddDate(0, 0, -back).Format(time.DateOnly)
	}
	ahead := g.Quality{School: w.a.ID, Device: "lab-1-smoke", Day: day(1), Observations: 3}
	for range 3 {
		ahead.Clock.Note(125_000)
	}
	must(0, w.system().History.ApplyQuality(t.Context(), history.QualityTurn{
		Turn: 1,
		Seq:  1, Rows: []g.Quality{
			{
				School:       w.a.ID,
				Device:       "cam-7",
				Day:          day(1),
				Observations: 100,
				Strangers:    9,
				Gaps:         1,
				GapSeconds:   900,
			},
			ahead,
			{School: w.a.ID, Device: "cam-7", Day: day(0), Observations: 50},
			{School: w.a.ID, Device: "cam-7", Day: day(9), Rejected: 50},
			{School: w.b.ID, Device: "other", Day: day(0), Rejected: 50},
		},
		Judge: quality.Weigh,
	}))(t)
	c := w.user(w.a, g.RoleFacility)
	var days struct{ Items []history.QualityDay }
	c.do("GET", "/v1/quality", nil).want(200).into(&days)
	want := []history.QualityDay{
		{
			School:       w.a.ID,
			Day:          day(1),
			Devices:      2,
			Look:         1,
			Bad:          1,
			Kinds:        map[g.QualityKind]int{g.QualityClock: 1, g.QualityGaps: 1},
			Observations: 103,
			Strangers:    9,
			Gaps:         1,
			GapSeconds:   900,
		},
		{School: w.a.ID, Day: day(0), Devices: 1, Kinds: map[g.QualityKind]int{}, Observations: 50},
	}
	if d := cmp.Diff(days.Items, want); d != "" {
		t.Errorf("got (-) want (+)\n%s", d)
	}
	var devices struct {
		Items []fleet.DeviceQuality
		Next  string
	}
	c.do("GET", "/v1/quality/devices?limit=2", nil).want(200).into(&devices)
	var got []string
	for _, q := range devices.Items {
		line := fmt.Sprint(q.Device, " ", q.Name, " ", q.Day, " ", q.Level)
		for _, f := range q.Findings {
			line += fmt.Sprint(" ", f.Kind, " ", strings.SplitAfter(f.Message, ".")[0],
				strings.SplitAfter(f.MessageZH, "。")[0])
		}
		got = append(got, line)
	}
	if d := cmp.Diff(got, []string{
		"lab-1-smoke Smoke, lab 1 " + day(1) +
			" bad clock Its clock is 2 min 5 s ahead.设备时钟快了约 2 分 5 秒。",
		"cam-7 Gate camera " + day(1) +
			" look gaps It was silent once, 15 minutes in all: nothing is known of that " +
			"time.设备失联 1 次，共 15 分钟：这段时间的数据缺失。",
	}); d != "" {
		t.Errorf("got (-) want (+)\n%s", d)
	}
	if devices.Items[0].ClockMedian != 125_000 || devices.Next == "" {
		t.Errorf("got the median %d and next %q, want 125000 and another page",
			devices.Items[0].ClockMedian, devices.Next)
	}
	c.do("GET", "/v1/quality/devices?limit=2&cursor="+devices.Next, nil).want(200).into(&devices)
	if len(devices.Items) != 1 || devices.Items[0].Day != day(0) ||
		devices.Items[0].Findings == nil {
		t.Errorf("got %+v, want today's camera with no findings", devices.Items)
	}
	for query, n := range map[string]int{
		"from=" + day(9):                    3,
		"to=" + day(5) + "&from=" + day(20): 1,
		"to=" + day(20):                     0,
	} {
		c.do("GET", "/v1/quality?"+query, nil).want(200).into(&days)
		if len(days.Items) != n {
			t.Errorf("%s: got %d days, want %d", query, len(days.Items), n)
		}
	}
	for _, query := range []string{
		"from=" + day(100),
		"from=" + day(0) + "&to=" + day(1),
		"from=2026-02-31",
		"from=yesterday",
	} {
		if r := c.do("GET", "/v1/quality?"+query, nil); r.status != 422 {
			t.Errorf("%s: got %d, want 422", query, r.status)
		}
	}
	for _, query := range []string{"level=awful", "kind=smell"} {
		if r := c.do("GET", "/v1/quality/devices?"+query, nil); r.status != 422 {
			t.Errorf("%s: got %d, want 422", query, r.status)
		}
	}
}
