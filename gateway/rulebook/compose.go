package rulebook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// tree lists for each school itself and all schools below it, sorted.
type tree map[g.SchoolID][]g.SchoolID

func treeOf(schools []g.School) tree {
	parent := map[g.SchoolID]g.SchoolID{}
	for _, s := range schools {
		parent[s.ID] = s.Parent
	}
	out := tree{}
	for _, s := range schools {
		above, steps := s.ID, 0
		for ; above != "" && steps <= len(schools); steps++ {
			out[above] = append(out[above], s.ID)
			above = parent[above]
		}
	}
	for id := range out {
		slices.Sort(out[id])
	}
	return out
}

// compose puts the folder's rules and the schools' together.
func (b *Book) compose(ctx context.Context, files alerting.Files) (*inForce, error) {
	versions, err := b.view.Rules.List(ctx, "")
	if err != nil {
		return nil, err
	}
	schools, err := b.view.Places.Schools(ctx)
	if err != nil {
		return nil, err
	}
	steps, err := b.view.Procedures.IDs(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := b.view.Calendar.Entries(ctx, "")
	if err != nil {
		return nil, err
	}
	out := put(files, b.shipped, versions, steps, treeOf(schools))
	out.all.Calendars = calendars(entries, out.schools)
	return out, nil
}

// calendars are those of the schools that have one, or a district above them.
func calendars(entries []g.CalendarEntry, schools tree) map[g.SchoolID]calendar.Calendar {
	own, above := map[g.SchoolID][]g.CalendarEntry{}, map[g.SchoolID][]g.CalendarEntry{}
	for _, e := range entries {
		own[e.School] = append(own[e.School], e)
		for _, s := range schools[e.School] {
			if s != e.School {
				above[s] = append(above[s], e)
			}
		}
	}
	out := map[g.SchoolID]calendar.Calendar{}
	for s := range schools {
		if len(own[s])+len(above[s]) > 0 {
			out[s] = calendar.New(own[s], above[s])
		}
	}
	return out
}

// put makes the set in force. A school's rule that does not parse, or names what is not there, is
// left out.
func put(
	files alerting.Files, shipped []rules.Procedure, versions []kept.RuleVersion,
	steps []g.ProcedureID, schools tree,
) *inForce {
	out := &inForce{
		files:   files,
		kept:    versions,
		steps:   steps,
		schools: schools,
		broken:  map[g.RuleID]*g.Error{},
	}
	var own []rules.Rule
	for _, x := range versions {
		holds := out.holdsFor(x)
		if !x.Enabled || len(holds) == 0 {
			continue
		}
		r, err := parse(x)
		if err != nil {
			out.broken[r.ID] = first(err)
			continue
		}
		r.Where.Only = holds
		own = append(own, r)
	}
	shared := make([]rules.Rule, 0, len(files.Rules))
	for _, r := range files.Rules {
		r.Where.Except = out.except(r.ID)
		shared = append(shared, r)
	}
	for {
		out.all = alerting.Files{
			Rules:      slices.Concat(shared, own),
			Procedures: known(withShipped(files.Procedures, shipped), steps),
		}
		bad := wrongIn(out.all, own)
		if len(bad) == 0 {
			return out
		}
		maps.Copy(out.broken, bad)
		own = slices.DeleteFunc(own, func(r rules.Rule) bool { return bad[r.ID] != nil })
	}
}

// parse parses a school's rule under its ID in the engine, which also names its place in errors.
func parse(x kept.RuleVersion) (rules.Rule, error) {
	id := rules.OfSchool(x.ID, x.School)
	r, err := rules.ParseOne(string(id), []byte(x.Text))
	r.ID = id
	return r, err
}

// holdsFor lists the schools for which a kept rule holds: its own and those below, without those
// that have a rule of their own in its place.
func (f *inForce) holdsFor(x kept.RuleVersion) []g.SchoolID {
	var without []g.SchoolID
	for _, y := range f.kept {
		if y.ID == x.ID && y.School != x.School && y.Replaces &&
			slices.Contains(f.schools[x.School], y.School) {
			without = append(without, f.schools[y.School]...)
		}
	}
	return slices.DeleteFunc(slices.Clone(f.schools[x.School]), func(id g.SchoolID) bool {
		return slices.Contains(without, id)
	})
}

// except lists the schools that have a rule of their own in the place of a file's.
func (f *inForce) except(id g.RuleID) []g.SchoolID {
	var out []g.SchoolID
	for _, x := range f.kept {
		if x.ID == id && x.Replaces {
			out = append(out, f.schools[x.School]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wrongIn returns the schools' own rules that do not fit the others, with the first reason.
func wrongIn(all alerting.Files, own []rules.Rule) map[g.RuleID]*g.Error {
	out := map[g.RuleID]*g.Error{}
	for _, e := range each(all.Check()) {
		for _, r := range own {
			if out[r.ID] == nil && strings.HasPrefix(e.Field, r.File+":") {
				out[r.ID] = e
			}
		}
	}
	return out
}

// each lists the errors that err joins.
func each(err error) []*g.Error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*g.Error
		for _, e := range many.Unwrap() {
			out = append(out, each(e)...)
		}
		return out
	}
	var one *g.Error
	if !errors.As(err, &one) {
		one = g.Errorf(g.Invalid, "%s", err)
	}
	return []*g.Error{one}
}

func first(err error) *g.Error {
	if all := each(err); len(all) > 0 {
		return all[0]
	}
	return g.Errorf(g.Invalid, "%s", fmt.Sprint(err))
}

// same reports whether nothing that the engine runs, or people see, differs.
func (f *inForce) same(o *inForce) bool {
	return reflect.DeepEqual(f.kept, o.kept) && reflect.DeepEqual(f.schools, o.schools) &&
		reflect.DeepEqual(f.steps, o.steps) && reflect.DeepEqual(f.all.Calendars, o.all.Calendars)
}
