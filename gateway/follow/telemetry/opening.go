package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Opening is the embedded store while it is read from the disk, which takes a busy school's
// last hours some seconds and a district's some minutes: devices are not kept waiting for it.
// Where it cannot be opened it is tried again until Close. Until it is there readings wait in
// the journal, and queries are answered "unavailable".
type Opening struct {
	log      *slog.Logger
	patience patience
	stop     context.CancelFunc
	tried    chan struct{} // closed when it was tried once
	done     chan struct{} // closed when it is not tried any more

	mu     sync.Mutex
	store  *Store
	err    error // of the last try
	closed bool
}

// patience is how long opening rests after a try, at first and at most, and how long Close
// waits for one.
type patience struct{ first, most, close time.Duration }

func usualPatience() patience { return patience{5 * time.Second, time.Minute, 10 * time.Second} }

var errClosed = errors.New("the telemetry is closed")

// OpenBeside begins to open a store and does not wait for it.
func OpenBeside(log *slog.Logger, open func() (*Store, error)) *Opening {
	return openBeside(log, usualPatience(), open)
}

func openBeside(log *slog.Logger, p patience, open func() (*Store, error)) *Opening {
	ctx, stop := context.WithCancel(context.Background())
	o := &Opening{
		log:      log,
		patience: p,
		stop:     stop,
		tried:    make(chan struct{}),
		done:     make(chan struct{}),
	}
	go o.run(ctx, open) // Close waits for it
	return o
}

func (o *Opening) run(ctx context.Context, open func() (*Store, error)) {
	defer close(o.done)
	first := sync.OnceFunc(func() { close(o.tried) })
	for rest := o.patience.first; ; rest = min(2*rest, o.patience.most) {
		store, err := open()
		o.take(store, err)
		first()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
	}
}

// take stores the result of a try. A store that opens after Close gave it up is closed here.
func (o *Opening) take(store *Store, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err != nil:
		o.err = err
		o.log.Error("the telemetry cannot be opened; it tries again", "error", err)
	case o.closed:
		o.err = errClosed
		if err := store.Close(); err != nil {
			o.log.Warn("close the telemetry that came too late", "error", err)
		}
	default:
		o.store, o.err = store, nil
	}
}

// Ready is the store, or why it is not there; nil and nil while it is read for the first time.
func (o *Opening) Ready() (*Store, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.store, o.err
}

// wait waits until the first try has ended.
func (o *Opening) wait(ctx context.Context) (*Store, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-o.tried:
		return o.Ready()
	}
}

// Append waits until the first try to open has ended, then appends, or returns why it failed.
func (o *Opening) Append(ctx context.Context, events []g.Event, describe Describe) error {
	store, err := o.wait(ctx)
	if err != nil {
		return err
	}
	return store.Append(ctx, events, describe)
}

// Snapshot waits like Append and copies the store into a folder.
func (o *Opening) Snapshot(ctx context.Context, dir string) error {
	store, err := o.wait(ctx)
	if err != nil {
		return err
	}
	return store.Snapshot(dir)
}

// Handler answers 503 until the store is open. It does not tell developers what the disk answered:
// the status page and the log do.
func (o *Opening) Handler(prefix string, allowed Allowed) http.Handler {
	store, err := o.Ready()
	if store != nil {
		return store.Handler(prefix, allowed)
	}
	why, after := "the telemetry is still being read from the disk; ask again in a moment", "5"
	if err != nil {
		why, after = "the telemetry cannot be opened, which is tried again; the status page says "+
			"why", "60"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":"error","errorType":"unavailable","error":"`+why+`"}`)
	})
}

// Stats are the store's, none while it is not there.
func (o *Opening) Stats() Stats {
	if store, _ := o.Ready(); store != nil {
		return store.Stats()
	}
	return Stats{}
}

// Close waits for at most patience.close. A store that is still being read then is given up:
// nothing was appended to it, and for it the end of the process is like a power cut.
func (o *Opening) Close() error {
	o.stop()
	bound := time.NewTimer(o.patience.close)
	defer bound.Stop()
	select {
	case <-o.done:
	case <-bound.C:
		o.log.Warn("the telemetry is still being read from the disk and is given up; nothing was " +
			"appended to it")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.store == nil {
		return nil
	}
	return o.store.Close()
}
