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

// paceBurst is the burst of a device's token bucket, in seconds' worth of its rate.
const paceBurst = 10

// rateOf returns how many observations a second the gateway accepts from one device, as stated in
// the session's metadata; 0: unlimited. The gateway also limits the whole program; limiting each
// device here makes only the noisy one wait.
func rateOf(ctx context.Context) int {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get(driverpb.RateKey) {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// newPace returns a device's token bucket; nil: unlimited.
func newPace(perSecond int) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), perSecond*paceBurst)
}

// hold waits until the device's rate allows the observations, or ctx ends. Replayed observations
// are not limited.
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
