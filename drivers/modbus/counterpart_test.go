package main

import (
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	counterpart "github.com/simonvetter/modbus"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// board is equipment behind a third-party Modbus server: holding and input registers 0 to 9, coils
// and discrete inputs 0 to 9, of unit 3 only.
type board struct {
	mu      sync.Mutex
	holding [10]uint16
	coils   [10]bool
}

func (b *board) HandleCoils(r *counterpart.CoilsRequest) ([]bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := inside(r.UnitId, r.Addr, r.Quantity); err != nil {
		return nil, err
	}
	if r.IsWrite {
		copy(b.coils[r.Addr:], r.Args)
	}
	return append([]bool{}, b.coils[r.Addr:r.Addr+r.Quantity]...), nil
}

func (b *board) HandleDiscreteInputs(r *counterpart.DiscreteInputsRequest) ([]bool, error) {
	return make([]bool, r.Quantity), inside(r.UnitId, r.Addr, r.Quantity)
}

func (b *board) HandleHoldingRegisters(r *counterpart.HoldingRegistersRequest) ([]uint16, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := inside(r.UnitId, r.Addr, r.Quantity); err != nil {
		return nil, err
	}
	if r.IsWrite {
		copy(b.holding[r.Addr:], r.Args)
	}
	return append([]uint16{}, b.holding[r.Addr:r.Addr+r.Quantity]...), nil
}

func (b *board) HandleInputRegisters(r *counterpart.InputRegistersRequest) ([]uint16, error) {
	if err := inside(r.UnitId, r.Addr, r.Quantity); err != nil {
		return nil, err
	}
	out := make([]uint16, r.Quantity)
	for i := range out {
		out[i] = (r.Addr + uint16(i)) * 100
	}
	return out, nil
}

func inside(unit uint8, addr, n uint16) error {
	if unit != 3 {
		return counterpart.ErrGWTargetFailedToRespond
	}
	if int(addr)+int(n) > 10 {
		return counterpart.ErrIllegalDataAddress
	}
	return nil
}

// serve runs the third-party server on a free port, which must be chosen beforehand.
func (b *board) serve(t *testing.T) string {
	t.Helper()
	for try := 0; ; try++ {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := ln.Addr().String()
		ln.Close()
		s, err := counterpart.NewServer(&counterpart.ServerConfiguration{
			URL:        "tcp://" + addr,
			Timeout:    time.Minute,
			MaxClients: 8,
			Logger:     log.New(io.Discard, "", 0),
		}, b)
		if err != nil {
			t.Fatal(err)
		}
		if err = s.Start(); err == nil {
			t.Cleanup(func() { s.Stop() })
			return addr
		}
		if try == 5 {
			t.Fatal(err)
		}
	}
}

// TestAgainstAServerOfAnotherAuthor reads and writes every table of a third-party server; of
// several values only the one beyond the last register fails, and another unit does not answer.
func TestAgainstAServerOfAnotherAuthor(t *testing.T) {
	b := &board{}
	addr := b.serve(t)
	profile := gatehouse.Profile{ID: "board", Properties: map[string]gatehouse.Property{
		"level":  property("input:2"),
		"wide":   property("input:4", "as=uint32"),
		"target": property("holding:1", "scale=0.5", "writable"),
		"big":    property("holding:4", "as=float32", "order=CDAB", "writable"),
		"relay":  property("coil:7", "type=boolean", "writable"),
		"alarm":  property("discrete:0", "type=boolean"),
		"hole":   property("input:20"),
	}}
	device := drivers.Device{ID: "board", Profile: profile, Address: map[string]string{
		"address": addr, "unit": "3", "interval": "10ms", "timeout": "2s",
	}}
	d, box := newDriver(), &inbox{}
	connect(t, d, device, box.emit)
	box.wait(t, "an input register", reads("level", gatehouse.NumberValue(200)))
	box.wait(t, "two input registers", reads("wide", gatehouse.NumberValue(400<<16|500)))
	box.wait(t, "a discrete input", reads("alarm", gatehouse.BoolValue(false)))

	_, err := d.Command(t.Context(), drivers.Command{
		ID: "1", Device: "board", Action: "write", Values: map[string]gatehouse.Value{
			"target": gatehouse.NumberValue(-3.5),
			"big":    gatehouse.NumberValue(1.25),
			"relay":  gatehouse.BoolValue(true),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	box.wait(t, "the register written", reads("target", gatehouse.NumberValue(-3.5)))
	box.wait(t, "the registers written", reads("big", gatehouse.NumberValue(1.25)))
	box.wait(t, "the coil written", reads("relay", gatehouse.BoolValue(true)))
	if box.has(func(o gatehouse.Observation) bool { _, ok := readingOf(o)["hole"]; return ok }) {
		t.Error("a register that does not exist has a value")
	}

	stranger := device
	stranger.ID, stranger.Address = "stranger", map[string]string{
		"address":  addr,
		"unit":     "4",
		"interval": "10ms",
		"timeout":  "2s",
	}
	if _, err := d.Probe(t.Context(), stranger); err == nil {
		t.Error("a unit that is not there answers the probe")
	}
}

func readingOf(o gatehouse.Observation) map[string]gatehouse.Value {
	if o.Reading == nil {
		return nil
	}
	return o.Reading.Values
}

func (b *inbox) has(f func(gatehouse.Observation) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.all {
		if f(o) {
			return true
		}
	}
	return false
}
