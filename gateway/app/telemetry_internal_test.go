package app

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

// TestStatusSaysThatTelemetryIsBeingRead has a store that has not opened yet.
func TestStatusSaysThatTelemetryIsBeingRead(t *testing.T) {
	release := make(chan struct{})
	options := telemetry.Options{
		Dir:     t.TempDir(),
		Classes: []telemetry.Class{{Name: "default", Retention: time.Hour}},
	}
	o := telemetry.OpenBeside(slog.New(slog.DiscardHandler), func() (*telemetry.Store, error) {
		<-release
		return telemetry.Open(options)
	})
	watched := selfwatch.Telemetry(o.Stats, ready(o))
	if got := watched.Check(t.Context(), time.Now(), nil); got.State != "ok" ||
		!strings.Contains(got.Message, "still being read") {
		t.Errorf("the status page says %s %q", got.State, got.Message)
	}
	close(release)
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
