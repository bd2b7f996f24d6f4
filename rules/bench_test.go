package rules_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// hundred is a hundred rules of a school: fires per zone, thresholds per device and profile,
// counts, absences, strangers; ten of them match what the benchmark's sensors report.
func hundred(b testing.TB) []rules.Rule {
	var y strings.Builder
	y.WriteString("rules:\n")
	add := func(format string, args ...any) { fmt.Fprintf(&y, "  - "+format+"\n", args...) }
	for i := range 4 {
		add("{id: fire-%d, title: T, severity: critical, per: zone, when: {all: [{property: "+
			"smoke, is: true}, {property: temperature, above: %d}]}}",
			i, 57+i)
		add("{id: hot-%d, title: T, severity: warning, when: {property: temperature, above: %d}, "+
			"for: 5m}",
			i, 40+i)
	}
	add("{id: silent, title: T, severity: info, when: {absent: {property: temperature, for: 10m}}}")
	add("{id: forced, title: T, severity: info, when: {count: {of: {property: humidity, above: " +
		"90}, at_least: 3, within: 5m}}}")
	for i := range 90 {
		switch i % 3 {
		case 0:
			add("{id: other-%d, title: T, severity: info, when: {property: p%d, above: 3}}", i, i)
		case 1:
			add("{id: profile-%d, title: T, severity: info, where: {profile: profile-%d}, when: "+
				"{property: temperature, above: 3}}",
				i, i)
		case 2:
			add("{id: kind-%d, title: T, severity: info, where: {zone_kind: gate}, per: track, "+
				"when: {sighting: {person: unknown}}, unless: {sighting: {method: card}, within: "+
				"10s}}",
				i)
		}
	}
	rs, err := rules.Parse("hundred", []byte(y.String()))
	if err != nil || len(rs) != 100 {
		b.Fatalf("got %d rules: %v", len(rs), err)
	}
	return rs
}

func fleet(n int) town {
	m := town{}
	for i := range n {
		m[g.DeviceID(fmt.Sprintf("dev-%d", i))] = rules.DeviceFacts{
			School:  "school",
			Zone:    g.ZoneID(fmt.Sprintf("zone-%d", i/10)),
			Profile: "env",
			Type:    g.TypeSensor,
			Driver:  "mqtt",
		}
	}
	return m
}

// processor is the CPU time of this process, which does not depend on other load.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Each event is a reading of three properties from one of 10,000 sensors.
func BenchmarkObserve(b *testing.B) {
	for _, c := range []struct {
		name  string
		rules []rules.Rule
		hot   float64
	}{
		{"no rules", nil, 21},
		{"100 rules, quiet", hundred(b), 21},
		{"100 rules, pending", hundred(b), 45},
	} {
		b.Run(c.name, func(b *testing.B) {
			town := fleet(10_000)
			e := rules.New(c.rules, nil)
			ids := make([]g.DeviceID, 0, len(town))
			for i := range len(town) {
				ids = append(ids, g.DeviceID(fmt.Sprintf("dev-%d", i)))
			}
			values := map[string]g.Value{
				"temperature": g.NumberValue(c.hot),
				"humidity":    g.NumberValue(40),
				"smoke":       g.BoolValue(false),
			}
			at := morning(0)
			ev := g.Event{
				Kind:    g.EventReading,
				School:  "school",
				Reading: &g.Reading{Values: values},
			}
			next := func(i int) {
				ev.Seq, ev.Device = uint64(i+1), ids[i%len(ids)]
				at = at.Add(100 * time.Microsecond)
				ev.Received = at
				e.Observe(ev, town)
			}
			for i := range len(ids) {
				next(i)
			}
			b.ReportAllocs()
			i, before := len(ids), processor()
			for b.Loop() {
				next(i)
				i++
			}
			b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	town := fleet(10_000)
	e := rules.New(hundred(b), nil)
	for i := range len(town) {
		e.Observe(g.Event{
			Seq:    uint64(i + 1),
			Kind:   g.EventReading,
			School: "school",
			Device: g.DeviceID(fmt.Sprintf("dev-%d", i)), Received: morning(float64(i) / 10000),
			Reading: &g.Reading{
				Values: map[string]g.Value{
					"temperature": g.NumberValue(45),
					"humidity":    g.NumberValue(40),
					"smoke":       g.BoolValue(false),
				},
			},
		}, town)
	}
	size, before := 0, processor()
	for b.Loop() {
		state, err := e.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		size = len(state)
	}
	b.ReportMetric(float64(size), "bytes")
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

// elsewhere returns ten rules that can match and n-10 for places without devices of the benchmark,
// to measure the cost of rules that cannot match.
func elsewhere(b testing.TB, n int, when string) []rules.Rule {
	var all []rules.Rule
	one := func(id, where string) {
		text := fmt.Sprintf("rules:\n  - {id: %s, title: T, severity: info, %s%s}\n", id, where, when)
		rs, err := rules.Parse("elsewhere", []byte(text))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, rs...)
	}
	for i := range 10 {
		one(fmt.Sprintf("near-%d", i), "")
	}
	dimensions := []string{"zone", "building", "device", "profile", "driver", "school"}
	for i := range n - 10 {
		list := dimensions[i%len(dimensions)]
		one(fmt.Sprintf("far-%d", i), fmt.Sprintf("where: {%s: far-%d}, ", list, i))
	}
	return all
}

// BenchmarkObserveManyRules feeds the same events alternately to 10 rules and to 10,000 of which 10
// can match, and reports the ratio: the target is 1.2.
func BenchmarkObserveManyRules(b *testing.B) {
	for _, c := range []struct{ name, when string }{
		{"readings", "when: {property: temperature, above: 50}"},
		{"sightings", "when: {sighting: {person: unknown, method: card}}"},
		{"sightings with unless", "per: track, when: {sighting: {person: unknown, method: card}}, " +
			"unless: {sighting: {person: known}, within: 10s}"},
		{"sightings with unless of a device", "per: track, when: {sighting: {person: unknown, method: " +
			"card}}, unless: {sighting: {person: known}, same: device, within: 10s}"},
		{"statuses", "when: {status: fault}"},
		{"occurrences", "when: {occurrence: {kind: door}}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			few := newCrowd(elsewhere(b, 10, c.when))
			many := newCrowd(elsewhere(b, 10_000, c.when))
			few.observe(c.name, 5000) // so that every device is known
			many.observe(c.name, 5000)
			var small, large time.Duration
			for b.Loop() {
				small += few.observe(c.name, 1000)
				large += many.observe(c.name, 1000)
			}
			b.ReportMetric(float64(small)/float64(b.N)/1000, "ns/event-10")
			b.ReportMetric(float64(large)/float64(b.N)/1000, "ns/event-10000")
			b.ReportMetric(float64(large)/float64(small), "ratio")
		})
	}
}

// crowd is an engine with a thousand devices.
type crowd struct {
	engine *rules.Engine
	town   town
	ids    []g.DeviceID
	seq    uint64
}

func newCrowd(rs []rules.Rule) *crowd {
	c := &crowd{engine: rules.New(rs, nil), town: fleet(1000)}
	for i := range len(c.town) {
		c.ids = append(c.ids, g.DeviceID(fmt.Sprintf("dev-%d", i)))
	}
	return c
}

// observe returns the CPU time for n events.
func (c *crowd) observe(kind string, n int) time.Duration {
	events := make([]g.Event, n)
	for i := range events {
		c.seq++
		events[i] = g.Event{
			Seq:      c.seq,
			School:   "school",
			Device:   c.ids[int(c.seq)%len(c.ids)],
			Received: morning(float64(c.seq) / 10),
		}
		ev := &events[i]
		switch kind {
		case "readings":
			ev.Kind, ev.Reading = g.EventReading, &g.Reading{
				Values: map[string]g.Value{"temperature": g.NumberValue(float64(20 + c.seq%40))},
			}
		case "statuses":
			ev.Kind, ev.Status = g.EventStatus, &g.Status{
				State: []g.DeviceState{g.StateOnline, g.StateOffline}[c.seq/1000%2],
			}
		case "occurrences":
			ev.Kind, ev.Occurrence = g.EventOccurrence, &g.Occurrence{Kind: "sale"}
		default:
			ev.Kind, ev.Sighting = g.EventSighting, &g.Sighting{
				ID:     g.SightingID(fmt.Sprint("sgt", c.seq)),
				Method: g.ByFace,
				Person: g.PersonID([]string{"", "li"}[c.seq%2]),
			}
		}
	}
	before := processor()
	for _, ev := range events {
		c.engine.Observe(ev, c.town)
	}
	return processor() - before
}
