package gate

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// OnState makes the change under the context depend on the state that match names, if any. now
// returns the tag of the current state; it must write nothing, not even an entry of the audit log.
// What does not exist matches no tag.
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
