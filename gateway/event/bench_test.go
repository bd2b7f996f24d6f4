package event_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
)

// usual are the events that come most: a sensor's reading and a passage with a face.
func usual() map[string]g.Event {
	at := time.Date(2026, 9, 1, 7, 55, 0, 123e6, time.UTC)
	head := g.Event{
		School:   "school-17",
		Device:   "device-4711",
		Zone:     "zone-3-204",
		Driver:   g.DriverMQTTFront,
		Time:     at,
		Received: at.Add(3 * time.Millisecond),
	}
	reading, sighting := head, head
	reading.Kind = g.EventReading
	reading.Reading = &g.Reading{
		Values: map[string]g.Value{
			"temperature": g.NumberValue(21.5),
			"humidity":    g.NumberValue(40),
			"co2":         g.NumberValue(600),
		},
	}
	sighting.Kind = g.EventSighting
	sighting.Sighting = &g.Sighting{
		ID:        "sgt_abcdefghijklmnop",
		Method:    g.ByFace,
		Direction: g.In, Zone: "zone-3-204", Person: "per_abcdefghijklmnop", Track: "cam-7-000123",
		Match: &g.Match{
			Score:    0.71,
			RunnerUp: 0.31,
			Margin:   0.71 - 0.31,
			Quality:  0.9,
			Frames:   5,
			Reason:   "matched",
		},
	}
	return map[string]g.Event{"reading": reading, "sighting": sighting}
}

func BenchmarkAppend(b *testing.B) {
	for name, e := range usual() {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, 512)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = event.Append(buf[:0], &e); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, e := range usual() {
		b.Run(name, func(b *testing.B) {
			record, err := event.Append(nil, &e)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := event.Decode(1, record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeHead(b *testing.B) {
	for name, e := range usual() {
		b.Run(name, func(b *testing.B) {
			record, err := event.Append(nil, &e)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := event.DecodeHead(record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
