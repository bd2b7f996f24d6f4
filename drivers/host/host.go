// Package host starts driver programs, verifies them, keeps them running, and passes their
// observations to the gateway. It decides nothing about observations (the Sink admits them), never
// attaches to a program that it did not start, and starts none with a checksum or contract version
// other than required.
package host

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// Spec names one driver program. Exactly one of Path and Driver is set.
type Spec struct {
	Name gatehouse.DriverName
	Path string // of the program
	// of the file at Path, in hexadecimal; empty: computed and shown, but not compared
	SHA256   string
	Args     []string // after the program's name
	Settings map[string]string
	Memory   int64 // most bytes that it and its child processes may hold; 0: DefaultMemory
	// User is the name of the user to run as when confined; empty: an otherwise unused one, if the
	// gateway can assign it. Read and Write are paths that it may read and execute, or write to, in
	// addition to its needs.
	User        string
	Read, Write []string
	// Driver runs within this process instead of as a program: for tests of a driver. It is
	// connected by the same gRPC, and not confined.
	Driver drivers.Driver
}

// DefaultMemory is the memory limit if Spec.Memory is 0; see Status.MemoryHigh for the warning.
const DefaultMemory = 2 << 30

// Sink admits and journals observations. Accept returns nil once all of them are on disk, refused
// ones as rejections; after an error the driver may send them again. It may block, which makes the
// driver wait. The observations of one driver arrive in the order in which it emitted them.
type Sink interface {
	Accept(ctx context.Context, driver gatehouse.DriverName, observations []gatehouse.Observation) error
}

// Options of a Host. Only Sink is required.
type Options struct {
	Sink Sink
	// Answer answers a device's question until ctx ends, drivers.AskWithin after the question
	// arrived; after an error or a later return the question stays unanswered. It is called
	// concurrently and must check that the device belongs to the driver. nil: no question is
	// answered.
	Answer func(ctx context.Context, driver gatehouse.DriverName, a gatehouse.Ask) (gatehouse.Answer, error)
	Logger *slog.Logger // default: slog's
	// RequireSHA256 refuses programs without a checksum instead of warning about them.
	RequireSHA256 bool
	// Settings checks a program's settings, defaults included, before they are passed to it; an
	// error refuses the program. nil: no check.
	Settings func(driver gatehouse.DriverName, fields []drivers.Field, settings map[string]string) error
	// Confine restricts what programs may open; the zero value does not.
	Confine Confinement
	// TempDir is where each run of a program gets a folder for its socket and temporary files,
	// removed afterwards; default: the system's.
	TempDir string

	FirstPause time.Duration // before the restart after a first crash; default 500 ms
	LastPause  time.Duration // longest back-off before quarantine; default 3 s
	Crashes    int           // crashes within CrashSpan that lead to quarantine; default 5
	CrashSpan  time.Duration // default 10 min

	// A program in quarantine is retried after QuarantinePause, doubling up to QuarantineMax. The
	// quarantine ends when a run has lasted for SteadyAfter.
	QuarantinePause time.Duration // default 30 s
	QuarantineMax   time.Duration // default 10 min
	SteadyAfter     time.Duration // default 1 min

	// DeviceRate is the most observations a second from one device. Programs built with our driver
	// package enforce it on their devices; the Sink must enforce it on others. 0: no limit.
	DeviceRate int

	Now func() time.Time // default time.Now
}

// Host runs driver programs. Its methods are safe for concurrent use.
type Host struct {
	options Options

	mu      sync.Mutex
	drivers map[gatehouse.DriverName]*supervisor
	order   []*supervisor
	early   map[gatehouse.DriverName][]drivers.Device // devices put before Run
	owner   map[gatehouse.DeviceID]gatehouse.DriverName
	running bool
	begun   chan struct{} // closed once the drivers are started
	ended   bool          // Run is stopping the drivers
	rate    int           // current DeviceRate
	swap    sync.Mutex    // held by Reload and the end of Run; locked before mu
	changed chan struct{} // closed and replaced whenever a Status changes
}

// New makes a Host; Run starts it.
func New(o Options) *Host {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.FirstPause == 0 {
		o.FirstPause = 500 * time.Millisecond
	}
	if o.LastPause == 0 {
		o.LastPause = 3 * time.Second
	}
	if o.QuarantinePause == 0 {
		o.QuarantinePause = 30 * time.Second
	}
	if o.QuarantineMax == 0 {
		o.QuarantineMax = 10 * time.Minute
	}
	if o.SteadyAfter == 0 {
		o.SteadyAfter = time.Minute
	}
	if o.Crashes == 0 {
		o.Crashes = 5
	}
	if o.CrashSpan == 0 {
		o.CrashSpan = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Host{
		options: o,
		drivers: map[gatehouse.DriverName]*supervisor{},
		early:   map[gatehouse.DriverName][]drivers.Device{},
		owner:   map[gatehouse.DeviceID]gatehouse.DriverName{},
		rate:    o.DeviceRate,
		begun:   make(chan struct{}),
		changed: make(chan struct{}),
	}
}

// Run starts the drivers and blocks until ctx ends; then it stops them in reverse order, each
// within drivers.StopTimeout, and returns nil. It fails, without starting anything, if the specs
// are invalid. A Host runs once.
func (h *Host) Run(ctx context.Context, specs []Spec) error {
	if err := checkSpecs(specs); err != nil {
		return err
	}
	if err := h.begin(specs); err != nil {
		return err
	}
	close(h.begun)
	<-ctx.Done()
	h.swap.Lock()
	defer h.swap.Unlock()
	h.mu.Lock()
	h.ended = true
	order := slices.Clone(h.order)
	h.mu.Unlock()
	for _, s := range slices.Backward(order) {
		s.stop()
	}
	return nil
}

// begin starts the drivers.
func (h *Host) begin(specs []Spec) error {
	h.swap.Lock() // no Reload before all have started
	defer h.swap.Unlock()
	h.mu.Lock()
	if h.running {
		h.mu.Unlock()
		return gatehouse.Errorf(gatehouse.Conflict, "the driver host is running already")
	}
	h.running = true
	specs = slices.Clone(specs)
	for _, name := range slices.Sorted(maps.Keys(h.early)) {
		if !slices.ContainsFunc(specs, func(s Spec) bool { return s.Name == name }) {
			// will be refused with a reason, and its devices become driver_down
			specs = append(specs, Spec{Name: name})
		}
	}
	for _, spec := range specs {
		s := newSupervisor(h, spec)
		for _, d := range h.early[spec.Name] {
			s.put(d)
		}
		h.drivers[spec.Name] = s
		h.order = append(h.order, s)
	}
	h.early = nil
	order := h.order
	h.mu.Unlock()
	h.notify()

	for _, s := range order {
		s.start()
	}
	return nil
}

// Begun returns a channel that is closed once Run has started the drivers; Reload works from then
// on.
func (h *Host) Begun() <-chan struct{} { return h.begun }

func checkSpecs(specs []Spec) error {
	seen := map[gatehouse.DriverName]bool{}
	for i, s := range specs {
		at := func(key string) string { return "drivers[" + itoa(i) + "]." + key }
		switch {
		case !gatehouse.ValidID(string(s.Name)):
			return gatehouse.FieldErrorf(at("name"),
				"%q is no name; give 1 to 64 letters, digits, '-', '_' or '.'", s.Name)
		case seen[s.Name]:
			return gatehouse.FieldErrorf(at("name"),
				"%q is there twice; give each driver a name of its own", s.Name)
		case (s.Path == "") == (s.Driver == nil):
			return gatehouse.FieldErrorf(at("path"), "give the path of the driver's program")
		}
		if s.SHA256 != "" && !isSHA256(s.SHA256) {
			return gatehouse.FieldErrorf(at("sha256"),
				"give the 64 hexadecimal digits that sha256sum prints, or leave it out")
		}
		seen[s.Name] = true
	}
	return nil
}

// Put assigns a device to a driver, or updates it; putting the same again changes nothing. The
// device is served again after each restart of the driver. Put does not wait for the driver. Before
// Run it accepts any driver's name; a name that Run does not get either is reported as refused.
func (h *Host) Put(driver gatehouse.DriverName, d drivers.Device) error {
	if d.ID == "" {
		return gatehouse.FieldErrorf("id", "a device needs an id")
	}
	if s := h.missing(driver); s != nil {
		defer h.notify()
		defer s.start()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if old, ok := h.owner[d.ID]; ok && old != driver {
		h.drop(d.ID)
	}
	h.owner[d.ID] = driver
	if !h.running {
		h.early[driver] = append(without(h.early[driver], d.ID), d)
		return nil
	}
	h.drivers[driver].put(d)
	return nil
}

// missing adds a driver that devices name and nothing configures, so that the list of drivers shows
// it as refused with the mend, and its devices become driver_down; nil where there is one.
func (h *Host) missing(driver gatehouse.DriverName) *supervisor {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running || h.ended || h.drivers[driver] != nil {
		return nil
	}
	s := newSupervisor(h, Spec{Name: driver})
	h.drivers[driver] = s
	h.order = append(h.order, s)
	return s
}

// Drop stops serving a device. It does nothing for an unknown one.
func (h *Host) Drop(id gatehouse.DeviceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(id)
}

func (h *Host) drop(id gatehouse.DeviceID) {
	driver, ok := h.owner[id]
	if !ok {
		return
	}
	delete(h.owner, id)
	if s := h.drivers[driver]; s != nil {
		s.drop(id)
	} else if h.early != nil {
		h.early[driver] = without(h.early[driver], id)
		if len(h.early[driver]) == 0 {
			delete(h.early, driver)
		}
	}
}

func without(devices []drivers.Device, id gatehouse.DeviceID) []drivers.Device {
	return slices.DeleteFunc(devices, func(d drivers.Device) bool { return d.ID == id })
}

// Restart requests that a driver is stopped and started again; this also lifts a quarantine and
// checks a refused program again. It does not wait.
func (h *Host) Restart(driver gatehouse.DriverName) error {
	s, err := h.find(driver)
	if err != nil {
		return err
	}
	s.askRestart()
	return nil
}

func (h *Host) find(driver gatehouse.DriverName) (*supervisor, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.drivers[driver]; s != nil {
		return s, nil
	}
	return nil, h.unknown(driver)
}

func (h *Host) unknown(driver gatehouse.DriverName) error {
	names := make([]gatehouse.DriverName, 0, len(h.order))
	for _, s := range h.order {
		names = append(names, s.spec.Name)
	}
	return gatehouse.Errorf(gatehouse.NotFound, "no driver %q is configured; there are %q", driver,
		names)
}
