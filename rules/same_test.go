package rules_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawJournal draws a journal of every kind of event that rules read, including people's actions on
// alerts.
func drawJournal(t *rapid.T) []g.Event {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var out []g.Event
	for seq := range uint64(rapid.IntRange(1, 50).Draw(t, "events")) {
		at = at.Add(time.Duration(rapid.IntRange(1, 6000).Draw(t, "pause")) * time.Millisecond)
		ev := g.Event{
			Seq:      seq + 1,
			School:   "s",
			Device:   g.DeviceID(rapid.SampledFrom([]string{"d1", "d2", "d3"}).Draw(t, "device")),
			Time:     at,
			Received: at,
		}
		switch rapid.IntRange(0, 6).Draw(t, "what") {
		case 0, 1, 2:
			ev.Kind, ev.Reading = g.EventReading, &g.Reading{
				Values: map[string]g.Value{
					"temperature": g.NumberValue(float64(rapid.IntRange(0, 9).Draw(t, "value"))),
					"smoke":       g.BoolValue(rapid.Bool().Draw(t, "smoke")),
				},
			}
		case 3, 4:
			ev.Kind, ev.Sighting = g.EventSighting, &g.Sighting{
				ID:        g.SightingID(fmt.Sprint("sgt", rapid.IntRange(0, 99).Draw(t, "id"))),
				Method:    rapid.SampledFrom([]g.Method{g.ByFace, g.ByCard}).Draw(t, "method"),
				Track:     fmt.Sprint("t", rapid.IntRange(0, 2).Draw(t, "track")),
				Person:    rapid.SampledFrom([]g.PersonID{"", "li", "wu"}).Draw(t, "person"),
				Direction: rapid.SampledFrom([]g.Direction{"", g.Out}).Draw(t, "to"),
			}
		case 5:
			ev.Kind, ev.Status = g.EventStatus, &g.Status{
				State: rapid.SampledFrom(
					[]g.DeviceState{g.StateOnline, g.StateOffline, g.StateDriverDown}).Draw(t, "state"),
			}
		case 6:
			ev.Kind, ev.Occurrence = g.EventOccurrence, &g.Occurrence{
				Kind: "door",
				Data: map[string]g.Value{"by": g.StringValue("li")},
			}
		}
		out = append(out, ev)
	}
	return out
}

// The same journal gives the same alerts, byte for byte, whenever Tick is called, however often an
// event is repeated, and wherever the engine is killed and restored.
func TestTheSameJournalBringsTheSameAlerts(t *testing.T) {
	rs, err := rules.Parse("changing", []byte(changing))
	if err != nil {
		t.Fatal(err)
	}
	where := moving{"d1": "z1", "d2": "z1", "d3": "z2"}
	rapid.Check(t, func(t *rapid.T) {
		journal := drawJournal(t)
		end := journal[len(journal)-1].Received.Add(time.Minute)
		e := rules.New(rs, nil)
		var want []rules.Effect
		for _, ev := range journal {
			want = append(want, e.Observe(ev, where)...)
		}
		want = append(want, e.Tick(end)...)

		e = rules.New(rs, nil)
		var got []rules.Effect
		saved, kept, from := []byte(nil), 0, 0
		kills := rapid.IntRange(0, 3).Draw(t, "kills")
		for i := 0; i < len(journal); i++ {
			got = append(got, e.Observe(journal[i], where)...)
			if rapid.Bool().Draw(t, "twice") {
				got = append(got, e.Observe(journal[i], where)...)
			}
			if i+1 < len(journal) && rapid.Bool().Draw(t, "tick") {
				pause := journal[i+1].Received.Sub(journal[i].Received)
				part := time.Duration(rapid.Int64Range(0, int64(pause)-1).Draw(t, "part"))
				got = append(got, e.Tick(journal[i].Received.Add(part))...)
			}
			if rapid.IntRange(0, 4).Draw(t, "save") == 0 {
				got = append(got, e.Tick(journal[i].Received)...)
				if saved, err = e.Snapshot(); err != nil {
					t.Fatal(err)
				}
				kept, from = len(got), i+1
			}
			if kills > 0 && rapid.IntRange(0, 9).Draw(t, "kill") == 0 {
				kills--
				e = rules.New(rs, nil)
				if saved != nil {
					if err := e.Restore(saved); err != nil {
						t.Fatal(err)
					}
				}
				got, i = got[:kept], from-1
			}
		}
		got = append(got, e.Tick(end)...)
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if diff := cmp.Diff(string(a), string(b)); diff != "" {
			t.Fatalf("got (-), want (+):\n%s", diff)
		}
	})
}
