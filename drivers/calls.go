package drivers

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Within returns an Emit whose calls are given up when ctx ends, too: for a driver whose devices call
// it, and whose calls have contexts of their own.
func (e Emit) Within(ctx context.Context) Emit {
	return func(call context.Context, o ...gatehouse.Observation) error {
		call, cancel := context.WithCancel(call)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		return e(call, o...)
	}
}

// Sooner ends a little before the deadline of ctx, if it has one, so that who waits for a command still
// gets its state.
func Sooner(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-min(time.Second, time.Until(end)/10)))
}
