package app

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// reader hands one part of the gateway the journal's events, in order, from its cursor's
// position on. The newest come from the live hub, which has decoded them for everybody: they
// are shared, and nobody changes them. What the hub has forgotten comes from the journal.
type reader struct {
	a     *App
	name  string
	c     *journal.Cursor
	pause time.Duration // after the last that was there: readings that come meanwhile are one batch

	at     uint64 // handed out
	stands uint64 // where the cursor itself goes on
	more   bool   // there was more than the last batch
}

// read opens the cursor of that name; a new one starts after the given sequence.
func (a *App) read(name string, after uint64, pause time.Duration) (*reader, error) {
	c, err := a.journal.CursorAt(name, after)
	if err != nil {
		return nil, err
	}
	at := c.Committed()
	return &reader{a: a, name: name, c: c, pause: pause, at: at, stands: at, more: true}, nil
}

// next answers up to max events, and perhaps none where what came does not decode. It waits
// until there is something; at is then the sequence of the last, and more says that others
// were there already.
func (r *reader) next(ctx context.Context, max int) ([]g.Event, error) {
	if !r.more && r.pause > 0 {
		paused, cancel := context.WithTimeout(ctx, r.pause)
		_ = r.a.hub.WaitRare(paused, r.at) // its error is the context's
		cancel()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	for {
		events, last, more, ok := r.a.hub.Recent(r.at, max)
		switch {
		case !ok:
			return r.old(ctx, max)
		case last > r.at:
			r.at, r.more = last, more
			return events, nil
		}
		if err := r.a.hub.Wait(ctx, r.at); err != nil {
			return nil, err
		}
	}
}

// old reads what the hub has forgotten, or never had: what came before the start.
func (r *reader) old(ctx context.Context, max int) ([]g.Event, error) {
	if r.stands != r.at {
		r.c.Skip(r.at)
	}
	records, err := r.c.Next(ctx, max)
	if err != nil {
		return nil, err
	}
	r.at = records[len(records)-1].Seq
	r.stands, r.more = r.at, len(records) == max
	return r.a.decode(r.name, records), nil
}

// commit says that everything up to seq is dealt with.
func (r *reader) commit(seq uint64) error { return r.c.Commit(seq) }
