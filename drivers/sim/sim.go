package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Sim runs a scenario. Its methods are safe for concurrent use.
type Sim struct {
	scenario Scenario
	log      *slog.Logger
	units    map[string]*unit
	order    []*unit
	ready    chan struct{}
	now      func() time.Time
}

// unit is one piece of equipment.
type unit struct {
	spec  Equipment
	state *state
	sim   *Sim

	terminal *terminal
	client   *client
	modbus   *modbusServer // its own, or that of the unit named by Behind

	cancel context.CancelFunc // while it runs; used by live only
	ended  <-chan error

	mu    sync.Mutex
	on    bool
	turn  chan turn
	addr  string        // where it listens; "" before it first does
	first chan struct{} // closed once it listens, or need not
}

// turn asks a unit to switch power on or off; done receives the result.
type turn struct {
	on   bool
	done chan error
}

// New creates the equipment of a scenario that Parse or Validate has accepted. Nothing listens
// before Run. A nil log discards.
func New(s Scenario, log *slog.Logger) (*Sim, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	sim := &Sim{
		scenario: s,
		log:      log,
		units:    map[string]*unit{},
		ready:    make(chan struct{}),
		now:      time.Now,
	}
	for _, e := range s.Equipment {
		u := &unit{
			spec:  e,
			state: newState(e.ID, e.Values),
			sim:   sim,
			on:    !e.Off,
			turn:  make(chan turn),
			first: make(chan struct{}),
		}
		switch e.Kind {
		case KindZKTeco:
			u.terminal = newTerminal(e, u.state, log, sim.now)
		case KindMQTT:
			c, err := newClient(e, u.state, log, sim.now)
			if err != nil {
				return nil, err
			}
			u.client = c
		case KindModbus:
			u.modbus = &modbusServer{
				units: map[byte]*bank{},
				now:   sim.now,
				odd:   e.Odd,
			}
		}
		sim.units[e.ID] = u
		sim.order = append(sim.order, u)
	}
	for _, u := range sim.order {
		if u.spec.Behind != "" {
			u.modbus = sim.units[u.spec.Behind].modbus
		}
	}
	return sim, nil
}

// Ready is closed once everything that has power listens.
func (s *Sim) Ready() <-chan struct{} { return s.ready }

// Run runs the equipment until ctx ends, and fails if something cannot listen at the start. It may
// be called once.
func (s *Sim) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, len(s.order))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for _, u := range s.order {
		wg.Go(func() {
			if err := u.live(ctx); err != nil {
				errs <- fmt.Errorf("equipment %s: %w", u.spec.ID, err)
			}
		})
	}
	for _, u := range s.order {
		select {
		case <-u.first:
		case err := <-errs:
			return err
		case <-ctx.Done():
			return nil
		}
	}
	close(s.ready)
	for _, st := range s.scenario.Script {
		wg.Go(func() { s.follow(ctx, st) })
	}
	select {
	case err := <-errs:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Addr is where the equipment listens; "" for equipment that only connects.
func (s *Sim) Addr(id string) string {
	u := s.units[id]
	if u == nil {
		return ""
	}
	if u.spec.Behind != "" {
		return s.Addr(u.spec.Behind)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.addr
}

// Set fixes values of a piece of equipment; a None value goes back to being generated.
func (s *Sim) Set(id string, values map[string]gatehouse.Value) error {
	u, err := s.find(id)
	if err != nil {
		return err
	}
	if err := u.state.set(values); err != nil {
		return err
	}
	if u.client != nil {
		poke(u.client.fresh)
	}
	return nil
}

// See adds a sighting at the equipment; it fails if that has no power.
func (s *Sim) See(id string, g Sighting) error {
	u, err := s.find(id)
	if err != nil {
		return err
	}
	if err := g.validate("sighting"); err != nil {
		return err
	}
	if !u.powered() {
		return gatehouse.Errorf(gatehouse.Unavailable, "%s has no power", id)
	}
	switch {
	case u.terminal != nil:
		return u.terminal.see(g)
	case u.client != nil:
		return u.client.see(g)
	}
	return gatehouse.Errorf(gatehouse.Invalid, "%s equipment sees nobody", u.spec.Kind)
}

// Power switches equipment off and on again during Run. Off closes its sockets without any goodbye.
// It blocks until they are closed, or until the equipment listens again.
func (s *Sim) Power(ctx context.Context, id string, on bool) error {
	u, err := s.find(id)
	if err != nil {
		return err
	}
	t := turn{on, make(chan error, 1)}
	select {
	case u.turn <- t:
		return <-t.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Late delays a Modbus server's next response by d.
func (s *Sim) Late(id string, d time.Duration) error {
	u, err := s.find(id)
	if err != nil {
		return err
	}
	if u.modbus == nil {
		return gatehouse.Errorf(gatehouse.Invalid, "only modbus equipment can be late")
	}
	if d < 0 || d > time.Minute {
		return gatehouse.Errorf(gatehouse.Invalid, "%s is not between 0 and 1m", d)
	}
	u.modbus.delayNext(d)
	return nil
}

func (s *Sim) find(id string) (*unit, error) {
	u := s.units[id]
	if u == nil {
		return nil, gatehouse.Errorf(gatehouse.NotFound, "there is no equipment %q", id)
	}
	return u, nil
}

func (u *unit) powered() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.on
}

// live owns the unit's power. It returns nil once ctx ends, or the error with which the unit failed
// to start at first or stopped.
func (u *unit) live(ctx context.Context) error {
	defer u.halt()
	if u.powered() {
		if err := u.begin(ctx); err != nil {
			return err
		}
	}
	close(u.first)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-u.ended:
			u.cancel()
			u.ended, u.cancel = nil, nil
			if ctx.Err() == nil && err == nil {
				err = errors.New("it stopped by itself")
			}
			return err
		case t := <-u.turn:
			var err error
			if u.halt(); t.on {
				err = u.begin(ctx)
			}
			u.setOn(t.on && err == nil)
			t.done <- err
		}
	}
}

// begin starts the unit; halt stops it and waits until its sockets are closed.
func (u *unit) begin(ctx context.Context) error {
	run, err := u.start()
	if err != nil {
		return err
	}
	ctx, u.cancel = context.WithCancel(ctx)
	ended := make(chan error, 1)
	u.ended = ended
	go func() { ended <- run(ctx) }()
	return nil
}

func (u *unit) halt() {
	if u.cancel == nil {
		return
	}
	u.cancel()
	<-u.ended
	u.cancel, u.ended = nil, nil
}

func (u *unit) setOn(on bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.on = on
}

// start listens, for kinds that do, and returns the function that serves.
func (u *unit) start() (func(context.Context) error, error) {
	switch u.spec.Kind {
	case KindModbus:
		return u.startModbus()
	case KindRTSP:
		r, err := NewRTSP(u.place(), u.spec.Paths, u.spec.Username, u.spec.Password)
		if err != nil {
			return nil, err
		}
		u.settle(r.Addr())
		return r.Run, nil
	case KindZKTeco:
		return func(ctx context.Context) error { u.terminal.run(ctx); return nil }, nil
	}
	return func(ctx context.Context) error { u.client.run(ctx); return nil }, nil
}

func (u *unit) startModbus() (func(context.Context) error, error) {
	id := byte(max(u.spec.Unit, 1))
	b, err := newBank(u.spec.Registers, u.state)
	if err != nil {
		return nil, err
	}
	var ln net.Listener
	if u.spec.Behind == "" {
		if ln, err = net.Listen("tcp", u.place()); err != nil {
			return nil, fmt.Errorf("listen for modbus: %w", err)
		}
		u.settle(ln.Addr().String())
	}
	u.modbus.plug(id, b)
	return func(ctx context.Context) error {
		defer u.modbus.plug(id, nil)
		if ln == nil {
			<-ctx.Done()
		} else {
			u.modbus.serve(ctx, ln)
		}
		return nil
	}, nil
}

// place is the address to listen on: the same as before a power cycle.
func (u *unit) place() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.addr != "" {
		return u.addr
	}
	return u.spec.Listen
}

func (u *unit) settle(addr string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.addr = addr
}

// follow executes one step of the script at its times.
func (s *Sim) follow(ctx context.Context, st Step) {
	for wait := st.At; sleep(ctx, wait); wait = st.Every {
		if err := s.step(ctx, st); err != nil {
			s.log.Warn("a step of the script did not work", "equipment", st.Equipment, "error", err)
		}
		if st.Every == 0 {
			return
		}
	}
}

func (s *Sim) step(ctx context.Context, st Step) error {
	switch {
	case st.Sighting != nil:
		return s.See(st.Equipment, *st.Sighting)
	case st.Occurrence != nil:
		return s.Happen(st.Equipment, *st.Occurrence)
	case st.Power != "":
		return s.Power(ctx, st.Equipment, st.Power == "on")
	}
	v, err := toValues(st.Set)
	if err != nil {
		return err
	}
	if err := s.Set(st.Equipment, v); err != nil || st.For == 0 {
		return err
	}
	if !sleep(ctx, st.For) {
		return nil
	}
	return s.Set(st.Equipment, release(v))
}

// release maps the values to None, which hands them back to their generators.
func release(v map[string]gatehouse.Value) map[string]gatehouse.Value {
	out := make(map[string]gatehouse.Value, len(v))
	for name := range v {
		out[name] = gatehouse.Value{}
	}
	return out
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
