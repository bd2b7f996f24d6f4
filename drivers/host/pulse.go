package host

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// A program gets a health check every second; if it has not responded by the eighth tick it has
// hung. Ticks are counted instead of measuring time, so that a suspended machine or a stopped
// gateway does not make a program look hung.
const (
	pulseEvery  = time.Second
	pulseMissed = 8
)

// pulse checks the program until ctx ends (false) or it has hung (true).
func pulse(ctx context.Context, conn grpc.ClientConnInterface) (hung bool) {
	health := grpc_health_v1.NewHealthClient(conn)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var waiting atomic.Bool
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for missed := 0; ; {
		if waiting.CompareAndSwap(false, true) {
			missed = 0
			go func() {
				_, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
				switch status.Code(err) {
				case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded:
				default: // any response counts, even that the service is unknown
					waiting.Store(false)
				}
			}()
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if missed++; missed >= pulseMissed {
			return true
		}
	}
}

// hang is the outcome of a hung program.
func hang() outcome {
	return outcome{
		hung: true,
		reason: fmt.Sprintf("it hung: it gave no sign for %s, and was ended",
			pulseMissed*pulseEvery),
	}
}
