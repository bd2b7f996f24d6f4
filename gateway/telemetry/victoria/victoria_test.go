package victoria_test

import (
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/telemetry/telemetrytest"
	"github.com/gatehouse-iot/gatehouse/gateway/telemetry/victoria"
)

// server is Debian's VictoriaMetrics.
func server(t *testing.T) (*telemetrytest.Server, string) {
	t.Helper()
	program, err := exec.LookPath("victoria-metrics")
	if err != nil {
		t.Skip("victoria-metrics is not installed; deploy/setup/debian.sh test brings it")
	}
	addr := telemetrytest.FreeAddr(t)
	return &telemetrytest.Server{Health: "http://" + addr + "/health", Signal: os.Interrupt, Command: []string{program, "-httpListenAddr=" + addr,
		"-storageDataPath=" + t.TempDir(), "-retentionPeriod=12", "-memory.allowedBytes=268435456", "-dedup.minScrapeInterval=1ms", "-search.latencyOffset=1s"}}, "http://" + addr
}

func TestConformance(t *testing.T) {
	s, url := server(t)
	s.Start(t)
	t.Cleanup(func() { s.Stop(t) })
	telemetrytest.Run(t, telemetrytest.Rig{Stop: s.Stop, Start: s.Start, Open: func(t *testing.T) telemetrytest.Store {
		v, err := victoria.Open(victoria.Options{URL: url, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}})
}
