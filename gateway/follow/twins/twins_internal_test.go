package twins

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// twinsOf is what readings leave: of each device and property the newest value and its time.
func twinsOf(events []g.Event) (map[g.DeviceID]map[string]g.TwinValue, map[g.DeviceID]uint64) {
	values, seq := map[g.DeviceID]map[string]g.TwinValue{}, map[g.DeviceID]uint64{}
	for _, e := range events {
		seq[e.Device] = e.Seq
		if e.Reading == nil {
			continue
		}
		if values[e.Device] == nil {
			values[e.Device] = map[string]g.TwinValue{}
		}
		for name, v := range e.Reading.Values {
			if old, ok := values[e.Device][name]; !ok || !e.Time.Before(old.Time) {
				values[e.Device][name] = g.TwinValue{Value: v, Time: e.Time}
			}
		}
	}
	return values, seq
}

// TestNewestLeavesTheSameTwins: events are left out, but no value, time or other kind of event.
func TestNewestLeavesTheSameTwins(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	left := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var events []g.Event
		others := 0
		for i := range 100 {
			e := g.Event{
				Seq:      uint64(i + 1),
				Kind:     g.EventReading,
				Device:   g.DeviceID(rune('a' + r.IntN(3))),
				Received: start.Add(time.Duration(i) * time.Second),
			}
			e.Time = e.Received.Add(-time.Duration(r.IntN(3)) * time.Second)
			e.Replayed = r.IntN(10) == 0
			if r.IntN(10) == 0 {
				e.Kind, e.Status = g.EventStatus, &g.Status{State: g.StateFault}
				others++
			} else {
				e.Reading = &g.Reading{Values: map[string]g.Value{}}
				for _, name := range []string{"x", "y", "z"}[:1+r.IntN(3)] {
					e.Reading.Values[name] = g.NumberValue(float64(i))
				}
			}
			events = append(events, e)
		}
		var n newest
		for part := range 4 {
			n.add(events[25*part : 25*part+25])
		}
		wantValues, wantSeq := twinsOf(events)
		gotValues, gotSeq := twinsOf(n.events)
		if d := cmp.Diff(gotValues, wantValues,
			cmp.Comparer(func(a, b g.Value) bool { return a == b })); d != "" {
			t.Fatalf("seed %d: got, want:\n%s", seed, d)
		}
		if d := cmp.Diff(gotSeq, wantSeq); d != "" {
			t.Fatalf("seed %d: sequences: got, want:\n%s", seed, d)
		}
		for _, e := range n.events {
			if e.Status != nil {
				others--
			}
		}
		if others != 0 {
			t.Fatalf("seed %d: %d states are gone", seed, others)
		}
		left += len(n.events)
	}
	if left >= 200*80 {
		t.Errorf("%d of %d events are left: nothing is spared", left, 200*100)
	}
}
