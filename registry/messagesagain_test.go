package registry_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// TestWhoReadsTheRepetitionHasReadTheFirst: what is sent again goes to those who have not read it;
// who reads that has read the first, too, and is not sent a third.
func TestWhoReadsTheRepetitionHasReadTheFirst(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		var to []messages.To
		for _, name := range []string{"chen", "wang", "zhao"} {
			u, _ := person(t, d, name)
			to = append(to, messages.To{User: u.ID})
		}
		v := d.as(d.a, g.RoleAdmin).Messages
		steps := []messages.Step{{Ways: []messages.Way{messages.Email}}}
		first := must[g.MessageID](t)(v.Send(ctx, messages.Message{
			School: "a",
			Lane:   messages.Bulk,
			Kind:   "broadcast",
			Params: map[string]string{"subject": "Closed", "text": "Closed at noon"},
			Steps:  steps,
		}, to))
		read := func(id g.MessageID) int {
			t.Helper()
			return must[messages.Summary](t)(v.Find(ctx, id)).Counts[messages.Read]
		}
		ok(t, v.Read(ctx, first, to[0]))
		second := must[g.MessageID](t)(v.Again(ctx, first, steps))
		third := must[g.MessageID](t)(v.Again(ctx, second, steps))
		ok(t, v.Read(ctx, third, to[1]))
		if read(first) != 2 || read(second) != 1 || read(third) != 1 {
			t.Errorf("got %d, %d and %d who have read, want 2, 1 and 1", read(first), read(second), read(third))
		}
		if m := must[messages.Summary](t)(v.Find(ctx, second)); m.Again != first {
			t.Errorf("got %+v, want it to name the first", m)
		}
		last := must[g.MessageID](t)(v.Again(ctx, first, steps))
		told, _, err := v.Told(ctx, last, messages.ToldFilter{})
		ok(t, err)
		if len(told) != 1 || told[0].User != to[2].User {
			t.Errorf("got %+v, want the one who has read none", told)
		}
	})
}
