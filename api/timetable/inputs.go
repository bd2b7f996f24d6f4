package timetable

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
	"github.com/gatehouse-iot/gatehouse/rules/timetable"
)

// Inputs are what a school's sessions depend on, for days from one to another.
func Inputs(
	ctx context.Context, v *registry.View, school g.SchoolID, from, to g.Date,
) (in timetable.Inputs, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read timetable: %w", err)
		}
	}()
	if in.School, err = v.Places.School(ctx, school); err != nil {
		return in, err
	}
	if in.Patterns, err = v.Timetable.Patterns(ctx, school); err != nil || len(in.Patterns) == 0 {
		return in, err
	}
	entries, err := v.Calendar.Entries(ctx, school)
	if err != nil {
		return in, err
	}
	in.Calendar = calendar.Of(school, entries)
	if in.Classes, err = v.People.Classes(ctx, school); err != nil {
		return in, err
	}
	if in.Templates, err = v.Timetable.Templates(ctx, school); err != nil {
		return in, err
	}
	if in.Days, err = v.Timetable.Days(ctx, school, from.String()); err != nil {
		return in, err
	}
	in.Changes, err = v.Timetable.Changes(ctx, school, from.String(), to.String())
	return in, err
}
