package api_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

// evening is a school in which the day's lesson is over and a dorm's night goes on.
type evening struct {
	*world
	t   *testing.T
	now time.Time
	seq uint64
}

func newEvening(t *testing.T) *evening {
	t.Helper()
	return &evening{
		world: newWorld(t).schools(),
		t:     t,
		now:   time.Now(),
		seq:   9100,
	}
}

func (e *evening) pupil(number string, boarder bool) g.PersonID {
	e.t.Helper()
	return must(e.system().People.Create(e.t.Context(), g.Person{
		School:  e.a.ID,
		Kind:    g.Student,
		Name:    "Pupil " + number,
		Number:  number,
		Class:   "9-9",
		Boarder: boarder,
	}))(e.t).ID
}

func (e *evening) session(kind g.SessionKind, name string, from, to time.Duration) g.Session {
	e.t.Helper()
	return must(e.system().Sessions.Put(e.t.Context(), g.Session{
		School:    e.a.ID,
		Kind:      kind,
		Name:      name,
		Start:     e.now.Add(from),
		Due:       e.now.Add(from),
		End:       e.now.Add(to),
		Who:       []g.PersonKind{g.Student},
		ZoneKinds: []g.ZoneKind{kind.UsualZone()},
	}))(e.t)
}

func (e *evening) answer(s g.Session, who g.PersonID, state g.AttendanceState, exceptions ...string) {
	e.t.Helper()
	date := g.DateOf(s.Start.In(e.a.Location()))
	must(e.system().Sessions.PutAttendance(e.t.Context(), []g.Attendance{{
		Person:     who,
		Session:    s.ID,
		School:     e.a.ID,
		Kind:       s.Kind,
		Date:       date.String(),
		State:      state,
		At:         s.Start,
		Method:     g.ByFace,
		Reasons:    []string{"not_seen"},
		InputHash:  string(who) + string(s.ID) + string(state),
		Exceptions: exceptions,
	}}, g.CauseTime))(e.t)
}

func (e *evening) seen(who g.PersonID, at time.Time) {
	e.t.Helper()
	e.seq++
	mustDo(e.t, e.system().History.Apply(e.t.Context(), []g.Event{{
		Seq:      e.seq,
		Kind:     g.EventSighting,
		School:   e.a.ID,
		Device:   "lab-1-smoke",
		Zone:     g.ZoneID(e.ids["zone"]),
		Time:     at,
		Received: at,
		Sighting: &g.Sighting{
			ID:     g.SightingID("sgt_" + string(who) + at.String()),
			Method: g.ByFace,
			Person: who,
			Zone:   g.ZoneID(e.ids["zone"]),
		},
	}}))
}

// TestDutyDesk: each list of the evening has who belongs on it, and nobody else.
func TestDutyDesk(t *testing.T) {
	e := newEvening(t)
	day, away := e.pupil("901", false), e.pupil("904", false)
	boards, asleep := e.pupil("902", true), e.pupil("903", true)
	lesson := e.session(g.SessionLesson, "Maths", -2*time.Hour, -time.Minute)
	night := e.session(g.SessionDorm, "Night", -time.Minute, 3*time.Hour)
	e.seen(day, e.now.Add(-time.Second))
	e.answer(lesson, day, g.Late)
	e.answer(night, boards, g.Absent)
	e.answer(night, asleep, g.Arrived)
	must(e.system().Sessions.PutLeave(t.Context(), g.Leave{
		Person: away,
		From:   e.now.Add(-time.Second),
		To:     e.now.Add(time.Hour),
		Reason: "doctor",
		Actor:  "usr_x Li Wei",
	}))(t)
	teacher := e.user(e.a, g.RoleTeacher)
	list := func(l attendance.DeskList) (out []g.PersonID) {
		t.Helper()
		var page struct{ Items []attendance.DeskRow }
		teacher.do("GET", "/v1/desk/people?class=9-9&list="+string(l), nil).want(200).into(&page)
		for _, r := range page.Items {
			out = append(out, r.Person)
		}
		return out
	}
	for l, want := range map[attendance.DeskList]g.PersonID{
		attendance.DeskNotInDorm: boards,
		attendance.DeskStillIn:   day,
		attendance.DeskLeave:     away,
		attendance.DeskLate:      day,
	} {
		if got := list(l); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, want %s alone", l, got, want)
		}
	}
	var counts attendance.Desk
	teacher.do("GET", "/v1/desk", nil).want(200).into(&counts)
	for _, n := range counts.Lists {
		if n.People < 1 || !n.Open {
			t.Errorf("got %+v, want its one person at least, and time for it", n)
		}
	}
	e.session(g.SessionLesson, "Evening lesson", -time.Minute, time.Hour)
	if got := list(attendance.DeskStillIn); len(got) != 0 {
		t.Errorf("got %v still in the school, want nobody while a lesson goes on", got)
	}
}

// TestPersonLine: a day in the order of time, with one look in the audit log, and no word of how
// somebody showed who they are.
func TestPersonLine(t *testing.T) {
	e := newEvening(t)
	yesterday := g.DateOf(e.now.In(e.a.Location())).Add(-1)
	e.now = yesterday.Reach(12*time.Hour, e.a.Location())
	date := "&date=" + yesterday.String()
	who := e.pupil("905", false)
	lesson := e.session(g.SessionLesson, "Maths", -2*time.Hour, time.Hour)
	e.seen(who, e.now.Add(-time.Minute))
	e.answer(lesson, who, g.Absent)
	mustDo(t, e.system().Sessions.Correct(t.Context(), sessions.Correction{
		Session: lesson.ID,
		Person:  who,
		State:   g.Arrived,
		Reason:  "sat in the last row",
	}))
	teacher := e.user(e.a, g.RoleTeacher)
	path := "/v1/people/" + string(who) + "/line"
	if r := teacher.do("GET", path, nil); r.status != 422 || r.problem().Errors[0].Field != "reason" {
		t.Errorf("without a reason: got %d %s, want to be asked for one", r.status, r.body)
	}
	r := teacher.do("GET", path+"?reason=parent+asks"+date, nil).want(200)
	if text := string(r.body); strings.Contains(text, "face") || strings.Contains(text, "method") {
		t.Errorf("the line says how somebody passed: %s", text)
	}
	var line attendance.PersonLine
	r.into(&line)
	var got []string
	for i, x := range line.Entries {
		got = append(got, string(x.What))
		if i > 0 && x.At.Before(line.Entries[i-1].At) {
			t.Errorf("%s at %s comes after %s", x.What, x.At, line.Entries[i-1].At)
		}
	}
	if s := strings.Join(got, " "); s != "answer seen correction" {
		t.Errorf("got %s, want the answer, the passage and the correction", s)
	}
	if c := line.Entries[2]; c.Said != "sat in the last row" || c.State != g.Arrived || c.Name != "Maths" {
		t.Errorf("got %+v, want what was corrected and why", c)
	}
	var audit struct{ Items []g.AuditEntry }
	e.user(e.a, g.RoleAdmin).do("GET", "/v1/audit?object="+string(who), nil).want(200).into(&audit)
	looks := 0
	for _, a := range audit.Items {
		if strings.HasPrefix(a.Deed, "person.") && a.Reason == "parent asks" {
			looks++
		}
	}
	if looks != 1 {
		t.Errorf("got %d looks in the audit log, want one with its reason: %+v", looks, audit.Items)
	}
	teacher.do("GET", path+"?reason=parent+asks&date=2026-02-30", nil).want(422)
	var before attendance.PersonLine
	teacher.do("GET", path+"?reason=parent+asks&date=2026-01-05", nil).want(200).into(&before)
	if len(before.Entries) != 0 || before.Date != "2026-01-05" {
		t.Errorf("got %+v, want an empty day of before they came", before)
	}
	e.user(e.b, g.RoleAdmin).do("GET", path+"?reason=parent+asks", nil).want(404)
}
