// Package listen bounds what a listener holds open for people and programs that have not said
// yet who they are: so many connections in all, so many strangers, so many of one address. It
// serves whoever listens, the gateway and driver programs alike. It refuses to know what is
// spoken on a connection: whoever serves it sets the deadlines, and says Known once it knows.
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

// Bounds of one listener. A bound of 0 is none.
type Bounds struct {
	// Total is how many connections are open at a time.
	Total int

	// Strangers is how many of them may be such as nobody has vouched for. The oldest of them
	// is closed for the newest, so that a flood of silent ones keeps nobody out.
	Strangers int

	// AddressTotal and AddressStrangers are the same of one address, beyond which the newest
	// is closed; an IPv6 network of /64 counts as one. Behind a reverse proxy leave them 0:
	// everybody comes from its address.
	AddressTotal, AddressStrangers int
}

// Within are the bounds for a listener that may hold total connections, and wants at most
// perAddress strangers of one address: a quarter of the places is kept for those who are
// known, no address takes more than half of what there is, and 0 is no bound for addresses.
func Within(total, perAddress int) Bounds {
	b := Bounds{Total: total, Strangers: max(1, total-total/4)}
	if perAddress > 0 {
		b.AddressTotal, b.AddressStrangers = max(1, total/2), max(1, min(perAddress, b.Strangers/2))
	}
	return b
}

// Stats are how many connections are open, and how many were closed since the start and why.
type Stats struct {
	Open, Strangers int
	Full            uint64 // every place was taken, by callers who are known
	Address         uint64 // their address had too many
	Displaced       uint64 // strangers who made room for newer ones
	LastAddress     string // that had too many
}

// Listener hands out connections within its bounds.
type Listener struct {
	net.Listener

	// Refused, where it is set before Accept, is told at most once a minute that connections
	// are closed, with the figures so far. It must not block.
	Refused func(Stats)

	mu        sync.Mutex
	b         Bounds
	open      int
	first     *Conn // of the strangers, the oldest
	last      *Conn
	strangers int
	by        map[netip.Prefix]*count
	stats     Stats
	told      time.Time
}

type count struct{ open, strangers int }

// Bound puts bounds around a listener, whose Close closes both.
func Bound(l net.Listener, b Bounds) *Listener {
	return &Listener{Listener: l, b: b, by: map[netip.Prefix]*count{}}
}

// SetBounds changes the bounds for whoever comes from now on; no connection is closed for it.
func (l *Listener) SetBounds(b Bounds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = b
}

// Accept returns the next connection that the bounds allow, and closes the others. It passes
// on the errors of the listener below: out of file descriptors is one that goes by.
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

// abort closes without the state that an orderly close leaves in the kernel.
func abort(conn net.Conn) {
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // it is closed either way
	}
	_ = conn.Close()
}

// admit counts a connection; nil: it is one too many. displaced is to be closed for it.
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
	if n = l.by[from]; n == nil { // the one displaced may have been its last
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

// push and unlink keep the strangers in the order of their coming. l.mu is held.
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

// drop no longer counts a connection. l.mu is held.
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

// Stats are the listener's figures now.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Open, s.Strangers = l.open, l.strangers
	return s
}

// Conn is a connection that counts as a stranger's until Known.
type Conn struct {
	net.Conn
	l    *Listener
	from netip.Prefix

	// under l.mu
	stranger, counted bool
	before, after     *Conn
}

// Known says that whoever speaks here has proved who they are: the connection no longer makes
// room for others. Safe to call often.
func (c *Conn) Known() {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.stranger {
		c.l.unlink(c)
	}
}

// Close closes the connection and gives its place back; safe to call often.
func (c *Conn) Close() error {
	c.l.mu.Lock()
	c.l.drop(c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends what is sent, so that what was sent before still arrives.
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

// network is what counts as one address.
func network(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	return Network(ap.Addr())
}

// Network is what counts as one caller's address: it alone, or its /64 where it is IPv6, of
// which a single machine has all.
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

// With keeps the connection of a request with its context: net/http's ConnContext.
func With(ctx context.Context, conn net.Conn) context.Context {
	if c := below(conn); c != nil {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// Known says of a request's connection that its caller is known.
func Known(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*Conn); ok {
		c.Known()
	}
}

// Vouch is Known for a connection, with or without TLS over it.
func Vouch(conn net.Conn) {
	if c := below(conn); c != nil {
		c.Known()
	}
}

// below is the bounded connection under a connection, nil where there is none.
func below(conn net.Conn) *Conn {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	c, _ := conn.(*Conn)
	return c
}
