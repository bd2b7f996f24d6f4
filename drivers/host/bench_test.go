package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// counter is a sink that only counts, to measure the transport alone.
type counter struct {
	n    atomic.Int64
	want int64
	done chan struct{}
}

func (c *counter) Accept(
	_ context.Context, _ gatehouse.DriverName, obs []gatehouse.Observation,
) error {
	n := int64(len(obs))
	if after := c.n.Add(n); after >= c.want && after-n < c.want {
		close(c.done)
	}
	return nil
}

// BenchmarkObservations measures one observation from Emit in the driver's process to the sink and
// its acknowledgement back.
func BenchmarkObservations(b *testing.B) {
	for _, c := range []struct {
		name, behave string
		devices      int
	}{{"in hundreds, 10 devices", "burst", 10}, {"in hundreds, 1 device", "burst", 1}} {
		b.Run(c.name, func(b *testing.B) {
			sink := &counter{want: int64(b.N), done: make(chan struct{})}
			h := host.New(host.Options{Sink: sink, Logger: slog.New(slog.DiscardHandler)})
			ctx, cancel := context.WithCancel(b.Context())
			ran := make(chan error, 1)
			go func() { ran <- h.Run(ctx, []host.Spec{spec("steady")}) }()
			defer func() { cancel(); <-ran }()
			waitCtx, cancelWait := context.WithTimeout(ctx, time.Minute)
			defer cancelWait()
			if _, err := h.Wait(waitCtx, "steady"); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for i := range c.devices {
				if err := h.Put("steady",
					device(gatehouse.DeviceID(fmt.Sprint("dev_", i)), c.behave)); err != nil {
					b.Fatal(err)
				}
			}
			<-sink.done
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "obs/s")
		})
	}
}
