// Package drivertest is the conformance kit for drivers: it runs one as the gateway does,
// over real gRPC and, where a program is given, in a process of its own, and says what of
// the contract it does not keep. It needs equipment, real or simulated, that the vendor
// names; it knows no protocol and judges no reading beyond the device's profile.
package drivertest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// Fixture is the driver and the equipment to try it on. Driver or Path, and Device, are
// required; the more of the rest is given, the more is checked.
type Fixture struct {
	Driver drivers.Driver // runs within the test, so that a debugger sees it; or
	Path   string         // a built program, run as the gateway runs it
	Args   []string       // of the program

	Settings map[string]string

	// Device is equipment that answers and says something within Patience.
	Device drivers.Device
	// Other is a second one, which goes on while the first is gone.
	Other drivers.Device
	// Wrong is an address where nothing answers; its Probe has to fail in words.
	Wrong drivers.Device

	// Vanish takes Device's equipment away as a power cut would, and Return brings it back.
	Vanish, Return func() error

	// Happen has one of the events of Device's profile happen at its equipment.
	Happen func() error
	// Show shows Device's reader a credential and says whether it let somebody pass.
	Show func(ctx context.Context, credential string) (passed bool, err error)
	// Write are properties that Device takes, with values.
	Write map[string]gatehouse.Value

	Patience time.Duration // for one thing to happen; default 30 s
}

// Result is one check's. A check that the fixture or the driver gives no occasion for is
// skipped with the reason.
type Result struct {
	Check   string
	Err     error
	Skipped string
}

// Run checks the driver and reports each check as a subtest.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	for _, r := range Check(t.Context(), f) {
		t.Run(r.Check, func(t *testing.T) {
			switch {
			case r.Err != nil:
				t.Error(r.Err)
			case r.Skipped != "":
				t.Skip(r.Skipped)
			}
		})
	}
}

// Check runs every check, one after the other, and returns what each found. Where the driver
// does not even start, that is the only result.
func Check(ctx context.Context, f Fixture) []Result {
	if f.Patience == 0 {
		f.Patience = 30 * time.Second
	}
	if f.Device.ID == "" {
		f.Device.ID = "conformance-1"
	}
	if f.Other.Address != nil && f.Other.ID == "" {
		f.Other.ID = "conformance-2"
	}
	b := newBench(f)
	before := goroutines()
	hostCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.host = host.New(host.Options{
		Sink:    b,
		Answer:  b.Answer,
		Logger:  slog.New(slog.DiscardHandler),
		Crashes: 1,
	})
	ran := make(chan error, 1)
	go func() {
		ran <- b.host.Run(hostCtx, []host.Spec{{
			Name:     name,
			Path:     f.Path,
			Args:     f.Args,
			Driver:   f.Driver,
			Settings: f.Settings,
		}})
	}()

	var results []Result
	do := func(check string, f func(context.Context) error) bool {
		err := f(ctx)
		r := Result{Check: check, Err: err}
		var skip skipped
		if errors.As(err, &skip) {
			r.Err, r.Skipped = nil, string(skip)
		}
		results = append(results, r)
		return r.Err == nil
	}
	started := do("starts", func(ctx context.Context) error { return b.starts(ctx, ran) })
	if started {
		do("describes itself", b.describes)
		do("probes", b.probes)
		do("probes a wrong address", b.probesWrong)
		if do("observes", b.observes) {
			do("reports what happens", b.occurs)
			do("asks who may pass", b.asks)
			do("writes", b.writes)
			do("reports lost equipment", b.loses)
			do("finds it again", b.findsAgain)
		}
		do("lets go of a device", b.letsGo)
		do("is still the same program", b.lives)
	}
	begun := time.Now()
	cancel()
	<-ran // harmless where starts has taken it: it is closed by then
	if started {
		do("stops in time", func(context.Context) error { return b.stops(time.Since(begun)) })
		do("leaves no goroutine", func(ctx context.Context) error { return b.leaves(ctx, before) })
	}
	return results
}
