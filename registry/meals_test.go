package registry_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/meals"
)

// canteen is a school with a till's place and a lunch in two sittings from 11:30 to 12:30 of its
// time zone.
type canteen struct {
	*district
	t    *testing.T
	zone g.Zone
	n    int
}

func newCanteen(t *testing.T, o registry.Options, c *clock) *canteen {
	t.Helper()
	d := newDistrict(t, o, c)
	x := &canteen{
		district: d,
		t:        t,
		zone:     g.Zone{ID: "canteen", School: d.a.ID, Kind: g.ZoneCanteen},
	}
	for i, class := range []string{"7-2", "8-1"} {
		start := time.Date(2026, 9, 1, 3, 30+30*i, 0, 0, time.UTC)
		must[g.Session](t)(d.sys.Sessions.Put(t.Context(), g.Session{
			School:  d.a.ID,
			Kind:    g.SessionMeal,
			Name:    "Lunch",
			NameZH:  "午餐",
			Start:   start,
			Due:     start.Add(15 * time.Minute),
			End:     start.Add(30 * time.Minute),
			Who:     []g.PersonKind{g.Student},
			Classes: []string{class},
		}))
	}
	return x
}

// at is a time of the day in the school's time zone.
func (x *canteen) at(hour, minute int) time.Time {
	return time.Date(2026, 9, 1, hour, minute, 0, 0, x.a.Location())
}

// ask asks a new question; change may make it another's.
func (x *canteen) ask(p g.PersonID, at time.Time, change func(*meals.Question)) meals.Verdict {
	x.t.Helper()
	x.n++
	q := meals.Question{
		ID:     g.SightingID(fmt.Sprintf("sgt_%d", x.n)),
		School: x.a.ID,
		Device: "till-1",
		Zone:   x.zone,
		Method: g.ByCard,
		Person: p,
		At:     at,
	}
	if change != nil {
		change(&q)
	}
	return must[meals.Verdict](x.t)(x.sys.Meals.Decide(x.t.Context(), q))
}

func (x *canteen) wants(what string, got meals.Verdict, allow bool, why g.ReasonCode) {
	x.t.Helper()
	if got.Allow != allow || got.Why != why {
		x.t.Errorf("%s: got %t %q, want %t %q", what, got.Allow, got.Why, allow, why)
	}
}

func anyway(q *meals.Question) { q.Override = "Still hungry" }
func offline(q *meals.Question) {
	q.Served, q.Device = true, "till-2"
}

// TestOneMealOnce goes through a lunch: one meal for each child over both sittings, a repeated
// question answered as before, staff who serve anyway, a till that was without an answer and brings
// a second meal, and the kitchen's figures of it all.
func TestOneMealOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		x, ctx := newCanteen(t, o, c), t.Context()
		child := x.child[x.a.ID].ID
		office := x.as(x.a, g.RoleAdmin)
		must[g.Diet](t)(office.Meals.PutDiet(ctx, g.Diet{Person: child, Note: "No peanuts"}))

		x.wants("before lunch", x.ask(child, x.at(11, 0), nil), false, g.ReasonNoMeal)
		first := x.ask(child, x.at(11, 40), func(q *meals.Question) { q.ID = "sgt_first" })
		x.wants("lunch", first, true, "")
		want := g.Serving{
			Meal:   "Lunch",
			MealZH: "午餐",
			Name:   "Zhou Xiaohua a",
			Class:  "7-2",
			Note:   "No peanuts",
		}
		if diff := cmp.Diff(first.Serving, want); diff != "" {
			t.Errorf("the till is shown -, want +:\n%s", diff)
		}
		again := x.ask(child, x.at(11, 40), func(q *meals.Question) { q.ID = "sgt_first" })
		x.wants("the same question", again, true, "")
		second := x.ask(child, x.at(12, 5), nil)
		x.wants("the other sitting", second, false, g.ReasonMealEaten)
		if !second.Serving.Before.Equal(x.at(11, 40)) {
			t.Errorf("got %s as the first meal, want %s", second.Serving.Before, x.at(11, 40))
		}
		x.wants("staff serve anyway", x.ask(child, x.at(12, 6), anyway), true, g.ReasonMealEaten)
		x.wants("a till was offline", x.ask(child, x.at(11, 45), offline), true, g.ReasonMealEaten)
		x.wants("nobody's card", x.ask("", x.at(12, 7), func(q *meals.Question) {
			q.Refused = g.ReasonNobody
		}), false, g.ReasonNobody)
		x.wants("a hungry guest", x.ask("", x.at(12, 8), func(q *meals.Question) {
			q.Refused, q.Override = g.ReasonNobody, "Guest"
		}), true, g.ReasonNobody)

		c.add(5 * time.Hour) // to 20:00 there
		counts, day, err := x.as(x.a, g.RoleTeacher).Meals.Day(ctx, x.a.ID, "")
		ok(t, err)
		wantCounts := []g.MealCount{{
			Meal:     "Lunch",
			MealZH:   "午餐",
			Start:    x.at(11, 30).UTC(),
			End:      x.at(12, 30).UTC(),
			Expected: 1,
			Eaten:    1,
			Again:    2,
			Unknown:  1,
			Anyway:   2,
			Offline:  1,
			Classes:  []g.MealClass{{Class: "7-2", Expected: 1, Eaten: 1}},
		}}
		if diff := cmp.Diff(counts, wantCounts); diff != "" || day != "2026-09-01" {
			t.Errorf("%s: got -, want +:\n%s", day, diff)
		}
		odd := must[[]g.MealException](t)(office.Meals.Exceptions(ctx, x.a.ID, "", "Lunch"))
		var said []string
		for _, e := range odd {
			said = append(said, fmt.Sprintf("%s again=%t %s %q", e.Name, e.Again, e.Device, e.Why))
		}
		if diff := cmp.Diff(said, []string{
			` again=false till-1 "Guest"`,
			`Zhou Xiaohua a again=true till-1 "Still hungry"`,
			`Zhou Xiaohua a again=true till-2 ""`,
		}); diff != "" {
			t.Errorf("exceptions: got -, want +:\n%s", diff)
		}
		ways := map[g.Method]int{}
		rows := must[[]registry.OutboxRow](t)(x.sys.Outbox(ctx, 0, 1000))
		for _, r := range rows {
			if r.Event.Kind == g.EventSighting {
				ways[r.Event.Sighting.Method]++
			}
		}
		if diff := cmp.Diff(ways, map[g.Method]int{g.ByCard: 2, g.ByManual: 1}); diff != "" {
			t.Errorf("sightings for attendance: got -, want +:\n%s", diff)
		}
	})
}

// TestWhoseMeals: a class eats the meals that it has, a person's own entry outranks it, and who is
// refused may be served anyway; who has not eaten is told of today and yesterday only.
func TestWhoseMeals(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		x, ctx := newCanteen(t, o, c), t.Context()
		child := x.child[x.a.ID].ID
		office := x.as(x.a, g.RoleAdmin)
		waiting := func() int {
			t.Helper()
			return len(must[[]g.Diner](t)(office.Meals.Waiting(ctx, x.a.ID, "2026-09-01", "Lunch", "")))
		}
		if n := waiting(); n != 1 {
			t.Errorf("got %d waiting without any entry, want 1", n)
		}
		must[g.ClassMeals](t)(office.Meals.PutClassMeals(ctx,
			g.ClassMeals{School: x.a.ID, Class: "7-2", Meals: []string{"Breakfast"}}, false))
		x.wants("not the class's", x.ask(child, x.at(11, 40), nil), false, g.ReasonMealNotTheir)
		if n := waiting(); n != 0 {
			t.Errorf("got %d waiting who do not eat lunch, want 0", n)
		}
		must[g.Diet](t)(office.Meals.PutDiet(ctx, g.Diet{Person: child, Own: true, Meals: []string{"Lunch"}}))
		if n := waiting(); n != 1 {
			t.Errorf("got %d waiting by their own entry, want 1", n)
		}
		x.wants("their own", x.ask(child, x.at(11, 41), anyway), true, "") // a reason that is not needed
		odd := must[[]g.MealException](t)(office.Meals.Exceptions(ctx, x.a.ID, "2026-09-01", "Lunch"))
		if len(odd) != 0 {
			t.Errorf("got %+v, want nothing to look at", odd)
		}
		if n := waiting(); n != 0 {
			t.Errorf("got %d waiting who have eaten, want 0", n)
		}
		must[g.Diet](t)(office.Meals.PutDiet(ctx, g.Diet{Person: child, Own: true}))
		x.wants("none at all", x.ask(child, x.at(11, 42), nil), false, g.ReasonMealNotTheir)
		x.wants("but hungry", x.ask(child, x.at(11, 43), anyway), true, g.ReasonMealNotTheir)
		if got := must[[]g.Diet](t)(office.Meals.Diets(ctx, x.a.ID)); len(got) != 1 || !got[0].Own {
			t.Errorf("got %+v, want the child's own entry", got)
		}
		must[g.Diet](t)(office.Meals.PutDiet(ctx, g.Diet{Person: child}))
		if got := must[[]g.Diet](t)(office.Meals.Diets(ctx, x.a.ID)); len(got) != 0 {
			t.Errorf("got %+v, want no entry", got)
		}
		c.add(48 * time.Hour)
		_, err := office.Meals.Waiting(ctx, x.a.ID, "2026-09-01", "Lunch", "")
		wantCode(t, err, g.Invalid)
		_, _, err = office.Meals.Day(ctx, x.a.ID, "2026-09-01")
		ok(t, err)
		c.add(7 * 24 * time.Hour)
		_, _, err = office.Meals.Day(ctx, x.a.ID, "2026-09-01")
		wantCode(t, err, g.Invalid)
	})
}

// TestTwoTillsAtOnce: however many tills ask at one instant, one is told yes.
func TestTwoTillsAtOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		x := newCanteen(t, o, c)
		var yes atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				got, err := x.sys.Meals.Decide(t.Context(), meals.Question{
					ID:     g.SightingID(fmt.Sprintf("sgt_at_%d", i)),
					School: x.a.ID,
					Device: "till",
					Zone:   x.zone,
					Method: g.ByCard,
					Person: x.child[x.a.ID].ID,
					At:     x.at(11, 40),
				})
				if err != nil {
					t.Error(err)
				}
				if got.Allow {
					yes.Add(1)
				}
			})
		}
		all.Wait()
		if n := yes.Load(); n != 1 {
			t.Errorf("%d tills were told yes, want 1", n)
		}
	})
}
