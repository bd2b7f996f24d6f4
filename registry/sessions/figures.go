package sessions

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// ClassFigures are how many answers of a class were which, on one day and from the first of its month
// to that day.
type ClassFigures struct {
	Class string
	// Session is the first of the day that is for the class; "": none is.
	Session g.SessionID
	People  int
	Day     MonthCounts
	Month   MonthCounts
}

// Figures counts the answers of a school's students to the sessions of a kind on a day, and in its month
// up to that day, by the class that they are in now. What did not concern somebody is left out.
func (v View) Figures(
	ctx context.Context, id g.SchoolID, kind g.SessionKind, day g.Date,
) ([]ClassFigures, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(id, "school", string(id)); err != nil {
		return nil, err
	}
	school, err := places.SchoolRow(ctx, v.s.Reg, id)
	if err != nil {
		return nil, err
	}
	first := day.Add(1 - day.Day)
	begin, _ := first.Bounds(school.Location())
	_, end := day.Bounds(school.Location())
	// a dorm's session of the last day may begin on the next one
	list, err := v.Between(ctx, id, begin, end.Add(12*time.Hour))
	if err != nil {
		return nil, err
	}
	ids, today := []g.SessionID{}, []g.Session{}
	for _, s := range list {
		if s.Kind != kind {
			continue
		}
		ids = append(ids, s.ID)
		if g.DateOf(s.Start.In(school.Location())) == day {
			today = append(today, s)
		}
	}
	roll, err := people.RollOf(ctx, v.r.people, id)
	if err != nil {
		return nil, err
	}
	by := map[string]*ClassFigures{}
	class := map[g.PersonID]*ClassFigures{}
	for _, p := range roll.People {
		if p.Kind != g.Student || !p.Left.IsZero() {
			continue
		}
		c := by[p.Class]
		if c == nil {
			c = &ClassFigures{
				Class: p.Class,
				Day:   MonthCounts{},
				Month: MonthCounts{},
			}
			by[p.Class] = c
		}
		c.People++
		class[p.ID] = c
	}
	if err := v.figures(ctx, ids, first, day, class); err != nil {
		return nil, err
	}
	out := make([]ClassFigures, 0, len(by))
	for _, c := range by {
		for _, s := range today {
			is := s.Expects("", g.Student, c.Class, false) || s.Expects("", g.Student, c.Class, true)
			if c.Session == "" && is {
				c.Session = s.ID
			}
		}
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b ClassFigures) int { return g.CompareNatural(a.Class, b.Class) })
	return out, nil
}

func (v View) figures(
	ctx context.Context, ids []g.SessionID, first, day g.Date, class map[g.PersonID]*ClassFigures,
) error {
	for some := range slices.Chunk(ids, store.Chunk) {
		args := append([]any{day.String()}, store.Anys(some)...)
		args = append(args, first.String(), day.String())
		err := store.Each(ctx, v.s.Reg, "SELECT person, state, SUM(CASE WHEN date = ? THEN 1 ELSE 0 END), "+
			"COUNT(*) FROM attendance WHERE session IN ("+store.Marks(len(some))+") AND date >= ? AND date <= ? "+
			"GROUP BY person, state", args, func(scan func(...any) error) error {
			var p g.PersonID
			var state g.AttendanceState
			today, month := 0, 0
			if err := scan(&p, &state, &today, &month); err != nil {
				return err
			}
			if c := class[p]; c != nil && state != g.NotRequired {
				c.Month[state] += month
				if today > 0 {
					c.Day[state] += today
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("count attendance: %w", err)
		}
	}
	return nil
}
