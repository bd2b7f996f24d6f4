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

// A program is asked every second whether it is there; one that has not answered by the
// eighth has hung. They are counted, and not read off a clock: after a machine that slept, or
// a gateway that was stopped, a program has the whole time again.
const (
	pulseEvery  = time.Second
	pulseMissed = 8
)

// pulse asks the program until ctx ends or it has hung.
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
				default: // any answer will do, also that it knows of no such question
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

// hang is how a hung program is told of.
func hang() outcome {
	return outcome{
		hung: true,
		reason: fmt.Sprintf("it hung: it gave no sign for %s, and was ended",
			pulseMissed*pulseEvery),
	}
}
