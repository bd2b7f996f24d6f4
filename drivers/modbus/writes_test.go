package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestEachWriteIsSaid: a refused write does not keep the others from being written, and each has
// its own outcome.
func TestEachWriteIsSaid(t *testing.T) {
	s := equip(t, lab)
	d, box := newDriver(), &inbox{}
	dev := labDevice(s)
	dev.Profile.Properties["ghost"] = property("holding:999", "as=uint16", "writable")
	connect(t, d, dev, box.emit)
	box.wait(t, "a reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	values := map[string]gatehouse.Value{
		"counter": gatehouse.NumberValue(7),
		"ghost":   gatehouse.NumberValue(1),
		"siren":   gatehouse.BoolValue(true),
	}
	r, err := d.Command(t.Context(),
		drivers.Command{ID: "a", Device: dev.ID, Action: "write", Values: values})
	if err != nil {
		t.Fatal(err)
	}
	refused := gatehouse.Because(gatehouse.ReasonModbusAddress, "register", "holding:999", "unit", 1,
		"exception", 2)
	want := []drivers.Write{
		{Property: "counter", Outcome: drivers.WriteDone},
		{Property: "ghost", Outcome: drivers.WriteRefused, Reason: refused},
		{Property: "siren", Outcome: drivers.WriteDone},
	}
	if diff := cmp.Diff(r.Writes, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	err = r.Err()
	if gatehouse.ErrorCode(err) != gatehouse.Invalid ||
		err.Error() != "after writing counter, siren: ghost: "+refused.String() {
		t.Errorf("got %v", err)
	}
	if r.Message != "wrote counter=7, siren=true" || len(r.Values) != 2 {
		t.Errorf("got %q, %v, want what was written and no more", r.Message, r.Values)
	}
	box.clear()
	box.wait(t, "siren", reads("siren", gatehouse.BoolValue(true)))
	box.wait(t, "counter", reads("counter", gatehouse.NumberValue(7)))
}

// TestWritesToSilentEquipment: the outcome of the first is unknown, and the others are not tried.
func TestWritesToSilentEquipment(t *testing.T) {
	s := equip(t, lab)
	d, box := newDriver(), &inbox{}
	dev := labDevice(s)
	dev.Address["interval"] = "1h"
	dev.Address["timeout"] = "50ms"
	connect(t, d, dev, box.emit)
	box.wait(t, "a reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	if err := s.Late("lab", time.Second); err != nil {
		t.Fatal(err)
	}
	r, err := d.Command(t.Context(), drivers.Command{
		ID:     "a",
		Device: dev.ID,
		Action: "write",
		Values: map[string]gatehouse.Value{
			"counter": gatehouse.NumberValue(7),
			"siren":   gatehouse.BoolValue(true),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []drivers.Outcome{}
	for _, w := range r.Writes {
		got = append(got, w.Outcome)
	}
	want := []drivers.Outcome{drivers.WriteUnconfirmed, drivers.WriteNotTried}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if err := r.Err(); gatehouse.ErrorCode(err) != gatehouse.Unavailable {
		t.Errorf("got %v, want it unavailable", err)
	}
}
