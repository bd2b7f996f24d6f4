package timetable

import (
	"bytes"
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/almanac"
)

// icalDays is how many days after today a file holds: those whose sessions are made.
const icalDays = 14

type icalInput struct {
	gate.InSchool
	Class  string     `query:"class" maxLength:"40" doc:"Of this class." example:"7-1"`
	Person g.PersonID `query:"person" maxLength:"64" doc:"Of what names this person."`
}

type icalFile struct {
	Type string `header:"Content-Type"`
	Name string `header:"Content-Disposition"`
	Body []byte
}

func (s *area) registerICal() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/timetable.ics",
		ID:      "export-timetable",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Raw:     "text/calendar",
		Summary: "The next two weeks' sessions of a class or a person as iCalendar",
		Doc:     "Events with times (RFC 5545), as the sessions stand.",
	}, func(ctx context.Context, in *icalInput) (*icalFile, error) {
		v, id := s.View(ctx), gate.SchoolOf(ctx, in.School)
		school, err := v.Places.School(ctx, id)
		if err != nil {
			return nil, err
		}
		today, from, _ := g.DayOf(s.Now(), school.Location())
		_, to := today.Add(icalDays).Bounds(school.Location())
		list, err := v.Sessions.Between(ctx, id, from, to)
		if err != nil {
			return nil, err
		}
		x := &weekly{in: &weekInput{Class: in.Class, Person: in.Person}}
		var events []almanac.Event
		for _, one := range list {
			if x.concerns(one.Classes, one.Persons, one.Who) {
				events = append(events, almanac.Event{
					ID:    string(one.ID),
					Name:  one.Name,
					Start: one.Start,
					End:   one.End,
				})
			}
		}
		var b bytes.Buffer
		if err := almanac.WriteEvents(&b, events, s.Now()); err != nil {
			return nil, err
		}
		return &icalFile{"text/calendar; charset=utf-8", `attachment; filename="timetable.ics"`, b.Bytes()}, nil
	})
}
