package drivertest

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// name is the driver's name in the test host.
const name gatehouse.DriverName = "driver"

// skipped is the reason why a check does not apply.
type skipped string

func (s skipped) Error() string { return string(s) }

// bench is the gateway's side of a trial: it admits observations as the gateway does and keeps the
// newest 10,000.
type bench struct {
	f       Fixture
	host    *host.Host
	pid     int
	started time.Time

	mu      sync.Mutex
	seen    []gatehouse.Observation
	wrong   []error // refused observations and questions, at most 100
	asked   []gatehouse.Ask
	changed chan struct{} // closed and replaced on every arrival
}

func newBench(f Fixture) *bench {
	return &bench{
		f:       f,
		changed: make(chan struct{}),
	}
}

// Accept implements host.Sink.
func (b *bench) Accept(
	_ context.Context, _ gatehouse.DriverName, observations []gatehouse.Observation,
) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range observations {
		if err := b.admit(o); err != nil && len(b.wrong) < 100 {
			b.wrong = append(b.wrong, err)
		}
	}
	b.seen = append(b.seen, observations...)
	if n := len(b.seen) - 10_000; n > 0 {
		b.seen = slices.Delete(b.seen, 0, n)
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

func (b *bench) admit(o gatehouse.Observation) error {
	for _, d := range []drivers.Device{b.f.Device, b.f.Other} {
		if d.ID != "" && o.Device == d.ID {
			a, err := gatehouse.Admit(
				gatehouse.Device{
					ID:      d.ID,
					Enabled: true,
					Profile: d.Profile.ID,
				}, d.Profile, o,
				time.Now())
			if err == nil && len(a.Misfits) > 0 {
				err = gatehouse.MisfitError(d.Profile, a.Misfits)
			}
			if err != nil {
				return fmt.Errorf("an observation of device %q is refused: %w", o.Device, err)
			}
			return nil
		}
	}
	return fmt.Errorf("an observation is of device %q, which the driver was not given", o.Device)
}

// wait blocks until ok holds for what arrived since forget, at most Patience; what names it in the
// error.
func (b *bench) wait(
	ctx context.Context, what string, ok func([]gatehouse.Observation) bool,
) error {
	timer := time.NewTimer(b.f.Patience)
	defer timer.Stop()
	for {
		b.mu.Lock()
		done, changed := ok(b.seen), b.changed
		b.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return fmt.Errorf("waited %s for %s", b.f.Patience, what)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// forget clears what has arrived.
func (b *bench) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = nil
}

func says(id gatehouse.DeviceID) func([]gatehouse.Observation) bool {
	return func(seen []gatehouse.Observation) bool {
		return slices.ContainsFunc(seen, func(o gatehouse.Observation) bool {
			return o.Device == id && (o.Reading != nil || o.Sighting != nil || o.Occurrence != nil)
		})
	}
}

func is(id gatehouse.DeviceID, state gatehouse.DeviceState) func([]gatehouse.Observation) bool {
	return func(seen []gatehouse.Observation) bool {
		return slices.ContainsFunc(seen, func(o gatehouse.Observation) bool {
			return o.Device == id && o.Status != nil && o.Status.State == state
		})
	}
}

func (b *bench) starts(ctx context.Context, ran chan error) error {
	ctx, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	waited := make(chan error, 1)
	var st host.Status
	go func() {
		var err error
		st, err = b.host.Wait(
			ctx,
			name,
			host.Running,
			host.Backoff,
			host.Refused,
			host.Quarantined,
		)
		waited <- err
	}()
	select {
	case err := <-ran: // the host failed: the fixture is wrong
		cancel()
		<-waited
		close(ran)
		return err
	case err := <-waited:
		if err != nil {
			return fmt.Errorf("it is %s after %s, and not running", st.State, b.f.Patience)
		}
	}
	if st.State != host.Running {
		return fmt.Errorf("it does not start: %s", st.Reason)
	}
	b.pid, b.started = st.PID, st.Started
	return nil
}

func (b *bench) describes(context.Context) error {
	st, err := b.host.Driver(name)
	if err != nil {
		return err
	}
	d := st.Description
	if d.Title == "" {
		return fmt.Errorf("Describe gives no title for people")
	}
	for _, f := range slices.Concat(d.Settings, d.Address) {
		if f.Title == "" {
			return fmt.Errorf("field %q has no title for people", f.Key)
		}
		if f.Secret && f.Default != "" {
			return fmt.Errorf("field %q is secret and has a default, which every reader of the "+
				"program knows",
				f.Key)
		}
	}
	for _, f := range d.Address {
		given := b.f.Device.Address[f.Key]
		if f.Secret {
			given = b.f.Device.Secret[f.Key]
		}
		if f.Required && given == "" {
			return fmt.Errorf("field %q is required, and the fixture's device, which is to work, "+
				"does not give it",
				f.Key)
		}
	}
	for key := range b.f.Device.Address {
		if !slices.ContainsFunc(d.Address, func(f drivers.Field) bool { return f.Key == key }) {
			return fmt.Errorf("the fixture's device has an address field %q that Describe does "+
				"not ask for: nobody could fill it in",
				key)
		}
	}
	return nil
}

func (b *bench) probes(ctx context.Context) error {
	if st, _ := b.host.Driver(name); !st.Probes {
		return skipped("the driver has no Probe: the console shows no test button")
	}
	ctx, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	p, err := b.host.Probe(ctx, name, b.f.Device)
	if err != nil {
		return fmt.Errorf("the probe of equipment that answers: %w", err)
	}
	if p.Message == "" {
		return fmt.Errorf("the probe says nothing to the person who asked for it")
	}
	for property, v := range p.Values {
		known, ok := b.f.Device.Profile.Properties[property]
		if !ok {
			continue
		}
		if err := known.Check(v); err != nil {
			return fmt.Errorf("the probe's value of %q: %w", property, err)
		}
	}
	return nil
}

func (b *bench) probesWrong(ctx context.Context) error {
	if st, _ := b.host.Driver(name); !st.Probes {
		return skipped("the driver has no Probe")
	}
	if b.f.Wrong.Address == nil {
		return skipped("the fixture has no Wrong address")
	}
	ctx, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	p, err := b.host.Probe(ctx, name, b.f.Wrong)
	switch {
	case err == nil:
		return fmt.Errorf("the probe of an address where nothing answers succeeds: %q", p.Message)
	case ctx.Err() != nil:
		return fmt.Errorf("the probe of an address where nothing answers takes more than %s: a "+
			"person waits for it",
			b.f.Patience)
	case strings.Contains(err.Error(), "panicked"):
		return err
	case len(strings.Fields(err.Error())) < 2:
		return fmt.Errorf("the probe's error is %q: say what was tried and what to do", err)
	}
	return nil
}

func (b *bench) observes(ctx context.Context) error {
	b.forget()
	for _, d := range []drivers.Device{b.f.Device, b.f.Other} {
		if d.ID == "" {
			continue
		}
		if err := b.host.Put(name, d); err != nil {
			return err
		}
	}
	if err := b.wait(ctx, "an observation of the device", says(b.f.Device.ID)); err != nil {
		return err
	}
	if b.f.Other.ID != "" {
		if err := b.wait(ctx, "an observation of the other device", says(b.f.Other.ID)); err != nil {
			return err
		}
	}
	return b.refused()
}

func (b *bench) refused() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.wrong) > 0 {
		return b.wrong[0]
	}
	return nil
}

func (b *bench) loses(ctx context.Context) error {
	if b.f.Vanish == nil {
		return skipped("the fixture has no Vanish")
	}
	b.forget()
	if err := b.f.Vanish(); err != nil {
		return err
	}
	if err := b.wait(ctx, "the device to be offline after its equipment vanished",
		is(b.f.Device.ID, gatehouse.StateOffline)); err != nil {
		return err
	}
	if b.f.Other.ID == "" {
		return nil
	}
	b.forget()
	return b.wait(ctx, "the other device to go on while the first is gone", says(b.f.Other.ID))
}

func (b *bench) findsAgain(ctx context.Context) error {
	if b.f.Vanish == nil || b.f.Return == nil {
		return skipped("the fixture has no Vanish and Return")
	}
	b.forget()
	if err := b.f.Return(); err != nil {
		return err
	}
	if err := b.wait(ctx, "the device to be online after its equipment returned",
		is(b.f.Device.ID, gatehouse.StateOnline)); err != nil {
		return err
	}
	return b.wait(ctx, "an observation after the equipment returned", says(b.f.Device.ID))
}

// letsGo changes an irrelevant field, so that the device is connected anew: a Connect that does not
// return when its context ends blocks the second one.
func (b *bench) letsGo(ctx context.Context) error {
	b.forget()
	d := b.f.Device
	d.Profile.Title += " (again)"
	if err := b.host.Put(name, d); err != nil {
		return err
	}
	if err := b.wait(ctx,
		"an observation after the device's particulars changed (does Connect return when its "+
			"context ends?)",
		says(d.ID)); err != nil {
		return err
	}
	b.host.Drop(d.ID)
	return b.refused()
}

func (b *bench) lives(context.Context) error {
	st, err := b.host.Driver(name)
	if err != nil {
		return err
	}
	if st.State != host.Running || st.PID != b.pid || !st.Started.Equal(b.started) {
		return fmt.Errorf("it ended during the trial: %s", st.LastError)
	}
	return nil
}

func (b *bench) stops(took time.Duration) error {
	if took >= drivers.StopTimeout {
		return fmt.Errorf("it took %s to stop; it has %s, and Connect is to return as soon as "+
			"its context ends",
			took.Round(time.Millisecond), drivers.StopTimeout)
	}
	return b.refused()
}

func goroutines() int { return runtime.NumGoroutine() }

// leaves checks for leaked goroutines; it applies only to a driver in this process.
func (b *bench) leaves(ctx context.Context, before int) error {
	if b.f.Driver == nil {
		return skipped("the driver is a program of its own, whose goroutines ended with it")
	}
	deadline := time.Now().Add(drivers.StopTimeout)
	// idle connections of the shared client are not the driver's leak
	http.DefaultClient.CloseIdleConnections()
	for goroutines() > before {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			return fmt.Errorf("%d goroutines more than before are left after the driver "+
				"stopped:\n%s",
				goroutines()-before, stacks[:runtime.Stack(stacks, true)])
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
