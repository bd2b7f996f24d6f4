package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// onState makes the change under the context depend on the state that match names, if any. now
// answers the tag of what is there: it reads, and writes nothing, an audited look neither. What
// is not there is never the state that somebody read.
func onState(ctx context.Context, match string, now func(context.Context) (string, error)) context.Context {
	if match == "" {
		return ctx
	}
	return registry.When(ctx, func(ctx context.Context) error {
		tag, err := now(ctx)
		if g.ErrorCode(err) == g.NotFound {
			return changedMeanwhile()
		}
		if err != nil {
			return err
		}
		if !matches(match, tag) {
			return changedMeanwhile()
		}
		return nil
	})
}
