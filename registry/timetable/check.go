package timetable

import (
	"context"
	"errors"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// checkPattern refuses a pattern that says nothing, what cannot be, and rooms and people whom the
// school does not have.
func (v View) checkPattern(ctx context.Context, x g.SessionPattern) error {
	err := errors.Join(checkID(string(x.ID)), store.Line("name", x.Name, store.MaxName),
		store.Optional("name_zh", x.NameZH, store.MaxName), checkTime(x), checkWho(x))
	if err != nil {
		return err
	}
	if err := v.zones(ctx, x.School, x.Zones); err != nil {
		return err
	}
	return v.persons(ctx, x.School, x.Persons)
}

func checkID(id string) error {
	if id != "" && !g.ValidID(id) {
		return store.BadID()
	}
	return nil
}

// checkTime refuses days and times that cannot be.
func checkTime(x g.SessionPattern) error {
	if !slices.Contains(g.EachPatternDays(), x.Days) {
		return g.FieldErrorf("days", "%q is no kind; use some of %v", x.Days, g.EachPatternDays())
	}
	for i, d := range x.Weekdays {
		if !slices.Contains(g.Weekdays(), d) {
			return g.FieldErrorf(fmt.Sprintf("weekdays[%d]", i), "%q is no day; use one of %v", d, g.Weekdays())
		}
	}
	if x.Weeks != "" && !slices.Contains(g.EachPatternWeeks(), x.Weeks) {
		return g.FieldErrorf("weeks", "%q is no kind of week; use one of %v, or leave it out for every week", x.Weeks,
			g.EachPatternWeeks())
	}
	for name, day := range map[string]string{"from": x.From, "to": x.To} {
		if day == "" {
			continue
		}
		if _, err := g.ParseDate(day); err != nil {
			return g.FieldErrorf(name, "%v", err)
		}
	}
	if len(x.Periods) == 0 {
		_, _, _, err := x.Offsets()
		return err
	}
	if x.Start+x.Due+x.End != "" {
		return g.FieldErrorf("start", "it runs in periods: leave its own times out, or the periods")
	}
	if len(x.Periods) > MaxPeriods {
		return g.FieldErrorf("periods", "%d periods; at most %d are kept", len(x.Periods), MaxPeriods)
	}
	for i, p := range x.Periods {
		at := fmt.Sprintf("periods[%d]", i)
		if err := store.Line(at, p, MaxPeriod); err != nil {
			return err
		}
		if slices.Contains(x.Periods[:i], p) {
			return g.FieldErrorf(at, "the period %q is there twice: leave one out", p)
		}
	}
	return nil
}

// checkWho refuses lists that are too long or name what is not.
func checkWho(x g.SessionPattern) error {
	if !slices.Contains(g.SessionKinds(), x.Kind) {
		return g.FieldErrorf("kind", "%q is no kind of session; use one of %v", x.Kind, g.SessionKinds())
	}
	if len(x.Who) == 0 {
		return g.FieldErrorf("who", "say who is expected: some of %v", g.PersonKinds())
	}
	for i, k := range x.Who {
		if !slices.Contains(g.PersonKinds(), k) {
			return g.FieldErrorf(fmt.Sprintf("who[%d]", i), "%q is no kind of person; use some of %v", k,
				g.PersonKinds())
		}
	}
	if len(x.Classes) > store.MaxClasses {
		return g.FieldErrorf("classes", "%d classes; at most %d are kept: none stands for all",
			len(x.Classes), store.MaxClasses)
	}
	for i, c := range x.Classes {
		if err := store.Line(fmt.Sprintf("classes[%d]", i), c, store.MaxLabel); err != nil {
			return err
		}
	}
	return checkPlaces(x.Zones, x.ZoneKinds, x.Persons)
}

func checkPlaces(zones []g.ZoneID, kinds []g.ZoneKind, persons []g.PersonID) error {
	if len(zones) > store.MaxZones {
		return g.FieldErrorf("zones", "%d zones; at most %d are kept: give zone_kinds", len(zones), store.MaxZones)
	}
	for i, k := range kinds {
		if !slices.Contains(g.ZoneKinds(), k) {
			return g.FieldErrorf(fmt.Sprintf("zone_kinds[%d]", i), "%q is no kind of zone; use some of %v", k,
				g.ZoneKinds())
		}
	}
	if len(persons) > g.MaxSessionPersons {
		return g.FieldErrorf("persons", "%d people; a session names at most %d: give classes", len(persons),
			g.MaxSessionPersons)
	}
	return nil
}

// zones refuses rooms that the school does not have.
func (v View) zones(ctx context.Context, school g.SchoolID, ids []g.ZoneID) error {
	for i, z := range ids {
		zone, err := places.ZoneRow(ctx, v.s.Reg, z)
		if g.ErrorCode(err) == g.NotFound || err == nil && zone.School != school {
			return g.FieldErrorf(fmt.Sprintf("zones[%d]", i), "the school has no zone %q", z)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// persons refuses people whom the school does not have.
func (v View) persons(ctx context.Context, school g.SchoolID, ids []g.PersonID) error {
	if len(ids) == 0 {
		return nil
	}
	l, err := people.RollOf(ctx, v.r.people, school)
	if err != nil {
		return err
	}
	for i, p := range ids {
		if len(l.Some([]g.PersonID{p})) == 0 {
			return g.FieldErrorf(fmt.Sprintf("persons[%d]", i), "the school has no person %q", p)
		}
	}
	return nil
}
