package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers/listen"
)

// open listens within bounds and passes on what is accepted, in order.
func open(t *testing.T, b listen.Bounds) (*listen.Listener, <-chan *listen.Conn) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := listen.Bound(inner, b)
	t.Cleanup(func() { l.Close() })
	got := make(chan *listen.Conn, 64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			got <- c.(*listen.Conn)
		}
	}()
	return l, got
}

func dial(t *testing.T, l net.Listener, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ended waits for the other side to close.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Fatalf("read %d bytes of a connection that was to be closed", n)
	}
}

// refused dials and expects the connection to be closed, perhaps before it is established.
func refused(t *testing.T, l net.Listener, from string) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if errors.Is(err, syscall.ECONNRESET) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ended(t, c)
}

// TestOneAddressLeavesRoom: an address with many connections is refused, and another one is served.
func TestOneAddressLeavesRoom(t *testing.T) {
	l, got := open(t,
		listen.Bounds{Total: 20, Strangers: 15, AddressTotal: 10, AddressStrangers: 3})
	for range 3 {
		dial(t, l, "127.0.0.2")
		<-got
	}
	refused(t, l, "127.0.0.2")
	dial(t, l, "127.0.0.3")
	if c := <-got; c.RemoteAddr().(*net.TCPAddr).IP.String() != "127.0.0.3" {
		t.Errorf("got a connection from %s", c.RemoteAddr())
	}
	s := l.Stats()
	if want := (listen.Stats{Open: 4, Strangers: 4, Address: 1, LastAddress: "127.0.0.2"}); s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

// TestKnownOnesAreNotCountedAsStrangers: a caller that authenticates makes room for a stranger of
// the same address, up to the address's total.
func TestKnownOnesAreNotCountedAsStrangers(t *testing.T) {
	l, got := open(t, listen.Bounds{Total: 20, Strangers: 15, AddressTotal: 4, AddressStrangers: 2})
	for range 4 {
		dial(t, l, "127.0.0.2")
		c := <-got
		c.Known()
		c.Known()
	}
	refused(t, l, "127.0.0.2")
	if s := l.Stats(); s.Open != 4 || s.Strangers != 0 || s.Address != 1 {
		t.Errorf("got %+v", s)
	}
}

// TestNewestStrangerIsServed: silent connections from many addresses are displaced, oldest first,
// and authenticated ones never.
func TestNewestStrangerIsServed(t *testing.T) {
	l, got := open(t, listen.Bounds{Total: 3, Strangers: 2})
	known := dial(t, l, "127.0.0.9")
	(<-got).Known()
	oldest, newer := dial(t, l, "127.0.0.2"), net.Conn(nil)
	<-got
	newer = dial(t, l, "127.0.0.3")
	<-got
	dial(t, l, "127.0.0.4")
	last := <-got
	ended(t, oldest)
	if _, err := last.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	last.Known()
	dial(t, l, "127.0.0.5") // now only newer is a stranger
	(<-got).Known()
	ended(t, newer)
	refused(t, l, "127.0.0.6") // all are known: full
	if s := l.Stats(); s.Open != 3 || s.Displaced != 2 || s.Full != 1 {
		t.Errorf("got %+v", s)
	}
	if _, err := known.Write([]byte("x")); err != nil {
		t.Error(err)
	}
}

// TestPlacesComeBack: closing frees a place once, however often it is called.
func TestPlacesComeBack(t *testing.T) {
	l, got := open(t, listen.Bounds{Total: 1, Strangers: 1, AddressTotal: 1, AddressStrangers: 1})
	for range 5 {
		dial(t, l, "127.0.0.2")
		c := <-got
		c.Close()
		c.Close()
		c.Known()
	}
	if s := l.Stats(); s.Open != 0 || s.Strangers != 0 || s.Address != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"10.1.2.3":          "10.1.2.3/32",
		"::ffff:10.1.2.3":   "10.1.2.3/32",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"fe80::1%eth0":      "fe80::/64",
	} {
		if got := listen.Network(netip.MustParseAddr(in)); got.String() != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// exhausted is out of file descriptors for the first few connections.
type exhausted struct {
	net.Listener
	left int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.left--; e.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}

// TestServingSurvivesWantOfDescriptors: the server goes on when there are descriptors again.
func TestServingSurvivesWantOfDescriptors(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := listen.Bound(&exhausted{Listener: inner, left: 3}, listen.Within(8, 4))
	known := make(chan bool, 1)
	s := &http.Server{
		ConnContext: listen.With,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			listen.Known(r.Context())
			known <- l.Stats().Strangers == 0
		}),
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet,
		"http://"+inner.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if !<-known {
		t.Error("the request's connection still counts as a stranger's")
	}
	s.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		total, address int
		want           listen.Bounds
	}{
		{
			4096,
			128,
			listen.Bounds{Total: 4096, Strangers: 3072, AddressTotal: 2048, AddressStrangers: 128},
		},
		{50, 128, listen.Bounds{Total: 50, Strangers: 38, AddressTotal: 25, AddressStrangers: 19}},
		{50, 0, listen.Bounds{Total: 50, Strangers: 38}},
		{0, 8, listen.Bounds{}},
		{1, 1, listen.Bounds{Total: 1, Strangers: 1, AddressTotal: 1, AddressStrangers: 1}},
	} {
		if got := listen.Within(c.total, c.address); got != c.want {
			t.Errorf("%d, %d: got %+v, want %+v", c.total, c.address, got, c.want)
		}
	}
}
