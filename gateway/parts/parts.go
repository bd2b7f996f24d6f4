// Package parts runs what a program is made of: it starts the parts in order and stops them in the
// reverse order. It refuses to start a part again, and to wait for ever for one that does not stop.
package parts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	slowStop = 2 * time.Second // after which a part that does not stop is named
	// Within is how long all parts together may take to stop.
	Within = 30 * time.Second
)

// ErrHangs says that a part did not stop: what it uses must not be closed under it.
var ErrHangs = errors.New("did not stop in time and is given up; what was acknowledged is on disk")

// Part is something that runs until its context ends and then returns nil.
type Part struct {
	Name string
	Run  func(context.Context) error
}

// Run starts the parts in order and stops them in the reverse order, each after the one
// before it has stopped, when ctx ends or one of them ends by itself. One that takes long is
// named in the log; what has not stopped within the bound is given up, with ErrHangs.
func Run(ctx context.Context, log *slog.Logger, within time.Duration, parts []Part) error {
	type running struct {
		name   string
		cancel context.CancelFunc
		done   chan struct{}
		err    error
	}
	ended := make(chan *running, len(parts))
	started := make([]*running, 0, len(parts))
	for _, p := range parts {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := &running{
			name:   p.Name,
			cancel: cancel,
			done:   make(chan struct{}),
		}
		go func() {
			defer close(r.done)
			r.err = p.Run(own)
			ended <- r
		}()
		started = append(started, r)
	}
	select {
	case <-ctx.Done():
	case r := <-ended:
		log.Error("a part of the gateway stopped by itself; stopping the others", "part", r.name,
			"error", r.err)
	}
	var errs []error
	bound := time.NewTimer(within)
	defer bound.Stop()
	for i := len(started) - 1; i >= 0; i-- {
		r := started[i]
		r.cancel()
		if !stopped(r.done, bound.C, log, r.name) {
			return errors.Join(append(errs, fmt.Errorf("%s: %w", r.name, ErrHangs))...)
		}
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.name, r.err))
		}
	}
	return errors.Join(errs...)
}

// stopped waits for a part to stop and logs that every slowStop; false if bound fires first.
func stopped(done <-chan struct{}, bound <-chan time.Time, log *slog.Logger, name string) bool {
	begun := time.Now()
	slow := time.NewTicker(slowStop)
	defer slow.Stop()
	for {
		select {
		case <-done:
			return true
		case <-slow.C:
			log.Warn("stopping waits for a part of the gateway", "part", name, "for",
				time.Since(begun).Round(time.Second))
		case <-bound:
			return false
		}
	}
}
