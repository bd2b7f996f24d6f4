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

// The back-off between attempts to connect a device.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// worker keeps one device connected.
type worker struct {
	fleet      *fleet
	id         gatehouse.DeviceID
	want       *Device       // guarded by fleet.mu; nil: release the device
	connection *connection   // guarded by fleet.mu; nil: no Connect is running
	changed    chan struct{} // capacity 1: want has changed
	pace       *rate.Limiter // nil: unlimited
	// unanswered passes that the gateway has not been told of; capacity maxUntold
	untold chan gatehouse.Observation

	mu       sync.Mutex
	reported gatehouse.Status // the last status that the gateway accepted
	hushed   bool             // untold takes nothing more: the device is released
}

// run connects, reports and backs off until the device is released or the session ends.
func (w *worker) run() {
	telling, stop := context.WithCancel(context.Background())
	released := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() { w.tellPassed(telling, released) })
	defer func() {
		close(released)
		timer := time.AfterFunc(tellWithin, stop)
		told.Wait()
		timer.Stop()
		stop()
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
		if err == nil { // the device has changed: connect again at once
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

// next returns the device to serve now. It returns nil, and has removed the worker from its fleet,
// if there is none.
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

// attempt runs one Connect. A nil error means that the worker ended it.
func (w *worker) attempt(d Device) (emitted bool, err error) {
	ctx, cancel := context.WithCancelCause(w.fleet.ctx)
	a := &attempt{
		worker: w,
		weak:   w.fleet.assess(d),
	}
	d.link = w
	w.connects(&connection{
		ctx:    ctx,
		device: d,
	})
	defer func() {
		w.connects(nil)
		cancel(err)
	}()
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
		cancel(errLetGo())
		w.await(ended)
	}
	return a.end(), err
}

// await waits for a Connect whose context has ended and logs one that takes too long: a device
// never has two at a time.
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
	case <-w.fleet.ctx.Done(): // the program, and Connect with it, is about to end
	}
}

// offline reports the device offline with the reason, unless that was the last report.
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
	err := w.fleet.out.emit(w.fleet.ctx, []gatehouse.Observation{{
		Device: w.id,
		Status: &s,
	}})
	if err == nil {
		w.took(s)
	}
}

func (w *worker) took(s gatehouse.Status) {
	w.mu.Lock()
	w.reported = s
	w.mu.Unlock()
}

// attempt is the state that Emit keeps for one Connect.
type attempt struct {
	worker *worker
	weak   gatehouse.Weakness // from Assess

	mu      sync.Mutex
	emitted bool
	led     bool // the online report, or a status in its place, is sent or being sent
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

// begin reports whether an online report must go first: before the first observation of a Connect,
// unless that is a status itself or the gateway already has the device online. A known weakness is
// reported with each Connect, because the device's settings may have changed.
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

// weighed returns the status with the weakness of this Connect if it has none of its own.
func (a *attempt) weighed(s *gatehouse.Status, of gatehouse.DeviceID) *gatehouse.Status {
	if s == nil || s.Weak != "" || a.weak == "" || of != a.worker.id {
		return s
	}
	said := *s // a copy: the driver may emit the same status again
	said.Weak = a.weak
	return &said
}

func (a *attempt) end() (emitted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	return a.emitted
}

// pause is the back-off after so many failures in a row: doubling from firstPause to lastPause,
// less up to a quarter by jitter (0 to 1), so that devices behind one failed switch do not
// reconnect all at once.
func pause(failures int, jitter float64) time.Duration {
	d := lastPause
	if failures < 7 {
		d = min(lastPause, firstPause<<(max(failures, 1)-1))
	}
	return d - time.Duration(jitter*float64(d)/4)
}

// localPort matches the local port in a network error, which differs between attempts.
var localPort = regexp.MustCompile(`:\d+->`)

func essence(reason string) string { return localPort.ReplaceAllString(reason, ":->") }

func same(a, b *Device) bool { return reflect.DeepEqual(a, b) }
