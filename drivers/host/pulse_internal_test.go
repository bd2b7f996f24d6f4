package host

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// wire responds to calls with err, after a delay, until it falls silent.
type wire struct {
	grpc.ClientConnInterface
	takes  time.Duration
	err    error
	silent atomic.Bool
}

func (w *wire) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	if w.silent.Load() {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	select {
	case <-time.After(w.takes):
		return w.err
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func TestPulse(t *testing.T) {
	for _, w := range []*wire{
		{},
		{takes: 6 * time.Second},
		{err: status.Error(codes.Unimplemented, "a program without our kit")},
		{err: status.Error(codes.Internal, "one that is in trouble, but there")},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			hung := make(chan bool, 1)
			go func() { hung <- pulse(ctx, w) }()
			time.Sleep(time.Hour) // in the synctest bubble
			select {
			case <-hung:
				t.Fatalf("%+v: taken for hung", w)
			default:
			}
			w.silent.Store(true)
			begun := time.Now()
			if !<-hung {
				t.Fatal("a silent program is not taken for hung")
			}
			if took := time.Since(begun); took > 10*time.Second+w.takes {
				t.Errorf("noticed after %s, want 10 s at most", took)
			}
			cancel()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if pulse(ctx, &wire{takes: time.Hour, err: errors.New("never")}) {
			t.Error("a program whose session ends is taken for hung")
		}
	})
}
