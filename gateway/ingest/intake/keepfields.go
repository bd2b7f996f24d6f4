package intake

import (
	"context"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Counts of unknown fields are written every fieldsEvery, fieldsTurn at most, so that a thousand
// sensors that send an unknown field do not load the registry.
const (
	fieldsEvery = 10 * time.Second
	fieldsTurn  = 500
)

// Keep writes the counts at intervals, until ctx ends. A crash loses those since the last write.
func (f *Fields) Keep(
	ctx context.Context, write func(context.Context, []g.UnknownField) error, log *slog.Logger,
) error {
	tick := time.NewTicker(fieldsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		rows := f.Take(fieldsTurn)
		if len(rows) == 0 {
			continue
		}
		if err := write(ctx, rows); err != nil {
			f.Untake(rows)
			if ctx.Err() == nil {
				log.Warn("the counts of unknown fields were not written; it is tried again",
					"error", err)
			}
		}
	}
}
