package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// part is something that runs until its context ends and then returns nil.
type part struct {
	name string
	run  func(context.Context) error
}

// runParts starts the parts in order and stops them in the reverse order, each after the one
// before it has stopped, when ctx ends or one of them ends by itself.
func runParts(ctx context.Context, log *slog.Logger, parts []part) error {
	type running struct {
		name   string
		cancel context.CancelFunc
		done   chan struct{}
		err    error
	}
	ended := make(chan string, len(parts))
	started := make([]*running, 0, len(parts))
	for _, p := range parts {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := &running{name: p.name, cancel: cancel, done: make(chan struct{})}
		go func() {
			defer close(r.done)
			r.err = p.run(own)
			ended <- p.name
		}()
		started = append(started, r)
	}
	select {
	case <-ctx.Done():
	case name := <-ended:
		log.Error("a part of the gateway stopped by itself; stopping the others", "part", name)
	}
	var errs []error
	for i := len(started) - 1; i >= 0; i-- {
		r := started[i]
		r.cancel()
		<-r.done
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.name, r.err))
		}
	}
	return errors.Join(errs...)
}
