package app_test

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

// paused runs the school's gateway with a Pause hook.
func (s *school) paused(t *testing.T, pause func(after string)) *running {
	t.Helper()
	a, err := open(t.Context(), configOf(s.dir),
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test", Pause: pause})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{school: s, a: a, stop: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- a.Run(ctx) }()
	t.Cleanup(func() { r.end(t) })
	return r
}

func (r *running) view() *registry.View { return r.a.Registry().In(g.SystemScope("test")) }

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// device is an MQTT connection that stays.
type device struct {
	t    *testing.T
	name string
	conn net.Conn
}

func (r *running) dial(t *testing.T, name string) device {
	t.Helper()
	conn, err := net.Dial("tcp", r.a.MQTTAddr().String())
	ok(t, err)
	t.Cleanup(func() { conn.Close() })
	ok(t, conn.SetDeadline(time.Now().Add(patience)))
	return device{t, name, conn}
}

func (r *running) connect(t *testing.T, name string) device {
	t.Helper()
	d := r.dial(t, name)
	if got := d.ask(connectPacket(name, r.passwords[name])); got != 0 {
		t.Fatalf("the gateway answers %d to CONNECT, want 0", got)
	}
	return d
}

// ask writes a packet and returns the last two bytes of the acknowledgement.
func (d device) ask(packet []byte) uint16 {
	d.t.Helper()
	_, err := d.conn.Write(packet)
	ok(d.t, err)
	var answer [4]byte
	_, err = io.ReadFull(d.conn, answer[:])
	ok(d.t, err)
	return binary.BigEndian.Uint16(answer[2:])
}

func (d device) send(n int) {
	d.t.Helper()
	_, kind, payload := message(d.name, 0, n, time.Now().UnixMilli())
	if got := d.ask(publishPacket("gh/v1/"+killSchool+"/"+d.name+"/"+kind, 7, payload)); got != 7 {
		d.t.Fatalf("the gateway answers %d to PUBLISH 7", got)
	}
}

// TestTimerThatIsDueFires lets a condition hold while no events come: the alert comes when it is
// due, and does not wait until the rules' state is saved.
func TestTimerThatIsDueFires(t *testing.T) {
	s := newSchool(t)
	ok(t, os.WriteFile(filepath.Join(s.dir, "rules", "kill.yaml"), []byte(`
rules:
  - id: stale-air
    title: Stale air
    severity: warning
    when: {property: co2, above: 5000}
    for: 1s
    fresh: 24h
`), 0o600))
	steps := make(chan string, 1000)
	r := s.paused(t, func(after string) {
		if after == "rules saved" || after == "effects kept" {
			steps <- after
		}
	})
	d := r.connect(t, "sensor-0")
	for range 2 { // after the second the whole time between two saves is left
		if got := <-steps; got != "rules saved" {
			t.Fatalf("got %q before anything was sent", got)
		}
	}
	d.send(5)
	if got, want := <-steps, "effects kept"; got != want {
		t.Errorf("got %q first, want %q: the alert was due a second after the message", got, want)
	}
}

// TestArrivalIsNotOverwritten has a session computed from sightings that were read before
// somebody arrived, and written after.
func TestArrivalIsNotOverwritten(t *testing.T) {
	s := newSchool(t)
	var hold atomic.Bool
	held, release := make(chan struct{}, 1), make(chan struct{})
	once := sync.OnceFunc(func() { close(release) })
	defer once()
	r := s.paused(t, func(after string) {
		if after == "sightings read" && hold.CompareAndSwap(true, false) {
			held <- struct{}{}
			<-release
		}
	})
	ctx, v, now := t.Context(), r.view(), time.Now()
	p, err := v.People.Create(ctx, g.Person{School: killSchool, Kind: g.Student, Name: "A"})
	ok(t, err)
	_, err = v.People.AddCard(ctx, p.ID, g.ByCard, "card-800001", time.Time{}) // reader-8 reads it
	ok(t, err)
	session := g.Session{
		School: killSchool,
		Kind:   g.SessionArrival,
		Name:   "Morning",
		Start:  now.Add(-time.Hour), Due: now.Add(time.Hour), End: now.Add(2 * time.Hour),
		Zones: []g.ZoneID{"zone"},
		Who:   []g.PersonKind{g.Student},
	}
	hold.Store(true)
	session, err = v.Sessions.Put(ctx, session)
	ok(t, err)
	<-held
	r.send(t, "reader-8", 1)
	eventually(t, "the sighting", func() bool { return r.sightings(t) == 1 })
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for tries := 0; r.lag(t, "history") > 0 && tries < 20; tries++ {
		<-tick.C // time for a history that does not wait for the computation to write its own
	}
	once()
	eventually(t, "both answers", func() bool {
		told, err := get[page[g.Event]](ctx, s, r.a.URL()+"/v1/events?kinds=attendance")
		ok(t, err)
		return len(told.Items) == 2
	})
	rows, _, err := v.Sessions.Attendance(ctx, sessions.AttendanceFilter{Session: session.ID})
	ok(t, err)
	if len(rows) != 1 || rows[0].State != g.Arrived {
		t.Errorf("got %+v, want one who arrived", rows)
	}
}

// TestDeviceNeverHeardOfIsAGap has two sessions that are over: one with a reader that never
// reported, one without an enabled reader. Nobody was seen at either.
func TestDeviceNeverHeardOfIsAGap(t *testing.T) {
	s := newSchool(t)
	ctx, now := t.Context(), time.Now()
	a, err := open(ctx, configOf(s.dir), app.Options{
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time {
			return now.Add(-24 * time.Hour)
		},
	})
	ok(t, err)
	v := a.Registry().In(g.SystemScope("test"))
	for id, enabled := range map[g.ZoneID]bool{"silent": true, "off": false} {
		_, err := v.Deeds.PutZone(ctx,
			g.Zone{
				ID:       id,
				School:   killSchool,
				Building: "building",
				Name:     string(id),
				Kind:     g.ZoneGate,
			})
		ok(t, err)
		_, _, err = v.Fleet.CreateDevice(ctx,
			g.Device{
				ID:      g.DeviceID(id),
				School:  killSchool,
				Zone:    id,
				Profile: "kill-reader",
				Driver:  g.DriverMQTTFront,
				Name:    string(id),
				Enabled: enabled,
			},
			nil)
		ok(t, err)
	}
	_, err = v.People.Create(ctx, g.Person{School: killSchool, Kind: g.Student, Name: "A"})
	ok(t, err)
	ok(t, a.Close())
	r := s.run(t)
	for id, want := range map[g.ZoneID]g.AttendanceState{"silent": g.Unknown, "off": g.Absent} {
		session, err := r.view().Sessions.Put(ctx, g.Session{
			School: killSchool,
			Kind:   g.SessionArrival,
			Name:   string(id),
			Start:  now.Add(-4 * time.Hour),
			Due:    now.Add(-3 * time.Hour), End: now.Add(-2 * time.Hour),
			Zones: []g.ZoneID{id},
			Who:   []g.PersonKind{g.Student},
		})
		ok(t, err)
		var rows []sessions.AttendanceRow
		eventually(t, "the attendance of "+string(id), func() bool {
			rows, _, err = r.view().Sessions.Attendance(ctx, sessions.AttendanceFilter{Session: session.ID})
			return err != nil || len(rows) == 1
		})
		ok(t, err)
		if rows[0].State != want {
			t.Errorf("%s: got %s, want %s", id, rows[0].State, want)
		}
	}
}

// TestSilenceEnds has a device fall silent on a connection that stays, and speak again: the
// log of its states says since when it was silent, and that it is over.
func TestSilenceEnds(t *testing.T) {
	s := newSchool(t)
	r := s.run(t)
	p, err := r.view().Fleet.Profile(t.Context(), "kill-sensor")
	ok(t, err)
	p.OfflineAfter = 1
	ok(t, r.view().Fleet.PutProfile(t.Context(), p))
	d := r.connect(t, "sensor-0")
	d.send(1)
	heard := time.Now()
	var log []history.StatusRow
	states := func() (out []g.DeviceState) {
		log, _, err = r.view().History.StatusLog(t.Context(), "sensor-0", registry.Page{})
		ok(t, err)
		for _, row := range log {
			out = append(out, row.State)
		}
		return out // the newest first
	}
	eventually(t, "the silence", func() bool { return len(states()) == 2 })
	if log[0].State != g.StateOffline || log[0].Time.After(heard) {
		t.Errorf("got %+v, want it offline since it was last heard, %s", log[0], heard)
	}
	d.send(2)
	eventually(t, "the end of the silence", func() bool {
		return slices.Equal(states()[:2], []g.DeviceState{g.StateOnline, g.StateOffline})
	})
}

// TestChangedDeviceSignsInAnew resets the password of a connected device.
func TestChangedDeviceSignsInAnew(t *testing.T) {
	s := newSchool(t)
	r := s.run(t)
	d, other := r.connect(t, "sensor-0"), r.connect(t, "sensor-1")
	_, err := r.view().Fleet.ResetDevicePassword(t.Context(), "sensor-0")
	ok(t, err)
	if n, err := d.conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %d bytes and %v on the old password's connection, want its end", n, err)
	}
	other.send(1)
}
