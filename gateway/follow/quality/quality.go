// Package quality follows the journal for the data-quality report: it counts what is late,
// repeated, unknown, silent or refused, for each device and local day. What counts as which,
// package rules/quality decides. It waits for the history, which knows what is a repeat.
package quality

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

const (
	name          = "quality"             // of the cursor
	keepEvery     = 2 * time.Second       // between two writes of the report, at least
	keepLatest    = 20 * time.Second      // and at most
	rowsPerSecond = 500                   // written on average; more rows wait longer
	advanceEvery  = time.Minute           // between looks at gaps that are still open
	historyPoll   = 20 * time.Millisecond // while the history has not seen a sighting yet
)

// Options are what the report is made from.
type Options struct {
	Feed      *follow.Feed
	View      *registry.View
	Directory *directory.Directory
	Limits    quality.Limits
	History   string // the cursor of the reader that keeps sightings
	Now       func() time.Time
	Logger    *slog.Logger
}

// Reader counts what is wrong with the data. The counts are stored in one transaction with the
// position that they belong to. The journal's cursor only says what need not be read again; what is
// read twice is skipped.
type Reader struct {
	opt     Options
	counted atomic.Uint64 // sequence counted, perhaps not stored yet

	counter *quality.Counter
	cursor  *journal.Cursor
	zones   map[string]*time.Location
	at      uint64 // sequence counted
	turn    uint64 // number of the last write
	kept    time.Time
	looked  time.Time // at open gaps
}

// New makes a Reader that has counted nothing yet.
func New(o Options) *Reader {
	r := &Reader{
		opt:   o,
		zones: map[string]*time.Location{},
	}
	r.counter = quality.New(o.Limits, quality.Facts{
		Silence:  r.silence,
		Location: r.location,
	})
	return r
}

// Counted is the sequence up to which everything is counted; the cursor's position follows when the
// counts are stored. It is safe for concurrent use.
func (r *Reader) Counted() uint64 { return r.counted.Load() }

// Run follows the journal until ctx ends.
func (r *Reader) Run(ctx context.Context) error {
	r.kept = r.opt.Now()
	if err := r.restore(ctx); err != nil {
		return err
	}
	defer r.cursor.Close()
	for {
		next, cancel := context.WithTimeout(ctx, keepEvery)
		records, err := r.cursor.Next(next, follow.Batch)
		cancel()
		if ctx.Err() != nil {
			return nil // what was not kept is read again
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if !r.count(ctx, records) {
			return nil
		}
		now := r.opt.Now()
		// only when caught up
		if len(records) < follow.Batch && now.Sub(r.looked).Abs() >= advanceEvery {
			r.looked = now
			r.counter.Advance(now)
		}
		if r.counter.Full() || now.Sub(r.kept).Abs() >= r.pace() {
			if !r.keep(ctx) {
				return nil
			}
		}
	}
}

// restore continues from what was stored.
func (r *Reader) restore(ctx context.Context) error {
	turn, at, state, err := r.opt.View.History.QualityState(ctx)
	if err != nil {
		return err
	}
	r.turn, r.at = turn, at
	for _, b := range state {
		if err := r.counter.Restore(b); err != nil {
			r.opt.Logger.Error("what was remembered of some devices is lost: repeats from before "+
				"are not recognised",
				"error", err)
		}
	}
	r.cursor, err = r.opt.Feed.Journal.CursorAt(name, at)
	return err
}

// pace is the time between two writes of the report: the more rows are pending the longer, so that
// about rowsPerSecond are written, but keepLatest at most.
func (r *Reader) pace() time.Duration {
	return min(max(keepEvery, time.Duration(r.counter.Pending())*time.Second/rowsPerSecond),
		keepLatest)
}

// silence is how long a device may be silent; false where it is gone or disabled.
func (r *Reader) silence(id g.DeviceID) (time.Duration, bool) {
	e, ok := r.opt.Directory.Known(id)
	if !ok || !e.Device.Enabled {
		return 0, false
	}
	return e.Profile.Silence(), true
}

func (r *Reader) location(id g.SchoolID) *time.Location {
	s := r.opt.Directory.School(id)
	if l := r.zones[s.Timezone]; l != nil {
		return l
	}
	l := s.Location()
	r.zones[s.Timezone] = l
	return l
}

// count counts what was not counted before. It is false where ctx ended.
func (r *Reader) count(ctx context.Context, records []journal.Record) bool {
	for len(records) > 0 && records[0].Seq <= r.at {
		records = records[1:]
	}
	if len(records) == 0 {
		return true
	}
	b := parse(records)
	var first map[g.SightingID]uint64
	if len(b.sightings) > 0 && !r.opt.Feed.Health.Insist(ctx, name, func() (err error) {
		first, err = r.first(ctx, b.sightings)
		return err
	}) {
		return false
	}
	for i, record := range records {
		if b.heads[i].Kind == g.EventReading {
			r.counter.Reading(b.heads[i])
		} else if e, ok := b.events[record.Seq]; ok {
			seq := uint64(0)
			if e.Sighting != nil {
				seq = first[e.Sighting.ID]
			}
			r.counter.Observe(e, seq != 0 && seq < record.Seq)
		}
	}
	r.at = records[len(records)-1].Seq
	r.counted.Store(r.at)
	return true
}

// parsed is a batch. Of readings, which are most of it, only the heads are decoded.
type parsed struct {
	heads     []g.EventHead
	events    map[uint64]g.Event // all but readings
	sightings []g.Event
}

func parse(records []journal.Record) parsed {
	p := parsed{
		heads:  make([]g.EventHead, len(records)),
		events: map[uint64]g.Event{},
	}
	for i, record := range records {
		h, err := event.DecodeHead(record.Data)
		if err != nil {
			continue // the other readers have logged it
		}
		p.heads[i] = h
		switch h.Kind {
		case g.EventSighting, g.EventStatus, g.EventRejected:
		default:
			continue
		}
		e, err := event.Decode(record.Seq, record.Data)
		if err != nil {
			continue
		}
		p.events[record.Seq] = e
		if e.Sighting != nil && e.Sighting.ID != "" && e.Device != "" {
			p.sightings = append(p.sightings, e)
		}
	}
	return p
}

// first returns the sequence under which the history has each sighting: it keeps the first of each
// id. It waits until the history has read those that it lacks.
func (r *Reader) first(ctx context.Context, sightings []g.Event) (map[g.SightingID]uint64, error) {
	ids := make([]g.SightingID, len(sightings))
	for i, e := range sightings {
		ids[i] = e.Sighting.ID
	}
	first, err := r.opt.View.History.SightingSeqs(ctx, ids)
	if err != nil {
		return nil, err
	}
	var lacking uint64
	for _, e := range sightings {
		if _, ok := first[e.Sighting.ID]; !ok {
			lacking = e.Seq
		}
	}
	if lacking == 0 {
		return first, nil
	}
	for r.opt.Feed.At(r.opt.History) < lacking {
		if !follow.Rest(ctx, historyPoll) {
			return nil, ctx.Err()
		}
	}
	return r.opt.View.History.SightingSeqs(ctx, ids)
}

// keep stores the counts, trying until it works; false where ctx ended before.
func (r *Reader) keep(ctx context.Context) bool {
	r.kept = r.opt.Now()
	rows, state := r.counter.Take()
	turn := history.QualityTurn{
		Turn:  r.turn + 1,
		Seq:   r.at,
		Rows:  rows,
		State: state,
		Judge: quality.Weigh,
	}
	return r.opt.Feed.Health.Insist(ctx, name, func() error { return r.write(ctx, turn) })
}

func (r *Reader) write(ctx context.Context, t history.QualityTurn) error {
	if len(t.Rows) > 0 || len(t.State) > 0 {
		if err := r.opt.View.History.ApplyQuality(ctx, t); err != nil {
			return err
		}
		r.turn = t.Turn
		r.opt.Feed.Pause("quality kept")
	}
	return r.cursor.Commit(t.Seq)
}
