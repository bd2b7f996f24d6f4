package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/backup"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// beforePassword is that of the administrator of testdata/school-before.tgz: a backup of the
// demonstration school, made by the version before this one after it had run for two minutes,
// without pictures and faces. All of its people are invented.
const beforePassword = "4X72TO6UB4FKZTYG"

// asked is a running gateway and somebody who has signed in.
type asked struct {
	t      *testing.T
	url    string
	client *http.Client
}

func (x asked) do(method, path string, body, out any) {
	x.t.Helper()
	b, err := json.Marshal(body)
	ok(x.t, err)
	r, err := http.NewRequestWithContext(x.t.Context(), method, x.url+path, bytes.NewReader(b))
	ok(x.t, err)
	r.Header.Set("Content-Type", "application/json")
	resp, err := x.client.Do(r)
	ok(x.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ok(x.t, err)
	if resp.StatusCode != http.StatusOK {
		x.t.Fatalf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if out != nil {
		ok(x.t, json.Unmarshal(answer, out))
	}
}

// all reads every page of a list.
func (x asked) all(path string) (rows []map[string]any) {
	x.t.Helper()
	next := ""
	for {
		var p page[map[string]any]
		x.do("GET", path+"&limit=500&cursor="+next, nil, &p)
		rows = append(rows, p.Items...)
		if p.Next == "" {
			return rows
		}
		next = p.Next
	}
}

// before counts the rows whose time is before another.
func before(t *testing.T, rows []map[string]any, key string, then time.Time) (n int) {
	t.Helper()
	for _, row := range rows {
		at, err := time.Parse(time.RFC3339, row[key].(string))
		ok(t, err)
		if at.Before(then) {
			n++
		}
	}
	return n
}

// TestSchoolOfTheVersionBefore restores a backup that the version before has made and opens it: its
// administrator signs in with the old password, and devices, people, alerts, the journal, the
// history and attendance are there to the last row.
func TestSchoolOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	archive, err := os.Open("testdata/school-before.tgz")
	ok(t, err)
	defer archive.Close()
	then, began := time.Date(2026, 11, 27, 11, 39, 0, 0, time.UTC), time.Now()
	now := func() time.Time { return then.Add(time.Since(began)) }

	c := config.Default()
	c.DataDir = filepath.Join(t.TempDir(), "data")
	c.HTTP.Listen, c.MQTT.Listen = "127.0.0.1:0", "127.0.0.1:0"
	told, err := backup.Restore(t.Context(), archive, c.DataDir, now())
	ok(t, err)
	if len(told) != 0 {
		t.Errorf("the journal is damaged: %v", told)
	}
	a, err := open(t.Context(), c,
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test", Now: now})
	ok(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		ok(t, <-ended)
	})

	jar, err := cookiejar.New(nil)
	ok(t, err)
	x := asked{t: t, url: a.URL(), client: &http.Client{Jar: jar}}
	x.do("POST", "/v1/session", map[string]string{"name": "admin", "password": beforePassword}, nil)
	for path, want := range map[string]int{
		"/v1/devices?school=demo-school":   72,
		"/v1/people?school=demo-school":    34,
		"/v1/incidents?school=demo-school": 2,
		"/v1/sessions?school=demo-school":  3,
		"/v1/sightings?school=demo-school": 50,
	} {
		if got := len(x.all(path)); got != want {
			t.Errorf("%s: got %d rows, want %d", path, got, want)
		}
	}
	attendance := 0
	for _, s := range x.all("/v1/sessions?school=demo-school") {
		attendance += len(x.all("/v1/attendance?session=" + s["id"].(string)))
	}
	if attendance != 62 {
		t.Errorf("got %d answers of attendance, want 62", attendance)
	}
	if got := before(t, x.all("/v1/alerts?school=demo-school"), "opened", then); got != 3 {
		t.Errorf("got %d alerts of the time before, want 3", got)
	}
	const kinds = "reading,sighting,status,rejected,alert,incident,attendance"
	var events []map[string]any
	for after := 0.0; ; {
		var p page[map[string]any]
		x.do("GET", fmt.Sprintf("/v1/events?limit=1000&kinds=%s&after=%.0f", kinds, after), nil, &p)
		if len(p.Items) == 0 {
			break
		}
		events = append(events, p.Items...)
		after = p.Items[len(p.Items)-1]["seq"].(float64)
	}
	if got := before(t, events, "received", then); got != 2071 {
		t.Errorf("got %d events of the time before, want 2071", got)
	}
	if got := before(t, x.all("/v1/audit?school=demo-school"), "time", then); got != 170 {
		t.Errorf("got %d entries of the audit log of the time before, want 170", got)
	}
}
