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

// When makes the next change that is written under ctx depend on check, which is asked once,
// when it is that change's turn to write: nobody writes between the check and the change. check
// reads through a View, and does not write.
func When(ctx context.Context, check func(context.Context) error) context.Context {
	return context.WithValue(ctx, whenKey{}, &condition{check: check})
}

// holds asks what the change depends on, where it depends on anything.
func holds(ctx context.Context) error {
	c, _ := ctx.Value(whenKey{}).(*condition)
	if c == nil || c.asked.Swap(true) {
		return nil
	}
	return c.check(ctx)
}
