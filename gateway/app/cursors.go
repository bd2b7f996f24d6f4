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
	p := outbox{a: a, view: a.reg.In(g.SystemScope("outbox"))}
	defer p.close(ctx)
	for {
		more := false
		if !a.insist(ctx, "outbox", func() (err error) { more, err = p.pump(ctx); return err }) {
			return nil
		}
		if more {
			continue
		}
		wait := staleEvery
		if len(p.done) > 0 {
			wait = outboxEvery
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.reg.OutboxReady():
		case <-time.After(wait):
		}
	}
}

const outboxEvery = time.Second // rows that are journalled stay about so long

// outbox hands rows on at once and removes them now and then, so that an alert does not wait
// for the removal of the one before.
type outbox struct {
	a    *App
	view *registry.View
	last int64     // the last row that is journalled
	done []int64   // journalled and not removed
	at   time.Time // when the first of them was
}

func (p *outbox) pump(ctx context.Context) (more bool, err error) {
	rows, err := p.view.Outbox(ctx, p.last, batch)
	if err != nil {
		return false, err
	}
	if err := p.journal(rows); err != nil {
		return false, err
	}
	if len(rows) > 0 {
		p.a.opt.Pause("outbox journalled")
	}
	now := time.Now()
	for _, row := range rows {
		if len(p.done) == 0 {
			p.at = now
		}
		p.done, p.last = append(p.done, row.ID), row.ID
	}
	more = len(rows) == batch
	if len(p.done) == 0 || len(p.done) < batch && now.Sub(p.at) < outboxEvery {
		return more, nil
	}
	if err := p.view.DeleteOutbox(ctx, p.done); err != nil {
		return false, err
	}
	p.done, p.last = p.done[:0], 0
	return more, nil
}

// close removes what is journalled when the gateway stops; what it cannot remove is journalled
// once more at the next start.
func (p *outbox) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := p.view.DeleteOutbox(ctx, p.done); err != nil {
		p.a.log.Warn("events of the outbox are journalled again at the next start", "events", len(p.done), "error", err)
	}
}

// journal has rows on disk as events.
func (p *outbox) journal(rows []registry.OutboxRow) error {
	results := make(chan error, len(rows))
	for i := range rows {
		e := rows[i].Event
		if e.OfSilence() && e.Status != nil { // the twin has it already: it counts, and is told
			p.a.flapping.Note(e.Device, *e.Status, p.a.now())
		}
		e.Received = p.a.now()
		b, err := g.AppendEvent(nil, &e)
		if err != nil {
			return fmt.Errorf("outbox row %d: %w", rows[i].ID, err)
		}
		if err := p.a.journal.Append(string(e.School), b, func(_ uint64, err error) { results <- err }); err != nil {
			results <- err
		}
	}
	var errs []error
	for range rows {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// keepHouse does what time asks for: devices that fell silent, pictures that are old enough.
func (a *App) keepHouse(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("keeping"))
	tick := time.NewTicker(staleEvery)
	defer tick.Stop()
	var expired time.Time
	for {
		a.markSilent(ctx, view)
		a.intake.Strangers.Expire(a.now())
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

// closeAfter is how long a resolved alert stays so before it is closed.
const closeAfter = time.Hour

// expire closes what was resolved and removes what was kept long enough.
func (a *App) expire(ctx context.Context, view *registry.View) {
	now := a.now()
	if _, err := view.CloseResolved(ctx, now.Add(-closeAfter)); err != nil && ctx.Err() == nil {
		a.log.Error("close resolved alerts", "error", err)
	}
	if err := a.expirePictures(ctx, view, now); err != nil && ctx.Err() == nil {
		a.log.Error("expire pictures", "error", err)
	}
	for _, school := range append(a.schoolIDs(), "") {
		if _, err := view.TrimHistory(ctx, school, now.Add(-a.cfg.History.KeepFor)); err != nil && ctx.Err() == nil {
			a.log.Error("trim the history", "school", school, "error", err)
		}
	}
}
