package drivers_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// turncoat is a DNS server that answers the first IPv4 query with one address and later ones with
// another (DNS rebinding). It becomes the test's resolver.
func turncoat(t *testing.T, first, later string) (asked *atomic.Int64) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(b[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			a := dnsmessage.Message{
				Header:    dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true},
				Questions: q.Questions,
			}
			if q.Questions[0].Type == dnsmessage.TypeA {
				addr := first
				if asked.Add(1) > 1 {
					addr = later
				}
				head := dnsmessage.ResourceHeader{
					Name:  q.Questions[0].Name,
					Type:  dnsmessage.TypeA,
					Class: dnsmessage.ClassINET,
				}
				a.Answers = []dnsmessage.Resource{
					{Header: head, Body: &dnsmessage.AResource{A: netip.MustParseAddr(addr).As4()}},
				}
			}
			if w, err := a.Pack(); err == nil {
				pc.WriteTo(w, from)
			}
		}
	}()
	old := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{
		PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
		},
	}
	t.Cleanup(func() {
		net.DefaultResolver = old
		pc.Close()
		<-done
	})
	return asked
}

// TestANameThatComesToMeanThisMachineIsNotDialled: a name resolves to another address at dial time
// than when it was checked. Nothing connects, and the reason names the address.
func TestANameThatComesToMeanThisMachineIsNotDialled(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	asked := turncoat(t, "192.0.2.7", "127.0.0.1")
	bounds := drivers.Reach{Bounded: true}
	ip, err := bounds.Resolve(t.Context(), "camera.example.")
	if err != nil || ip != netip.MustParseAddr("192.0.2.7") {
		t.Fatalf("at first: got %v, %v", ip, err)
	}
	at := net.JoinHostPort("camera.example.", port)
	c, err := bounds.Dialer(5*time.Second).DialContext(t.Context(), "tcp", at)
	if err == nil {
		c.Close()
		t.Fatal("it is connected with the gateway's own machine")
	}
	var said *gatehouse.Error
	if !errors.As(err, &said) || !strings.Contains(said.Message, "127.0.0.1") ||
		!strings.Contains(said.Message, "reach.this_machine") {
		t.Errorf("got %v, want the address and the mend", err)
	}
	if n := asked.Load(); n < 2 {
		t.Errorf("the name was asked for %d times, want once for the look and once for the dial", n)
	}
	if _, err := bounds.Resolve(t.Context(), "camera.example."); err == nil {
		t.Error("it resolves to the gateway's own machine now")
	}
	for _, r := range []drivers.Reach{{}, {Bounded: true, ThisMachine: true}} {
		c, err := r.Dialer(5*time.Second).DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Errorf("%+v: %v, want it connected", r, err)
			continue
		}
		c.Close()
	}
}

func TestReachAllows(t *testing.T) {
	bound := drivers.Reach{Bounded: true}
	for _, c := range []struct {
		reach drivers.Reach
		ip    string
		ok    bool
	}{
		{bound, "192.0.2.7", true},
		{bound, "fd00::7", true},
		{bound, "127.0.0.1", false},
		{bound, "::1", false},
		{bound, "::ffff:127.0.0.1", false},
		{bound, "0.0.0.0", false},
		{bound, "::", false},
		{bound, "169.254.169.254", false},
		{bound, "fe80::1%eth0", false},
		{bound, "224.0.0.1", false},
		{drivers.Reach{Bounded: true, ThisMachine: true}, "127.0.0.1", true},
		{drivers.Reach{Bounded: true, ThisMachine: true}, "169.254.169.254", false},
		{drivers.Reach{Bounded: true, LinkLocal: true}, "169.254.1.7", true},
		{drivers.Reach{}, "127.0.0.1", true},
	} {
		if err := c.reach.Allows(netip.MustParseAddr(c.ip)); (err == nil) != c.ok {
			t.Errorf("%+v, %s: got %v, want allowed: %v", c.reach, c.ip, err, c.ok)
		}
	}
}
