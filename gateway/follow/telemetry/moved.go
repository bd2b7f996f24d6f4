package telemetry

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	g "github.com/gatehouse-iot/gatehouse"
)

// endForgotten is called for the first reading of a property since the start: the device may have
// been moved while the gateway was down. It ends the series under other labels that PromQL would
// still look back to.
func (s *Store) endForgotten(
	ctx context.Context, a storage.Appender, class int, now labels.Labels, e *g.Event,
) error {
	at := max(e.Received.UnixMilli(), moment(e).UnixMilli())
	q, err := s.dbs[class].Querier(at-Lookback.Milliseconds(), at)
	if err != nil {
		return fmt.Errorf("look for a series from before the start: %w", err)
	}
	defer q.Close()
	left := q.Select(ctx, false, nil,
		labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, now.Get(labels.MetricName)),
		labels.MustNewMatcher(labels.MatchEqual, "device", string(e.Device)))
	for left.Next() {
		old := left.At().Labels()
		if labels.Equal(old, now) {
			continue
		}
		// A series that ended already, or that is ahead of this reading, takes no mark: no harm.
		_, _ = a.Append(0, old, at, math.Float64frombits(value.StaleNaN))
	}
	if err := left.Err(); err != nil {
		return fmt.Errorf("look for a series from before the start: %w", err)
	}
	return nil
}
