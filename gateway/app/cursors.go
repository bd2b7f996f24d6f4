package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	batch      = 1000            // events handled at once by a cursor that is not asked to gather
	gathered   = 16_000          // and by one that is: what a busy school sends in a second or two
	retryAfter = time.Second     // between two tries of a batch that failed
	staleEvery = 5 * time.Second // how often silent devices are looked for
)

// readingsEvery is how often the readers behind the journal look for readings: nobody waits
// for what becomes of them, and one transaction for many costs little more than one for one.
// Everything else is handled at once, and the rules never pause.
const readingsEvery = time.Second

// health is what the status page says of the parts that follow the journal.
type health struct {
	mu      sync.Mutex
	cursors map[string]string    // cursor -> what keeps it, "" where it is well
	current map[string]time.Time // cursor -> when it had last seen everything
}

func (h *health) set(cursor string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cursors[cursor] = ""
	if err != nil {
		h.cursors[cursor] = err.Error()
	}
}

// caughtUp notes that a cursor has seen everything that there was at the time.
func (h *health) caughtUp(cursor string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current[cursor] = at
}

// follow hands the journal's events to handle, batch by batch and in order. A batch that fails is tried again until it works: nothing is
// skipped, and the lag shows on the status page. handle may see an event twice.
func (a *App) follow(name string, handle func(context.Context, []g.Event) error) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := a.read(name, 0, readingsEvery)
		if err != nil {
			return err
		}
		defer r.c.Close()
		for {
			events, err := r.next(ctx, gathered)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if !a.insist(ctx, name, func() error { return handle(ctx, events) }) {
				return nil
			}
			a.opt.Pause(name + " handled")
			if !a.insist(ctx, name, func() error { return r.commit(r.at) }) {
				return nil
			}
		}
	}
}

// insist tries f until it works or ctx ends, which it reports as false.
func (a *App) insist(ctx context.Context, name string, f func() error) bool {
	for {
		err := f()
		if ctx.Err() != nil && err != nil {
			return false
		}
		a.health.set(name, err)
		if err == nil {
			return true
		}
		a.log.Error("a part of the gateway is held up; it tries again", "part", name, "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryAfter):
		}
	}
}

func (a *App) decode(name string, records []journal.Record) []g.Event {
	events := make([]g.Event, 0, len(records))
	for _, r := range records {
		e, err := g.DecodeEvent(r.Seq, r.Data)
		if err != nil {
			a.log.Error("an event in the journal does not decode and is passed over", "cursor", name, "seq", r.Seq, "error", err)
			continue
		}
		events = append(events, e)
	}
	return events
}

// pumpOutbox turns the registry's outbox (changed alerts, incidents, attendance) into events.
// Their ids are deterministic: after a crash between the two steps, twice is once.
func (a *App) pumpOutbox(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("outbox"))
	for {
		more := false
		if !a.insist(ctx, "outbox", func() (err error) { more, err = a.pumpOnce(ctx, view); return err }) {
			return nil
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.reg.OutboxReady():
		case <-time.After(staleEvery):
		}
	}
}

func (a *App) pumpOnce(ctx context.Context, view *registry.View) (more bool, err error) {
	rows, err := view.Outbox(ctx, batch)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	ids := make([]int64, 0, len(rows))
	results := make(chan error, len(rows))
	for i := range rows {
		e := rows[i].Event
		e.Received = a.now()
		b, err := g.AppendEvent(nil, &e)
		if err != nil {
			return false, fmt.Errorf("outbox row %d: %w", rows[i].ID, err)
		}
		ids = append(ids, rows[i].ID)
		if err := a.journal.Append(string(e.School), b, func(_ uint64, err error) { results <- err }); err != nil {
			results <- err
		}
	}
	var errs []error
	for range rows {
		errs = append(errs, <-results)
	}
	if err := errors.Join(errs...); err != nil {
		return false, err
	}
	a.opt.Pause("outbox journalled")
	return len(rows) == batch, view.DeleteOutbox(ctx, ids)
}

// keepHouse does what time asks for: devices that fell silent, pictures that are old enough.
func (a *App) keepHouse(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("keeping"))
	tick := time.NewTicker(staleEvery)
	defer tick.Stop()
	var expired time.Time
	for {
		a.markSilent(ctx, view)
		if _, wrong := a.clockTrouble(a.now()); !wrong && a.now().Sub(expired) > time.Hour {
			expired = a.now()
			a.expire(ctx, view)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// closeAfter is how long a resolved alert stays on the wall before it is closed.
const closeAfter = time.Hour

// expire closes what was resolved and removes what was kept long enough.
func (a *App) expire(ctx context.Context, view *registry.View) {
	now := a.now()
	if _, err := view.CloseResolved(ctx, now.Add(-closeAfter)); err != nil && ctx.Err() == nil {
		a.log.Error("close resolved alerts", "error", err)
	}
	if n, err := a.media.Expire(now.Add(-a.cfg.Media.KeepFor)); err != nil {
		a.log.Error("expire pictures", "error", err)
	} else if n > 0 {
		a.log.Info("expired pictures", "days", n)
	}
	for _, school := range append(a.schoolIDs(), "") {
		if _, err := view.TrimHistory(ctx, school, now.Add(-a.cfg.History.KeepFor)); err != nil && ctx.Err() == nil {
			a.log.Error("trim the history", "school", school, "error", err)
		}
	}
}
