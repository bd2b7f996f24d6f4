package app_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// running is a gateway in this process.
type running struct {
	sent int64 // time of the last reading, in milliseconds since 1970
	*school
	a     *app.App
	stop  context.CancelFunc
	ended chan error
}

func (s *school) run(t *testing.T) *running {
	t.Helper()
	return s.runWith(t, configOf(s.dir))
}

func (s *school) runWith(t *testing.T, c config.Config) *running {
	t.Helper()
	a, err := open(t.Context(), c,
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{school: s, a: a, stop: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- a.Run(ctx) }()
	t.Cleanup(func() { r.end(t) })
	return r
}

// end stops the gateway, if it still runs, and returns how long that took and Run's error.
func (r *running) end(t *testing.T) (time.Duration, error) {
	t.Helper()
	begun := time.Now()
	r.stop()
	select {
	case err := <-r.ended:
		r.ended <- err
		return time.Since(begun), err
	case <-time.After(patience):
		t.Fatal("the gateway does not stop")
		return 0, nil
	}
}

// send publishes the n-th message of a device and wants it acknowledged.
func (r *running) send(t *testing.T, device string, n int) {
	t.Helper()
	conn, err := net.Dial("tcp", r.a.MQTTAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// A series has one value per millisecond, and a fast disk may acknowledge two in one.
	r.sent = max(r.sent+1, time.Now().UnixMilli())
	_, kind, payload := message(device, 0, n, r.sent)
	for _, b := range [][]byte{
		connectPacket(device, r.passwords[device]),
		publishPacket("gh/v1/"+killSchool+"/"+device+"/"+kind, 7, payload),
	} {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		var answer [4]byte
		if _, err := io.ReadFull(bufio.NewReader(conn), answer[:]); err != nil {
			t.Fatal(err)
		}
		if answer[3] != 0 && answer[3] != 7 {
			t.Fatalf("the gateway answers %x, want CONNACK 0 and PUBACK 7", answer)
		}
	}
}

// processing is what the status page says of the parts behind the journal.
func (r *running) processing(t *testing.T) string {
	t.Helper()
	st, err := get[api.Status](t.Context(), r.school, r.a.URL()+"/v1/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range st.Checks {
		if c.Name == "processing" {
			return c.State + ": " + c.Message
		}
	}
	t.Fatal("the status page says nothing of processing")
	return ""
}

func (r *running) lag(t *testing.T, cursor string) uint64 {
	t.Helper()
	st, err := get[api.Status](t.Context(), r.school, r.a.URL()+"/v1/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range st.Cursors {
		if c.Name == cursor {
			return c.Lag
		}
	}
	return 0
}

func (r *running) sightings(t *testing.T) int {
	t.Helper()
	rows, err := list(t.Context(), r.school, r.a.URL()+"/v1/sightings?",
		func(history.SightingRow) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("waited too long for " + what)
		case <-tick.C:
		}
	}
}

// beside opens one of the gateway's databases beside it, as an operator might.
func (s *school) beside(t *testing.T, name string) func(statement string) {
	t.Helper()
	db, err := sql.Open("sqlite",
		"file:"+filepath.Join(s.dir, "data", name)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", statement, err))
		}
	}
}

// TestPartThatFailsShowsAndGoesOn takes a table away from the history and gives it back.
func TestPartThatFailsShowsAndGoesOn(t *testing.T) {
	s := newSchool(t)
	r := s.run(t)
	history := s.beside(t, "history.db")
	history("ALTER TABLE sightings RENAME TO taken_away")
	r.send(t, "reader-8", 1)
	eventually(t, "the status page to show the history", func() bool {
		return strings.HasPrefix(r.processing(t),
			"critical: history is held up and tries again: write history: ")
	})
	r.send(t, "sensor-0", 1)
	eventually(t, "the other parts to go on", func() bool {
		return r.lag(t, "twin") == 0 && r.lag(t, "telemetry") == 0
	})
	if r.lag(t, "history") == 0 {
		t.Error("the history shows no lag, though it has handled nothing")
	}
	history("ALTER TABLE taken_away RENAME TO sightings")
	eventually(t, "the history to go on", func() bool { return r.lag(t, "history") == 0 })
	if got := r.sightings(t); got != 1 {
		t.Errorf("%d sightings after the history went on, want 1", got)
	}
	eventually(t, "the status page to show that all is well", func() bool {
		return strings.HasPrefix(r.processing(t), "ok: ")
	})
}

// TestStopWithPartThatFails stops a gateway whose history cannot go on, either since a table
// is gone or since another program holds the database: it ends in good order and in time,
// and the next start does what was left.
func TestStopWithPartThatFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, db, take, mend string }{
		{
			"failing",
			"history.db",
			"ALTER TABLE sightings RENAME TO taken_away",
			"ALTER TABLE taken_away RENAME TO sightings",
		},
		{"waiting", "history.db", "BEGIN IMMEDIATE", "ROLLBACK"},
		{"all waiting", "registry.db", "BEGIN IMMEDIATE", "ROLLBACK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSchool(t)
			r := s.run(t)
			db := s.beside(t, c.db)
			db(c.take)
			r.send(t, "reader-8", 1)
			if c.db == "history.db" { // while the registry is blocked the API cannot be asked
				eventually(t, "the history to fall behind", func() bool {
					return r.lag(t, "history") > 0 && r.lag(t, "twin") == 0
				})
			}
			took, err := r.end(t)
			if err != nil {
				t.Errorf("the gateway ended with %v, want no error", err)
			}
			// SQLite alone would wait 10 s for each lock, cancelled or not
			if took > 8*time.Second {
				t.Errorf("it took %s", took)
			}
			t.Logf("stopped within %s", took.Round(time.Millisecond))
			db(c.mend)
			r = s.run(t)
			eventually(t, "what was left to be done", func() bool { return r.sightings(t) == 1 })
		})
	}
}
