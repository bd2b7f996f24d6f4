// Package telemetry keeps readings as time series in embedded Prometheus TSDBs, one for each
// retention class, and answers PromQL over the Prometheus HTTP query API. Every query runs behind a
// querier that adds the caller's school matcher to each selector, so that no expression can reach
// another school. It keeps numbers and booleans; strings stay in the twin.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	g "github.com/gatehouse-iot/gatehouse"
)

// Class is a retention class: profiles name one, and their readings are kept that long.
type Class struct {
	Name      string
	Retention time.Duration
}

// Options say where and how long. LateBy is how old a late sample may be and still be kept.
type Options struct {
	Dir     string
	Classes []Class // the first is the default; at least one
	LateBy  time.Duration
	Logger  *slog.Logger
}

// Describe returns what the store needs to know of a device; ok false drops its readings.
type Describe func(g.DeviceID) (d Series, ok bool)

// Series is the part of a device that becomes labels.
type Series struct {
	Profile g.ProfileID
	Type    g.DeviceType
	Class   string // retention class; "" or unknown: the default
}

// Store is one TSDB for each class behind one query engine. It is safe for concurrent
// queries; Append has one caller.
type Store struct {
	*Queries
	classes []Class
	dbs     []*tsdb.DB
	dropped [3]atomic.Uint64          // duplicate, tooOld, unknown device
	known   map[seriesKey]knownSeries // Append's alone
}

// seriesKey and knownSeries cache a series' reference, so that a sample need not build and
// look up its labels. The TSDB does not reuse a reference, and a series that it has
// dropped is looked up anew.
type seriesKey struct {
	device   g.DeviceID
	property string
}

type knownSeries struct {
	ref    storage.SeriesRef
	class  int
	school g.SchoolID
	zone   g.ZoneID
	is     Series
}

// maxKnown bounds the memory of series; a full one is emptied.
const maxKnown = 500_000

// Open opens or creates the TSDBs below o.Dir.
func Open(o Options) (*Store, error) {
	if len(o.Classes) == 0 {
		return nil, errors.New("open telemetry: no retention class")
	}
	s := &Store{
		classes: o.Classes,
		known:   map[seriesKey]knownSeries{},
	}
	for _, c := range o.Classes {
		opts := tsdb.DefaultOptions()
		opts.RetentionDuration = c.Retention.Milliseconds()
		opts.OutOfOrderTimeWindow = o.LateBy.Milliseconds()
		db, err := tsdb.Open(
			filepath.Join(o.Dir, c.Name),
			quiet(o.Logger),
			nil,
			opts,
			nil,
		)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("open telemetry class %q: %w", c.Name, err)
		}
		s.dbs = append(s.dbs, db)
	}
	s.Queries = NewQueries(classes(s.dbs), o.Logger)
	return s, nil
}

// quiet lets warnings and errors through; the TSDB is talkative at info.
func quiet(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(warnings{l.Handler()})
}

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }
func (w warnings) WithGroup(n string) slog.Handler      { return warnings{w.Handler.WithGroup(n)} }

// Close flushes and closes every TSDB.
func (s *Store) Close() error {
	var errs []error
	for _, db := range s.dbs {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// Append writes the readings among the events and skips all others. The same event twice is
// the same sample; a sample older than the late window, or a second value for an instant,
// is dropped and counted. An error means that nothing of the batch is promised; append it
// again.
func (s *Store) Append(ctx context.Context, events []g.Event, describe Describe) error {
	apps := make([]storage.Appender, len(s.dbs))
	for i := range events {
		e := &events[i]
		if e.Kind != g.EventReading || e.Reading == nil {
			continue
		}
		d, ok := describe(e.Device)
		if !ok {
			s.dropped[2].Add(1)
			continue
		}
		c := s.class(d.Class)
		if apps[c] == nil {
			apps[c] = s.dbs[c].Appender(ctx)
		}
		if err := s.reading(
			ctx,
			apps[c],
			c,
			e,
			d,
		); err != nil {
			rollback(apps)
			return fmt.Errorf("append reading of %s: %w", e.Device, err)
		}
	}
	for i, a := range apps {
		if a == nil {
			continue
		}
		apps[i] = nil
		if err := a.Commit(); err != nil {
			rollback(apps)
			return fmt.Errorf("commit telemetry class %q: %w", s.classes[i].Name, err)
		}
	}
	return nil
}

func rollback(apps []storage.Appender) {
	for _, a := range apps {
		if a != nil {
			a.Rollback()
		}
	}
}

func (s *Store) class(name string) int {
	for i, c := range s.classes {
		if c.Name == name {
			return i
		}
	}
	return 0
}

func (s *Store) reading(
	ctx context.Context, a storage.Appender, class int, e *g.Event, d Series,
) error {
	at := moment(e).UnixMilli()
	for name, v := range e.Reading.Values {
		f, ok := v.Float()
		if !ok {
			continue
		}
		err := s.sample(ctx, a, class, e, d, name, at, f)
		switch {
		case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
			s.dropped[0].Add(1)
		case late(err):
			s.dropped[1].Add(1)
		case err != nil:
			return err
		}
	}
	return nil
}

func late(err error) bool {
	return errors.Is(err, storage.ErrOutOfOrderSample) || errors.Is(err, storage.ErrOutOfBounds) ||
		errors.Is(err, storage.ErrTooOldSample)
}

func (s *Store) sample(
	ctx context.Context, a storage.Appender, class int, e *g.Event, d Series, property string, at int64, f float64,
) error {
	key := seriesKey{e.Device, property}
	was, ok := s.known[key]
	now := knownSeries{was.ref, class, e.School, e.Zone, d}
	if ok && was == now {
		_, err := a.Append(was.ref, labels.EmptyLabels(), at, f)
		if err == nil || errors.Is(err, storage.ErrDuplicateSampleForTimestamp) || late(err) {
			return err
		}
	}
	ls := labels.FromStrings(labels.MetricName, MetricName(property), "device", string(e.Device),
		"profile", string(d.Profile),
		"school", string(e.School), "type", string(d.Type), "zone", string(e.Zone))
	ref, err := a.Append(0, ls, at, f)
	if err != nil {
		return err
	}
	if len(s.known) >= maxKnown {
		clear(s.known)
	}
	switch {
	case ok && was.ref != ref && was.class == class:
		end(a, was.ref, e)
	case !ok:
		if err := s.endForgotten(
			ctx,
			a,
			class,
			ls,
			e,
		); err != nil {
			return err
		}
	}
	now.ref = ref
	s.known[key] = now
	return nil
}

// end writes a staleness marker, as Prometheus does for a series that is gone from its source: the
// device has moved, and would otherwise count in both rooms until the old value is too old to be
// looked back to. A series that is no longer in memory needs none.
func end(a storage.Appender, ref storage.SeriesRef, e *g.Event) {
	at := max(e.Received.UnixMilli(), moment(e).UnixMilli())
	_, _ = a.Append(ref, labels.EmptyLabels(), at, math.Float64frombits(value.StaleNaN))
}

// moment is when a reading counts: when it was measured, or else when it arrived.
func moment(e *g.Event) time.Time {
	if e.Time.IsZero() {
		return e.Received
	}
	return e.Time
}

// MetricName is the name under which a property's values are found: "gatehouse_" and the
// property with everything but letters, digits and '_' turned into '_'.
func MetricName(property string) string {
	return "gatehouse_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, property)
}

// Stats counts what is held and what was dropped since the start.
type Stats struct {
	Series     uint64 `json:"series"`
	Duplicates uint64 `json:"duplicates"`
	TooOld     uint64 `json:"too_old"`
	Unknown    uint64 `json:"unknown_device"`
	Refused    uint64 `json:"refused"` // by the server, for good
}

// Stats reads the counters.
func (s *Store) Stats() Stats {
	st := Stats{
		Duplicates: s.dropped[0].Load(),
		TooOld:     s.dropped[1].Load(),
		Unknown:    s.dropped[2].Load(),
	}
	for _, db := range s.dbs {
		st.Series += db.Head().NumSeries()
	}
	return st
}

// Snapshot writes consistent copies of every class below dir, as folders that Open reads.
func (s *Store) Snapshot(dir string) error {
	for i, c := range s.classes {
		if err := s.dbs[i].Snapshot(filepath.Join(dir, c.Name), true); err != nil {
			return fmt.Errorf("snapshot telemetry class %q: %w", c.Name, err)
		}
	}
	return nil
}
