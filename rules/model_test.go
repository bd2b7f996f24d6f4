package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The reference model goes through every second of a story and evaluates each condition from the
// whole history: no timers, no state but the alert itself.
type happening struct {
	at     int
	device string
	value  int    // temperature; -1: a status instead
	status string // offline or online
}

type history []happening

const modelFresh = 15 // seconds

// modelled is what the model knows besides the history: the second in which the rule was added, and
// whether the temperature is reported on change.
type modelled struct {
	history
	since  int
	steady bool
	keeps  bool // it fires, and stays although a device fell silent that said so
}

// state is a device's state at t; "" if unknown.
func (h history) state(device string, t int) string {
	last := ""
	for _, x := range h {
		if x.device != device || x.at > t {
			continue
		}
		if x.value < 0 {
			last = x.status
		} else if last == "offline" {
			last = "online"
		}
	}
	return last
}

// samples are a device's samples up to and including t.
func (h history) samples(device string, t int) []happening {
	var out []happening
	for _, x := range h {
		if x.device == device && x.value >= 0 && x.at <= t {
			out = append(out, x)
		}
	}
	return out
}

func (h modelled) holds(c rules.Condition, devices []string, t int) string {
	switch {
	case c.All != nil:
		out := "yes"
		for _, x := range c.All {
			if r := h.holds(x, devices, t); r == "no" || r == "unknown" && out == "yes" {
				out = r
			}
		}
		return out
	case c.Any != nil:
		out := "no"
		for _, x := range c.Any {
			if r := h.holds(x, devices, t); r == "yes" || r == "unknown" && out == "no" {
				out = r
			}
		}
		return out
	case c.Not != nil:
		return map[string]string{"yes": "no", "no": "yes", "unknown": "unknown"}[h.holds(*c.Not,
			devices, t)]
	case c.Compare != nil:
		out, doubt := "unknown", false
		for _, d := range devices {
			s := h.samples(d, t)
			if len(s) == 0 {
				continue
			}
			above := float64(s[len(s)-1].value) > *c.Compare.Above
			if !h.steady && t-s[len(s)-1].at >= modelFresh || h.steady && h.state(d, t) == "offline" {
				doubt = doubt || h.keeps && above
				continue
			}
			if above {
				return "yes"
			}
			out = "no"
		}
		return choose(doubt, "unknown", out)
	case c.Status != nil:
		out := "unknown"
		for _, d := range devices {
			last := h.state(d, t)
			if last == "offline" {
				return "yes"
			}
			if last != "" {
				out = "no"
			}
		}
		return out
	case c.Absent != nil:
		last := -1
		for _, d := range devices {
			for _, s := range h.samples(d, t) {
				last = max(last, s.at)
			}
		}
		return choose(last < 0, "unknown",
			choose(t-last >= int(c.Absent.For/time.Second), "yes", "no"))
	case c.Count != nil:
		n := 0
		for _, d := range devices {
			s := h.samples(d, t)
			for i, x := range s {
				above := func(y happening) bool {
					return float64(y.value) > *c.Count.Of.Compare.Above
				}
				rose := above(x) && (i == 0 || !above(s[i-1]) ||
					!h.steady && x.at-s[i-1].at >= modelFresh)
				if rose && (x.at > h.since || h.since == 0) && t-x.at < int(c.Count.Within/time.Second) {
					n++
				}
			}
		}
		return choose(n >= c.Count.AtLeast, "yes", "no")
	case c.Time != nil:
		// 2026-03-02 08:00, a Monday, is second 0.
		minute := 8*60 + t/60
		in := minute >= c.Time.From && minute < c.Time.To
		if c.Time.To <= c.Time.From {
			in = minute >= c.Time.From || minute < c.Time.To
			if minute < c.Time.To && !on(c.Time.Days, time.Sunday) {
				in = minute >= c.Time.From && on(c.Time.Days, time.Monday)
			} else if minute >= c.Time.From && !on(c.Time.Days, time.Monday) {
				in = minute < c.Time.To && on(c.Time.Days, time.Sunday)
			}
			return choose(in, "yes", "no")
		}
		return choose(in && on(c.Time.Days, time.Monday), "yes", "no")
	case c.Share != nil:
		holds, known, doubts := 0, 0, 0
		for _, d := range devices {
			switch h.holds(c.Share.Of, []string{d}, t) {
			case "yes":
				holds++
				known++
			case "no":
				known++
			default:
				doubts += choose(c.Share.Of.Compare != nil && h.keeps && h.said(*c.Share.Of.Compare, d, t), 1, 0)
			}
		}
		enough := func(holds, known int) bool {
			if c.Share.AtLeast > 0 {
				return holds >= c.Share.AtLeast
			}
			return known > 0 && known >= c.Share.Devices &&
				float64(100*holds) >= c.Share.Percent*float64(known)
		}
		if !enough(holds, known) && (known == 0 || enough(holds+doubts, known+doubts)) {
			return "unknown"
		}
		return choose(enough(holds, known), "yes", "no")
	}
	panic("no such condition")
}

// said reports whether the device's last word was above the limit.
func (h history) said(c rules.Compare, device string, t int) bool {
	s := h.samples(device, t)
	return len(s) > 0 && float64(s[len(s)-1].value) > *c.Above
}

func on(days []time.Weekday, day time.Weekday) bool {
	return len(days) == 0 || slices.Contains(days, day)
}

func choose[T any](b bool, yes, no T) T {
	if b {
		return yes
	}
	return no
}

// first is when the rule first hears of one of the devices: those never heard are not evaluated.
func (h history) first(r rules.Rule, devices []string) int {
	status := false
	var look func(rules.Condition)
	look = func(c rules.Condition) {
		status = status || c.Status != nil
		for _, x := range append(append([]rules.Condition{}, c.All...), c.Any...) {
			look(x)
		}
		if c.Not != nil {
			look(*c.Not)
		}
		if c.Share != nil {
			look(c.Share.Of)
		}
	}
	look(r.When)
	for _, x := range h {
		reads := len(r.Properties()) > 0
		if slices.Contains(devices, x.device) && (x.value >= 0 && reads || x.value < 0 && status) {
			return x.at
		}
	}
	return 1 << 30
}

// tell is what the alert does, second by second.
func (h modelled) tell(r rules.Rule, subject string, devices []string, end int) []string {
	var out []string
	since, over, firing := -1, -1, false
	for t := max(h.since, h.first(r, devices)); t <= end; t++ {
		h.keeps = firing && r.Clear.Unknown != ""
		truth := h.holds(r.When, devices, t)
		if !firing {
			if truth != "yes" {
				since = -1
				continue
			}
			if since < 0 {
				since = t
			}
			if t-since >= int(r.For/time.Second) {
				firing, over = true, -1
				out = append(out, fmt.Sprintf("%d fires %s", t, subject))
			}
		}
		ends := truth == "unknown" && r.Clear.Unknown == "" ||
			truth == "no" && (r.Clear.When == nil || h.holds(*r.Clear.When, devices, t) == "yes")
		if !ends {
			over = -1
			continue
		}
		if over < 0 {
			over = t
		}
		if t-over >= int(r.Clear.After/time.Second) {
			firing, since = false, -1
			out = append(out, fmt.Sprintf("%d ends %s", t, subject))
		}
	}
	return out
}

func drawCondition(t *rapid.T, group bool, depth int) rules.Condition {
	limit := func() *float64 { f := float64(rapid.IntRange(2, 7).Draw(t, "above")); return &f }
	compare := func() rules.Condition {
		return rules.Condition{Compare: &rules.Compare{Property: "temperature", Above: limit()}}
	}
	kind := rapid.SampledFrom([]int{0, 1, 2, 3, 7, 8, 4, 5, 6}[:choose(depth == 0, 6, 9)]).Draw(t,
		"kind")
	switch kind {
	case 7:
		from := rapid.IntRange(478, 486).Draw(t, "from")
		return rules.Condition{
			All: []rules.Condition{
				compare(),
				{
					Time: &rules.TimeIs{
						From: from,
						To:   from + rapid.SampledFrom([]int{-2, -1, 1, 2, 900}).Draw(t, "to"),
						Days: rapid.SampledFrom([][]time.Weekday{
							nil,
							{time.Monday},
							{time.Sunday, time.Tuesday},
						}).Draw(t, "days"),
					},
				},
			},
		}
	case 8:
		if !group {
			return compare()
		}
		of := rapid.SampledFrom([]rules.Condition{
			compare(),
			{Status: []g.DeviceState{g.StateOffline}},
		}).Draw(t, "of")
		return rules.Condition{
			Share: &rules.Share{
				Of:      of,
				AtLeast: rapid.IntRange(0, 2).Draw(t, "at least"),
				Percent: float64(rapid.IntRange(10, 100).Draw(t, "percent")),
				Devices: rapid.IntRange(0, 2).Draw(t, "devices"),
			},
		}
	case 1:
		return rules.Condition{Status: []g.DeviceState{g.StateOffline}}
	case 2:
		return rules.Condition{
			Absent: &rules.Absent{
				Property: "temperature",
				For:      time.Duration(rapid.IntRange(1, 20).Draw(t, "absent")) * time.Second,
			},
		}
	case 3:
		return rules.Condition{
			Count: &rules.Count{
				Of:      compare(),
				AtLeast: rapid.IntRange(1, 3).Draw(t, "at least"),
				Within:  time.Duration(rapid.IntRange(1, 30).Draw(t, "within")) * time.Second,
			},
		}
	case 4:
		return rules.Condition{
			All: []rules.Condition{drawCondition(t, group, depth-1), drawCondition(t, group, depth-1)},
		}
	case 5:
		return rules.Condition{
			Any: []rules.Condition{drawCondition(t, group, depth-1), drawCondition(t, group, depth-1)},
		}
	case 6:
		x := drawCondition(t, group, depth-1)
		return rules.Condition{Not: &x}
	}
	return compare()
}

// twoInOne has all devices in one room. If steady is set, they report the temperature on change.
type twoInOne struct{ steady bool }

func (o twoInOne) Device(g.DeviceID) (rules.DeviceFacts, bool) {
	f := rules.DeviceFacts{School: "s", Zone: "z", Type: g.TypeSensor}
	if o.steady {
		f.Properties = map[string]g.Property{"temperature": {Reports: g.ReportsChange}}
	}
	return f, true
}
func (twoInOne) Timezone(g.SchoolID) string { return "UTC" }

func (twoInOne) Zone(g.ZoneID) (g.Zone, bool) {
	return g.Zone{ID: "z", Kind: g.ZoneLaboratory}, true
}

// For, clear, hysteresis, absence, counts and statuses, nested and negated, per device and per
// zone, times of day, shares, values reported on change, a rule added in the middle, with restarts
// and ticks at any time: the engine agrees with the model.
func TestEngineAgreesWithTheReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rules.Rule{
			ID: "r",
			Per: rapid.SampledFrom([]rules.Subject{rules.PerDevice, rules.PerZone}).Draw(t,
				"per"),
			Fresh: modelFresh * time.Second,
			For:   time.Duration(rapid.IntRange(0, 6).Draw(t, "for")) * time.Second,
			Clear: rules.Clear{
				After: time.Duration(rapid.IntRange(0, 6).Draw(t, "after")) * time.Second,
			},
			Then: []rules.Action{{Alert: &rules.AlertAction{}}},
		}
		r.When = drawCondition(t, r.Per == rules.PerZone, 2)
		r.Clear.Unknown = rapid.SampledFrom([]string{"", "", "stays"}).Draw(t, "unknown")
		if rapid.Bool().Draw(t, "hysteresis") {
			low := 2.5
			r.Clear.When = &rules.Condition{
				Not: &rules.Condition{
					Compare: &rules.Compare{Property: "temperature", Above: &low},
				},
			}
		}
		var h history
		now := 0
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			now += rapid.SampledFrom([]int{1, 1, 1, 2, 3, 7, 20}).Draw(t, "pause")
			x := happening{
				at:     now,
				device: rapid.SampledFrom([]string{"d1", "d2"}).Draw(t, "device"),
				value:  rapid.IntRange(-2, 9).Draw(t, "value"),
			}
			if x.value < 0 {
				x.status = choose(x.value == -1, "offline", "online")
			}
			h = append(h, x)
		}
		end := now + 60
		m := modelled{history: h, steady: rapid.Bool().Draw(t, "on change")}
		added := -1 // after which event
		if rapid.Bool().Draw(t, "added later") {
			added = rapid.IntRange(0, len(h)-1).Draw(t, "after")
			m.since = h[added].at
		}
		for who, devices := range map[string][]string{
			"z":  {"d1", "d2"},
			"d1": {"d1"},
			"d2": {"d2"},
		} {
			if (who == "z") != (r.Per == rules.PerZone) {
				continue
			}
			want := m.tell(r, who, devices, end)
			got := runEngine(t, r, m, added, who, end)
			if diff := cmp.Diff(got, want); diff != "" {
				t.Fatalf("%s: got (-), want (+):\n%s", who, diff)
			}
		}
	})
}

func runEngine(t *rapid.T, r rules.Rule, m modelled, added int, who string, end int) []string {
	epoch := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	second := func(at time.Time) int { return int(at.Sub(epoch) / time.Second) }
	rs := []rules.Rule{r}
	if added >= 0 {
		rs = nil
	}
	e := rules.New(rs, nil)
	var out []string
	keep := func(list []rules.Effect) {
		for _, x := range list {
			about := string(x.Alert.Device)
			if r.Per == rules.PerZone {
				about = string(x.Alert.Zone)
			}
			if about == who {
				out = append(out,
					fmt.Sprintf("%d %s %s", second(x.At), choose(x.Alert.Firing, "fires", "ends"),
						who))
			}
		}
	}
	for i, x := range m.history {
		at := epoch.Add(time.Duration(x.at) * time.Second)
		ev := g.Event{
			Seq:      uint64(i + 1),
			School:   "s",
			Device:   g.DeviceID(x.device),
			Time:     at,
			Received: at,
			Kind:     g.EventReading,
		}
		if x.value >= 0 {
			ev.Reading = &g.Reading{
				Values: map[string]g.Value{
					"temperature": g.NumberValue(float64(x.value)),
					"other":       g.BoolValue(true),
				},
			}
		} else {
			ev.Kind, ev.Status = g.EventStatus, &g.Status{State: g.DeviceState(x.status)}
		}
		keep(e.Observe(ev, twoInOne{steady: m.steady}))
		if i == added {
			rs = []rules.Rule{r}
			e.SetRules(rs, nil)
			keep(e.Tick(at))
		}
		if rapid.Bool().Draw(t, "tick") {
			keep(e.Tick(at))
		}
		if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
			b, err := e.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			e = rules.New(rs, nil)
			if err := e.Restore(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Afterwards time advances as callers do it: from deadline to deadline.
	for {
		next, ok := e.NextDeadline()
		if !ok || second(next) > end {
			break
		}
		keep(e.Tick(next))
	}
	return out
}
