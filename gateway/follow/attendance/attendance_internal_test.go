package attendance

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

// school is a school with a gate and a dorm, each with a reader that is online, and two boarders.
type school struct {
	t    *testing.T
	now  time.Time
	v    *registry.View
	c    *Computer
	li   g.PersonID
	wang g.PersonID
	n    int
}

func newSchool(t *testing.T) *school {
	t.Helper()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	s := &school{t: t, now: time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)}
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       func() time.Time { return s.now },
		Logger:    log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	s.v = reg.In(g.SystemScope("attendance"))
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.v.Places.CreateSchool(ctx, g.School{
		ID:       "sch",
		Kind:     g.KindSchool,
		Name:     "S",
		Timezone: "UTC",
		Language: "en",
	})
	ok(err)
	_, err = s.v.Places.PutSite(ctx, g.Site{ID: "site", School: "sch", Name: "Site"})
	ok(err)
	_, err = s.v.Places.PutBuilding(ctx, g.Building{ID: "house", School: "sch", Site: "site", Name: "House"})
	ok(err)
	ok(s.v.Fleet.PutProfile(ctx, g.Profile{
		ID:        "reader",
		Title:     "Reader",
		Type:      g.TypeTerminal,
		Sightings: []g.Method{g.ByCard},
	}))
	for id, kind := range map[g.ZoneID]g.ZoneKind{"gate": g.ZoneGate, "dorm": g.ZoneDorm} {
		_, err = s.v.Deeds.PutZone(ctx, g.Zone{
			ID:       id,
			School:   "sch",
			Building: "house",
			Name:     string(id),
			Kind:     kind,
		})
		ok(err)
		_, _, err = s.v.Fleet.CreateDevice(ctx, g.Device{
			ID:      g.DeviceID("at-" + id),
			School:  "sch",
			Zone:    id,
			Profile: "reader",
			Driver:  g.DriverMQTTFront,
			Name:    string(id),
			Enabled: true,
		}, nil)
		ok(err)
		s.history(g.Event{
			Device: g.DeviceID("at-" + id),
			Kind:   g.EventStatus,
			Status: &g.Status{State: g.StateOnline},
			Time:   s.now,
		})
	}
	for i, id := range []*g.PersonID{&s.li, &s.wang} {
		p, err := s.v.People.Create(ctx, g.Person{
			School:  "sch",
			Kind:    g.Student,
			Name:    fmt.Sprintf("Pupil %d", i),
			Class:   "7-1",
			Boarder: true,
		})
		ok(err)
		*id = p.ID
	}
	d, err := directory.New(ctx, reg, log)
	ok(err)
	s.c = New(Options{
		View:      s.v,
		Directory: d,
		Health:    follow.NewHealth(log),
		Now:       func() time.Time { return s.now },
		Pause:     func(string) {},
	})
	return s
}

// history keeps an event, as the reader of the journal does.
func (s *school) history(e g.Event) {
	s.t.Helper()
	s.n++
	e.Seq, e.School = uint64(s.n), "sch"
	e.ID = fmt.Sprintf("evt_%d", s.n)
	if e.Received.IsZero() {
		e.Received = e.Time
	}
	if err := s.v.History.Apply(s.t.Context(), []g.Event{e}); err != nil {
		s.t.Fatal(err)
	}
}

// passes is a passage at a time, delivered now.
func (s *school) passes(who g.PersonID, zone g.ZoneID, way g.Direction, at time.Time) {
	s.t.Helper()
	s.history(g.Event{
		Kind:     g.EventSighting,
		Device:   g.DeviceID("at-" + zone),
		Zone:     zone,
		Time:     at,
		Received: s.now,
		Sighting: &g.Sighting{
			ID:        g.SightingID(fmt.Sprintf("sgt_%d", s.n)),
			Person:    who,
			Method:    g.ByCard,
			Zone:      zone,
			Direction: way,
		},
	})
	if err := s.c.Recompute(s.t.Context(), "sch", []follow.Touch{{Person: who, At: at}}); err != nil {
		s.t.Fatal(err)
	}
}

// until is the time at which the clock has come, and what follows of it.
func (s *school) until(at time.Time) {
	s.t.Helper()
	s.now = at
	if err := s.c.passed(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *school) session(x g.Session) g.SessionID {
	s.t.Helper()
	x.School, x.Name, x.Who = "sch", "Session", []g.PersonKind{g.Student}
	made, err := s.v.Sessions.Put(s.t.Context(), x)
	if err != nil {
		s.t.Fatal(err)
	}
	return made.ID
}

func (s *school) state(id g.SessionID, who g.PersonID) g.AttendanceState {
	s.t.Helper()
	rows, _, err := s.v.Sessions.Attendance(s.t.Context(), sessions.AttendanceFilter{Session: id, Person: who})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(rows) == 0 {
		return ""
	}
	return rows[0].State
}

func (s *school) is(id g.SessionID, who g.PersonID, want g.AttendanceState, when string) {
	s.t.Helper()
	if got := s.state(id, who); got != want {
		s.t.Errorf("%s: got %q, want %q", when, got, want)
	}
}

func (s *school) alerts() []alerts.AlertRow {
	s.t.Helper()
	rows, _, err := s.v.Alerts.List(s.t.Context(), alerts.Filter{School: "sch"})
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// TestWhoIsNotInTheDorm: a boarder who is not in the dorm when it is due is a critical alert, one for
// the session, which follows who is missing and ends when everybody is there; who goes out of the
// school's gate later raises another.
func TestWhoIsNotInTheDorm(t *testing.T) {
	s := newSchool(t)
	evening := time.Date(2026, 9, 1, 18, 0, 0, 0, time.UTC)
	due := evening.Add(4 * time.Hour)
	s.until(evening)
	id := s.session(g.Session{Kind: g.SessionDorm, Start: evening, Due: due, End: evening.Add(12 * time.Hour)})
	s.until(evening.Add(time.Second))
	s.until(due.Add(-time.Minute))
	if got := s.alerts(); len(got) != 0 {
		t.Fatalf("before it is due: got %+v", got)
	}
	s.until(due.Add(6 * time.Minute))
	got := s.alerts()
	if len(got) != 1 || got[0].Title != "2 boarders are not in the dorm" || got[0].Severity != g.Critical ||
		!got[0].Firing || got[0].Person != "" {
		t.Fatalf("got %+v, want one alert of two boarders", got)
	}
	s.now = s.now.Add(time.Minute)
	s.passes(s.wang, "dorm", g.In, s.now)
	got = s.alerts()
	if len(got) != 1 || got[0].Title != "1 boarder is not in the dorm" || got[0].Person != s.li {
		t.Fatalf("got %+v, want the same of one boarder, who is named by its person", got)
	}
	s.passes(s.li, "dorm", g.In, s.now)
	if got = s.alerts(); len(got) != 1 || got[0].Firing || got[0].Unresolved() {
		t.Fatalf("got %+v, want it over", got)
	}
	s.now = s.now.Add(time.Hour)
	s.passes(s.li, "gate", g.Out, s.now)
	got = s.alerts()
	if len(got) != 2 || !got[0].Firing || got[0].Person != s.li {
		t.Fatalf("got %+v, want another for who has gone out", got)
	}
	s.is(id, s.li, g.LeftEarly, "out of the gate at night")
	s.is(id, s.wang, g.Late, "after it was due")
}

// TestNothingAcceptedIsWithoutEffect: leave, a correction and an edit of the session change answers
// of a month ago; a passage that is delivered after they are locked does not.
func TestNothingAcceptedIsWithoutEffect(t *testing.T) {
	s := newSchool(t)
	ctx := t.Context()
	day := time.Date(2026, 9, 2, 7, 0, 0, 0, time.UTC)
	s.until(day.Add(-time.Hour))
	id := s.session(g.Session{
		Kind:    g.SessionArrival,
		Start:   day,
		Due:     day.Add(time.Hour),
		End:     day.Add(9 * time.Hour),
		Classes: []string{"7-1"},
	})
	s.until(day.Add(10 * time.Hour))
	s.is(id, s.li, g.Absent, "on the day")

	s.until(day.Add(100 * time.Hour)) // after 72 h, and not locked
	s.passes(s.wang, "gate", g.In, day.Add(30*time.Minute))
	s.is(id, s.wang, g.Arrived, "delivered four days late")
	s.until(day.AddDate(0, 1, 0))
	s.passes(s.li, "gate", g.In, day.Add(30*time.Minute))
	s.is(id, s.li, g.Absent, "delivered when it was locked")

	l, err := s.v.Sessions.PutLeave(ctx, g.Leave{
		Person: s.li,
		From:   day,
		To:     day.Add(12 * time.Hour),
		Reason: "fever",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.until(s.now.Add(time.Minute))
	if got := s.state(id, s.li); got != g.Arrived { // and what was delivered counts with it
		t.Errorf("with leave of a month ago: got %q, want the answer computed again", got)
	}
	if err := s.v.Sessions.DeleteLeave(ctx, l.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.v.Sessions.Correct(ctx, sessions.Correction{
		Session: id,
		Person:  s.wang,
		State:   g.Excused,
		Reason:  "was at the nurse",
	}); err != nil {
		t.Fatal(err)
	}
	s.until(s.now.Add(time.Minute))
	s.is(id, s.wang, g.Excused, "corrected a month later")

	x, err := s.v.Sessions.Find(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	x.Classes = []string{"9-9"}
	if _, err := s.v.Sessions.Put(ctx, x); err != nil {
		t.Fatal(err)
	}
	s.until(s.now.Add(time.Minute))
	s.is(id, s.li, g.NotRequired, "the session is another class's now")
	if left, err := s.v.Sessions.Marks(ctx, 1); err != nil || len(left) != 0 {
		t.Errorf("got %+v, %v, want no mark left", left, err)
	}
}

// TestAGapEndsWithWhatTheReaderKept: a reader that was away makes an absence unknown until it has
// delivered what it kept; one that had passages refused leaves a gap, too.
func TestAGapEndsWithWhatTheReaderKept(t *testing.T) {
	s := newSchool(t)
	day := time.Date(2026, 9, 2, 7, 0, 0, 0, time.UTC)
	s.until(day.Add(-time.Hour))
	arrival := func() g.SessionID {
		return s.session(g.Session{
			Kind:  g.SessionArrival,
			Start: day,
			Due:   day.Add(time.Hour),
			End:   day.Add(9 * time.Hour),
		})
	}
	id := arrival()
	status := func(at time.Duration, state g.DeviceState) {
		s.history(g.Event{
			Kind:   g.EventStatus,
			Device: "at-gate",
			Time:   day.Add(at),
			Status: &g.Status{State: state},
		})
	}
	status(10*time.Minute, g.StateOffline)
	status(40*time.Minute, g.StateOnline)
	s.until(day.Add(66 * time.Minute))
	s.is(id, s.li, g.Unknown, "the reader was away")
	s.passes(s.wang, "gate", g.In, day.Add(20*time.Minute))
	s.is(id, s.wang, g.Arrived, "it delivers what it kept")
	if err := s.c.Recompute(t.Context(), "sch", []follow.Touch{{Person: s.li, At: s.now}}); err != nil {
		t.Fatal(err)
	}
	s.is(id, s.li, g.Absent, "and was not seen in what was delivered")

	s.history(g.Event{
		Kind:   g.EventRejected,
		Device: "at-gate",
		Time:   day.Add(50 * time.Minute),
		Rejection: &g.Rejection{
			Reason: "the clock is ahead",
			Code:   g.RejectedClockAhead,
		},
	})
	if err := s.c.Recompute(t.Context(), "sch", []follow.Touch{{Person: s.li, At: s.now}}); err != nil {
		t.Fatal(err)
	}
	s.is(id, s.li, g.Unknown, "its passages were refused")
}

// TestARestartFinishesWhatIsNotFinal: a gateway that was away while answers became final finishes all
// of them, also where a late passage has finished one; what was final stays as it was.
func TestARestartFinishesWhatIsNotFinal(t *testing.T) {
	s := newSchool(t)
	day := time.Date(2026, 9, 2, 7, 0, 0, 0, time.UTC)
	s.until(day.Add(-time.Hour))
	id := s.session(g.Session{
		Kind:  g.SessionArrival,
		Start: day,
		Due:   day.Add(time.Hour),
		End:   day.Add(9 * time.Hour),
	})
	s.until(day.Add(2 * time.Hour))
	again := func() {
		s.c = New(s.c.opt)
	}
	again()
	s.now = day.Add(100 * time.Hour)
	s.passes(s.wang, "gate", g.In, day.Add(30*time.Minute)) // before the first look at the clock
	s.until(s.now)
	finals := func() (n int) {
		rows, _, err := s.v.Sessions.Attendance(t.Context(), sessions.AttendanceFilter{Session: id})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Final {
				n++
			}
		}
		return n
	}
	if got := finals(); got != 2 {
		t.Errorf("got %d final answers after the restart, want both", got)
	}
	again()
	reads := 0
	s.c.opt.Pause = func(string) { reads++ }
	s.until(s.now.Add(time.Hour))
	if reads != 0 {
		t.Errorf("computed %d times after another restart, want none: all is final", reads)
	}
}

// Between the boundaries of its sessions a school is not looked at again, unless one changes or a
// minute has passed.
func TestLooksAreFew(t *testing.T) {
	s := newSchool(t)
	s.until(s.now)
	begun := func() g.SessionID {
		return s.session(g.Session{
			Kind:      g.SessionArrival,
			Start:     s.now,
			Due:       s.now.Add(10 * time.Minute),
			End:       s.now.Add(time.Hour),
			ZoneKinds: []g.ZoneKind{g.ZoneGate},
		})
	}
	unmark := func() {
		t.Helper()
		if err := s.v.Sessions.Unmark(t.Context(), 1<<40); err != nil {
			t.Fatal(err)
		}
	}
	first := begun()
	unmark()
	s.until(s.now.Add(2 * time.Second))
	s.is(first, s.li, "", "within the minute, and nobody told")
	s.until(s.now.Add(lookEvery))
	s.is(first, s.li, g.Expected, "after a minute")
	second := begun()
	unmark()
	s.c.forget("sch")
	s.until(s.now.Add(2 * time.Second))
	s.is(second, s.li, g.Expected, "told of the change")
	s.until(s.now.Add(20 * time.Minute))
	s.is(second, s.li, g.Absent, "after the boundary")
}
