package store

import (
	"context"
	"sync/atomic"
)

type whenKey struct{}

type condition struct {
	asked atomic.Bool
	check func(context.Context) error
}

// When makes the next write under ctx conditional on check, which is called once within the write
// transaction, so that no other write comes between. check reads through a View and must not write.
func When(ctx context.Context, check func(context.Context) error) context.Context {
	return context.WithValue(ctx, whenKey{}, &condition{check: check})
}

// holds evaluates the condition of ctx, if there is one that has not been evaluated.
func holds(ctx context.Context) error {
	c, _ := ctx.Value(whenKey{}).(*condition)
	if c == nil || c.asked.Swap(true) {
		return nil
	}
	return c.check(ctx)
}
