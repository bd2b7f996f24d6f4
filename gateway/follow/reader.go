package follow

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Reader hands one part of the gateway the journal's events, in order, from its cursor's
// position on. The newest come from the live hub, which has decoded them for everybody: they
// are shared, and nobody changes them. What the hub has forgotten comes from the journal. It
// belongs to one goroutine.
type Reader struct {
	feed  *Feed
	name  string
	c     *journal.Cursor
	pause time.Duration // once caught up; readings that arrive meanwhile make one batch

	at     uint64 // sequence of the last event handed out
	stands uint64 // sequence after which the cursor reads on
	more   bool   // there was more than the last batch
}

// Read opens the cursor of that name; a new one starts after the given sequence. The caller
// closes it.
func (f *Feed) Read(name string, after uint64, pause time.Duration) (*Reader, error) {
	if !slices.Contains(f.Cursors, name) {
		return nil, fmt.Errorf("%q is not among the names of readers (Feed.Cursors): its position "+
			"would be dropped at the next start", name)
	}
	c, err := f.Journal.CursorAt(name, after)
	if err != nil {
		return nil, err
	}
	at := c.Committed()
	return &Reader{
		feed:   f,
		name:   name,
		c:      c,
		pause:  pause,
		at:     at,
		stands: at,
		more:   true,
	}, nil
}

// At is the sequence of the last event that was handed out.
func (r *Reader) At() uint64 { return r.at }

// More tells whether there were more events behind the last batch.
func (r *Reader) More() bool { return r.more }

// Next waits until there is something and returns up to max events, none where
// what came does not decode.
func (r *Reader) Next(ctx context.Context, max int) ([]g.Event, error) {
	if !r.more && r.pause > 0 {
		paused, cancel := context.WithTimeout(ctx, r.pause)
		_ = r.feed.Hub.WaitRare(paused, r.at) // its error is the context's
		cancel()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	for {
		events, last, more, ok := r.feed.Hub.Recent(r.at, max)
		switch {
		case !ok:
			return r.old(ctx, max)
		case last > r.at:
			r.at, r.more = last, more
			return events, nil
		}
		if err := r.feed.Hub.Wait(ctx, r.at); err != nil {
			return nil, err
		}
	}
}

// old reads what the hub has forgotten, or never had: what came before the start.
func (r *Reader) old(ctx context.Context, max int) ([]g.Event, error) {
	if r.stands != r.at {
		r.c.Skip(r.at)
	}
	records, err := r.c.Next(ctx, max)
	if err != nil {
		return nil, err
	}
	r.at = records[len(records)-1].Seq
	r.stands, r.more = r.at, len(records) == max
	return r.feed.decode(r.name, records), nil
}

// Commit notes that everything that was handed out has been handled.
func (r *Reader) Commit() error { return r.CommitAt(r.at) }

// CommitAt notes that everything up to seq has been handled.
func (r *Reader) CommitAt(seq uint64) error { return r.c.Commit(seq) }

// Close gives up the cursor; its position stays.
func (r *Reader) Close() { r.c.Close() }
