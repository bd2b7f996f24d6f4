package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Time limits of a program.
const (
	describeTimeout  = 10 * time.Second
	configureTimeout = time.Minute
	sendTimeout      = 30 * time.Second // for sending a message
	sinkPause        = time.Second      // before a status that the sink refused is sent again
)

// supervisor owns one driver's program: its goroutine, run, starts and ends it.
type supervisor struct {
	host *Host
	spec Spec
	logs *logRing
	wake chan struct{} // size 1: a device has changed

	end  context.CancelFunc // cancels start's goroutine
	done chan struct{}      // closed when that goroutine has ended

	mu        sync.Mutex
	status    Status
	client    driverpb.DriverClient // nil unless running
	devices   map[gatehouse.DeviceID]*entry
	gone      map[gatehouse.DeviceID]bool // dropped devices that the program must still be told of
	restart   bool                        // requested
	cancelRun context.CancelFunc          // ends the current run or pause
	learned   map[string]needs            // needs by program checksum
	askTold   time.Time                   // last time a question without an answer was logged
	watches   map[*watch]bool             // viewers; at most drivers.MaxWatches
}

// entry is one device assigned to the driver.
type entry struct {
	device drivers.Device
	told   bool // sent to the running program
	down   bool // the sink has accepted driver_down for the current outage
}

func newSupervisor(h *Host, spec Spec) *supervisor {
	return &supervisor{
		host: h,
		spec: spec,
		logs: newLogRing(h.options.Now),
		wake: make(chan struct{}, 1),
		status: Status{
			Name:  spec.Name,
			Path:  spec.Path,
			State: Stopped,
		},
		devices: map[gatehouse.DeviceID]*entry{},
		gone:    map[gatehouse.DeviceID]bool{},
		watches: map[*watch]bool{},
	}
}

// outcome says how a run of a program ended.
type outcome struct {
	refused bool   // retrying is useless
	hung    bool   // it did not respond, and may not exit by itself either
	retry   bool   // retry, not a crash: it said that it cannot start now
	reason  string // what happened
	words   string // its own last message; for the console only, since a vendor wrote it
}

func (o outcome) String() string {
	if o.words == "" {
		return o.reason
	}
	return o.reason + ": " + o.words
}

// start runs the program in a goroutine until stop, which waits for it.
func (s *supervisor) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.end, s.done = cancel, make(chan struct{})
	go func() {
		defer close(s.done)
		s.run(ctx)
	}()
}

func (s *supervisor) stop() {
	s.end()
	<-s.done
}

// run keeps the program running until ctx ends.
func (s *supervisor) run(ctx context.Context) {
	r := &record{host: s.host}
	for first := true; ctx.Err() == nil; first = false {
		runCtx, cancel := context.WithCancel(ctx)
		s.begin(cancel, first)
		end := s.once(runCtx)
		if runCtx.Err() == nil {
			s.after(runCtx, end, r)
		}
		cancel()
		s.mu.Lock()
		if s.restart {
			*r = record{host: s.host}
			s.status.Quarantine = time.Time{}
		}
		s.mu.Unlock()
	}
	s.set(func(st *Status) { st.State, st.Reason = Stopped, "" })
}

func (s *supervisor) begin(cancel context.CancelFunc, first bool) {
	s.mu.Lock()
	s.restart = false
	s.cancelRun = cancel
	s.mu.Unlock()
	s.set(func(st *Status) {
		st.State, st.Reason = Starting, ""
		if !first {
			st.Restarts++
		}
	})
}

// steady ends a quarantine after a run of SteadyAfter.
func (s *supervisor) steady() {
	s.mu.Lock()
	over := s.status.State == Running && !s.status.Quarantine.IsZero()
	s.mu.Unlock()
	if over {
		s.host.options.Logger.Info("driver runs steadily again: its quarantine is over", "driver",
			s.spec.Name)
		s.set(func(st *Status) { st.Quarantine = time.Time{} })
	}
}

// after decides what follows an unexpected end, reports it, and waits before the next attempt.
func (s *supervisor) after(ctx context.Context, end outcome, r *record) {
	o := s.host.options
	now := o.Now()
	s.mu.Lock()
	quarantine := s.status.Quarantine
	s.mu.Unlock()
	state, delay := r.next(end, now, quarantine)
	if state == Quarantined {
		end.reason = fmt.Sprintf(
			"it ended %d times within %s and is tried again only now and then; the last time %s",
			o.Crashes, o.CrashSpan, end.reason)
		if quarantine.IsZero() {
			quarantine = now
		}
	}
	log := o.Logger.With("driver", s.spec.Name, "reason", end.reason)
	switch state {
	case Backoff:
		log.Warn("driver ended; it is started again", "after", delay.Round(time.Millisecond))
	case Quarantined:
		log.Error("driver quarantined", "tried_again_after", delay.Round(time.Second))
	case Refused:
		log.Error("driver refused")
	}
	s.set(func(st *Status) {
		st.State, st.Reason = state, end.String()
		st.LastError, st.LastErrorAt = end.String(), now
		st.Quarantine = quarantine
		if delay > 0 {
			st.NextAttempt = now.Add(delay)
		}
	})
	s.pause(ctx, delay,
		gatehouse.Because(gatehouse.ReasonDriverDown, "driver", s.spec.Name, "detail", end.reason))
	s.set(func(st *Status) { st.NextAttempt = time.Time{} })
}

// backoff is the pause after a number of crashes: doubling from first to last, with ±20 % jitter
// (jitter is 0 to 1).
func backoff(first, last time.Duration, crashes int, jitter float64) time.Duration {
	d := first
	for range crashes - 1 {
		if d *= 2; d >= last {
			d = last
			break
		}
	}
	return time.Duration(float64(d) * (0.8 + 0.4*jitter))
}

// pause blocks for delay, or without limit if it is 0, and reports the driver's devices as
// driver_down meanwhile: each once, including those that are added during the pause.
func (s *supervisor) pause(ctx context.Context, delay time.Duration, reason gatehouse.Reason) {
	var over <-chan time.Time
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		over = timer.C
	}
	for {
		var again <-chan time.Time
		if err := s.reportDown(ctx, reason); err != nil && ctx.Err() == nil {
			s.host.options.Logger.Error("devices could not be reported as driver_down", "driver",
				s.spec.Name, "reason", err)
			again = time.After(sinkPause)
		}
		select {
		case <-over:
			return
		case <-ctx.Done():
			return
		case <-again:
		case <-s.wake:
		}
	}
}

func (s *supervisor) reportDown(ctx context.Context, reason gatehouse.Reason) error {
	down := &gatehouse.Status{
		State:  gatehouse.StateDriverDown,
		Reason: reason.String(),
		Causes: []gatehouse.Reason{reason},
	}
	for {
		var batch []gatehouse.Observation
		s.mu.Lock()
		for id, e := range s.devices {
			if !e.down && len(batch) < driverpb.MaxBatch {
				batch = append(batch, gatehouse.Observation{
					Device: id,
					Status: down,
				})
			}
		}
		s.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := s.host.options.Sink.Accept(ctx, s.spec.Name, batch); err != nil {
			return err
		}
		s.mu.Lock()
		for _, o := range batch {
			if e := s.devices[o.Device]; e != nil {
				e.down = true
			}
		}
		s.mu.Unlock()
	}
}

// once starts the program, serves until it or ctx ends, and cleans up.
func (s *supervisor) once(ctx context.Context) outcome {
	sum, refusal := s.verify()
	s.set(func(st *Status) {
		st.SHA256, st.Pinned = sum, sum != "" && s.spec.SHA256 != "" && refusal == ""
	})
	if refusal != "" {
		return outcome{
			refused: true,
			reason:  refusal,
		}
	}
	s.logs.beginRun()
	p, end := s.launch(ctx)
	if p == nil {
		return end
	}
	s.set(func(st *Status) {
		st.PID, st.Started, st.Contract = p.pid, s.host.options.Now(), p.contract
	})
	end, asked := s.serve(ctx, p)
	s.mu.Lock()
	s.client = nil
	s.mu.Unlock()
	how := p.end(asked || end.reason != "" && !end.hung)
	if !asked && end.reason == "" {
		end = outcome{
			reason: how,
			words:  s.logs.panicLine(),
		}
	}
	s.set(func(st *Status) {
		st.PID = 0
		st.Started = time.Time{}
		st.Memory = 0
	})
	return end
}

// serve describes and configures the program and runs its session. asked means that the host ended
// it.
func (s *supervisor) serve(ctx context.Context, p *program) (end outcome, asked bool) {
	end, ok := s.prepare(ctx, p.client)
	if ctx.Err() != nil {
		return outcome{}, true
	}
	if !ok {
		return end, false
	}
	err := s.session(ctx, p)
	if ctx.Err() != nil {
		return outcome{}, true
	}
	if errors.Is(err, errHung) {
		return hang(), false
	}
	var v *violation
	if errors.As(err, &v) {
		return outcome{reason: "it was ended: " + v.reason}, false
	}
	return outcome{}, false
}

// prepare describes and configures; ok false without a reason means that the program has ended.
func (s *supervisor) prepare(ctx context.Context, c driverpb.DriverClient) (end outcome, ok bool) {
	callCtx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	w, err := c.Describe(callCtx, &driverpb.DescribeRequest{})
	if err != nil {
		return callOutcome("it could not describe itself", err), false
	}
	d, err := toDescription(w)
	if err != nil {
		return outcome{
			refused: true,
			reason:  "its description is refused: " + err.Error(),
		}, false
	}
	s.set(func(st *Status) {
		st.Description = d
		st.Probes, st.Commands, st.Discovers = w.GetProbes(), w.GetCommands(), w.GetDiscovers()
		st.Watches = w.GetWatches()
	})
	settings, err := withDefaults(d.Settings, s.spec.Settings)
	if err != nil {
		return outcome{
			refused: true,
			reason:  err.Error(),
		}, false
	}
	if look := s.host.options.Settings; look != nil {
		if err := look(s.spec.Name, d.Settings, settings); err != nil {
			return outcome{
				refused: true,
				reason:  err.Error(),
			}, false
		}
	}
	if !w.GetConfigures() {
		return outcome{}, true
	}
	callCtx, cancel = context.WithTimeout(ctx, configureTimeout)
	defer cancel()
	if _, err := c.Configure(callCtx, &driverpb.ConfigureRequest{Settings: settings}); err != nil {
		return callOutcome("it does not take its settings", err), false
	}
	return outcome{}, true
}

// callOutcome distinguishes a driver that refuses (its settings are wrong) from one that cannot now
// (its port is taken) and from one that has ended.
func callOutcome(what string, err error) outcome {
	if status.Code(err) == codes.Unavailable && len(status.Convert(err).Details()) == 0 {
		return outcome{} // the process's exit will say how
	}
	err = driverpb.CallError("the program", err)
	o := outcome{
		reason: what,
		words:  err.Error(),
	}
	if gatehouse.ErrorCode(err) == gatehouse.Invalid {
		o.refused = true
	} else {
		o.retry = true
	}
	return o
}

// withDefaults applies the defaults and refuses unknown settings.
func withDefaults(fields []drivers.Field, given map[string]string) (map[string]string, error) {
	out := map[string]string{}
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.Key)
		v, ok := given[f.Key]
		if !ok || v == "" {
			v = f.Default
		}
		if v == "" && f.Required {
			return nil, gatehouse.FieldErrorf("settings."+f.Key, "is required: %s", f.Title)
		}
		if v != "" {
			out[f.Key] = v
		}
	}
	for k := range given {
		if _, ok := out[k]; !ok && given[k] != "" {
			return nil, gatehouse.FieldErrorf("settings."+k,
				"the driver has no such setting; it has %q", keys)
		}
	}
	return out, nil
}

func (s *supervisor) put(d drivers.Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.devices[d.ID]
	if e != nil && reflect.DeepEqual(e.device, d) {
		return
	}
	if e == nil {
		e = &entry{}
		s.devices[d.ID] = e
	}
	s.logs.hide(e.device.Secret)
	e.device, e.told = d, false
	delete(s.gone, d.ID)
	s.blind(d.ID)
	s.signal()
}

func (s *supervisor) drop(id gatehouse.DeviceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.devices[id]
	if e == nil {
		return
	}
	s.logs.hide(e.device.Secret)
	delete(s.devices, id)
	s.blind(id)
	if s.client != nil {
		s.gone[id] = true
	}
	s.signal()
}

func (s *supervisor) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *supervisor) askRestart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restart = true
	if s.cancelRun != nil {
		s.cancelRun()
	}
}

func (s *supervisor) set(change func(*Status)) {
	s.mu.Lock()
	change(&s.status)
	s.mu.Unlock()
	s.host.notify()
}

func (s *supervisor) snapshot() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Devices = len(s.devices)
	return st
}

func (s *supervisor) current() (driverpb.DriverClient, Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client, s.status
}

// ended reports whether a stream's error is its orderly end.
func ended(err error) bool { return errors.Is(err, io.EOF) }
