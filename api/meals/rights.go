package meals

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// ClassMealsInput says what a class eats.
type ClassMealsInput struct {
	School g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Class  string     `json:"class" minLength:"1" maxLength:"40" doc:"The class." example:"7-2"`
	Every  bool       `json:"every,omitempty" doc:"It eats every meal: what was said of it is deleted."`
	Meals  []string   `json:"meals,omitempty" maxItems:"12" doc:"The names of its meals; none: it eats none."`
}

// DietInput says what a till has to know of a person.
type DietInput struct {
	Note  string   `json:"note,omitempty" maxLength:"200" doc:"What they must not eat, or need; a till shows it while they stand there." example:"No peanuts"`
	Own   bool     `json:"own,omitempty" doc:"meals are theirs, whatever their class eats."`
	Meals []string `json:"meals,omitempty" maxItems:"12" doc:"With own: the names of their meals; none: they eat none."`
}

type dietInput struct {
	gate.ByIDMatching
	Body DietInput
}

type classMealsInput struct {
	gate.Matching
	Body ClassMealsInput
}

func (s *area) registerRights() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/meals/classes",
		ID:      "list-class-meals",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "The classes that do not eat every meal",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Tagged[gate.Page[g.ClassMeals]], error) {
		all, err := s.View(ctx).Meals.ClassMeals(ctx, gate.SchoolOf(ctx, in.School))
		page, err := gate.PageOf(s.Gate, all, in.Paged, err, func(x g.ClassMeals) string { return x.Class })
		if err != nil {
			return nil, err
		}
		return gate.WithTag(gate.TagOf(all), page.Body), nil
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "PUT",
		Path:    "/v1/meals/classes",
		ID:      "put-class-meals",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Say which meals a class eats",
		Doc: "Without an entry a class eats every meal. Staff can serve anybody anyway. The tag is that of " +
			"all classes.",
		Matching: true,
	}, func(ctx context.Context, in *classMealsInput) (*gate.Body[g.ClassMeals], error) {
		b := in.Body
		ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			all, err := s.View(ctx).Meals.ClassMeals(ctx, gate.SchoolOf(ctx, b.School))
			return gate.TagOf(all), err
		})
		return gate.Answer(s.View(ctx).Meals.PutClassMeals(ctx, g.ClassMeals{
			School: gate.SchoolOf(ctx, b.School),
			Class:  b.Class,
			Meals:  b.Meals,
		}, b.Every))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/meals/diets",
		ID:      "list-diets",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "What tills are told of people: what they must not eat, and meals of their own",
		Doc:     "The look is in the audit log.",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.Diet]], error) {
		all, err := s.View(ctx).Meals.Diets(ctx, gate.SchoolOf(ctx, in.School))
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Diet) string { return string(x.Person) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/{id}/diet",
		ID:      "get-diet",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "What tills are told of a person",
		Doc:     "An empty entry where that is nothing. The look is in the audit log.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[g.Diet], error) {
		d, err := s.View(ctx).Meals.Diet(ctx, g.PersonID(in.ID), true)
		return gate.WithTag(gate.TagOf(d), d), err
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "PUT",
		Path:    "/v1/people/{id}/diet",
		ID:      "put-diet",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "Say what tills are told of a person",
		Doc: "What they must not eat is encrypted under the person's key and shown at a till while they are " +
			"served, nowhere else but in the list of diets. An empty entry is deleted.",
		Matching: true,
	}, func(ctx context.Context, in *dietInput) (*gate.Body[g.Diet], error) {
		ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			d, err := s.View(ctx).Meals.Diet(ctx, g.PersonID(in.ID), false)
			return gate.TagOf(d), err
		})
		return gate.Answer(s.View(ctx).Meals.PutDiet(ctx, g.Diet{
			Person: g.PersonID(in.ID),
			Note:   in.Body.Note,
			Own:    in.Body.Own,
			Meals:  in.Body.Meals,
		}))
	})
}
