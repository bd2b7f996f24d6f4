package gate

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// OnState makes the change under the context depend on the state that match names, if any. now
// answers the tag of what is there: it reads, and writes nothing, an audited look neither. What
// is not there is never the state that somebody read.
func OnState(
	ctx context.Context, match string, now func(context.Context) (string, error),
) context.Context {
	if match == "" {
		return ctx
	}
	return registry.When(ctx, func(ctx context.Context) error {
		tag, err := now(ctx)
		if g.ErrorCode(err) == g.NotFound {
			return ChangedMeanwhile()
		}
		if err != nil {
			return err
		}
		if !Matches(match, tag) {
			return ChangedMeanwhile()
		}
		return nil
	})
}
