// Package outbox turns the registry's outbox (changed alerts, incidents, attendance, and devices
// that fell silent) into events. It decides nothing about them. Event ids are deterministic: a row
// that is journalled twice, after a crash before its removal, has the same id both times.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	lookEvery   = 5 * time.Second // between looks without a signal
	removeEvery = time.Second     // about how long journalled rows stay in the outbox
	lastWords   = time.Second     // for the removal at the end
)

// Pump journals rows at once and removes them in batches later, so that an alert does not wait for
// the removal of the one before. Run it once.
type Pump struct {
	View    *registry.View
	Ready   <-chan struct{} // receives when there may be rows
	Journal *journal.Journal
	Health  *follow.Health
	// Silent is called with each status of a device's silence, which the registry
	// found, before it is journalled.
	Silent func(id g.DeviceID, s g.Status, now time.Time) bool
	Now    func() time.Time
	Pause  func(after string)
	Logger *slog.Logger

	last int64     // the last row that is journalled
	done []int64   // journalled and not removed
	at   time.Time // when the first of done was journalled

	unreadable map[int64]bool // rows that were logged; they stay in the outbox
}

// Run journals rows until ctx ends.
func (p *Pump) Run(ctx context.Context) error {
	defer p.close(ctx)
	for {
		more := false
		if !p.Health.Insist(ctx, "outbox", func() (err error) {
			more, err = p.pump(ctx)
			return err
		}) {
			return nil
		}
		if more {
			continue
		}
		wait := lookEvery
		if len(p.done) > 0 {
			wait = removeEvery
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.Ready:
		case <-time.After(wait):
		}
	}
}

func (p *Pump) pump(ctx context.Context) (more bool, err error) {
	rows, err := p.View.Outbox(ctx, p.last, follow.Batch)
	if err != nil {
		return false, err
	}
	more = len(rows) >= follow.Batch
	rows = slices.DeleteFunc(rows, p.cannotRead)
	if err := p.journal(rows); err != nil {
		return false, err
	}
	if len(rows) > 0 {
		p.Pause("outbox journalled")
	}
	now := time.Now()
	for _, row := range rows {
		if len(p.done) == 0 {
			p.at = now
		}
		p.done, p.last = append(p.done, row.ID), row.ID
	}
	if len(p.done) == 0 || len(p.done) < follow.Batch && now.Sub(p.at) < removeEvery {
		return more, nil
	}
	if err := p.View.DeleteOutbox(ctx, p.done); err != nil {
		return false, err
	}
	p.done, p.last = p.done[:0], 0
	return more, nil
}

// cannotRead reports whether a row's event cannot be read, and logs it once. One such row must not
// hold up the alerts behind it.
func (p *Pump) cannotRead(row registry.OutboxRow) bool {
	if row.Err == nil {
		return false
	}
	p.last = max(p.last, row.ID)
	if p.unreadable == nil {
		p.unreadable = map[int64]bool{}
	}
	if !p.unreadable[row.ID] {
		p.unreadable[row.ID] = true
		p.Logger.Error("an event of the outbox cannot be read and stays there", "row", row.ID, "error", row.Err)
	}
	return true
}

// close removes the journalled rows when the gateway stops; rows that it cannot remove are
// journalled again at the next start.
func (p *Pump) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if err := p.View.DeleteOutbox(ctx, p.done); err != nil {
		p.Logger.Warn("events of the outbox are journalled again at the next start", "events",
			len(p.done), "error", err)
	}
}

// journal appends rows to the journal as events and waits until all are on disk.
func (p *Pump) journal(rows []registry.OutboxRow) error {
	results := make(chan error, len(rows))
	for i := range rows {
		e := rows[i].Event
		now := p.Now()
		if e.OfSilence() && e.Status != nil { // MarkSilent has updated the twin already
			p.Silent(e.Device, *e.Status, now)
		}
		e.Received = now
		b, err := event.Append(nil, &e)
		if err != nil {
			return fmt.Errorf("outbox row %d: %w", rows[i].ID, err)
		}
		if err := p.Journal.Append(string(e.School), b,
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
