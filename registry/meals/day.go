package meals

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxExceptions is the most meals that [View.Exceptions] names, the newest.
const MaxExceptions = 500

// served is one row of the meals that were given.
type served struct {
	id             g.SightingID
	meal           string
	person         g.PersonID
	again, offline bool
	at             time.Time
	device         g.DeviceID
	why            []byte
}

// day is what is known of a school's meals of one day.
type day struct {
	date   string
	meals  []g.MealCount
	sit    map[string][]g.Session // by meal
	roll   []people.Keyed
	rights map[string][]string // by class; a class without an entry eats every meal
	own    map[g.PersonID]g.Diet
	leaves map[g.PersonID][]g.Leave
	rows   []served
}

// Day counts the meals of a school's day for the kitchen, by class, without names; date "" is today
// in the school's time zone. Counts are kept for [Keep] days.
func (v View) Day(ctx context.Context, school g.SchoolID, date string) ([]g.MealCount, string, error) {
	d, err := v.day(ctx, school, date, Keep)
	if err != nil {
		return nil, "", err
	}
	for i := range d.meals {
		d.count(&d.meals[i])
	}
	return d.meals, d.date, nil
}

// Waiting lists who may eat a meal of today or yesterday and has not, by class and name.
func (v View) Waiting(
	ctx context.Context, school g.SchoolID, date, meal, class string,
) ([]g.Diner, error) {
	if _, err := v.s.Reach(ctx, g.PeopleRead); err != nil {
		return nil, err
	}
	d, err := v.day(ctx, school, date, 1)
	if err != nil {
		return nil, err
	}
	if len(d.sit[meal]) == 0 {
		return nil, store.NotFound("meal", meal)
	}
	ate := d.ate(meal)
	out := []g.Diner{}
	for _, p := range d.roll {
		if (class != "" && p.Class != class) || ate[p.ID] || !d.expects(meal, p) {
			continue
		}
		out = append(out, g.Diner{
			Person: p.ID,
			Name:   p.Name,
			Class:  p.Class,
			Away:   d.away(meal, p),
		})
	}
	return out, nil
}

// Exceptions lists the meals of today or yesterday that need a look, the newest first: second ones,
// and those that staff gave although the answer was no.
func (v View) Exceptions(
	ctx context.Context, school g.SchoolID, date, meal string,
) ([]g.MealException, error) {
	if _, err := v.s.Reach(ctx, g.PeopleRead); err != nil {
		return nil, err
	}
	d, err := v.day(ctx, school, date, 1)
	if err != nil {
		return nil, err
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	who := map[g.PersonID]people.Keyed{}
	for _, p := range d.roll {
		who[p.ID] = p
	}
	out := []g.MealException{}
	for _, x := range slices.Backward(d.rows) {
		if x.meal != meal || !x.again && len(x.why) == 0 || len(out) == MaxExceptions {
			continue
		}
		e := g.MealException{
			Person: x.person,
			Name:   who[x.person].Name,
			Class:  who[x.person].Class,
			At:     x.at,
			Again:  x.again && x.person != "" && x.meal != "",
			Device: x.device,
		}
		if len(x.why) > 0 {
			said, err := store.Unseal(keys.Kept, x.why, "meal "+string(x.id))
			if err != nil {
				return nil, err
			}
			e.Why = string(said)
		}
		out = append(out, e)
	}
	return out, nil
}

// day reads a day of at most back days ago.
func (v View) day(ctx context.Context, id g.SchoolID, date string, back int) (*day, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, id); err != nil {
		return nil, err
	}
	school, err := places.SchoolRow(ctx, v.s.Reg, id)
	if err != nil {
		return nil, err
	}
	today := v.s.Now().In(school.Location())
	d := &day{
		date: date,
		sit:  map[string][]g.Session{},
	}
	if d.date == "" {
		d.date = today.Format(time.DateOnly)
	}
	start, err := time.ParseInLocation(time.DateOnly, d.date, school.Location())
	if err != nil {
		return nil, g.FieldErrorf("date", "%q is no date; give one as 2026-09-01", date)
	}
	if d.date < today.AddDate(0, 0, -back).Format(time.DateOnly) {
		return nil, g.FieldErrorf("date", "what was eaten is told for %d days; give a later day", back)
	}
	if err := v.read(ctx, school, d, start); err != nil {
		return nil, err
	}
	return d, nil
}

// read fills a day.
func (v View) read(ctx context.Context, school g.School, d *day, start time.Time) error {
	end := start.AddDate(0, 0, 1)
	all, err := v.sessions.Between(ctx, school.ID, start, end)
	if err != nil {
		return err
	}
	roll, err := people.RollOf(ctx, v.r.people, school.ID)
	if err != nil {
		return err
	}
	for _, p := range roll.People {
		if p.Left.IsZero() {
			d.roll = append(d.roll, p)
		}
	}
	leaves, err := v.sessions.Leaves(ctx, school.ID, start, end.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	d.leaves = map[g.PersonID][]g.Leave{}
	for _, l := range leaves {
		d.leaves[l.Person] = append(d.leaves[l.Person], l)
	}
	if err := v.readRights(ctx, school.ID, d); err != nil {
		return err
	}
	if err := v.readServed(ctx, school.ID, d); err != nil {
		return err
	}
	for _, s := range all {
		if s.Kind == g.SessionMeal && s.Start.In(school.Location()).Format(time.DateOnly) == d.date {
			d.sit[s.Name] = append(d.sit[s.Name], s)
		}
	}
	d.list()
	return nil
}

// list makes the meals of the day, the first first, and last of all what was given beside them.
func (d *day) list() {
	d.meals = []g.MealCount{}
	for name, sit := range d.sit {
		m := g.MealCount{
			Meal:   name,
			MealZH: sit[0].NameZH,
			Start:  sit[0].Start,
			End:    sit[0].End,
		}
		for _, s := range sit {
			if s.Start.Before(m.Start) {
				m.Start = s.Start
			}
			if s.End.After(m.End) {
				m.End = s.End
			}
		}
		d.meals = append(d.meals, m)
	}
	for _, x := range d.rows {
		known := slices.ContainsFunc(d.meals, func(m g.MealCount) bool { return m.Meal == x.meal })
		if !known {
			d.meals = append(d.meals, g.MealCount{Meal: x.meal})
		}
	}
	slices.SortStableFunc(d.meals, func(a, b g.MealCount) int {
		switch {
		case a.Start.IsZero() != b.Start.IsZero():
			if a.Start.IsZero() {
				return 1
			}
			return -1
		case !a.Start.Equal(b.Start):
			return a.Start.Compare(b.Start)
		}
		return strings.Compare(a.Meal, b.Meal)
	})
}

func (v View) readRights(ctx context.Context, school g.SchoolID, d *day) error {
	rights, err := classMeals(ctx, v.s.Reg, school)
	if err != nil {
		return err
	}
	d.rights = map[string][]string{}
	for _, x := range rights {
		d.rights[x.Class] = x.Meals
	}
	diets, err := v.diets(ctx, v.s.Reg, school)
	if err != nil {
		return err
	}
	d.own = map[g.PersonID]g.Diet{}
	for _, x := range diets {
		d.own[x.Person] = x
	}
	return nil
}

func (v View) readServed(ctx context.Context, school g.SchoolID, d *day) error {
	err := store.Each(ctx, v.s.Reg, "SELECT id, meal, COALESCE(person, ''), again, offline, at, device, "+
		"why_sealed FROM meals WHERE school = ? AND day = ? ORDER BY at, id",
		[]any{string(school), d.date}, func(scan func(...any) error) error {
			var x served
			var again, offline, at int64
			err := scan(
				&x.id,
				&x.meal,
				&x.person,
				&again,
				&offline,
				&at,
				&x.device,
				&x.why,
			)
			x.again, x.offline, x.at = again != 0, offline != 0, store.Moment(at)
			d.rows = append(d.rows, x)
			return err
		})
	if err != nil {
		return fmt.Errorf("list meals: %w", err)
	}
	return nil
}

// expects tells whether somebody may eat a meal: one of its sittings is for them, and it is one of
// their meals.
func (d *day) expects(meal string, p people.Keyed) bool {
	meals, limited := d.rights[p.Class]
	if own, ok := d.own[p.ID]; ok && own.Own {
		meals, limited = own.Meals, true
	}
	if limited && !slices.Contains(meals, meal) {
		return false
	}
	return slices.ContainsFunc(d.sit[meal], func(s g.Session) bool {
		return s.Expects(p.ID, p.Kind, p.Class, p.Boarder)
	})
}

// away tells whether somebody is on leave during every sitting that is for them.
func (d *day) away(meal string, p people.Keyed) bool {
	for _, s := range d.sit[meal] {
		if !s.Expects(p.ID, p.Kind, p.Class, p.Boarder) {
			continue
		}
		if !slices.ContainsFunc(d.leaves[p.ID], func(l g.Leave) bool {
			return !l.From.After(s.Start) && !l.To.Before(s.End)
		}) {
			return false
		}
	}
	return len(d.leaves[p.ID]) > 0
}

func (d *day) ate(meal string) map[g.PersonID]bool {
	ate := map[g.PersonID]bool{}
	for _, x := range d.rows {
		if x.meal == meal && x.person != "" {
			ate[x.person] = true
		}
	}
	return ate
}

// count fills in a meal's figures.
func (d *day) count(m *g.MealCount) {
	for _, x := range d.rows {
		if x.meal != m.Meal {
			continue
		}
		if x.person == "" {
			m.Unknown++
		} else if x.again && m.Meal != "" {
			m.Again++
		}
		if len(x.why) > 0 {
			m.Anyway++
		}
		if x.offline {
			m.Offline++
		}
	}
	ate := d.ate(m.Meal)
	m.Eaten = len(ate)
	m.Classes = []g.MealClass{}
	at := map[string]int{}
	for _, p := range d.roll {
		expected := d.expects(m.Meal, p)
		if !expected && !ate[p.ID] {
			continue
		}
		i, ok := at[p.Class]
		if !ok {
			i = len(m.Classes)
			at[p.Class] = i
			m.Classes = append(m.Classes, g.MealClass{Class: p.Class})
		}
		c := &m.Classes[i]
		if ate[p.ID] {
			c.Eaten++
		}
		if !expected {
			continue
		}
		c.Expected++
		m.Expected++
		if d.away(m.Meal, p) {
			c.Away++
			m.Away++
		}
	}
}
