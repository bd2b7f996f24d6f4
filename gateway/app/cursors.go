package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const staleEvery = 5 * time.Second // how often silent devices are looked for

// pumpOutbox turns the registry's outbox (changed alerts, incidents, attendance) into events. Event
// ids are deterministic: a row that is journalled twice, after a crash before its removal, has the
// same id both times.
func (a *App) pumpOutbox(ctx context.Context) error {
	p := outbox{a: a, view: a.reg.In(g.SystemScope("outbox"))}
	defer p.close(ctx)
	for {
		more := false
		if !a.health.Insist(ctx, "outbox", func() (err error) {
			more, err = p.pump(ctx)
			return err
		}) {
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

const outboxEvery = time.Second // about how long journalled rows stay in the outbox

// outbox journals rows at once and removes them in batches later, so that an alert does not wait
// for the removal of the one before.
type outbox struct {
	a    *App
	view *registry.View
	last int64     // the last row that is journalled
	done []int64   // journalled and not removed
	at   time.Time // when the first of done was journalled
}

func (p *outbox) pump(ctx context.Context) (more bool, err error) {
	rows, err := p.view.Outbox(ctx, p.last, follow.Batch)
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
	more = len(rows) == follow.Batch
	if len(p.done) == 0 || len(p.done) < follow.Batch && now.Sub(p.at) < outboxEvery {
		return more, nil
	}
	if err := p.view.DeleteOutbox(ctx, p.done); err != nil {
		return false, err
	}
	p.done, p.last = p.done[:0], 0
	return more, nil
}

// close removes the journalled rows when the gateway stops; rows that it cannot remove are
// journalled again at the next start.
func (p *outbox) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := p.view.DeleteOutbox(ctx, p.done); err != nil {
		p.a.log.Warn("events of the outbox are journalled again at the next start", "events",
			len(p.done), "error", err)
	}
}

// journal appends rows to the journal as events and waits until all are on disk.
func (p *outbox) journal(rows []registry.OutboxRow) error {
	results := make(chan error, len(rows))
	for i := range rows {
		e := rows[i].Event
		if e.OfSilence() && e.Status != nil { // MarkSilent has updated the twin already
			p.a.flapping.Note(e.Device, *e.Status, p.a.now())
		}
		e.Received = p.a.now()
		b, err := event.Append(nil, &e)
		if err != nil {
			return fmt.Errorf("outbox row %d: %w", rows[i].ID, err)
		}
		if err := p.a.journal.Append(string(e.School), b,
			func(_ uint64, err error) { results <- err }); err != nil {
			results <- err
		}
	}
	var errs []error
	for range rows {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// keepHouse marks silent devices, and drops unknown faces that waited too long for the rules.
func (a *App) keepHouse(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("keeping"))
	tick := time.NewTicker(staleEvery)
	defer tick.Stop()
	for {
		a.twins.MarkSilent(ctx, view)
		a.intake.Strangers.Expire(a.now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
