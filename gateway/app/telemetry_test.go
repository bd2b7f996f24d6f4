package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/telemetrytest"
)

// numbers are the readings of property n that the telemetry API has, by their values.
func (r *running) numbers(t *testing.T) []string {
	t.Helper()
	type answer struct {
		Data struct {
			Result []struct {
				Values [][2]any `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	a, err := get[answer](t.Context(), r.school,
		r.a.URL()+"/v1/telemetry/api/v1/query?query="+url.QueryEscape("gatehouse_n[1h]"))
	if err != nil {
		return nil // the server is away
	}
	var out []string
	for _, s := range a.Data.Result {
		for _, v := range s.Values {
			out = append(out, fmt.Sprint(v[1]))
		}
	}
	slices.Sort(out)
	return out
}

// TestTelemetryServerWasAway runs the gateway over a telemetry server that is not there at
// first, comes, goes and comes again: what was acknowledged meanwhile is made up for from the
// journal, each reading once.
func TestTelemetryServerWasAway(t *testing.T) {
	for name, far := range map[string]func(*testing.T, *config.Telemetry) *telemetrytest.Server{
		"victoria": victoriaServer,
		"influx":   influxServer,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchool(t)
			c := configOf(s.dir)
			server := far(t, &c.Telemetry)
			c.Telemetry.Store = name
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			r := s.runWith(t, c)
			var want []string
			send := func(from, to int) {
				for n := from; n < to; n++ {
					r.send(t, fmt.Sprintf("sensor-%d", n%2), n)
					id, _, _ := message(fmt.Sprintf("sensor-%d", n%2), 0, n, 0)
					want = append(want, id)
				}
				slices.Sort(want)
			}
			whole := func() bool { return slices.Equal(r.numbers(t), want) }

			send(1, 10)
			eventually(t, "the status page to say so", func() bool {
				return strings.Contains(r.processing(t), "telemetry is held up")
			})
			server.Start(t)
			t.Cleanup(func() { server.Stop(t) })
			if name == "influx" {
				influxDatabase(t, c.Telemetry.URL)
			}
			eventually(t, "the readings to be made up for", whole)
			eventually(t, "the status page to be content", func() bool {
				return strings.HasPrefix(r.processing(t), "ok")
			})

			server.Stop(t)
			send(21, 30)
			if _, err := r.end(t); err != nil { // and the gateway restarts meanwhile
				t.Fatal(err)
			}
			r = s.runWith(t, c)
			send(30, 35)
			server.Start(t)
			eventually(t, "the readings to be made up for again", whole)
			eventually(t, "the cursor to be there", func() bool { return r.lag(t, "telemetry") == 0 })
		})
	}
}

// TestTelemetryThatCannotBeOpened puts a file where the embedded store's folder should be: the
// status page says so, and once it is removed the store catches up.
func TestTelemetryThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	folder := filepath.Join(s.dir, "data", "telemetry", "default")
	ok(t, os.RemoveAll(folder))
	ok(t, os.MkdirAll(filepath.Dir(folder), 0o700))
	ok(t, os.WriteFile(folder, nil, 0o600))
	r := s.run(t)
	r.send(t, "sensor-0", 7)
	eventually(t, "the status page to say so", func() bool {
		return strings.HasPrefix(r.check(t, "telemetry"), "critical: ")
	})
	if got := r.check(t, "telemetry"); !strings.Contains(got, folder) {
		t.Errorf("the status page says %q, want it to name %s", got, folder)
	}
	eventually(t, "its reader to be held up", func() bool {
		return strings.Contains(r.processing(t), "telemetry is held up")
	})
	if err := r.a.Backup(t.Context(), io.Discard); err == nil ||
		!strings.Contains(err.Error(), folder) {
		t.Errorf("a backup without the telemetry: got %v, want it to name %s", err, folder)
	}
	_, err := get[any](t.Context(), s, r.a.URL()+"/v1/telemetry/api/v1/query?query=gatehouse_n")
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a query is answered %v, want 503", err)
	}
	ok(t, os.Remove(folder))
	eventually(t, "the reading to be made up for", func() bool { return len(r.numbers(t)) == 1 })
	if got := r.check(t, "telemetry"); !strings.HasPrefix(got, "ok: Every reading") {
		t.Errorf("the status page says %q", got)
	}
}

func victoriaServer(t *testing.T, c *config.Telemetry) *telemetrytest.Server {
	program, err := exec.LookPath("victoria-metrics")
	if err != nil {
		t.Skip("victoria-metrics is not installed; deploy/setup/debian.sh test brings it")
	}
	addr := telemetrytest.FreeAddr(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.URL = "http://" + addr
	c.Username = "gatehouse"
	c.TokenFile = token
	return &telemetrytest.Server{
		Health: "http://gatehouse:a%20secret@" + addr + "/health",
		Signal: os.Interrupt,
		Command: []string{program, "-httpListenAddr=" + addr, "-httpAuth.username=gatehouse",
			"-httpAuth.password=a secret",
			"-storageDataPath=" + t.TempDir(), "-memory.allowedBytes=268435456",
			"-dedup.minScrapeInterval=1ms", "-search.latencyOffset=1s"},
	}
}

func influxServer(t *testing.T, c *config.Telemetry) *telemetrytest.Server {
	server, base := telemetrytest.Influxd(t, false)
	c.URL = base
	return server
}

func influxDatabase(t *testing.T, base string) {
	t.Helper()
	resp, err := http.PostForm(base+"/query", url.Values{"q": {"CREATE DATABASE gatehouse"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// TestPromtoolWithAKey asks the whole gateway as a developer does who has a key.
func TestPromtoolWithAKey(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; deploy/setup/debian.sh test brings it")
	}
	s := newSchool(t)
	r := s.run(t)
	r.send(t, "sensor-0", 7)
	eventually(t, "the reading to be there", func() bool { return len(r.numbers(t)) == 1 })
	gateway, err := url.Parse(r.a.URL())
	if err != nil {
		t.Fatal(err)
	}
	const series = `gatehouse_n{device="sensor-0", profile="kill-sensor", school="school", type="sensor", zone="zone"}`
	for _, c := range []struct{ key, want string }{{s.key, series + " => 7 @"}, {"wrong", "401"}} {
		// Debian's promtool cannot send a key: a reverse proxy adds it.
		front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(gateway)
			p.Out.Header.Set("Authorization", "Bearer "+c.key)
		}})
		for _, args := range [][]string{{"instant", front.URL + "/v1/telemetry", "gatehouse_n"},
			{"range", "--step=1s", front.URL + "/v1/telemetry", "gatehouse_n"},
			{"series", "--match=gatehouse_n", front.URL + "/v1/telemetry"},
			{"labels", front.URL + "/v1/telemetry", "device"}} {
			want := c.want
			if c.key == s.key && args[0] != "instant" {
				want = "sensor-0"
			}
			out, _ := exec.CommandContext(t.Context(), tool, append([]string{"query"}, args...)...).CombinedOutput()
			if !strings.Contains(string(out), want) {
				t.Errorf("promtool query %v: got %s, want it to hold %s", args, out, want)
			}
		}
		front.Close()
	}
}
