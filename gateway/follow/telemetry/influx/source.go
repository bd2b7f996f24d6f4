package influx

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api"
	"github.com/influxdata/influxdb-client-go/v2/api/query"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	maxReadings = 5_000_000      // that one selector may bring back
	unbounded   = 24 * time.Hour // how far back a request for names looks that says no start
)

// source selects series by Flux.
type source struct {
	api    api.QueryAPI
	bucket string
	now    func() time.Time
	log    *slog.Logger
}

func (s source) Querier(mint, maxt int64) (storage.Querier, error) {
	now := s.now()
	// Without a start or an end, the times are beyond what the server accepts.
	if last := now.Add(unbounded).UnixMilli(); maxt > last {
		maxt = last
	}
	if mint < 0 {
		mint = now.Add(-unbounded).UnixMilli()
	}
	return querier{s, mint, maxt}, nil
}

type querier struct {
	source
	mint, maxt int64
}

func (q querier) Close() error { return nil }

// Select brings the series that fulfil the matchers, sorted.
func (q querier) Select(
	ctx context.Context, _ bool, h *storage.SelectHints, ms ...*labels.Matcher,
) storage.SeriesSet {
	mint, maxt, names := q.mint, q.maxt, false
	if h != nil {
		mint, maxt, names = max(h.Start, q.mint), min(h.End, q.maxt), h.Func == "series"
	}
	found, err := q.read(ctx, mint, maxt, ms, names)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	return &seriesSet{
		all: found,
		at:  -1,
	}
}

// LabelValues are a label's values in the series that fulfil the matchers, sorted.
func (q querier) LabelValues(
	ctx context.Context, name string, _ *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return q.collect(ctx, ms, func(ls labels.Labels, add func(string)) {
		if v := ls.Get(name); v != "" {
			add(v)
		}
	})
}

// LabelNames are the names of the labels of the series that fulfil the matchers, sorted.
func (q querier) LabelNames(
	ctx context.Context, _ *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return q.collect(ctx, ms, func(ls labels.Labels, add func(string)) {
		ls.Range(func(l labels.Label) { add(l.Name) })
	})
}

func (q querier) collect(
	ctx context.Context, ms []*labels.Matcher, each func(labels.Labels, func(string)),
) ([]string, annotations.Annotations, error) {
	found, err := q.read(ctx, q.mint, q.maxt, ms, true)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, s := range found {
		each(s.labels, func(v string) { seen[v] = true })
	}
	return slices.Sorted(maps.Keys(seen)), nil, nil
}

// read asks the server and keeps of its answer what fulfils every matcher.
func (q querier) read(
	ctx context.Context, mint, maxt int64, ms []*labels.Matcher, first bool,
) ([]*series, error) {
	text, ok := flux(
		q.bucket,
		time.UnixMilli(mint),
		time.UnixMilli(maxt),
		ms,
		first,
	)
	if !ok || mint > maxt {
		return nil, nil
	}
	result, err := q.api.Query(ctx, text)
	if err != nil {
		return nil, q.trouble(ctx, err)
	}
	defer result.Close()
	by := map[string]*series{}
	var now *series // the series of the table that is being read; nil where it is not wanted
	readings, table := 0, -1
	for result.Next() {
		r := result.Record()
		if result.TableChanged() || r.Table() != table {
			table, now = r.Table(), nil
			if ls := labelsOf(result.TableMetadata(), r); fulfils(ls, ms) {
				if now = by[ls.String()]; now == nil {
					now = &series{labels: ls}
					by[ls.String()] = now
				}
			}
		}
		f, ok := r.Value().(float64)
		if now == nil || !ok {
			continue
		}
		if readings++; readings > maxReadings {
			return nil, g.Errorf(g.Invalid,
				"more than %d readings are needed: narrow the selector or the time", maxReadings)
		}
		now.readings = append(now.readings, reading{r.Time().UnixMilli(), f})
	}
	if err := result.Err(); err != nil {
		return nil, q.trouble(ctx, err)
	}
	all := slices.SortedFunc(maps.Values(by), func(a, b *series) int {
		return labels.Compare(a.labels, b.labels)
	})
	for _, s := range all {
		s.sort()
	}
	if !first {
		endMoved(all)
	}
	return all, nil
}

// trouble is the error as callers see it; the log has all of it.
func (q querier) trouble(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	q.log.Warn("the telemetry server does not answer", "error", err)
	return g.Errorf(g.Unavailable,
		"the telemetry server does not answer; try again, or ask whoever runs it")
}

func labelsOf(table *query.FluxTableMetadata, r *query.FluxRecord) labels.Labels {
	var b labels.ScratchBuilder
	for _, c := range table.Columns() {
		v, _ := r.ValueByKey(c.Name()).(string)
		switch {
		case !c.IsGroup() || v == "":
		case c.Name() == "_field":
			b.Add(labels.MetricName, v)
		case c.Name()[0] != '_':
			b.Add(c.Name(), v)
		}
	}
	b.Sort()
	return b.Labels()
}

func fulfils(ls labels.Labels, ms []*labels.Matcher) bool {
	return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool {
		return !m.Matches(ls.Get(m.Name))
	})
}

type reading struct {
	at    int64 // milliseconds since 1970
	value float64
}

type series struct {
	labels   labels.Labels
	readings []reading
}

// sort puts the readings in order, each time once.
func (s *series) sort() {
	slices.SortStableFunc(s.readings, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	s.readings = slices.CompactFunc(s.readings, func(a, b reading) bool { return a.at == b.at })
}
