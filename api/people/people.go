package people

import (
	"context"
	"encoding/json"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

type personBody struct {
	ID        g.PersonID      `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School    g.SchoolID      `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Kind      g.PersonKind    `json:"kind" doc:"Who the person is to the school."`
	Name      string          `json:"name" minLength:"1" maxLength:"100" doc:"The name." example:"Li Ming"`
	Number    string          `json:"number,omitempty" maxLength:"40" doc:"The school's own number for the person; unique in the school." example:"2026-0142"`
	Class     string          `json:"class,omitempty" maxLength:"40" doc:"Students: the class." example:"7-2"`
	Boarder   bool            `json:"boarder,omitempty" doc:"Sleeps in the dorm."`
	Phone     string          `json:"phone,omitempty" maxLength:"40" doc:"Telephone number."`
	Guardians []g.PersonID    `json:"guardians,omitempty" maxItems:"10" doc:"Students: who answers for the child."`
	Created   json.RawMessage `json:"created,omitempty" doc:"Ignored."`
	Consents  json.RawMessage `json:"consents,omitempty" doc:"Ignored: see POST /v1/people/{id}/consent."`
	Passes    json.RawMessage `json:"passes,omitempty" doc:"Ignored: see POST /v1/people/{id}/cards and face."`
}

func (b personBody) person(ctx context.Context, id g.PersonID) g.Person {
	return g.Person{
		ID:       id,
		School:   gate.SchoolOf(ctx, b.School),
		Kind:     b.Kind,
		Name:     b.Name,
		Number:   b.Number,
		Class:    b.Class,
		Boarder:  b.Boarder,
		Phone:    b.Phone,
		Guardian: b.Guardians,
	}
}

type peopleInput struct {
	gate.Paged
	gate.InSchool
	Kind  g.PersonKind `query:"kind" doc:"Of this kind."`
	Class string       `query:"class" maxLength:"40" doc:"Of this class."`
	Query string       `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in name, number and class."`
	Sort  string       `query:"sort" enum:"class,-class,name,-name,number,-number" doc:"In this order, in each school by itself; - before it: the other way round. Names by pinyin. Default: class, in it by number."`
	Left  bool         `query:"left" doc:"Those who have left the school, instead of those who are there."`
	Photo string       `query:"photo" enum:"outdated," doc:"outdated: whose face was measured by another model than the present one, so that a new photograph is needed. GET /v1/recorded counts them."`
}

func (s *area) registerPeople() {
	const tag = "People"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people",
		ID:      "list-people",
		Tag:     tag,
		Perm:    g.PeopleRead,
		Summary: "The class list: names, classes, who has a card or a face",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/people?kind=student&limit=5"`,
	}, func(ctx context.Context, in *peopleInput) (*gate.Body[gate.Page[people.PersonRow]], error) {
		f := people.Filter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			School: in.School,
			Kind:   in.Kind,
			Class:  in.Class,
			Query:  in.Query,
			Left:   in.Left,
			Sort:   registry.Sort(in.Sort),
		}
		if in.Photo != "" {
			if f.NotOfModel = s.needs.Model(); f.NotOfModel == "" {
				// the model in use is not known yet
				return gate.Listed([]people.PersonRow{}, "", nil)
			}
		}
		return gate.Listed(s.View(ctx).People.List(ctx, f))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/classes",
		ID:      "list-classes",
		Tag:     tag,
		Perm:    g.PeopleRead,
		Summary: "The classes of a school",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[string]], error) {
		all, err := s.View(ctx).People.Classes(ctx, gate.SchoolOf(ctx, in.School))
		return gate.PageOf(s.Gate, all, in.Paged, err, func(class string) string { return class })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/people",
		ID:      "create-person",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Status:  201,
		Max:     64 << 10,
		Summary: "Add a person",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: application/json" \
  -d '{"kind": "student", "name": "Wang Fang", "number": "2026-0777", "class": "7-2"}' $GATEHOUSE_URL/v1/people`,
	}, func(ctx context.Context, in *gate.Post[personBody]) (*gate.Body[g.Person], error) {
		return gate.Answer(s.View(ctx).People.Create(ctx, in.Body.person(ctx, "")))
	})
	s.registerImport(tag)
	s.registerPerson(tag)
}

func (s *area) registerPerson(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/{id}",
		ID:      "open-person",
		Tag:     tag,
		Perm:    g.PeopleOpen,
		Summary: "Open a person's page",
		Doc: "For students a reason is needed. Opening is written to the audit log with the " +
			"reason; where that cannot be written, nothing is shown.",
	}, s.openPerson)
	k := gate.Thing[personBody, g.Person]{
		Load: func(ctx context.Context, id string) (g.Person, error) {
			return s.View(ctx).People.ToChange(ctx, g.PersonID(id))
		},
		Save: func(ctx context.Context, id string, b personBody) (g.Person, error) {
			p := b.person(ctx, g.PersonID(id))
			return p, s.View(ctx).People.Update(ctx, p)
		},
		Show: shownPerson,
	}
	gate.Changes(s.Gate, gate.Endpoint{
		Path:     "/v1/people/{id}",
		Tag:      tag,
		Perm:     g.PeopleWrite,
		Max:      64 << 10,
		Conflict: true,
		Summary:  "Change a person",
		Doc: "The answer shows telephone and guardians only where the request names them: " +
			"whoever may change a person need not be one who may open the page.",
	}, "person", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:    "/v1/people/{id}",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "Delete a person",
		Doc: "Destroys the person's key, and with it the name, the faces and the cards. It " +
			"cannot be undone.",
	}, "person", k,
		func(ctx context.Context, id string) error {
			return s.View(ctx).People.Delete(ctx, g.PersonID(id))
		})
}

// shownPerson removes phone and guardians unless the caller sent them: to read them the person's
// page must be opened, which is audited.
func shownPerson(_ context.Context, p g.Person, said map[string]any) g.Person {
	if _, ok := said["phone"]; !ok {
		p.Phone = ""
	}
	if _, ok := said["guardians"]; !ok {
		p.Guardian = nil
	}
	return p
}

type openInput struct {
	gate.ByID
	Reason string `query:"reason" maxLength:"500" doc:"Why the page is opened; needed for students." example:"parent asks about yesterday"`
}

func (s *area) openPerson(
	ctx context.Context, in *openInput,
) (*gate.Tagged[people.PersonPage], error) {
	page, err := s.Because(ctx, in.Reason).People.Open(ctx, g.PersonID(in.ID))
	page.Consents, page.Passes = gate.Some(page.Consents), gate.Some(page.Passes)
	return gate.WithTag(gate.TagOf(page.Person, page.Consents, page.Passes), page), err
}
