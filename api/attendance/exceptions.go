package attendance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/exceptions"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

const (
	exceptionDays = 7    // in the queue, today with them
	mostUnknown   = 1000 // passages of nobody that are looked at, the newest
)

// The kinds beside those of answers.
const (
	exceptionUnknown = "unknown_person"
	exceptionNoExit  = "no_exit"
	exceptionMargin  = "low_margin"
)

// ofSession are the exceptions that concern a device and not its people: one for each session.
var ofSession = []string{"device_gap", "clock_skew"}

// Exception is something that needs a person.
type Exception struct {
	ID      string        `json:"id" doc:"The id: it follows from what it is about."`
	Kind    string        `json:"kind" doc:"double_dip, low_margin, clock_skew, device_gap, no_entry, dorm_missing, impossible_travel, seen_during_leave, seen_elsewhere (of answers), unknown_person, no_exit." example:"no_exit"`
	At      time.Time     `json:"at" doc:"Since when it waits."`
	Person  g.PersonID    `json:"person,omitempty" doc:"Whom it is about; absent: nobody knows, or many."`
	Name    string        `json:"name,omitempty" doc:"Their name."`
	Class   string        `json:"class,omitempty" doc:"Their class."`
	Count   int           `json:"count,omitempty" doc:"How many passages or answers it stands for, where it is more than one."`
	Session g.SessionID   `json:"session,omitempty" doc:"Of which session."`
	Date    string        `json:"date,omitempty" doc:"The session's day."`
	Of      g.SessionKind `json:"of,omitempty" doc:"The session's kind."`
	Zone    g.ZoneID      `json:"zone,omitempty" doc:"Where."`
	Device  g.DeviceID    `json:"device,omitempty" doc:"At which device."`
	Owner   string        `json:"owner,omitempty" doc:"Who looks after it."`
	Taken   time.Time     `json:"taken,omitzero" doc:"Since when."`
	Done    time.Time     `json:"done,omitzero" doc:"When it was settled; absent: it is open."`
	By      string        `json:"by,omitempty" doc:"Who settled it."`
	Note    string        `json:"note,omitempty" doc:"What they said."`
}

type exceptionsInput struct {
	gate.Paged
	gate.InSchool
	Kind    string `query:"kind" maxLength:"40" doc:"Of this kind."`
	Settled bool   `query:"settled" doc:"Those that are settled, instead of those that are open."`
}

type exceptionInput struct {
	gate.ByID
	Body struct {
		School g.SchoolID      `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
		Deed   exceptions.Deed `json:"deed" enum:"take,release,settle,reopen" doc:"take (look after it), release, settle, reopen."`
		Note   string          `json:"note,omitempty" maxLength:"500" doc:"What was found; kept with what is settled." example:"Went home by the back gate."`
	}
}

// ExceptionCount says how many of a kind wait.
type ExceptionCount struct {
	Kind   string    `json:"kind" doc:"The kind."`
	Open   int       `json:"open" doc:"How many are open."`
	Oldest time.Time `json:"oldest" doc:"Since when the oldest waits."`
}

// ExceptionCounts say how many wait.
type ExceptionCounts struct {
	Kinds []ExceptionCount `json:"kinds" nullable:"false" doc:"By kind, what has waited longest first."`
}

func (s *area) registerExceptions() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/exceptions",
		ID:      "list-exceptions",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "What needs a person, what has waited longest first",
		Doc: "Of the last 7 days: answers that somebody should check and nobody has corrected, passages of " +
			"nobody (one for each device, hour and cause), and day students who came yesterday and were not " +
			"seen to leave. What ends by itself (a gap that closes, a late correction) goes by itself. It needs " +
			"sightings:read, too.",
	}, func(ctx context.Context, in *exceptionsInput) (*gate.Body[gate.Page[Exception]], error) {
		all, err := s.exceptions(ctx, gate.SchoolOf(ctx, in.School))
		all = slices.DeleteFunc(all, func(x Exception) bool {
			return in.Kind != "" && x.Kind != in.Kind || x.Done.IsZero() == in.Settled
		})
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x Exception) string { return x.ID })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/exceptions/count",
		ID:      "count-exceptions",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "How many wait for a person, by kind",
	}, func(ctx context.Context, in *struct{ gate.InSchool }) (*gate.Body[ExceptionCounts], error) {
		all, err := s.exceptions(ctx, gate.SchoolOf(ctx, in.School))
		return gate.Answer(countExceptions(all), err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/exceptions/{id}",
		ID:      "mark-exception",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Look after an exception, settle it, or open it again",
		Doc:     "What is settled does not come again.",
	}, func(ctx context.Context, in *exceptionInput) (*gate.Body[Exception], error) {
		return gate.Answer(s.markException(ctx, in))
	})
}

func countExceptions(all []Exception) ExceptionCounts {
	out := ExceptionCounts{Kinds: []ExceptionCount{}}
	for _, x := range all { // what has waited longest first
		if !x.Done.IsZero() {
			continue
		}
		i := slices.IndexFunc(out.Kinds, func(n ExceptionCount) bool { return n.Kind == x.Kind })
		if i < 0 {
			i = len(out.Kinds)
			out.Kinds = append(out.Kinds, ExceptionCount{Kind: x.Kind, Oldest: x.At})
		}
		out.Kinds[i].Open++
	}
	return out
}

func (s *area) markException(ctx context.Context, in *exceptionInput) (Exception, error) {
	school := gate.SchoolOf(ctx, in.Body.School)
	all, err := s.exceptions(ctx, school)
	if err != nil {
		return Exception{}, err
	}
	i := slices.IndexFunc(all, func(x Exception) bool { return x.ID == in.ID })
	if i < 0 {
		return Exception{}, g.Errorf(g.NotFound, "there is no exception %q: it may have ended by itself", in.ID)
	}
	m, err := s.View(ctx).Exceptions.Do(ctx, school, in.ID, in.Body.Deed, in.Body.Note)
	return all[i].marked(m), err
}

func (x Exception) marked(m exceptions.Mark) Exception {
	x.Owner, x.Taken = m.Owner, m.Taken
	x.Done, x.By, x.Note = m.Done, m.By, m.Note
	return x
}

// exceptions are those of a school with their marks, what has waited longest first.
func (s *area) exceptions(ctx context.Context, school g.SchoolID) ([]Exception, error) {
	v := s.View(ctx)
	sch, err := v.Places.School(ctx, school)
	if err != nil {
		return nil, err
	}
	marks, err := v.Exceptions.Marks(ctx, school)
	if err != nil {
		return nil, err
	}
	members, err := v.People.Members(ctx, school)
	if err != nil {
		return nil, err
	}
	begin := presence.Since(s.Now(), sch.Location(), false)
	today := g.DateOf(begin)
	q := &queue{at: map[string]int{}}
	answers, err := v.Sessions.Excepted(ctx, school, today.Add(1-exceptionDays), today.Add(1))
	if err != nil {
		return nil, err
	}
	begun, err := v.Sessions.Between(ctx, school, begin.AddDate(0, 0, -exceptionDays), s.Now().Add(time.Hour))
	if err != nil {
		return nil, err
	}
	of := map[g.SessionID]g.Session{}
	for _, x := range begun {
		of[x.ID] = x
	}
	for _, a := range answers {
		q.answer(a, of[a.Session])
	}
	if err := q.unknown(ctx, s, school, begin.AddDate(0, 0, 1-exceptionDays)); err != nil {
		return nil, err
	}
	steps, err := s.stepsBetween(ctx, v, school, begin.AddDate(0, 0, -1), begin)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.Kind == g.Student && !m.Boarder {
			q.noExit(m.ID, today.Add(-1).String(), steps[m.ID])
		}
	}
	who := map[g.PersonID]int{}
	for i, m := range members {
		who[m.ID] = i
	}
	for i, x := range q.all {
		x = x.marked(marks[x.ID])
		if j, is := who[x.Person]; is {
			x.Name, x.Class = members[j].Name, members[j].Class
		}
		q.all[i] = x
	}
	slices.SortStableFunc(q.all, func(a, b Exception) int {
		if d := a.At.Compare(b.At); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return q.all, nil
}

// queue gathers exceptions.
type queue struct {
	all []Exception
	at  map[string]int // by id
}

// add adds an exception, or counts one more of it. Its id is a hash of what it is about.
func (q *queue) add(x Exception, about ...string) {
	sum := sha256.Sum256([]byte(strings.Join(append(about, x.Kind), "\x00")))
	x.ID = "exc_" + hex.EncodeToString(sum[:10])
	i, is := q.at[x.ID]
	if !is {
		q.at[x.ID] = len(q.all)
		q.all = append(q.all, x)
		return
	}
	q.all[i].Count = max(q.all[i].Count, 1) + 1
	if x.At.Before(q.all[i].At) {
		q.all[i].At = x.At
	}
}

func (q *queue) answer(a g.Attendance, of g.Session) {
	at := a.At
	if at.IsZero() {
		at = of.Start
	}
	for _, kind := range a.Exceptions {
		x := Exception{
			Kind:    kind,
			At:      at,
			Session: a.Session,
			Date:    a.Date,
			Of:      a.Kind,
			Zone:    a.Zone,
		}
		if slices.Contains(ofSession, kind) {
			q.add(x, string(a.Session))
			continue
		}
		x.Person = a.Person
		q.add(x, string(a.Session), string(a.Person))
	}
}

// unknown adds the passages of nobody: one exception for each device, hour and cause.
func (q *queue) unknown(ctx context.Context, s *area, school g.SchoolID, since time.Time) error {
	rows, _, err := s.In(g.SystemScope("exceptions")).History.Sightings(ctx, history.SightingFilter{
		Page:    registry.Page{Limit: mostUnknown},
		School:  school,
		From:    since,
		Unknown: true,
	})
	for _, r := range rows {
		kind := exceptionUnknown
		if r.Match != nil && (r.Match.Reason == "low_margin" || r.Match.Reason == "look_alike") {
			kind = exceptionMargin
		}
		q.add(Exception{
			Kind:   kind,
			At:     r.Time,
			Zone:   r.Zone,
			Device: r.Device,
		}, string(r.Device), r.Time.UTC().Truncate(time.Hour).Format(time.RFC3339))
	}
	return err
}

// noExit adds a day student who was in the school at the end of a day, by the sightings of that day.
func (q *queue) noExit(who g.PersonID, day string, steps []presence.Step) {
	p := presence.Of(steps, false)
	if p.Where != g.PresenceIn {
		return
	}
	q.add(Exception{
		Kind:   exceptionNoExit,
		At:     p.At,
		Person: who,
		Zone:   p.Zone,
	}, string(who), day)
}
