package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// FuzzUnits decodes bytes as devices; valid ones are the same after encoding and decoding again.
func FuzzUnits(f *testing.F) {
	const clock = 1_000_000
	f.Add([]byte(unitsOf([]*device{
		{
			ID:     "b",
			School: "s",
			Zone:   "z", status: g.StateOnline, statusSeq: 3, heard: 999_000, slots: []slot{
				{
					name:  "t",
					v:     g.NumberValue(21.5),
					was:   g.NumberValue(20),
					at:    998_000,
					wasAt: 997_000,
					seq:   7,
				},
				{name: "never"},
				{name: "on", v: g.BoolValue(true), at: 1, seq: 8}},
		},
		{
			ID:     "a",
			School: "s",
			Zone:   "z",
			slots:  []slot{{name: "mode", v: g.StringValue("auto"), at: 5, seq: 9}},
		},
	}, clock)))
	f.Add([]byte{0})
	f.Add([]byte{255, 255, 255, 255, 15, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := units(b).read(snapshotVersion, clock)
		if err != nil {
			return
		}
		var devices []*device
		for id, u := range got {
			devices = append(devices, u.load(id, clock))
		}
		for _, d := range devices {
			for _, s := range d.slots {
				if s.seq == 0 {
					return // never written
				}
			}
		}
		again, err := unitsOf(devices, clock).read(snapshotVersion, clock)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(again, got, cmp.Comparer(func(a, b g.Value) bool { return a == b })); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
	})
}

func TestRestoreReadsTheFirstVersion(t *testing.T) {
	e := New(nil, nil)
	if err := e.Restore([]byte(`{"version":1,"seq":7,"clock":1000,"devices":{"lab":{"school":"s","heard":900,"values":{"t":{"v":21.5,"w":20,"t":900,"wt":800,"s":7}}}}}`)); err != nil {
		t.Fatal(err)
	}
	d := e.devices["lab"]
	if d == nil || d.School != "s" || d.heard != 900 { // values that no rule reads are dropped
		t.Errorf("got %+v, want what the state says", d)
	}
}
