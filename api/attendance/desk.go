package attendance

import (
	"cmp"
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

// endOfSchool is when nobody is due any more on a day without sessions, an hour of the school's day.
const endOfSchool = 18

// DeskList is what whoever is on duty looks after.
type DeskList string

// The lists.
const (
	DeskNotInDorm DeskList = "not_in_dorm"
	DeskStillIn   DeskList = "still_in_school"
	DeskLeave     DeskList = "leave_begins"
	DeskLate      DeskList = "late_today"
)

// DeskLists lists every list.
func DeskLists() []DeskList {
	return []DeskList{DeskNotInDorm, DeskStillIn, DeskLeave, DeskLate}
}

// Desk says how many people each list of the duty desk has.
type Desk struct {
	At    time.Time   `json:"at" doc:"As of then."`
	Lists []DeskCount `json:"lists" nullable:"false" doc:"Each list."`
}

// DeskCount says how many people a list has.
type DeskCount struct {
	List   DeskList  `json:"list" enum:"not_in_dorm,still_in_school,leave_begins,late_today" doc:"Which."`
	People int       `json:"people" doc:"How many people stand on it."`
	From   time.Time `json:"from,omitzero" doc:"Of still_in_school: from then on nobody is due any more today."`
	Open   bool      `json:"open" doc:"It is time for this list: a dorm session goes on, or the end of the day's sessions is over."`
}

// DeskRow is one line of a list of the duty desk.
type DeskRow struct {
	Person  g.PersonID        `json:"person" doc:"Who."`
	Name    string            `json:"name" doc:"Empty for callers who may not read people."`
	Class   string            `json:"class,omitempty" doc:"The class."`
	State   g.AttendanceState `json:"state,omitempty" doc:"Their answer."`
	Session g.SessionID       `json:"session,omitempty" doc:"Of which session."`
	Title   string            `json:"title,omitempty" doc:"Its name."`
	TitleZH string            `json:"title_zh,omitempty" doc:"Its Chinese name."`
	Zone    g.ZoneID          `json:"zone,omitempty" doc:"Where they were seen last."`
	At      time.Time         `json:"at,omitzero" doc:"When they were seen last; of a leave when it begins."`
	Until   time.Time         `json:"until,omitzero" doc:"When the leave ends."`
	Offsite bool              `json:"offsite,omitempty" doc:"Of a leave: approved to be elsewhere."`
}

type deskInput struct {
	gate.Paged
	gate.InSchool
	List  DeskList `query:"list" required:"true" enum:"not_in_dorm,still_in_school,leave_begins,late_today" doc:"Which list."`
	Class string   `query:"class" maxLength:"40" doc:"Of this class."`
}

func (s *area) registerDesk() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/desk",
		ID:      "count-desk",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "The duty desk: who needs a look now",
		Doc: "How many boarders a dorm session that goes on has not found, how many students are still in the " +
			"school after the last session of the day (without sessions: after 18:00), whose leave begins " +
			"today, and who was late. It needs sightings:read, too.",
	}, func(ctx context.Context, in *struct{ gate.InSchool }) (*gate.Body[Desk], error) {
		d, err := s.desk(ctx, gate.SchoolOf(ctx, in.School), "")
		if err != nil {
			return nil, err
		}
		out := Desk{At: d.now.UTC()}
		for _, l := range DeskLists() {
			n := DeskCount{
				List:   l,
				People: len(d.rows[l]),
				Open:   l == DeskLeave || l == DeskLate || l == DeskNotInDorm && d.night,
			}
			if l == DeskStillIn {
				n.From, n.Open = d.over.UTC(), !d.now.Before(d.over)
			}
			out.Lists = append(out.Lists, n)
		}
		return gate.Answer(out, nil)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/desk/people",
		ID:      "list-desk",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Who stands on a list of the duty desk",
		Doc:     "By class and name. It needs sightings:read, too.",
	}, func(ctx context.Context, in *deskInput) (*gate.Body[gate.Page[DeskRow]], error) {
		d, err := s.desk(ctx, gate.SchoolOf(ctx, in.School), in.Class)
		if err != nil {
			return nil, err
		}
		return gate.PageOf(s.Gate, gate.Some(d.rows[in.List]), in.Paged, nil, func(r DeskRow) string {
			return string(r.Person) + " " + string(r.Session) + " " + r.At.Format(time.RFC3339Nano)
		})
	})
}

// desk is what is known for the duty desk.
type desk struct {
	now   time.Time
	over  time.Time // from then on nobody is due any more today
	night bool      // a dorm session goes on
	class string    // "": all
	who   map[g.PersonID]Present
	rows  map[DeskList][]DeskRow
}

func (s *area) desk(ctx context.Context, school g.SchoolID, class string) (*desk, error) {
	v := s.View(ctx)
	sch, err := v.Places.School(ctx, school)
	if err != nil {
		return nil, err
	}
	present, err := s.present(ctx, v, school)
	if err != nil {
		return nil, err
	}
	d := &desk{
		now:   s.Now(),
		class: class,
		who:   map[g.PersonID]Present{},
		rows:  map[DeskList][]DeskRow{},
	}
	for _, p := range present {
		d.who[p.Person] = p
	}
	begin := presence.Since(d.now, sch.Location(), false)
	if err := d.answers(ctx, v, school, begin); err != nil {
		return nil, err
	}
	if d.over.IsZero() {
		local := begin.In(sch.Location())
		d.over = time.Date(local.Year(), local.Month(), local.Day(), endOfSchool, 0, 0, 0, sch.Location())
	}
	if !d.now.Before(d.over) {
		d.stillIn(present)
	}
	_, from, to := g.DayOf(d.now, sch.Location())
	if err := d.leaves(ctx, v, school, from, to); err != nil {
		return nil, err
	}
	for _, rows := range d.rows {
		slices.SortStableFunc(rows, func(a, b DeskRow) int {
			return cmp.Or(g.CompareNatural(a.Class, b.Class), cmp.Compare(a.Name, b.Name),
				cmp.Compare(a.Person, b.Person), a.At.Compare(b.At))
		})
	}
	return d, nil
}

// add puts somebody onto a list, who is of the school and the class asked for.
func (d *desk) add(l DeskList, r DeskRow) {
	p, is := d.who[r.Person]
	if !is || d.class != "" && p.Class != d.class {
		return
	}
	r.Name, r.Class = p.Name, p.Class
	if r.At.IsZero() {
		r.Zone, r.At = p.Zone, p.At
	}
	d.rows[l] = append(d.rows[l], r)
}

// answers are who is not in the dorm while its session goes on, and who was late today.
func (d *desk) answers(ctx context.Context, v *registry.View, school g.SchoolID, begin time.Time) error {
	all, err := v.Sessions.Between(ctx, school, begin, d.now.Add(24*time.Hour))
	if err != nil {
		return err
	}
	ids := []g.SessionID{}
	of := map[g.SessionID]g.Session{}
	for _, x := range all {
		switch x.Kind {
		case g.SessionLesson, g.SessionAfterSchool, g.SessionExam:
			if x.End.After(d.over) && x.Start.Before(begin.Add(24*time.Hour)) {
				d.over = x.End
			}
		}
		if x.Start.After(d.now) {
			continue
		}
		ids, of[x.ID] = append(ids, x.ID), x
		d.night = d.night || x.Kind == g.SessionDorm && d.now.Before(x.End)
	}
	stated, err := v.Sessions.Stated(ctx, ids)
	if err != nil {
		return err
	}
	for _, a := range stated {
		x := of[a.Session]
		r := DeskRow{
			Person:  a.Person,
			State:   a.State,
			Session: x.ID,
			Title:   x.Name,
			TitleZH: x.NameZH,
		}
		missing := a.State == g.Absent || a.State == g.Unknown || a.State == g.Expected || a.State == g.LeftEarly
		switch {
		case x.Kind == g.SessionDorm && d.now.Before(x.End) && missing:
			d.add(DeskNotInDorm, r)
		case a.State == g.Late && x.Kind != g.SessionDorm:
			r.At = a.At
			d.add(DeskLate, r)
		}
	}
	return nil
}

// stillIn are the students who are in the school and do not sleep there.
func (d *desk) stillIn(present []Present) {
	for _, p := range present {
		if p.Where == g.PresenceIn && p.Kind == g.Student && !p.Boarder {
			d.add(DeskStillIn, DeskRow{Person: p.Person})
		}
	}
}

// leaves are those that begin today.
func (d *desk) leaves(ctx context.Context, v *registry.View, school g.SchoolID, from, to time.Time) error {
	all, err := v.Sessions.Leaves(ctx, school, from, to)
	for _, l := range all {
		if !l.From.Before(from) {
			d.add(DeskLeave, DeskRow{
				Person:  l.Person,
				At:      l.From,
				Until:   l.To,
				Offsite: l.Offsite,
			})
		}
	}
	return err
}
