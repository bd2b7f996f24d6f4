package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

const (
	keepQuality   = 2 * time.Second       // between two turns of the report, at least
	keepLatest    = 20 * time.Second      // and at most
	rowsPerSecond = 500                   // the more rows a turn has, the later comes the next
	advanceEvery  = time.Minute           // between looks at gaps that are still open
	historyPoll   = 20 * time.Millisecond // while the history has not seen a sighting yet
	checkQuality  = time.Minute           // between looks at yesterday's report for the status page
)

// qualityState is what the rest of the gateway asks of the report.
type qualityState struct {
	seen atomic.Uint64 // counted, and perhaps not kept yet

	mu      sync.Mutex
	checked time.Time
	check   api.Check
}

// qualityReader counts what is wrong with the data. What it counted is kept in one
// transaction with the position that it belongs to: the journal's cursor only says what need
// not be read again, and what is read twice is passed over.
type qualityReader struct {
	a       *App
	view    *registry.View
	counter *quality.Counter
	cursor  *journal.Cursor
	zones   map[string]*time.Location
	at      uint64 // counted
	turn    uint64 // kept
	kept    time.Time
	looked  time.Time // at open gaps
}

// runQuality follows the journal until ctx ends.
func (a *App) runQuality(ctx context.Context) error {
	q := &qualityReader{a: a, view: a.reg.In(g.SystemScope("quality")), zones: map[string]*time.Location{}, kept: a.now()}
	q.counter = quality.New(a.cfg.Quality.limits(), quality.Facts{Silence: a.silenceOf, Location: q.location})
	turn, at, state, err := q.view.QualityState(ctx)
	if err != nil {
		return err
	}
	q.turn, q.at = turn, at
	for _, b := range state {
		if err := q.counter.Restore(b); err != nil {
			a.log.Error("what was remembered of some devices is lost: repeats from before are not recognised", "error", err)
		}
	}
	if q.cursor, err = a.journal.CursorAt("quality", at); err != nil {
		return err
	}
	defer q.cursor.Close()
	for {
		next, cancel := context.WithTimeout(ctx, keepQuality)
		records, err := q.cursor.Next(next, batch)
		cancel()
		if ctx.Err() != nil {
			return nil // what was not kept is read again
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if !q.count(ctx, records) {
			return nil
		}
		now := a.now()
		if len(records) < batch && now.Sub(q.looked).Abs() >= advanceEvery { // only once the past has been seen
			q.looked = now
			q.counter.Advance(now)
		}
		if q.counter.Full() || now.Sub(q.kept).Abs() >= q.pace() {
			if !q.keep(ctx) {
				return nil
			}
		}
	}
}

// pace bounds what the report costs: its rows are written so often as five hundred a second
// allow.
func (q *qualityReader) pace() time.Duration {
	return min(max(keepQuality, time.Duration(q.counter.Pending())*time.Second/rowsPerSecond), keepLatest)
}

// silenceOf is how long a device may be silent; false where it is gone or disabled.
func (a *App) silenceOf(id g.DeviceID) (time.Duration, bool) {
	e, ok := a.directory.Known(id)
	if !ok || !e.Device.Enabled {
		return 0, false
	}
	return e.Profile.Silence(), true
}

func (q *qualityReader) location(id g.SchoolID) *time.Location {
	s := q.a.school(id)
	if l := q.zones[s.Timezone]; l != nil {
		return l
	}
	l := s.Location()
	q.zones[s.Timezone] = l
	return l
}

// count counts what was not counted before. It is false where ctx ended.
func (q *qualityReader) count(ctx context.Context, records []journal.Record) bool {
	for len(records) > 0 && records[0].Seq <= q.at {
		records = records[1:]
	}
	if len(records) == 0 {
		return true
	}
	heads := make([]g.EventHead, len(records))
	events := map[uint64]g.Event{} // all but readings, which are most
	var sightings []g.Event
	for i, r := range records {
		h, err := g.DecodeHead(r.Data)
		if err != nil {
			continue // the readers before this one have logged it
		}
		heads[i] = h
		switch h.Kind {
		case g.EventSighting, g.EventStatus, g.EventRejected:
			e, err := g.DecodeEvent(r.Seq, r.Data)
			if err != nil {
				continue
			}
			events[r.Seq] = e
			if e.Sighting != nil && e.Sighting.ID != "" && e.Device != "" {
				sightings = append(sightings, e)
			}
		}
	}
	var first map[g.SightingID]uint64
	if len(sightings) > 0 && !q.a.insist(ctx, "quality", func() (err error) { first, err = q.first(ctx, sightings); return err }) {
		return false
	}
	for i, r := range records {
		if heads[i].Kind == g.EventReading {
			q.counter.Reading(heads[i])
		} else if e, ok := events[r.Seq]; ok {
			seq := uint64(0)
			if e.Sighting != nil {
				seq = first[e.Sighting.ID]
			}
			q.counter.Observe(e, seq != 0 && seq < r.Seq)
		}
	}
	q.at = records[len(records)-1].Seq
	q.a.quality.seen.Store(q.at)
	return true
}

// first are the sequences under which the history has the sightings: it keeps the first of
// each id. It waits until the history has seen those that it lacks.
func (q *qualityReader) first(ctx context.Context, sightings []g.Event) (map[g.SightingID]uint64, error) {
	ids := make([]g.SightingID, len(sightings))
	for i, e := range sightings {
		ids[i] = e.Sighting.ID
	}
	first, err := q.view.SightingSeqs(ctx, ids)
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
	for q.a.readerAt("history") < lacking {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(historyPoll):
		}
	}
	return q.view.SightingSeqs(ctx, ids)
}

// readerAt is the position of one of the journal's readers.
func (a *App) readerAt(name string) uint64 {
	for _, c := range a.journal.Stat().Cursors {
		if c.Name == name {
			return c.Seq
		}
	}
	return 0
}

// keep writes what was counted, however often it takes; false where ctx ended before.
func (q *qualityReader) keep(ctx context.Context) bool {
	turn := q.take()
	return q.a.insist(ctx, "quality", func() error { return q.write(ctx, turn) })
}

func (q *qualityReader) take() registry.QualityTurn {
	q.kept = q.a.now()
	rows, state := q.counter.Take()
	return registry.QualityTurn{Turn: q.turn + 1, Seq: q.at, Rows: rows, State: state, Judge: quality.Weigh}
}

func (q *qualityReader) write(ctx context.Context, t registry.QualityTurn) error {
	if len(t.Rows) > 0 || len(t.State) > 0 {
		if err := q.view.ApplyQuality(ctx, t); err != nil {
			return err
		}
		q.turn = t.Turn
		q.a.opt.Pause("quality kept")
	}
	return q.cursor.Commit(t.Seq)
}

// qualityCheck is yesterday's report in a line.
func (a *App) qualityCheck(ctx context.Context, now time.Time) api.Check {
	q := &a.quality
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.check.Name != "" && now.Sub(q.checked).Abs() < checkQuality {
		return q.check
	}
	utc := g.DateOf(now.UTC())
	days, err := a.reg.In(g.SystemScope("quality")).QualityDays(ctx, registry.QualityFilter{From: utc.Add(-2).String(), To: utc.Add(1).String()})
	if err != nil {
		return check("quality", "warning", "The data-quality report cannot be read: "+err.Error(), "无法读取数据质量报告："+err.Error())
	}
	var devices, bad, look, schools int64
	for _, d := range days {
		if today, _, _ := g.DayOf(now, a.school(d.School).Location()); d.Day != today.Add(-1).String() {
			continue
		}
		devices, bad, look = devices+d.Devices, bad+d.Bad, look+d.Look
		if d.Bad > 0 {
			schools++
		}
	}
	q.checked = now
	switch {
	case devices == 0:
		q.check = check("quality", "ok", "Nothing was received yesterday, so that there is no data to judge.", "昨天没有收到数据，无需判断数据质量。")
	case bad > 0:
		q.check = check("quality", "warning", fmt.Sprintf("Yesterday's data of %d of %d devices, at %d schools, is not to be trusted, and %d more are worth a look: see Data quality.", bad, devices, schools, look),
			fmt.Sprintf("昨天 %d 台设备中有 %d 台（%d 所学校）的数据不可信，另有 %d 台值得查看：请看“数据质量”。", devices, bad, schools, look))
	default:
		q.check = check("quality", "ok", fmt.Sprintf("Yesterday's data of all %d devices can be trusted; %d are worth a look.", devices, look), fmt.Sprintf("昨天 %d 台设备的数据均可信，其中 %d 台值得查看。", devices, look))
	}
	return q.check
}
