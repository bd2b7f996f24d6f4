package drivers

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/metadata"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// paceBurst is how many seconds' worth of observations a device may emit at once.
const paceBurst = 10

// rateOf is how many observations a second the gateway takes of a device, as it says when it
// begins the session; 0: it has no bound. The gateway holds the whole program to it too; here
// only the device waits that sends too much, and none of its neighbours.
func rateOf(ctx context.Context) int {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get(driverpb.RateKey) {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// newPace is a device's share; nil: no bound.
func newPace(perSecond int) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), perSecond*paceBurst)
}

// hold waits until the observations are due, or ctx ends. What the device kept for later is
// not held back.
func hold(ctx context.Context, pace *rate.Limiter, observations []gatehouse.Observation) error {
	if pace == nil {
		return nil
	}
	now := time.Now()
	var longest time.Duration
	for i := range observations {
		if !observations[i].Replayed {
			longest = max(longest, pace.ReserveN(now, 1).DelayFrom(now))
		}
	}
	if longest <= 0 {
		return nil
	}
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
