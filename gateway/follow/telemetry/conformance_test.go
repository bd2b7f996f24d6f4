package telemetry_test

import (
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/telemetrytest"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	telemetrytest.Run(t, telemetrytest.Rig{
		Open: func(t *testing.T) telemetrytest.Store {
			s, err := telemetry.Open(telemetry.Options{
				Dir:     dir,
				LateBy:  72 * time.Hour,
				Classes: []telemetry.Class{{Name: "default", Retention: 90 * 24 * time.Hour}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}
