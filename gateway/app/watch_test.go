package app_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// runOver runs the gateway with what the configuration and the options say.
func (s *school) runOver(t *testing.T, c config.Config, o app.Options) *running {
	t.Helper()
	o.Logger, o.Version = slog.New(slog.DiscardHandler), "test"
	a, err := open(t.Context(), c, o)
	ok(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{school: s, a: a, stop: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- a.Run(ctx) }()
	t.Cleanup(func() { r.end(t) })
	return r
}

// own are the alerts about the gateway itself, newest first.
func (r *running) own(t *testing.T, about string) []alerts.AlertRow {
	t.Helper()
	rows, _, err := r.view().Alerts.List(t.Context(),
		alerts.Filter{School: killSchool, Rule: g.RuleID(g.GatewayRule + about)})
	ok(t, err)
	return rows
}

// raised waits for the one alert about something, of a severity, and returns it.
func (r *running) raised(t *testing.T, about string, severity g.Severity) alerts.AlertRow {
	t.Helper()
	var found []alerts.AlertRow
	eventually(t, "an alert about "+about, func() bool {
		found = slices.DeleteFunc(r.own(t, about), func(a alerts.AlertRow) bool {
			return !a.Firing || a.Severity != severity
		})
		return len(found) > 0
	})
	a := found[0]
	if a.State != g.AlertOpen || a.School != killSchool || a.Device != "" || a.Title == "" ||
		a.TitleZH == "" || a.Text == "" || a.TextZH == "" || a.Audible != (severity == g.Critical) {
		t.Errorf("got %+v, want it open, for the school, of no device, in words of both "+
			"languages, and audible where it is critical",
			a)
	}
	return a
}

func (r *running) over(t *testing.T, about string, id g.AlertID) {
	t.Helper()
	eventually(t, "the end of the alert about "+about, func() bool {
		for _, a := range r.own(t, about) {
			if a.Firing {
				return false
			}
			if a.ID == id &&
				(a.State != g.AlertResolved || a.Resolved.IsZero() || a.Comment == "") {
				t.Errorf("got %+v, want it resolved with a comment", a)
			}
		}
		return true
	})
}

// told waits until the alert's two events have come through the journal: raised and resolved.
func (r *running) told(t *testing.T, id g.AlertID) {
	t.Helper()
	eventually(t, "the alert's events", func() bool {
		p, err := get[page[g.Event]](t.Context(), r.school,
			r.a.URL()+"/v1/events?kinds=alert&limit=1000")
		ok(t, err)
		var states []g.AlertState
		for _, e := range p.Items {
			if e.Alert.ID == id {
				states = append(states, e.Alert.State)
			}
		}
		slices.Sort(states)
		return slices.Equal(states, []g.AlertState{g.AlertOpen, g.AlertResolved})
	})
}

// try publishes a message and says whether it was acknowledged.
func (r *running) try(t *testing.T, name string, n int) bool {
	t.Helper()
	conn, err := net.Dial("tcp", r.a.MQTTAddr().String())
	ok(t, err)
	defer conn.Close()
	ok(t, conn.SetDeadline(time.Now().Add(patience)))
	_, kind, payload := message(name, 0, n, time.Now().UnixMilli())
	for _, b := range [][]byte{
		connectPacket(name, r.passwords[name]),
		publishPacket("gh/v1/"+killSchool+"/"+name+"/"+kind, 7, payload),
	} {
		_, err := conn.Write(b)
		ok(t, err)
		var answer [4]byte
		if _, err := io.ReadFull(conn, answer[:]); err != nil {
			return false // it was closed without an acknowledgement
		}
		if got := binary.BigEndian.Uint16(answer[2:]); got != 0 && got != 7 {
			t.Fatalf("the gateway answers %d", got)
		}
	}
	return true
}

func (r *running) check(t *testing.T, name string) string {
	t.Helper()
	st, err := get[api.Status](t.Context(), r.school, r.a.URL()+"/v1/status")
	ok(t, err)
	for _, c := range st.Checks {
		if c.Name == name {
			return c.State + ": " + c.Message
		}
	}
	t.Fatal("the status page says nothing of " + name)
	return ""
}

// fillUp makes devices send until one is refused, and returns the ids of what was acknowledged and
// who was refused.
func (r *running) fillUp(t *testing.T, from int) (acked map[string]bool, refused string) {
	t.Helper()
	acked = map[string]bool{}
	for n := from; n < from+5; n++ {
		for i := range sensors {
			name := fmt.Sprintf("sensor-%d", i)
			if !r.try(t, name, n) {
				return acked, name
			}
			id, _, _ := message(name, 0, n, 0)
			acked[id] = true
		}
	}
	t.Fatal("nobody is refused")
	return nil, ""
}

// fullDisk checks what a gateway shows whose disk fills up and has room again.
func fullDisk(t *testing.T, s *school, r *running, fill, clear func()) {
	t.Helper()
	if got := r.own(t, "journal"); len(got) != 0 {
		t.Fatalf("got %v while there is nothing", got)
	}
	if !r.try(t, "sensor-0", 1) {
		t.Fatal("a gateway with room acknowledges nothing")
	}
	fill()
	acked, refused := r.fillUp(t, 2)
	id, _, _ := message("sensor-0", 0, 1, 0)
	acked[id] = true
	a := r.raised(t, "journal", g.Critical)
	if !strings.Contains(a.Title, "disk is full") {
		t.Errorf("got %q, want it to say that the disk is full", a.Title)
	}
	if got := r.check(t, "journal"); !strings.HasPrefix(got, "critical: ") {
		t.Errorf("the status page says %q", got)
	}
	if r.try(t, refused, 90) {
		t.Error("something was acknowledged while the journal refuses")
	}
	clear()
	eventually(t, "the gateway to take data again", func() bool { return r.try(t, refused, 91) })
	id, _, _ = message(refused, 0, 91, 0)
	acked[id] = true
	r.over(t, "journal", a.ID)
	r.told(t, a.ID)
	if _, err := r.end(t); err != nil {
		t.Fatal(err)
	}
	if lost, _ := s.journalled(t).lost(acked); len(lost) > 0 {
		t.Errorf("%d of %d acknowledged are not in the journal, such as %s", len(lost), len(acked),
			lost[0])
	}
}

// TestFullDiskIsAnAlert has the journal find no space, and then space again.
func TestFullDiskIsAnAlert(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	var full atomic.Bool
	disk := &faultfs.FS{
		BeforePreallocate: func(string, int64) error {
			if full.Load() {
				return syscall.ENOSPC
			}
			return nil
		},
		FreeBytes: func() uint64 {
			if full.Load() {
				return 0
			}
			return 1 << 40
		},
	}
	r := s.runOver(t, configOf(s.dir), app.Options{JournalFS: disk})
	fullDisk(t, s, r, func() { full.Store(true) }, func() { full.Store(false) })
}

// TestLittleSpaceIsAnAlert has the disk fill up step by step: a warning first, then a
// critical alert in its place, and both are over when there is room.
func TestLittleSpaceIsAnAlert(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	var free atomic.Uint64
	free.Store(1 << 40)
	r := s.runOver(t, configOf(s.dir), app.Options{JournalFS: &faultfs.FS{FreeBytes: free.Load}})
	st, err := get[api.Status](t.Context(), s, r.a.URL()+"/v1/status")
	ok(t, err)
	free.Store(min(5<<30, st.Disk.Total/10) - 1)
	first := r.raised(t, "disk", g.Warning)
	free.Store(min(1<<30, st.Disk.Total/20) - 1)
	second := r.raised(t, "disk", g.Critical)
	for _, a := range r.own(t, "disk") {
		if a.ID == first.ID && (a.Firing || a.State != g.AlertResolved) {
			t.Errorf("the warning is still %s beside the critical alert", a.State)
		}
	}
	// It goes on over a restart under the same id.
	_, err = r.end(t)
	ok(t, err)
	r = s.runOver(t, configOf(s.dir), app.Options{JournalFS: &faultfs.FS{FreeBytes: free.Load}})
	if again := r.raised(t, "disk", g.Critical); again.ID != second.ID {
		t.Errorf("after a restart the alert is %s, want %s", again.ID, second.ID)
	}
	free.Store(1 << 40)
	r.over(t, "disk", second.ID)
	r.told(t, second.ID)
	if got := len(r.own(t, "disk")); got != 2 {
		t.Errorf("%d alerts about the disk, want 2", got)
	}
}

// TestEasedTroubleIsToldAnewWhenWorse has the disk almost full, then less so, then almost full
// again: the critical alert becomes a warning, and another critical one comes in its place.
func TestEasedTroubleIsToldAnewWhenWorse(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	var free atomic.Uint64
	free.Store(1 << 40)
	r := s.runOver(t, configOf(s.dir), app.Options{JournalFS: &faultfs.FS{FreeBytes: free.Load}})
	st, err := get[api.Status](t.Context(), s, r.a.URL()+"/v1/status")
	ok(t, err)
	little, almostNone := min(5<<30, st.Disk.Total/10)-1, min(1<<30, st.Disk.Total/20)-1
	free.Store(almostNone)
	first := r.raised(t, "disk", g.Critical)
	free.Store(little)
	if eased := r.raised(t, "disk", g.Warning); eased.ID != first.ID {
		t.Errorf("it eased as alert %s, want it in %s", eased.ID, first.ID)
	}
	free.Store(almostNone)
	second := r.raised(t, "disk", g.Critical)
	if second.ID == first.ID {
		t.Error("it became worse in the alert that somebody may have answered")
	}
	for _, a := range r.own(t, "disk") {
		if a.ID == first.ID && (a.Firing || a.State != g.AlertResolved) {
			t.Errorf("the first alert is still %s beside the second", a.State)
		}
	}
	free.Store(1 << 40)
	r.over(t, "disk", second.ID)
	if got := len(r.own(t, "disk")); got != 2 {
		t.Errorf("%d alerts about the disk, want 2", got)
	}
}

// TestClockThatIsWrongIsAnAlert starts a gateway whose clock is that of a machine without a
// battery, and sets it: it starts, says so, and goes on.
func TestClockThatIsWrongIsAnAlert(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	r := s.run(t)
	r.send(t, "sensor-0", 1)
	_, err := r.end(t)
	ok(t, err)
	for name, wrong := range map[string]time.Time{
		"behind": time.Unix(3600, 0),
		"ahead":  time.Now().AddDate(14, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			var off atomic.Int64
			off.Store(int64(time.Until(wrong)))
			now := func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
			r := s.runOver(t, configOf(s.dir), app.Options{Now: now})
			a := r.raised(t, "clock", g.Critical)
			if name == "behind" { // in fourteen years the test's key has expired
				if got := r.check(t, "clock"); !strings.HasPrefix(got, "critical: ") {
					t.Errorf("the status page says %q", got)
				}
			}
			off.Store(0)
			r.over(t, "clock", a.ID)
			if !r.try(t, "sensor-1", 2) {
				t.Error("nothing is taken though the clock is right")
			}
			_, err := r.end(t)
			ok(t, err)
		})
	}
}

// TestLongUptimeIsNoWrongClock lets 500 days pass on a gateway that runs: no alert comes, and
// pictures are removed when they are old enough.
func TestLongUptimeIsNoWrongClock(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	r := s.run(t)
	r.send(t, "sensor-0", 1)
	_, err := r.end(t)
	ok(t, err)
	day := filepath.Join(s.dir, "data", "media", killSchool, time.Now().UTC().Format("20060102"))
	ok(t, os.MkdirAll(day, 0o700))
	var off atomic.Int64
	r = s.runOver(t, configOf(s.dir), app.Options{Now: func() time.Time {
		return time.Now().Add(time.Duration(off.Load()))
	}})
	off.Store(int64(500 * 24 * time.Hour))
	eventually(t, "the old pictures to be removed", func() bool {
		_, err := os.Stat(day)
		return errors.Is(err, fs.ErrNotExist)
	})
	if got := r.own(t, "clock"); len(got) != 0 {
		t.Errorf("got %v, want no alert about a clock that is right", got)
	}
}

// TestReaderThatStaysAwayIsAnAlert has a telemetry server that is away, so that the journal fills
// up: the alert comes at half the limit, a worse one before the journal is full, and both end when
// the server is back.
func TestReaderThatStaysAwayIsAnAlert(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	c := configOf(s.dir)
	c.Journal.Shards, c.Journal.MaxBytes = 1, 192<<20
	var away atomic.Bool
	away.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	c.Telemetry.Store, c.Telemetry.URL = "victoria", server.URL
	s.fill(t, c, 100)
	r := s.runOver(t, c, app.Options{})
	first := r.raised(t, "reader-telemetry", g.Warning)
	if got := r.own(t, "journal"); len(got) != 0 {
		t.Errorf("got %v: the journal is not full", got)
	}
	_, err := r.end(t)
	ok(t, err)
	s.fill(t, c, 62)
	r = s.runOver(t, c, app.Options{})
	second := r.raised(t, "reader-telemetry", g.Critical)
	if first.ID == second.ID {
		t.Error("the warning was made worse: somebody may have answered it")
	}
	away.Store(false)
	eventually(t, "the telemetry to catch up", func() bool { return r.lag(t, "telemetry") == 0 })
	r.over(t, "reader-telemetry", second.ID)
}

// fill puts that many MiB into the journal of a gateway that does not run, a reading first.
func (s *school) fill(t *testing.T, c config.Config, mib int) {
	t.Helper()
	j, err := journal.Open(filepath.Join(s.dir, "data", "journal"),
		journal.Options{Shards: c.Journal.Shards, MaxBytes: c.Journal.MaxBytes})
	ok(t, err)
	now := time.Now()
	reading, err := event.Append(nil, &g.Event{
		Kind:   g.EventReading,
		School: killSchool,
		Device: "sensor-0", Zone: "zone", Driver: g.DriverMQTTFront, Time: now, Received: now,
		Reading: &g.Reading{Values: map[string]g.Value{"n": g.NumberValue(1)}},
	})
	ok(t, err)
	text := strings.Repeat("x", 1<<20-64) // not an event: readers skip it
	data := [][]byte{reading}
	for range mib {
		data = append(data, []byte(text))
	}
	_, err = j.AppendWait(t.Context(), "sensor-0", data)
	ok(t, err)
	ok(t, j.Close())
}

// TestReaderThatStandsStillIsAnAlert takes a table away from the history and lets five
// minutes pass.
func TestReaderThatStandsStillIsAnAlert(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	var off atomic.Int64
	r := s.runOver(t, configOf(s.dir), app.Options{Now: func() time.Time {
		return time.Now().Add(time.Duration(off.Load()))
	}})
	history := s.beside(t, "history.db")
	history("ALTER TABLE sightings RENAME TO taken_away")
	r.send(t, "reader-8", 1)
	eventually(t, "the history to be held up", func() bool {
		return strings.HasPrefix(r.processing(t), "critical: history")
	})
	if got := r.own(t, "reader-history"); len(got) != 0 {
		t.Errorf("got %v at once, want nothing for five minutes", got)
	}
	var a alerts.AlertRow
	eventually(t, "the alert", func() bool {
		off.Add(int64(10 * time.Second)) // in small steps: the watch must see no progress
		found := r.own(t, "reader-history")
		if len(found) > 0 {
			a = found[0]
		}
		return len(found) > 0
	})
	if a.Severity != g.Major || !strings.Contains(a.Title, "history") ||
		off.Load() < int64(4*time.Minute) {
		t.Errorf("got %+v after %s, want a major alert about the history after five minutes", a,
			time.Duration(off.Load()))
	}
	history("ALTER TABLE taken_away RENAME TO sightings")
	r.over(t, "reader-history", a.ID)
}

// TestTopmostSchoolsAnswerForTheGateway raises the alert only for schools without a parent.
func TestTopmostSchoolsAnswerForTheGateway(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	a, err := open(t.Context(), configOf(s.dir),
		app.Options{Logger: slog.New(slog.DiscardHandler)})
	ok(t, err)
	v := a.Registry().In(g.SystemScope("test"))
	for _, x := range []g.School{
		{ID: "district", Kind: g.KindDistrict},
		{ID: "below", Parent: "district", Kind: g.KindSchool},
	} {
		x.Name, x.Timezone, x.Language = string(x.ID), "Asia/Shanghai", "en"
		_, err = v.Places.CreateSchool(t.Context(), x)
		ok(t, err)
	}
	ok(t, a.Close())
	r := s.runOver(t, configOf(s.dir),
		app.Options{JournalFS: &faultfs.FS{FreeBytes: func() uint64 { return 1 }}})
	r.raised(t, "disk", g.Critical)
	rows, _, err := r.view().Alerts.List(t.Context(), alerts.Filter{RulePrefix: g.GatewayRule})
	ok(t, err)
	var got []string
	for _, a := range rows {
		got = append(got, string(a.School))
	}
	slices.Sort(got)
	if want := []string{"district", killSchool}; !slices.Equal(got, want) {
		t.Errorf("alerts for %v, want them for %v", got, want)
	}
}
