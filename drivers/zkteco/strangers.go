package main

import (
	"log/slog"
	"sync"
	"time"
)

// maxStrangers bounds the unregistered terminals remembered.
const maxStrangers = 256

// strangers are the serial numbers whose calls were refused. Discover reports them.
type strangers struct {
	mu    sync.Mutex
	known map[string]*stranger
	lost  int // refused while the table was full
}

type stranger struct {
	address string
	calls   int
	last    time.Time
}

func newStrangers() *strangers { return &strangers{known: map[string]*stranger{}} }

// refuse counts a call and logs the first one of each serial number.
func (s *strangers) refuse(serial, address string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.known[serial]
	if x == nil {
		s.forget(now)
		if len(s.known) >= maxStrangers {
			if s.lost++; s.lost == 1 {
				slog.Warn("more terminals that are not registered call than are remembered; all "+
					"are refused",
					"remembered", maxStrangers)
			}
			return
		}
		x = &stranger{}
		s.known[serial] = x
		slog.Warn("a terminal that is not registered calls and is refused", "serial", serial,
			"address", address)
	}
	x.address, x.last = address, now
	x.calls++
}

// forget drops serial numbers that have not called for a day.
func (s *strangers) forget(now time.Time) {
	for serial, x := range s.known {
		if now.Sub(x.last) > 24*time.Hour {
			delete(s.known, serial)
		}
	}
}

// registered drops a serial number that has been registered.
func (s *strangers) registered(serial string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, serial)
}

func (s *strangers) list() map[string]stranger {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]stranger, len(s.known))
	for serial, x := range s.known {
		out[serial] = *x
	}
	return out
}
