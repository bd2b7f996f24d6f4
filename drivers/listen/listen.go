// Package listen limits the connections that a listener holds open for callers who have not yet
// authenticated: in total, by unauthenticated callers ("strangers"), and by address. The gateway
// and driver programs use it alike. It knows no protocol: the server sets the deadlines, and calls
// Known once a caller has authenticated.
package listen

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Bounds limits one listener. 0 means no limit.
type Bounds struct {
	// Total is the most open connections.
	Total int

	// Strangers is the most connections of unauthenticated callers. Beyond it the oldest of them is
	// closed for the newest, so that a flood of silent ones locks nobody out.
	Strangers int

	// AddressTotal and AddressStrangers are the same for one address, or one /64 network for IPv6;
	// beyond them the newest connection is closed. Leave them 0 behind a reverse proxy, whose
	// address is everybody's.
	AddressTotal, AddressStrangers int
}

// Within returns the bounds for a listener that may hold total connections: a quarter is reserved
// for authenticated callers, an address gets at most half of the total and perAddress strangers.
// With perAddress 0 addresses are not limited; with total 0 nothing is.
func Within(total, perAddress int) Bounds {
	if total <= 0 {
		return Bounds{}
	}
	b := Bounds{
		Total:     total,
		Strangers: max(1, total-total/4),
	}
	if perAddress > 0 {
		b.AddressTotal, b.AddressStrangers = max(1, total/2), max(1, min(perAddress, b.Strangers/2))
	}
	return b
}

// Stats counts open connections, and those closed by the bounds since the start, by reason.
type Stats struct {
	Open, Strangers int
	Full            uint64 // all places were taken by authenticated callers
	Address         uint64 // too many of their address
	Displaced       uint64 // strangers closed for newer ones
	LastAddress     string // the last one that had too many
}

// Listener accepts connections within its bounds.
type Listener struct {
	net.Listener

	// Refused, if set before Accept, is called at most once a minute when connections are closed,
	// with the statistics so far. It must not block.
	Refused func(Stats)

	mu        sync.Mutex
	b         Bounds
	open      int
	first     *Conn // oldest stranger
	last      *Conn
	strangers int
	by        map[netip.Prefix]*count
	stats     Stats
	told      time.Time
}

type count struct{ open, strangers int }

// Bound wraps a listener; closing the result closes l.
func Bound(l net.Listener, b Bounds) *Listener {
	return &Listener{
		Listener: l,
		b:        b,
		by:       map[netip.Prefix]*count{},
	}
}

// SetBounds changes the bounds for new connections; it closes none.
func (l *Listener) SetBounds(b Bounds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = b
}

// Accept returns the next connection that the bounds allow, and closes the others. It passes on the
// errors of the underlying listener; running out of file descriptors is a temporary one.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c, displaced := l.admit(conn)
		if displaced != nil {
			displaced.Close()
		}
		if c == nil || displaced != nil {
			l.tell()
		}
		if c != nil {
			return c, nil
		}
		abort(conn)
	}
}

func (l *Listener) tell() {
	if l.Refused == nil {
		return
	}
	now := time.Now()
	l.mu.Lock()
	due := l.told.IsZero() || now.Sub(l.told) >= time.Minute
	if due {
		l.told = now
	}
	l.mu.Unlock()
	if due {
		l.Refused(l.Stats())
	}
}

// abort resets the connection, which leaves no TIME_WAIT state in the kernel.
func abort(conn net.Conn) {
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // it is closed either way
	}
	_ = conn.Close()
}

// admit counts a connection, or returns nil if the bounds refuse it. The caller closes displaced.
func (l *Listener) admit(conn net.Conn) (c, displaced *Conn) {
	from := network(conn.RemoteAddr())
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.by[from]
	if n != nil && from.IsValid() &&
		(over(n.open, l.b.AddressTotal) || over(n.strangers, l.b.AddressStrangers)) {
		l.stats.Address++
		l.stats.LastAddress = from.Addr().String()
		return nil, nil
	}
	if over(l.open, l.b.Total) || over(l.strangers, l.b.Strangers) {
		if l.first == nil {
			l.stats.Full++
			return nil, nil
		}
		displaced = l.first
		l.stats.Displaced++
		l.drop(displaced)
	}
	if n = l.by[from]; n == nil { // displaced may have been the address's last connection
		n = &count{}
		l.by[from] = n
	}
	c = &Conn{
		Conn:     conn,
		l:        l,
		from:     from,
		stranger: true,
		counted:  true,
	}
	n.open++
	n.strangers++
	l.open++
	l.push(c)
	return c, displaced
}

func over(n, bound int) bool { return bound > 0 && n >= bound }

// push and unlink keep the strangers in order of arrival. l.mu is held.
func (l *Listener) push(c *Conn) {
	c.before = l.last
	if l.last != nil {
		l.last.after = c
	} else {
		l.first = c
	}
	l.last = c
	l.strangers++
}

func (l *Listener) unlink(c *Conn) {
	if c.before != nil {
		c.before.after = c.after
	} else {
		l.first = c.after
	}
	if c.after != nil {
		c.after.before = c.before
	} else {
		l.last = c.before
	}
	c.before = nil
	c.after = nil
	c.stranger = false
	l.strangers--
	l.by[c.from].strangers--
}

// drop stops counting a connection. l.mu is held.
func (l *Listener) drop(c *Conn) {
	if !c.counted {
		return
	}
	if c.stranger {
		l.unlink(c)
	}
	c.counted = false
	l.open--
	n := l.by[c.from]
	if n.open--; n.open == 0 {
		delete(l.by, c.from)
	}
}

// Stats returns the current statistics.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Open, s.Strangers = l.open, l.strangers
	return s
}

// Conn is a connection that counts as a stranger's until Known is called.
type Conn struct {
	net.Conn
	l    *Listener
	from netip.Prefix

	// guarded by l.mu
	stranger, counted bool
	before, after     *Conn
}

// Known says that the caller has authenticated: the connection is no longer closed for newer ones.
// It is safe to call more than once.
func (c *Conn) Known() {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.stranger {
		c.l.unlink(c)
	}
}

// Close closes the connection and frees its place; it is safe to call more than once.
func (c *Conn) Close() error {
	c.l.mu.Lock()
	c.l.drop(c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite closes the sending side, after what was sent before.
func (c *Conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SyscallConn implements syscall.Conn.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// network is the Network of an address, or the zero Prefix if it is no IP address.
func network(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	return Network(ap.Addr())
}

// Network is what counts as one address: an IPv4 address, or the /64 of an IPv6 address, since a
// single machine usually has a whole /64.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // bits fit the address
	return p
}

type connKey struct{}

// With stores the connection in a request's context, as http.Server.ConnContext.
func With(ctx context.Context, conn net.Conn) context.Context {
	if c := below(conn); c != nil {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// Known calls Conn.Known for the connection of a request's context.
func Known(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*Conn); ok {
		c.Known()
	}
}

// Vouch calls Conn.Known for a connection, with or without TLS over it.
func Vouch(conn net.Conn) {
	if c := below(conn); c != nil {
		c.Known()
	}
}

// below unwraps TLS and returns the Conn, or nil if it is not from a Listener.
func below(conn net.Conn) *Conn {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	c, _ := conn.(*Conn)
	return c
}
