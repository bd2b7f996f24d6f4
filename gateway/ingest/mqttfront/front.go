package mqttfront

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Front is one MQTT listener. It listens from New on and serves from Run on.
type Front struct {
	cfg  Config // its Limits are those of the start; see bounds
	auth Authenticator
	in   Intake
	log  *slog.Logger

	plain, secure *listen.Listener
	tree          tree
	retained      retained
	flushers      []*flusher
	authSlots     chan struct{}
	state         *stateLog // nil: nothing is kept
	wills         wills
	intents       []*inbound // restored from the state log; see settle
	stats         stats
	refusals      refusals
	began         time.Time    // by Config.Now
	coarse        atomic.Int64 // elapsed, updated about once a second
	bounds        atomic.Pointer[Limits]
	limits        limits
	pacer         pacer
	clock         atomic.Int64 // about once a second; for what need not be exact

	mu       sync.Mutex
	sessions map[sessionKey]*session
	byID     map[Identity]int // sessions per identity
	numbers  uint64           // the highest session number in the state log
	conns    map[net.Conn]struct{}
	stopping bool

	sending   sync.Mutex
	rivalries rivalries
	told      map[*message]asking // commands whose acknowledgement somebody waits for

	presence sync.Mutex
	online   map[Identity]int // connections per identity

	wg      sync.WaitGroup // connections and drains
	workers sync.WaitGroup // flushers and the ticker
}

type sessionKey struct {
	id       Identity
	clientID string
}

type stats struct {
	clients, sessions                                   atomic.Int64
	connected, refused, received, acked, rejected, shed atomic.Uint64
	delivered, dropped, violation, throttled            atomic.Uint64
}

// New listens on the configured addresses and restores what an earlier front kept in Config.Dir.
// The caller must call Run or Close.
func New(cfg Config, auth Authenticator, in Intake, log *slog.Logger) (*Front, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Front{
		cfg:       cfg,
		auth:      auth,
		in:        in,
		log:       log,
		authSlots: make(chan struct{}, 4*runtime.GOMAXPROCS(0)),
		sessions:  map[sessionKey]*session{},
		byID:      map[Identity]int{},
		conns:     map[net.Conn]struct{}{},
		told:      map[*message]asking{},
		online:    map[Identity]int{},
		began:     cfg.Now(),
		pacer:     pacer{wake: make(chan struct{}, 1)},
	}
	f.bounds.Store(&Limits{
		MaxClients:    cfg.MaxClients,
		MaxPerAddress: cfg.MaxPerAddress,
		DeviceRate:    cfg.DeviceRate,
		SchoolRate:    cfg.SchoolRate,
	})
	f.clock.Store(time.Now().UnixNano())
	f.coarse.Store(f.elapsed())
	for range min(4, runtime.GOMAXPROCS(0)) {
		f.flushers = append(f.flushers, newFlusher())
	}
	if cfg.Listen != "" {
		if f.plain, err = bound(cfg.Listen, cfg); err != nil {
			return nil, err
		}
	}
	if cfg.ListenTLS != "" {
		if f.secure, err = bound(cfg.ListenTLS, cfg); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if cfg.Dir != "" {
		if err := f.restore(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

// Close closes what New opened. Run calls it at its end; further calls do nothing.
func (f *Front) Close() error {
	for _, l := range []*listen.Listener{f.plain, f.secure} {
		if l != nil {
			l.Close()
		}
	}
	if f.state == nil {
		return nil
	}
	return f.state.close()
}

// Addr is the address of plain MQTT, or of TLS where there is no plain one.
func (f *Front) Addr() net.Addr {
	if f.plain != nil {
		return f.plain.Addr()
	}
	return f.AddrTLS()
}

// AddrTLS is the address of MQTT over TLS, nil where there is none.
func (f *Front) AddrTLS() net.Addr {
	if f.secure == nil {
		return nil
	}
	return f.secure.Addr()
}

// Run serves until ctx ends, then closes every connection and waits for them. Until it returns, the
// intake must be able to finish what it has taken.
func (f *Front) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.settle(ctx); err != nil {
		return err
	}
	for _, fl := range f.flushers {
		f.workers.Add(1)
		go func() { defer f.workers.Done(); fl.run() }()
	}
	tick, stopTick := context.WithCancel(context.Background())
	defer stopTick()
	f.workers.Add(1)
	go func() { defer f.workers.Done(); f.tick(tick) }()
	f.workers.Add(1)
	go func() { defer f.workers.Done(); f.pacer.run(tick, f.elapsed) }()
	f.workers.Add(1)
	go func() { defer f.workers.Done(); f.compact(tick) }()

	errs := make(chan error, 2)
	n := 0
	for _, l := range []*listen.Listener{f.plain, f.secure} {
		if l != nil {
			n++
			go func() { errs <- f.accept(ctx, l) }()
		}
	}
	select {
	case <-ctx.Done():
	case err = <-errs:
		n--
	}
	for _, l := range []*listen.Listener{f.plain, f.secure} {
		if l != nil {
			l.Close()
		}
	}
	f.shutAll()
	for ; n > 0; n-- {
		<-errs
	}
	f.wg.Wait()
	stopTick()
	for _, fl := range f.flushers {
		fl.end()
	}
	f.workers.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Strangers is how many connections that have not authenticated each listener holds, beside the
// given number of clients; beyond that the oldest is closed for the newest.
func Strangers(clients int) int { return min(1000, max(8, clients/4)) }

func bound(addr string, cfg Config) (*listen.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("mqtt: %w", err)
	}
	return listen.Bound(l, strangerBounds(cfg.MaxClients, cfg.MaxPerAddress)), nil
}

func strangerBounds(clients, perAddress int) listen.Bounds {
	strangers := Strangers(clients)
	return listen.Bounds{
		Strangers:        strangers,
		AddressStrangers: min(perAddress, strangers/2),
	}
}

// accept takes connections until the listener closes.
func (f *Front) accept(ctx context.Context, l *listen.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			f.log.Warn("mqtt accept", "error", err) // out of file descriptors, most often
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		if l == f.secure {
			conn = tls.Server(conn, f.cfg.TLS)
		}
		f.mu.Lock()
		most := f.bounds.Load().MaxClients
		if f.stopping || len(f.conns) >= most+Strangers(most) {
			f.mu.Unlock()
			conn.Close()
			f.stats.refused.Add(1)
			continue
		}
		f.conns[conn] = struct{}{}
		f.wg.Add(1)
		f.mu.Unlock()
		go func() {
			defer f.wg.Done()
			f.serve(ctx, conn)
			conn.Close()
			f.mu.Lock()
			delete(f.conns, conn)
			f.mu.Unlock()
		}()
	}
}

// shutAll tells every client that the server is shutting down, and closes connections
// that have not authenticated.
func (f *Front) shutAll() {
	f.mu.Lock()
	f.stopping = true
	owned := map[net.Conn]bool{}
	var clients []*client
	for _, s := range f.sessions {
		s.mu.Lock()
		if s.c != nil {
			clients = append(clients, s.c)
			owned[s.c.conn] = true
		}
		s.mu.Unlock()
	}
	for conn := range f.conns {
		if !owned[conn] {
			conn.Close()
		}
	}
	f.mu.Unlock()
	for _, c := range clients {
		c.shut(rcShuttingDown)
	}
}

// tick keeps the coarse clock, closes silent clients, ends sessions that
// nobody came back to, and publishes wills that are due.
func (f *Front) tick(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			f.clock.Store(now.UnixNano())
			f.sweep(now)
			f.coarse.Store(f.elapsed())
			f.limits.sweep(f.coarse.Load())
		}
	}
}

// everySession returns the sessions, to go through without holding f.mu.
func (f *Front) everySession() []*session {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.sessions))
}

func (f *Front) sweep(now time.Time) {
	all := f.everySession()
	for _, d := range f.wills.idle() {
		f.publishWill(d)
	}
	var wills []*dueWill
	var ended []*session
	for _, s := range all {
		s.mu.Lock()
		c, w := s.c, s.will
		over := c == nil && !s.deadline.IsZero() && !now.Before(s.deadline)
		due := c == nil && w != nil && !w.at.IsZero() && (over || !now.Before(w.at))
		if due {
			s.will = nil
			wills = append(wills, f.due(s, w))
		}
		s.mu.Unlock()
		if over {
			ended = append(ended, s)
		}
		if c != nil && c.keepalive > 0 && !c.held.Load() &&
			now.UnixNano()-c.seen.Load() > int64(c.keepalive) {
			c.shut(rcKeepAlive)
		}
	}
	f.publishWills(wills...)
	for _, s := range ended {
		f.forget(s, now)
	}
}

// now is the coarse clock.
func (f *Front) now() time.Time { return time.Unix(0, f.clock.Load()) }

// Stats are the front's counts.
func (f *Front) Stats() Stats {
	s := &f.stats
	kept, trouble := f.kept()
	crowded, last := uint64(0), ""
	for _, l := range []*listen.Listener{f.plain, f.secure} {
		if l == nil {
			continue
		}
		st := l.Stats()
		crowded += st.Address + st.Displaced
		last = cmp.Or(st.LastAddress, last)
	}
	return Stats{
		Clients:   s.clients.Load(),
		Sessions:  s.sessions.Load(),
		Retained:  f.retained.size(),
		Connected: s.connected.Load(),
		Refused:   s.refused.Load(),
		Received:  s.received.Load(),
		Acked:     s.acked.Load(),
		Rejected:  s.rejected.Load(),
		Shed:      s.shed.Load(),
		Delivered: s.delivered.Load(),
		Dropped:   s.dropped.Load(),
		Violation: s.violation.Load(),
		Throttled: s.throttled.Load(),
		Kept:      kept,
		Trouble:   trouble,
		Crowded:   crowded,
		CrowdedBy: last,
	}
}

func (f *Front) kept() (bytes int64, trouble string) {
	if f.state == nil {
		return 0, ""
	}
	st := f.state.j.Stat()
	if st.State == journal.StateClosed {
		return st.Bytes, "" // it was stopped, and nothing is wrong
	}
	return st.Bytes, st.Reason
}

// confirmed reports to Tell's caller that the device has taken the message, or why not.
func (f *Front) confirmed(m *message, code byte) {
	if m.from != nil {
		return
	}
	if t, ok := f.unask(m); ok {
		t.answer(code)
	}
}
