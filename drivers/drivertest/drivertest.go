// Package drivertest is the conformance kit for drivers. It runs a driver as the gateway does, over
// real gRPC and, for a built program, in a process of its own, and reports every violation of the
// contract. It needs real or simulated equipment from the vendor; it knows no protocol and checks
// observations against the device's profile only.
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

// Fixture is the driver and the equipment to test it with. Driver or Path, and Device, are
// required; each further field enables more checks.
type Fixture struct {
	Driver drivers.Driver // run in the test's process, for debugging; or
	Path   string         // a built program, run as the gateway runs it
	Args   []string       // of the program

	Settings map[string]string

	// Device is reachable equipment that reports something within Patience.
	Device drivers.Device
	// Other is a second device, which stays up while Vanish takes the first away.
	Other drivers.Device
	// Wrong is an address where nothing answers; its Probe must fail with a readable error.
	Wrong drivers.Device

	// Vanish cuts Device's equipment off like a power failure; Return brings it back.
	Vanish, Return func() error

	// Happen triggers one of the events of Device's profile at its equipment.
	Happen func() error
	// Show shows a credential to Device's reader and reports whether it let somebody pass.
	Show func(ctx context.Context, credential string) (passed bool, err error)
	// Write are properties that Device accepts, with values.
	Write map[string]gatehouse.Value
	// Watch is set if Device is a camera that shows live pictures.
	Watch bool

	Patience time.Duration // limit for each single wait; default 30 s
}

// Result is the outcome of one check. A check that does not apply to the fixture or the driver is
// skipped, with the reason.
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

// Check runs every check in order and returns their results. If the driver does not start, that is
// the only result.
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
		r := Result{
			Check: check,
			Err:   err,
		}
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
			do("shows live pictures", b.watched)
			do("reports lost equipment", b.loses)
			do("finds it again", b.findsAgain)
		}
		do("lets go of a device", b.letsGo)
		do("is still the same program", b.lives)
	}
	begun := time.Now()
	cancel()
	<-ran // does not block if starts has received it: it has closed the channel
	if started {
		do("stops in time", func(context.Context) error { return b.stops(time.Since(begun)) })
		do("leaves no goroutine", func(ctx context.Context) error { return b.leaves(ctx, before) })
	}
	return results
}
