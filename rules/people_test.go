package rules_test

import (
	"fmt"
	"slices"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Distinct people within a time, compared with a scan of all passages at every second.
func TestDistinctAgreesWithTheReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		atLeast, within := rapid.IntRange(1, 4).Draw(rt, "n"), rapid.IntRange(1, 20).Draw(rt, "within")
		rs := mustParse(t, fmt.Sprintf("rules:\n  - {id: crowd, title: T, severity: info, per: zone, "+
			"when: {count: {of: {sighting: {}}, distinct: person, at_least: %d, within: %ds}}, "+
			"once: {every: 0s}}\n",
			atLeast, within))
		w := &world{t: t, town: newTown("gate-1"), engine: rules.New(rs, nil)}
		type passage struct {
			at     int
			person string
		}
		var seen []passage
		var got []rules.Effect
		now := 0
		for range rapid.IntRange(1, 25).Draw(rt, "passages") {
			now += rapid.IntRange(1, 6).Draw(rt, "pause")
			p := passage{now, rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(rt, "person")}
			seen = append(seen, p)
			got = append(got, w.see(float64(now), "gate-1",
				g.Sighting{Method: g.ByCard, Person: g.PersonID(p.person)})...)
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				w.restart(rs)
			}
		}
		got = append(got, w.engine.Tick(morning(float64(now+60)))...)
		var want []string
		firing := false
		for s := 0; s <= now+60; s++ {
			people := map[string]bool{}
			for _, p := range seen {
				if p.person != "" && p.at <= s && s-p.at < within {
					people[p.person] = true
				}
			}
			if enough := len(people) >= atLeast; enough != firing {
				firing = enough
				want = append(want, fmt.Sprintf("%s crowdgate-1 firing=%v",
					morning(float64(s)).Format("15:04:05"), firing))
			}
		}
		if diff := cmp.Diff(brief(got), want); diff != "" {
			rt.Fatalf("%v: got (-), want (+):\n%s", seen, diff)
		}
	})
}

// A sequence of three steps, compared with a search over all choices of steps.
func TestSequenceAgreesWithTheReference(t *testing.T) {
	const within = 12
	rs := mustParse(t, fmt.Sprintf("rules:\n  - {id: abc, title: T, severity: info, per: zone, when: "+
		"{sequence: {steps: [{occurrence: {kind: a}}, {occurrence: {kind: b}}, {occurrence: {kind: "+
		"c}}], within: %ds}}}\n", within))
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
		type happening struct {
			at   int
			kind string
		}
		var list []happening // not yet used by a complete sequence
		now := 0
		for range rapid.IntRange(1, 25).Draw(rt, "events") {
			now += rapid.IntRange(1, 6).Draw(rt, "pause")
			kind := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "kind")
			ev := w.event(float64(now), "lab-1")
			ev.Kind = g.EventOccurrence
			ev.Occurrence = &g.Occurrence{Kind: g.OccurrenceKind(kind)}
			got := len(w.engine.Observe(ev, w.town)) > 0
			want := false
			for i, a := range list {
				later := list[i:]
				want = want || kind == "c" && a.kind == "a" && now-a.at <= within &&
					slices.ContainsFunc(later, func(b happening) bool { return b.kind == "b" })
			}
			if got != want {
				rt.Fatalf("%v then %s at %d: got %v, want %v", list, kind, now, got, want)
			}
			list = append(list, happening{now, kind})
			if want {
				list = nil
			}
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				w.restart(rs)
			}
		}
	})
}

// A meter that counts up and restarts at 1000: an increase above 100 over 160 s must fire, one of
// at most 100 over 160 s and a quarter never does.
func TestRateOfAMeter(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: much, title: T, severity: info, fresh: 1h, when: {rate: {property: energy, over: 160s, above: 100, rollover: 1000}}}
`)
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
		type reading struct{ at, total int }
		list := []reading{}
		now, total, firing := 0, 900, false
		for range rapid.IntRange(2, 40).Draw(rt, "readings") {
			now += rapid.IntRange(1, 20).Draw(rt, "pause")
			total += rapid.IntRange(0, 30).Draw(rt, "used")
			list = append(list, reading{now, total})
			for _, e := range w.read(float64(now), "lab-1", "energy", total%1000) {
				firing = e.Alert.Firing
			}
			for _, e := range w.engine.Tick(morning(float64(now))) {
				firing = e.Alert.Firing
			}
			since := func(span int) int {
				first := list[0]
				for _, r := range list {
					if r.at <= now-span {
						first = r
					}
				}
				return total - first.total
			}
			if least := since(160); least > 100 && !firing {
				rt.Fatalf("%v: %d were used and nothing fires", list, least)
			}
			if most := since(200); most <= 100 && firing {
				rt.Fatalf("%v: %d were used and it fires", list, most)
			}
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				w.restart(rs)
			}
		}
	})
}
