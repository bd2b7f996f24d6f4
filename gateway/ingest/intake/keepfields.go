package intake

import (
	"context"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// How often what devices send that no profile knows is written, and how much in one go: a
// thousand sensors that send a field too many are no load on the registry.
const (
	fieldsEvery = 10 * time.Second
	fieldsTurn  = 500
)

// Keep has the counts written now and then, until ctx ends. A crash forgets those of the last
// seconds.
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
