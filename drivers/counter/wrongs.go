package main

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	bounded "github.com/gatehouse-iot/gatehouse/drivers/listen"
)

// Bounds of what is remembered of refused calls.
const (
	maxWrongs = 256              // serial numbers
	maxPaced  = 1024             // addresses; when full all are forgotten
	fresh     = 10 * time.Minute // a serial number counts as calling
)

// wrongs are the calls that were refused: by serial number, for Discover and Probe, and by address,
// whose wrong calls are slowed down. A right secret is let in at any pace.
type wrongs struct {
	mu    sync.Mutex
	known map[string]*wrong
	paced map[netip.Prefix]*rate.Limiter
}

type wrong struct {
	address string
	last    time.Time
}

func newWrongs() *wrongs {
	return &wrongs{
		known: map[string]*wrong{},
		paced: map[netip.Prefix]*rate.Limiter{},
	}
}

// refuse remembers a call, and tells whether its address may go on trying now.
func (w *wrongs) refuse(serial string, from netip.Addr, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	net := bounded.Network(from)
	l := w.paced[net]
	if l == nil {
		if len(w.paced) >= maxPaced {
			clear(w.paced)
		}
		l = rate.NewLimiter(1, 30)
		w.paced[net] = l
	}
	if !l.AllowN(now, 1) {
		return false
	}
	if w.known[serial] == nil {
		slog.Warn("a device that is not registered, or shows a wrong secret, calls and is refused",
			"serial", serial, "address", from)
	}
	w.note(serial, from, now)
	return true
}

// early remembers a call that was told to try again.
func (w *wrongs) early(serial string, from netip.Addr, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(serial, from, now)
}

// registered forgets a serial number that is served from now on.
func (w *wrongs) registered(serial string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.known, serial)
}

// note remembers a serial number.
func (w *wrongs) note(serial string, from netip.Addr, now time.Time) {
	if x := w.known[serial]; x != nil {
		x.address, x.last = from.String(), now
		return
	}
	if len(w.known) >= maxWrongs {
		oldest := ""
		for s, x := range w.known {
			if oldest == "" || x.last.Before(w.known[oldest].last) {
				oldest = s
			}
		}
		delete(w.known, oldest)
	}
	w.known[serial] = &wrong{
		address: from.String(),
		last:    now,
	}
}

// heard tells whether a serial number has called lately.
func (w *wrongs) heard(serial string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.known[serial]
	return x != nil && now.Sub(x.last) < fresh
}

func (w *wrongs) list() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[string]string, len(w.known))
	for serial, x := range w.known {
		out[serial] = x.address
	}
	return out
}
