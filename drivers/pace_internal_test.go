package drivers

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

func TestHoldPacesOneDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		said := metadata.NewIncomingContext(ctx, metadata.Pairs(driverpb.RateKey, "100"))
		if n := rateOf(ctx); n != 0 || newPace(n) != nil {
			t.Errorf("got %d a second where the gateway says nothing, want no bound", n)
		}
		one, other := newPace(rateOf(said)), newPace(rateOf(said))
		begun := time.Now()
		many := make([]gatehouse.Observation, 1000)
		took := func(what string, want time.Duration, f func() error) {
			t.Helper()
			from := time.Now()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(from).Round(time.Millisecond); got != want {
				t.Errorf("%s took %s, want %s", what, got, want)
			}
		}
		took("ten seconds' worth", 0, func() error { return hold(ctx, one, many) })
		took("a second's worth more", time.Second, func() error {
			return hold(ctx, one, many[:100])
		})
		took("its neighbour", 0, func() error { return hold(ctx, other, many) })
		for i := range many {
			many[i].Replayed = true
		}
		took("what it kept", 0, func() error { return hold(ctx, one, many) })
		stopped, cancel := context.WithCancel(ctx)
		cancel()
		if err := hold(stopped, one, make([]gatehouse.Observation, 100)); err == nil {
			t.Error("got nil when the device was let go of, want its error")
		}
		if time.Since(begun) > 2*time.Second {
			t.Error("it waited for a device that was let go of")
		}
	})
}
