package victoria_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/telemetrytest"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/victoria"
)

// server is Debian's VictoriaMetrics.
func server(t *testing.T) (*telemetrytest.Server, string) {
	t.Helper()
	program, err := exec.LookPath("victoria-metrics")
	if err != nil {
		t.Skip("victoria-metrics is not installed; deploy/setup/debian.sh test brings it")
	}
	addr := telemetrytest.FreeAddr(t)
	return &telemetrytest.Server{
		Health: "http://" + addr + "/health",
		Signal: os.Interrupt, Command: []string{program, "-httpListenAddr=" + addr,
			"-storageDataPath=" + t.TempDir(), "-retentionPeriod=12",
			"-memory.allowedBytes=268435456", "-dedup.minScrapeInterval=1ms",
			"-search.latencyOffset=1s"},
	}, "http://" + addr
}

func TestConformance(t *testing.T) {
	s, url := server(t)
	s.Start(t)
	t.Cleanup(func() { s.Stop(t) })
	telemetrytest.Run(t, telemetrytest.Rig{
		Stop: s.Stop, Start: s.Start, Open: func(t *testing.T) telemetrytest.Store {
			v, err := victoria.Open(victoria.Options{
				URL:    url,
				Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			return v
		},
	})
}

// TestServerKeepsToTheFilters asks the server itself, without what this package does to a
// request: extra_filters[] alone confines every path that requests are sent to.
func TestServerKeepsToTheFilters(t *testing.T) {
	s, base := server(t)
	s.Start(t)
	t.Cleanup(func() { s.Stop(t) })
	st, err := victoria.Open(victoria.Options{URL: base})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	at := time.Now().Add(-2 * time.Minute).Truncate(time.Second)
	var events []g.Event
	for _, school := range []string{"a", "b"} {
		events = append(events,
			g.Event{
				Kind:    g.EventReading,
				School:  g.SchoolID("sch_" + school),
				Device:  g.DeviceID("lab-" + school),
				Time:    at,
				Reading: &g.Reading{Values: map[string]g.Value{"x": g.NumberValue(1)}},
			})
	}
	if err := st.Append(t.Context(), events, func(g.DeviceID) (telemetry.Series, bool) {
		return telemetry.Series{Profile: "lab", Type: g.TypeSensor}, true
	}); err != nil {
		t.Fatal(err)
	}
	end := fmt.Sprint(at.Unix())
	ask := func(path string, form url.Values) string {
		resp, err := http.PostForm(base+"/api/v1"+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: got %s %s (%v)", path, resp.Status, b, err)
		}
		return string(b)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for path, form := range map[string]url.Values{
		"/query": {
			"query":   {`{school=~".+"} or gatehouse_x{school="sch_b"}`},
			"time":    {end},
			"nocache": {"1"},
		},
		"/query_range": {
			"query":   {`{school=~".+"} or gatehouse_x{school="sch_b"}`},
			"start":   {end},
			"end":     {end},
			"step":    {"60"},
			"nocache": {"1"},
		},
		"/labels":              {"start": {"0"}},
		"/label/device/values": {"start": {"0"}},
		"/series":              {"match[]": {`{school=~".+"}`, `{school="sch_b"}`}, "start": {"0"}},
	} {
		for deadline := time.Now().Add(time.Minute); path != "/labels" &&
			!strings.Contains(ask(path, form), "lab-b"); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the server does not show what it took: %s", path, ask(path, form))
			}
			<-tick.C
		}
		form.Set("extra_filters[]", `{school=~"sch_a|sch_c"}`)
		if got := ask(path, form); strings.Contains(got, "lab-b") ||
			strings.Contains(got, "sch_b") || !strings.Contains(got, "lab-a") && path != "/labels" {
			t.Errorf("%s: got %s, want school a alone", path, got)
		}
		form.Set("extra_filters[]", `{school=""}`)
		if got := ask(path, form); strings.Contains(got, "lab-") ||
			strings.Contains(got, "school") {
			t.Errorf("%s for no school: got %s, want nothing", path, got)
		}
	}
}
