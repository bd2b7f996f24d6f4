package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/annotations"

	g "github.com/gatehouse-iot/gatehouse"
)

// Allowed are the schools that a caller may read: those named, or every one.
type Allowed struct {
	Every   bool // the gateway's own use only
	Schools []g.SchoolID
}

// matcher is the condition that is added to every selector. A caller who may see no school
// gets one that nothing fulfils: each stored series has a school.
func (a Allowed) matcher() *labels.Matcher {
	if a.Every {
		return nil
	}
	var names, patterns []string
	for _, s := range a.Schools {
		if utf8.ValidString(string(s)) { // no label is anything else
			names, patterns = append(names, string(s)), append(patterns,
				regexp.QuoteMeta(string(s)))
		}
	}
	switch len(names) {
	case 0:
		return labels.MustNewMatcher(labels.MatchEqual, "school", "")
	case 1:
		return labels.MustNewMatcher(labels.MatchEqual, "school", names[0])
	}
	return labels.MustNewMatcher(labels.MatchRegexp, "school", strings.Join(patterns, "|"))
}

// Queries evaluates PromQL over a source of series.
type Queries struct {
	engine *promql.Engine
	source storage.Queryable
}

// NewQueries makes Queries with the bounds that hold for every store: 30 s and 5 million
// samples in memory for each query, and values that count for 5 minutes.
func NewQueries(source storage.Queryable, l *slog.Logger) *Queries {
	return &Queries{source: source, engine: promql.NewEngine(promql.EngineOpts{
		Logger:                   quiet(l),
		MaxSamples:               maxSamples,
		Timeout:                  maxTime,
		LookbackDelta:            Lookback,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
	})}
}

// Lookback is how long a series keeps its last value in a query.
const Lookback = 5 * time.Minute

// classes selects from the TSDBs of all classes.
type classes []*tsdb.DB

func (c classes) Querier(mint, maxt int64) (storage.Querier, error) {
	var qs []storage.Querier
	for _, db := range c {
		sub, err := db.Querier(mint, maxt)
		if err != nil {
			for _, open := range qs {
				open.Close()
			}
			return nil, err
		}
		qs = append(qs, sub)
	}
	return storage.NewMergeQuerier(qs, nil, storage.ChainedSeriesMerge), nil
}

// scopedSource has the school matcher forced into every selector, and counts what one query
// reads where it has a budget.
type scopedSource struct {
	storage.Queryable
	by     *labels.Matcher
	budget *budget
}

// within returns the source for one query, with a budget of its own.
func (s scopedSource) within() scopedSource {
	s.budget = &budget{}
	return s
}

func (s scopedSource) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := s.Queryable.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return scoped{q, s.by, s.budget}, nil
}

type scoped struct {
	storage.Querier
	by     *labels.Matcher
	budget *budget
}

// limit adds the forced matcher.
func (s scoped) limit(ms []*labels.Matcher) []*labels.Matcher {
	if s.by == nil {
		return ms
	}
	return append(slices.Clone(ms), s.by)
}

func (s scoped) Select(
	ctx context.Context, sorted bool, h *storage.SelectHints, ms ...*labels.Matcher,
) storage.SeriesSet {
	found := s.Querier.Select(ctx, sorted, h, s.limit(ms)...)
	if s.budget == nil {
		return found
	}
	return &counted{
		SeriesSet: found,
		b:         s.budget,
	}
}

func (s scoped) LabelValues(
	ctx context.Context, name string, h *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return s.Querier.LabelValues(ctx, name, h, s.limit(ms)...)
}

func (s scoped) LabelNames(
	ctx context.Context, h *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return s.Querier.LabelNames(ctx, h, s.limit(ms)...)
}

// selectSeries is the label sets that match any of the selectors, sorted, at most limit.
func selectSeries(
	ctx context.Context, q storage.Querier, mint, maxt int64, sets [][]*labels.Matcher, limit int,
) ([]labels.Labels, error) {
	hints := &storage.SelectHints{
		Start: mint,
		End:   maxt,
		Func:  "series",
	}
	var parts []storage.SeriesSet
	for _, ms := range sets {
		parts = append(parts, q.Select(ctx, true, hints, ms...))
	}
	merged := storage.NewMergeSeriesSet(parts, 0, storage.ChainedSeriesMerge)
	out := []labels.Labels{}
	for merged.Next() {
		if len(out) == limit {
			return nil, errors.New("too many series: narrow the selector or the time")
		}
		out = append(out, merged.At().Labels())
	}
	return out, merged.Err()
}
