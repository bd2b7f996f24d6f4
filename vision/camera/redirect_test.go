//go:build vision

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
)

// sender is a camera that answers every DESCRIBE with the same lines, and records its requests.
type sender struct {
	addr string
	mu   sync.Mutex
	seen []string // requests, with their headers
	made int      // connections
}

func newSender(t *testing.T, answer func(s *sender) string) *sender {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sender{addr: ln.Addr().String()}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.made++
			s.mu.Unlock()
			served.Go(func() { s.serve(c, answer) })
		}
	})
	t.Cleanup(func() { ln.Close(); served.Wait() })
	return s
}

func (s *sender) serve(c net.Conn, answer func(*sender) string) {
	defer c.Close()
	var request, cseq string
	for lines := bufio.NewScanner(c); lines.Scan(); {
		line := lines.Text()
		request += line + "\n"
		if rest, ok := strings.CutPrefix(line, "CSeq: "); ok {
			cseq = rest
		}
		if line != "" {
			continue
		}
		s.mu.Lock()
		s.seen = append(s.seen, request)
		s.mu.Unlock()
		lines := "RTSP/1.0 200 OK\r\nPublic: DESCRIBE, SETUP, PLAY\r\n"
		if strings.HasPrefix(request, "DESCRIBE") {
			lines = answer(s)
		}
		fmt.Fprintf(c, "%sCSeq: %s\r\n\r\n", lines, cseq)
		request = ""
	}
}

func (s *sender) told() (requests string, connections int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, ""), s.made
}

func moved(to string) string {
	return "RTSP/1.0 302 Moved Temporarily\r\nLocation: " + to + "\r\n"
}

// TestRedirectTakesNoPasswordElsewhere: a camera redirects to a host that asks for the password in
// plain text, and does not get it.
func TestRedirectTakesNoPasswordElsewhere(t *testing.T) {
	d := newDriver()
	thief := newSender(t, func(*sender) string {
		return "RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
	})
	camera := newSender(t, func(*sender) string { return moved("rtsp://" + thief.addr + "/live") })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := d.Probe(ctx, plain("rtsp://"+camera.addr+"/1", "viewer", "hunter2hunter2"))
	e := spoken(t, err)
	if e.Field != "url" || !strings.Contains(e.Message, thief.addr) {
		t.Errorf("got %v, want the address that we were sent on to", e)
	}
	heard, n := thief.told()
	if n == 0 || strings.Contains(heard, "Authorization") {
		t.Errorf("the other host was told %q over %d connections, want no credentials", heard, n)
	}
}

// TestRedirectLoopEnds: a camera redirects to itself without end.
func TestRedirectLoopEnds(t *testing.T) {
	d := newDriver()
	camera := newSender(t, func(s *sender) string { return moved("rtsp://" + s.addr + "/again") })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := d.Probe(ctx, plain("rtsp://"+camera.addr+"/1", "viewer", "hunter2hunter2"))
	if e := spoken(t, err); e.Code != gatehouse.Unavailable ||
		!strings.Contains(e.Message, "one address to the next") {
		t.Errorf("got %v, want it to say that there is a loop", e)
	}
	if _, n := camera.told(); n != maxRedirects+1 {
		t.Errorf("got %d connections, want %d", n, maxRedirects+1)
	}
}

// TestRedirectsAreFollowed: redirections are followed, with the password only to the same host and
// port.
func TestRedirectsAreFollowed(t *testing.T) {
	d := newDriver()
	camera := rtsp(t, map[string]string{"live": media(t, "cap13_edit2.mp4")}, "", "")
	old := newSender(t, func(*sender) string { return moved("rtsp://" + camera + "/live") })
	p, err := d.Probe(context.Background(), device("rtsp://"+old.addr+"/1"))
	if err != nil || p.Message == "" {
		t.Errorf("got %q %v, want the camera's stream", p.Message, err)
	}
	a, err := parseAddress(plain("rtsps://10.0.0.5/1", "u", "p"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := parseAddress(device("rtsps://10.0.0.5:322/2"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := a.follow(&redirected{to.url}); err != nil || b.url.User == nil ||
		b.url.Path != "/2" {
		t.Errorf("got %v %v, want the other path with the user", b.url, err)
	}
	to.url.Scheme = "rtsp"
	if _, err := a.follow(&redirected{to.url}); err == nil {
		t.Error("a redirect from rtsps to rtsp is followed")
	}
}
