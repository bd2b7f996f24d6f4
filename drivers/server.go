package drivers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// orphanTimeout is how long a program waits for the gateway that started it to connect. A gateway
// that has not connected by then has died, and the program ends.
const orphanTimeout = 30 * time.Second

// server serves one gateway with one Driver.
type server struct {
	driverpb.UnimplementedDriverServer
	driver  Driver
	version int           // contract version, agreed on in the handshake before anything is served
	watches chan struct{} // semaphore of running Watches; capacity MaxWatches

	mu      sync.Mutex
	session bool          // a session has begun; a second one is refused
	fleet   *fleet        // of the session; nil before it
	ended   chan struct{} // closed when the session has ended
	stopped chan struct{} // closed by stop
	once    sync.Once
	line    line
}

func newServer(d Driver) *server {
	return &server{
		driver:  d,
		version: ContractVersion,
		watches: make(chan struct{}, MaxWatches),
		ended:   make(chan struct{}),
		stopped: make(chan struct{}),
		line: line{
			up:   make(chan struct{}),
			down: make(chan struct{}),
		},
	}
}

// waitEnd blocks until the session has ended, the gateway has disconnected or never connected, or
// quit is closed.
func (s *server) waitEnd(quit <-chan struct{}) {
	orphan := time.NewTimer(orphanTimeout)
	defer orphan.Stop()
	select {
	case <-s.line.up:
	case <-orphan.C:
		return
	case <-quit:
		return
	}
	select {
	case <-s.ended:
	case <-s.line.down: // perhaps before the session began
	case <-quit:
	}
}

// line is a stats.Handler that watches the gateway's one connection.
type line struct {
	up, down     chan struct{} // closed on connect and on disconnect
	onUp, onDown sync.Once
}

func (l *line) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (l *line) HandleRPC(context.Context, stats.RPCStats)                         {}
func (l *line) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (l *line) HandleConn(_ context.Context, s stats.ConnStats) {
	switch s.(type) {
	case *stats.ConnBegin:
		l.onUp.Do(func() { close(l.up) })
	case *stats.ConnEnd:
		l.onDown.Do(func() { close(l.down) })
	}
}

// stop ends an open session and waits for it. It is safe to call twice.
func (s *server) stop() {
	s.once.Do(func() { close(s.stopped) })
	s.mu.Lock()
	open := s.session
	s.mu.Unlock()
	if open {
		<-s.ended
	}
}

func (s *server) Describe(
	context.Context, *driverpb.DescribeRequest,
) (*driverpb.Description, error) {
	d, err := describe(s.driver)
	if err != nil {
		return nil, driverpb.StatusError(err)
	}
	w, err := fromDescription(d)
	if err != nil {
		return nil, driverpb.StatusError(err)
	}
	_, w.Configures = s.driver.(Configurer)
	_, w.Probes = s.driver.(Prober)
	_, w.Commands = s.driver.(Commander)
	_, w.Discovers = s.driver.(Discoverer)
	_, w.Watches = s.driver.(Watcher)
	w.Contract = uint32(s.version)
	return w, nil
}

func (s *server) Configure(
	ctx context.Context, r *driverpb.ConfigureRequest,
) (*driverpb.ConfigureReply, error) {
	c, ok := s.driver.(Configurer)
	if !ok {
		return &driverpb.ConfigureReply{}, nil
	}
	err := guard("Configure", func() error { return c.Configure(ctx, r.GetSettings()) })
	return &driverpb.ConfigureReply{}, driverpb.StatusError(err)
}

func (s *server) Probe(ctx context.Context, w *driverpb.Device) (*driverpb.ProbeReply, error) {
	p, ok := s.driver.(Prober)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "no probe")
	}
	d, err := toDevice(w)
	if err != nil {
		return nil, driverpb.StatusError(err)
	}
	var found Probe
	err = guard("Probe", func() (err error) { found, err = p.Probe(ctx, d); return err })
	if err == nil && len(found.Snapshot) > MaxData {
		err = gatehouse.Errorf(gatehouse.TooLarge,
			"the snapshot has %d bytes; at most %d are taken", len(found.Snapshot), MaxData)
	}
	if err != nil {
		return nil, driverpb.StatusError(err)
	}
	return &driverpb.ProbeReply{
		Message:  driverpb.Text(found.Message),
		Values:   driverpb.FromValues(found.Values),
		Snapshot: found.Snapshot,
	}, nil
}

func (s *server) Command(
	ctx context.Context, w *driverpb.CommandRequest,
) (*driverpb.CommandReply, error) {
	c, ok := s.driver.(Commander)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "no command")
	}
	command := Command{
		ID:     w.GetId(),
		Device: gatehouse.DeviceID(w.GetDevice()),
		Action: w.GetAction(),
		Values: driverpb.ToValues(w.GetValues()),
		Data:   w.GetData(),
	}
	var result Result
	err := guard("Command", func() (err error) {
		result, err = c.Command(ctx, command)
		return err
	})
	if err == nil && len(result.Data) > MaxData {
		err = gatehouse.Errorf(gatehouse.TooLarge, "the result has %d bytes; at most %d are taken",
			len(result.Data), MaxData)
	}
	if err == nil && len(result.Writes) > MaxWrites {
		err = gatehouse.Errorf(gatehouse.TooLarge, "the result has %d writes; at most %d are taken",
			len(result.Writes), MaxWrites)
	}
	if err == nil && s.version < 2 {
		err = result.Err()
	}
	if err != nil {
		return nil, driverpb.StatusError(err)
	}
	return &driverpb.CommandReply{
		Message: driverpb.Text(result.Message),
		Values:  driverpb.FromValues(result.Values),
		Data:    result.Data,
		Writes:  fromWrites(result.Writes),
	}, nil
}

func (s *server) Discover(
	_ *driverpb.DiscoverRequest, stream grpc.ServerStreamingServer[driverpb.Candidate],
) error {
	d, ok := s.driver.(Discoverer)
	if !ok {
		return status.Error(codes.Unimplemented, "no discovery")
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	var mu sync.Mutex // found may be called concurrently, stream.Send may not
	done := false
	err := guard("Discover", func() error {
		return d.Discover(ctx, func(c Candidate) {
			mu.Lock()
			defer mu.Unlock()
			if done {
				return
			}
			if err := stream.Send(fromCandidate(c)); err != nil {
				cancel()
			}
		})
	})
	mu.Lock()
	done = true
	mu.Unlock()
	return driverpb.StatusError(err)
}

// describe returns the driver's checked description.
func describe(d Driver) (desc Description, err error) {
	if err := guard("Describe", func() error { desc = d.Describe(); return nil }); err != nil {
		return desc, err
	}
	if !gatehouse.ValidID(desc.Name) {
		return desc, gatehouse.FieldErrorf("Name",
			"Describe gives the name %q; give 1 to 64 letters, digits, '-', '_' or '.'", desc.Name)
	}
	if desc.Version == "" {
		return desc, gatehouse.FieldErrorf("Version", "Describe gives no version")
	}
	if n := len(desc.Profiles); n > MaxProfiles {
		return desc, gatehouse.FieldErrorf("Profiles",
			"Describe gives %d profiles; at most %d are taken", n, MaxProfiles)
	}
	for _, p := range desc.Profiles {
		if err := p.Validate(); err != nil {
			return desc, gatehouse.FieldErrorf("Profiles", "profile %q: %v", p.ID, err)
		}
	}
	for _, fields := range [][]Field{desc.Settings, desc.Address} {
		if len(fields) > MaxFields {
			return desc, gatehouse.FieldErrorf("Settings",
				"Describe gives %d fields; at most %d are taken", len(fields), MaxFields)
		}
		seen := map[string]bool{}
		for _, f := range fields {
			if f.Key == "" || seen[f.Key] {
				return desc, gatehouse.FieldErrorf("Key",
					"Describe gives a field with the key %q twice or without one", f.Key)
			}
			seen[f.Key] = true
			if err := f.check(); err != nil {
				return desc, err
			}
		}
	}
	return desc, nil
}

// guard calls f and returns a panic as an error with its first line; the stack is logged.
func guard(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(what, p, debug.Stack())
		}
	}()
	return f()
}

func panicked(what string, p any, stack []byte) error {
	first, _, _ := strings.Cut(fmt.Sprint(p), "\n")
	slog.Error("the driver panicked", "in", what, "panic", first, "stack", string(stack))
	return gatehouse.Because(gatehouse.ReasonPanicked, "where", what, "detail", first).Err(
		gatehouse.Unavailable)
}

func fromDescription(d Description) (*driverpb.Description, error) {
	w := &driverpb.Description{
		Name:     d.Name,
		Title:    driverpb.Text(d.Title),
		TitleZh:  driverpb.Text(d.TitleZH),
		Version:  driverpb.Text(d.Version),
		Settings: fromFields(d.Settings),
		Address:  fromFields(d.Address),
		Template: d.Template,
	}
	for _, p := range d.Profiles {
		b, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("profile %q: %w", p.ID, err)
		}
		w.Profiles = append(w.Profiles, b)
	}
	return w, nil
}

func fromFields(fields []Field) []*driverpb.Field {
	var out []*driverpb.Field
	for _, f := range fields {
		out = append(out, &driverpb.Field{
			Key:      driverpb.Text(f.Key),
			Title:    driverpb.Text(f.Title),
			TitleZh:  driverpb.Text(f.TitleZH),
			Help:     driverpb.Text(f.Help),
			HelpZh:   driverpb.Text(f.HelpZH),
			Default:  driverpb.Text(f.Default),
			Required: f.Required,
			Secret:   f.Secret,
			Kind:     driverpb.Text(f.Kind),
			Min:      f.Min,
			Max:      f.Max,
			Options:  texts(f.Options),
			Proves:   f.Proves,
		})
	}
	return out
}

func texts(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, driverpb.Text(s))
	}
	return out
}

func toDevice(w *driverpb.Device) (Device, error) {
	d := Device{
		ID:      gatehouse.DeviceID(w.GetId()),
		Serial:  w.GetSerial(),
		Address: w.GetAddress(),
		Secret:  w.GetSecret(),
	}
	if r := w.GetReach(); r != nil {
		d.Reach = Reach{
			Bounded:     true,
			ThisMachine: r.GetThisMachine(),
			LinkLocal:   r.GetLinkLocal(),
		}
	}
	if len(w.GetProfile()) > 0 {
		if err := json.Unmarshal(w.GetProfile(), &d.Profile); err != nil {
			return d, gatehouse.FieldErrorf("profile",
				"the profile of device %q cannot be read: %v", d.ID, err)
		}
	}
	return d, nil
}

func fromCandidate(c Candidate) *driverpb.Candidate {
	return &driverpb.Candidate{
		Serial:  driverpb.Text(c.Serial),
		Title:   driverpb.Text(c.Title),
		Address: driverpb.Texts(c.Address),
		Profile: driverpb.Text(string(c.Profile)),
	}
}
