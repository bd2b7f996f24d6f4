package main

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// TestOddTerminalsLogIsKeptWhole: 25,000 lines of 40 days ago, letters as status, each passage in
// three forms: every line is taken as replayed, and each passage has one id.
func TestOddTerminalsLogIsKeptWhole(t *testing.T) {
	const lines = 25_000
	for _, c := range []struct {
		odd       string
		told, ids int
	}{
		{"{kept: 25000, age: 960h}", lines, lines},
		{"{kept: 200, letters: true, forms: true, age: 1h}", 600, 200},
	} {
		d, base := listen(t)
		box := &inbox{}
		connect(t, d, device(d, "SIM1"), box.emit)
		sc, err := sim.Parse([]byte("equipment:\n- {id: gate, kind: zkteco, serial: SIM1, "+
			"timezone: Asia/Shanghai, interval: 20ms, connect: '"+
			base+"', odd: "+c.odd+"}\n"), ".")
		if err != nil {
			t.Fatal(err)
		}
		s, err := sim.New(sc, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
		passages := 0
		seen := 0
		box.until(t, 2*time.Minute, "all passages of "+c.odd,
			func(all []gatehouse.Observation) bool {
				for ; seen < len(all); seen++ {
					if all[seen].Sighting != nil {
						passages++
					}
				}
				return passages >= c.told
			})
		got := box.sightings()
		ids := map[gatehouse.SightingID]bool{}
		for _, o := range got {
			ids[gatehouse.NewSightingID("d", o.Time, o.Sequence, "/"+o.Sighting.Credential,
				o.Sighting.Method)] = true
			if !o.Replayed || o.Sighting.Direction != gatehouse.In {
				t.Fatalf("%s: got %+v, want history of who comes in", c.odd, o)
			}
		}
		if len(got) != c.told || len(ids) != c.ids {
			t.Errorf("%s: %d passages with %d ids, want %d with %d", c.odd, len(got), len(ids),
				c.told, c.ids)
		}
	}
}
