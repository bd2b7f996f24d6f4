package rules_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const unlike = `
rules:
  - {id: unlike, title: T, severity: info, per: zone, once: {every: 0s},
     when: {baseline: {property: power, above: 50%, below: 5, weeks: 1}}}
`

// TestBaselineAgreesWithTheReference feeds powers at random times of five weeks, with restarts from
// snapshots and from deltas: the rule fires where the newest value is unlike the mean of the same
// hour in the weeks before.
func TestBaselineAgreesWithTheReference(t *testing.T) {
	rs := mustParse(t, unlike)
	rapid.Check(t, func(rt *rapid.T) {
		town := newTown("meter")
		e := rules.New(rs, nil)
		begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		var state []byte
		var parts [][]byte
		means, weeks := map[int]float64{}, map[int]int{}
		firing := false
		seq := uint64(0)
		for week := range 4 {
			for _, hour := range []int{9, 33, 34} {
				base := begin.Add(time.Duration(7*24*week+hour) * time.Hour)
				a := float64(rapid.IntRange(0, 30).Draw(rt, "first"))
				b := float64(rapid.IntRange(0, 30).Draw(rt, "second"))
				cut := time.Duration(rapid.IntRange(1, 59).Draw(rt, "minute")) * time.Minute
				for i, v := range []float64{a, b} {
					at := base.Add(time.Duration(i) * cut)
					seq++
					got := e.Observe(g.Event{
						Seq:      seq,
						Kind:     g.EventReading,
						School:   "school",
						Device:   "meter",
						Received: at,
						Reading:  &g.Reading{Values: map[string]g.Value{"power": g.NumberValue(v)}},
					}, town)
					got = append(got, e.Tick(at)...)
					for _, x := range got {
						firing = x.Alert.Firing
					}
					want := weeks[hour] >= 1 && (v > 1.5*means[hour] || v < means[hour]-5)
					near := math.Abs(v-1.5*means[hour]) < 1e-9 || math.Abs(v-means[hour]+5) < 1e-9
					if firing != want && !near { // sums in another order round otherwise
						rt.Fatalf("at %s: firing %v, want %v: %g, usually %g", at, firing, want, v, means[hour])
					}
					switch rapid.IntRange(0, 2).Draw(rt, "save") {
					case 0:
						s, err := e.Snapshot()
						if err != nil {
							rt.Fatal(err)
						}
						state, parts = s, nil
						e.Saved()
					case 1:
						c, err := e.Changes()
						if err != nil {
							rt.Fatal(err)
						}
						if c != nil && state != nil {
							parts = append(parts, c)
							e.Saved()
							whole, _ := e.Snapshot()
							e = rules.New(rs, nil)
							if err := e.Restore(state, parts...); err != nil {
								rt.Fatal(err)
							}
							again, _ := e.Snapshot()
							if diff := cmp.Diff(string(again), string(whole)); diff != "" {
								rt.Fatalf("got (-), want (+):\n%s", diff)
							}
							state, parts = again, nil
							e.Saved()
						}
					}
				}
				// The last value counts for an hour: it fills its hour, and begins the next.
				first, second := cut.Hours(), 1-cut.Hours()
				learn(means, weeks, hour, a*first+b*second)
				if cut >= 30*time.Minute && hour != 33 {
					learn(means, weeks, hour+1, b)
				}
				if hour == 33 {
					continue // the next hour begins with a reading
				}
				for _, x := range e.Tick(base.Add(2 * time.Hour)) {
					firing = x.Alert.Firing
				}
			}
		}
	})
}

func learn(means map[int]float64, weeks map[int]int, hour int, mean float64) {
	weeks[hour]++
	means[hour] += (mean - means[hour]) / float64(min(weeks[hour], 4))
}

// TestBaselineSaysWhatItKnows: an explanation says for how many weeks the hour is known, and an
// alert what is usual; a device that is forgotten leaves nothing.
func TestBaselineSaysWhatItKnows(t *testing.T) {
	rs := mustParse(t, unlike)
	town := newTown("meter")
	e := rules.New(rs, nil)
	var said []string
	for week := range 3 {
		at := time.Date(2026, 3, 2+7*week, 9, 0, 0, 0, time.UTC)
		for i, v := range []float64{10, 10, float64(10 + 10*week)} {
			now := at.Add(time.Duration(i) * 20 * time.Minute)
			for _, x := range e.Observe(g.Event{
				Seq:      uint64(10*week + i + 1),
				Kind:     g.EventReading,
				School:   "school",
				Device:   "meter",
				Received: now,
				Reading:  &g.Reading{Values: map[string]g.Value{"power": g.NumberValue(v)}},
			}, town) {
				if x.Alert.Firing {
					said = append(said, fmt.Sprintf("%s, usually %s", x.Alert.Values["power"], x.Alert.Values["usual"]))
				}
			}
		}
		why, _ := e.Explain("unlike", "meter")
		said = append(said, fmt.Sprintf("%s: %d of %d weeks, %.4g", why.When.Holds, why.When.Count,
			why.When.Need, why.When.Usual))
	}
	want := []string{
		"unknown: 0 of 1 weeks, 0", "20, usually 10", "yes: 1 of 1 weeks, 10",
		"30, usually 11.67", "yes: 2 of 1 weeks, 11.67",
	}
	if diff := cmp.Diff(said, want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
	e.Forget("meter")
	b, err := e.Snapshot()
	if err != nil || strings.Contains(string(b), "meter") {
		t.Errorf("the state still knows the device's power: %s %v", b, err)
	}
}
