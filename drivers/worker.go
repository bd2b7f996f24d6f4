package drivers

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"regexp"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/gatehouse-iot/gatehouse"
)

// The pause between two attempts to connect a device.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// worker keeps one device connected.
type worker struct {
	fleet   *fleet
	id      gatehouse.DeviceID
	want    *Device       // guarded by fleet.mu; nil: let go
	changed chan struct{} // capacity 1: want is another one now
	pace    *rate.Limiter // nil: no bound
	// passes without an answer that the gateway is not told of yet; its size is maxUntold
	untold chan gatehouse.Observation

	mu       sync.Mutex
	reported gatehouse.Status // what the gateway last took
}

// run connects, reports and pauses until the device is let go of or the session ends.
func (w *worker) run() {
	telling, stop := context.WithCancel(w.fleet.ctx)
	var told sync.WaitGroup
	told.Go(func() { w.tellPassed(telling) })
	defer func() {
		stop()
		told.Wait()
	}()
	failures := 0
	for {
		d := w.next()
		if d == nil {
			return
		}
		emitted, err := w.attempt(*d)
		if w.fleet.ctx.Err() != nil {
			continue
		}
		if err == nil { // changed: at once
			failures = 0
			continue
		}
		if emitted {
			failures = 0
		}
		w.offline(err)
		failures++
		timer := time.NewTimer(pause(failures, rand.Float64()))
		select {
		case <-timer.C:
		case <-w.changed:
			failures = 0
		case <-w.fleet.ctx.Done():
		}
		timer.Stop()
	}
}

// next is the device to serve now; nil, and the worker is gone from its fleet, where there
// is none.
func (w *worker) next() *Device {
	w.fleet.mu.Lock()
	defer w.fleet.mu.Unlock()
	if w.want == nil || w.fleet.halted {
		delete(w.fleet.workers, w.id)
		return nil
	}
	select {
	case <-w.changed:
	default:
	}
	return w.want
}

// attempt is one Connect from beginning to end. A nil error means that the worker ended it.
func (w *worker) attempt(d Device) (emitted bool, err error) {
	ctx, cancel := context.WithCancel(w.fleet.ctx)
	defer cancel()
	a := &attempt{worker: w, weak: w.fleet.assess(d)}
	d.link = w
	ended := make(chan error, 1)
	go func() {
		ended <- guard(fmt.Sprintf("Connect of device %q", d.ID), func() error {
			return w.fleet.driver.Connect(ctx, d, a.emit)
		})
	}()
	select {
	case err = <-ended:
		if err == nil {
			err = gatehouse.Because(gatehouse.ReasonNoReason).Err(gatehouse.Unavailable)
		}
	case <-w.changed:
	case <-w.fleet.ctx.Done():
	}
	if err == nil {
		cancel()
		w.await(ended)
	}
	return a.end(), err
}

// await waits for a Connect whose context has ended, and complains when it takes too long:
// a device never has two.
func (w *worker) await(ended <-chan error) {
	timer := time.NewTimer(StopTimeout)
	defer timer.Stop()
	select {
	case <-ended:
		return
	case <-timer.C:
		slog.Error("Connect goes on although its context has ended; the device waits for it",
			"device", w.id)
	}
	select {
	case <-ended:
	case <-w.fleet.ctx.Done(): // the program is about to end, and Connect with it
	}
}

// offline tells the gateway once why the device is out of reach.
func (w *worker) offline(cause error) {
	s := gatehouse.Status{
		State:  gatehouse.StateOffline,
		Reason: cause.Error(),
		Causes: []gatehouse.Reason{gatehouse.ReasonOf(cause)},
	}
	w.mu.Lock()
	known := w.reported.State == s.State && essence(w.reported.Reason) == essence(s.Reason)
	w.mu.Unlock()
	if known {
		return
	}
	slog.Warn("device offline", "device", w.id, "reason", s.Reason)
	err := w.fleet.out.emit(w.fleet.ctx, []gatehouse.Observation{{Device: w.id, Status: &s}})
	if err == nil {
		w.took(s)
	}
}

func (w *worker) took(s gatehouse.Status) {
	w.mu.Lock()
	w.reported = s
	w.mu.Unlock()
}

// attempt is what Emit knows of the Connect that it was given to.
type attempt struct {
	worker *worker
	weak   gatehouse.Weakness // what the driver says of how the device proves itself

	mu      sync.Mutex
	emitted bool
	led     bool // the first observation, before which the device is reported online, is on its way
	over    bool
}

// emit is the Emit of one Connect.
func (a *attempt) emit(ctx context.Context, observations ...gatehouse.Observation) error {
	if len(observations) == 0 {
		return nil
	}
	w := a.worker
	lead, err := a.begin(observations[0])
	if err != nil {
		return err
	}
	batch := make([]gatehouse.Observation, 0, len(observations)+1)
	if lead {
		batch = append(batch,
			gatehouse.Observation{
				Device: w.id,
				Status: &gatehouse.Status{State: gatehouse.StateOnline},
			})
	}
	batch = append(batch, observations...)
	for i := range batch {
		if batch[i].Device == "" {
			batch[i].Device = w.id
		}
		batch[i].Status = a.weighed(batch[i].Status, batch[i].Device)
	}
	err = hold(ctx, w.pace, observations)
	if err == nil {
		err = w.fleet.out.emit(ctx, batch)
	}
	if err != nil {
		if lead {
			a.mu.Lock()
			a.led = false
			a.mu.Unlock()
		}
		return err
	}
	for _, o := range batch {
		if o.Status != nil && o.Device == w.id {
			w.took(*o.Status)
		}
	}
	return nil
}

// begin says whether a report that the device is online goes first: before the first
// observation of a Connect, unless that is a status itself or the gateway knows. How a device
// proves itself is told with each Connect, since that is where its settings may be others.
func (a *attempt) begin(first gatehouse.Observation) (lead bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return false, gatehouse.Errorf(gatehouse.Unavailable,
			"Connect of device %q has ended; its Emit takes nothing any more", a.worker.id)
	}
	a.emitted = true
	if a.led || first.Status != nil {
		a.led = true
		return false, nil
	}
	a.led = true
	a.worker.mu.Lock()
	defer a.worker.mu.Unlock()
	return a.worker.reported.State != gatehouse.StateOnline || a.weak != "", nil
}

// weighed is a status of the device with how it proves itself, where that is not in it.
func (a *attempt) weighed(s *gatehouse.Status, of gatehouse.DeviceID) *gatehouse.Status {
	if s == nil || s.Weak != "" || a.weak == "" || of != a.worker.id {
		return s
	}
	said := *s // a driver may emit one status again and again
	said.Weak = a.weak
	return &said
}

func (a *attempt) end() (emitted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	return a.emitted
}

// pause is the time to wait after so many failures in a row: doubling from firstPause to
// lastPause, less up to a quarter by jitter (0 to 1), so that a thousand devices behind one
// dead switch do not return in step.
func pause(failures int, jitter float64) time.Duration {
	d := lastPause
	if failures < 7 {
		d = min(lastPause, firstPause<<(max(failures, 1)-1))
	}
	return d - time.Duration(jitter*float64(d)/4)
}

// localPort is what differs in a network error from one attempt to the next.
var localPort = regexp.MustCompile(`:\d+->`)

func essence(reason string) string { return localPort.ReplaceAllString(reason, ":->") }

func same(a, b *Device) bool { return reflect.DeepEqual(a, b) }
