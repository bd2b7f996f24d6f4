package influx_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/influx"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry/telemetrytest"
)

const token = "gatehouse:pass,w\"ord"

// prepare makes the user and the database. A server that has just started may not know its new user
// at once: then it tries again.
func prepare(t *testing.T, base string) {
	t.Helper()
	user, password, _ := strings.Cut(token, ":")
	first := `CREATE USER "` + user + `" WITH PASSWORD '` + password + `' WITH ALL PRIVILEGES`
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		statement(t, base, first, "", "") // refused where the user is there already
		why := ""
		for _, q := range []string{
			`CREATE DATABASE "school readings"`,
			`CREATE RETENTION POLICY "hour" ON "school readings" DURATION 1h REPLICATION 1`,
		} {
			if why == "" {
				why = statement(t, base, q, user, password)
			}
		}
		if why == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(why)
		}
		<-tick.C
	}
}

// statement runs one statement of InfluxQL and says what went wrong, "" where nothing did.
func statement(t *testing.T, base, q, user, password string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/query",
		strings.NewReader(url.Values{"q": {q}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return q + ": " + resp.Status + " " + string(body)
	}
	return ""
}

func started(t *testing.T) (*telemetrytest.Server, string) {
	t.Helper()
	s, base := telemetrytest.Influxd(t, true)
	s.Start(t)
	t.Cleanup(func() { s.Stop(t) })
	prepare(t, base)
	return s, base
}

func open(t *testing.T, base, bucket, token string) *influx.Store {
	t.Helper()
	s, err := influx.Open(influx.Options{
		URL:    base,
		Bucket: bucket,
		Token:  token,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	s, base := started(t)
	telemetrytest.Run(t, telemetrytest.Rig{
		Stop: s.Stop, Start: s.Start, Open: func(t *testing.T) telemetrytest.Store {
			st, err := influx.Open(influx.Options{
				URL:    base,
				Bucket: "school readings/autogen",
				Token:  token,
				Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			return st
		},
	})
}

// TestTroubles: what the server refuses for good is left out and counted; what its operator can fix
// is an error, and the batch is tried again.
func TestTroubles(t *testing.T) {
	_, base := started(t)
	describe := func(g.DeviceID) (telemetry.Series, bool) {
		return telemetry.Series{Profile: "lab", Type: g.TypeSensor}, true
	}
	event := func(ago time.Duration, f float64) g.Event {
		return g.Event{
			Kind:    g.EventReading,
			School:  "sch_a",
			Device:  "lab-a",
			Time:    time.Now().Add(-ago),
			Reading: &g.Reading{Values: map[string]g.Value{"x": g.NumberValue(f)}},
		}
	}
	hour := open(t, base, "school readings/hour", token)
	if err := hour.Append(t.Context(),
		[]g.Event{event(time.Minute, 1), event(48*time.Hour, 2), event(2*time.Minute, 3)},
		describe); err != nil {
		t.Errorf("a reading out of the server's retention: got %v, want no error", err)
	}
	if got := hour.Stats().Refused; got != 1 {
		t.Errorf("got %d refused readings, want 1", got)
	}
	const prefix = "/v1/telemetry/api/v1"
	all := telemetry.Allowed{Every: true}
	if _, body := telemetrytest.Ask(t, hour.Handler(prefix, all), "/query",
		url.Values{"query": {"sum(count_over_time(gatehouse_x[50m]))"}}); !strings.Contains(body,
		`"2"`) {
		t.Errorf("the readings beside it: got %s, want 2", body)
	}
	for name, s := range map[string]*influx.Store{
		"wrong password":   open(t, base, "school readings/autogen", "gatehouse:wrong"),
		"no such database": open(t, base, "nowhere/autogen", token),
	} {
		if err := s.Append(t.Context(), []g.Event{event(0, 1)}, describe); err == nil ||
			strings.Contains(err.Error(), "pass,w") {
			t.Errorf("%s: got %v, want an error without the password", name, err)
		}
		for path, form := range map[string]url.Values{
			"/query":  {"query": {"gatehouse_x"}},
			"/labels": {"match[]": {"gatehouse_x"}},
		} {
			code, body := telemetrytest.Ask(t, s.Handler(prefix, all), path, form)
			if code != http.StatusServiceUnavailable || !strings.Contains(body, `"unavailable"`) {
				t.Errorf("%s, %s: got %d %s, want 503 unavailable", name, path, code, body)
			}
		}
	}
	for _, o := range []influx.Options{
		{URL: "127.0.0.1:8086", Bucket: "b"},
		{URL: "http://127.0.0.1:8086"},
		{URL: "ftp://x", Bucket: "b"},
	} {
		if _, err := influx.Open(o); err == nil {
			t.Errorf("%+v: got no error", o)
		}
	}
}
