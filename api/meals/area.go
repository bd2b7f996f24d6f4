// Package meals is the API of what the kitchen and who is on duty in the canteen need of a meal:
// figures by class, who has not eaten yet, what needs a look, who eats what.
//
// It decides no meal: tills ask the gateway by their driver. There is no query of one person's meals.
package meals

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

const tag = "Meals"

// area is what the operations use.
type area struct{ *gate.Gate }

// Register adds the operations.
func Register(r *gate.Gate) {
	s := &area{r}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.Items("ClassMealsInput", "meals", maxMeal)
		d.Items("DietInput", "meals", maxMeal)
	})
	s.registerMeals()
	s.registerRights()
}

// maxMeal limits the name of a meal, in characters.
const maxMeal = 100

// MealDay is what was eaten on a day.
type MealDay struct {
	Date  string        `json:"date" doc:"The day, in the school's time zone." example:"2026-09-01"`
	Meals []g.MealCount `json:"meals" nullable:"false" doc:"Its meals, the first first; last what was given while no meal was served."`
}

type dayInput struct {
	gate.InSchool
	Date string `query:"date" maxLength:"10" doc:"YYYY-MM-DD; empty: today in the school's time zone."`
}

type mealInput struct {
	gate.PerSchool
	Date string `query:"date" maxLength:"10" doc:"Today or yesterday, YYYY-MM-DD; empty: today in the school's time zone."`
	Meal string `query:"meal" maxLength:"100" doc:"The name of its sessions."`
}

type waitingInput struct {
	gate.PerSchool
	Date  string `query:"date" maxLength:"10" doc:"Today or yesterday, YYYY-MM-DD; empty: today in the school's time zone."`
	Meal  string `query:"meal" maxLength:"100" doc:"The name of its sessions."`
	Class string `query:"class" maxLength:"40" doc:"Of this class; empty: of all."`
}

func (s *area) registerMeals() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/meals",
		ID:      "count-meals",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "The meals of a day for the kitchen: how many, by class",
		Doc: "Who is expected are those whom one of the meal's sessions is for and whose meal it is. Counts " +
			"have no names, and are kept for 7 days.",
	}, func(ctx context.Context, in *dayInput) (*gate.Body[MealDay], error) {
		meals, date, err := s.View(ctx).Meals.Day(ctx, gate.SchoolOf(ctx, in.School), in.Date)
		return gate.Answer(MealDay{
			Date:  date,
			Meals: meals,
		}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/meals/waiting",
		ID:      "list-meal-waiting",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Who has not eaten a meal yet, by class and name",
		Doc: "Of today and yesterday alone. It needs people:read, too. Who is on leave during the meal is " +
			"marked.",
	}, func(ctx context.Context, in *waitingInput) (*gate.Body[gate.Page[g.Diner]], error) {
		all, err := s.View(ctx).Meals.Waiting(ctx, gate.SchoolOf(ctx, in.School), in.Date, in.Meal, in.Class)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Diner) string { return string(x.Person) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/meals/exceptions",
		ID:      "list-meal-exceptions",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "The meals that need a look, newest first",
		Doc: "Second meals, and those that staff gave although the answer was no, with what they said; of " +
			"today and yesterday alone, at most 500. It needs people:read, too.",
	}, func(ctx context.Context, in *mealInput) (*gate.Body[gate.Page[g.MealException]], error) {
		all, err := s.View(ctx).Meals.Exceptions(ctx, gate.SchoolOf(ctx, in.School), in.Date, in.Meal)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.MealException) string {
			return fmt.Sprintf("%d %s %s", x.At.UnixMicro(), x.Device, x.Person)
		})
	})
}
