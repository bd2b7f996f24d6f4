package places

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/places"
)

type schoolBody struct {
	ID       g.SchoolID   `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	Parent   g.SchoolID   `json:"parent,omitempty" maxLength:"64" doc:"The district that the school belongs to."`
	Kind     g.SchoolKind `json:"kind" doc:"A school, or a district of schools."`
	Name     string       `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Riverside School"`
	Timezone string       `json:"timezone" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"Asia/Shanghai"`
	Language string       `json:"language" enum:"en,zh-CN" doc:"What new users see first." example:"zh-CN"`
}

func (b schoolBody) school(id g.SchoolID) (g.School, error) {
	if !gate.ValidTimezone(b.Timezone) {
		return g.School{}, g.FieldErrorf("timezone",
			"%q is no IANA time zone; write it like Asia/Shanghai", b.Timezone)
	}
	return g.School{
		ID:       id,
		Parent:   b.Parent,
		Kind:     b.Kind,
		Name:     b.Name,
		Timezone: b.Timezone,
		Language: b.Language,
	}, nil
}

type siteBody struct {
	ID     g.SiteID   `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name   string     `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Main campus"`
}

type buildingBody struct {
	ID     g.BuildingID `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School g.SchoolID   `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Site   g.SiteID     `json:"site" minLength:"1" maxLength:"64" doc:"The site that it stands on."`
	Name   string       `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Science building"`
}

type zoneBody struct {
	ID       g.ZoneID     `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School   g.SchoolID   `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Building g.BuildingID `json:"building" maxLength:"64" doc:"The building that it is in."`
	Name     string       `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Side gate"`
	Kind     g.ZoneKind   `json:"kind" doc:"What the zone is for; rules and sessions select zones by it."`
	Private  bool         `json:"private,omitempty" doc:"A dorm room, toilet or changing room: can bind no camera."`
	Floor    g.FloorID    `json:"floor,omitempty" maxLength:"64" doc:"The floor that it is on, one of its building; empty: none."`
}

func (s *area) registerSchools() {
	const tag = "Schools and places"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/schools",
		ID:      "list-schools",
		Tag:     tag,
		Summary: "The schools that the caller sees",
		Example: "curl -fsS -H \"Authorization: Bearer $GATEHOUSE_KEY\" $GATEHOUSE_URL/v1/schools",
	}, func(ctx context.Context, in *gate.Paged) (*gate.Body[gate.Page[g.School]], error) {
		all, err := s.View(ctx).Places.Schools(ctx)
		return gate.PageOf(s.Gate, all, *in, err, func(x g.School) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/schools/{id}",
		ID:      "get-school",
		Tag:     tag,
		Summary: "One school",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[g.School], error) {
		x, err := s.View(ctx).Places.School(ctx, g.SchoolID(in.ID))
		return gate.WithTag(gate.TagOf(x), x), err
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/schools",
		ID:      "create-school",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Status:  201,
		Summary: "Add a school to the district",
	},
		func(ctx context.Context, in *gate.Post[schoolBody]) (*gate.Body[g.School], error) {
			x, err := in.Body.school("")
			if err != nil {
				return nil, err
			}
			return gate.Answer(s.View(ctx).Places.CreateSchool(ctx, x))
		})
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/schools/{id}",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Change a school",
	}, "school", gate.Thing[schoolBody, g.School]{
		Load: func(ctx context.Context, id string) (g.School, error) {
			return s.View(ctx).Places.School(ctx, g.SchoolID(id))
		},
		Save: func(ctx context.Context, id string, b schoolBody) (g.School, error) {
			x, err := b.school(g.SchoolID(id))
			if err != nil {
				return x, err
			}
			return x, s.View(ctx).Places.UpdateSchool(ctx, x)
		},
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/places",
		ID:      "places",
		Screen:  true,
		Tag:     tag,
		Summary: "Sites, buildings, floors and zones of a school",
		Example: "curl -fsS -H \"Authorization: Bearer $GATEHOUSE_KEY\" $GATEHOUSE_URL/v1/places",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[places.Places], error) {
		return gate.Answer(s.places(ctx, in.School))
	})
	s.registerPlaces(tag)
}

// places answers empty lists, never null.
func (s *area) places(ctx context.Context, id g.SchoolID) (places.Places, error) {
	p, err := s.View(ctx).Places.Of(ctx, gate.SchoolOf(ctx, id))
	p.Sites, p.Buildings = gate.Some(p.Sites), gate.Some(p.Buildings)
	p.Floors, p.Zones = gate.Some(p.Floors), gate.Some(p.Zones)
	return p, err
}

func (s *area) registerPlaces(tag string) {
	kind(s, "site", tag, gate.Thing[siteBody, g.Site]{
		Load: func(ctx context.Context, id string) (g.Site, error) {
			return s.View(ctx).Places.Site(ctx, g.SiteID(id))
		},
		Save: func(ctx context.Context, id string, b siteBody) (g.Site, error) {
			return s.View(ctx).Places.PutSite(ctx,
				g.Site{
					ID:     g.SiteID(id),
					School: gate.SchoolOf(ctx, b.School),
					Name:   b.Name,
				})
		},
	}, func(ctx context.Context, id string) error {
		return s.View(ctx).Places.DeleteSite(ctx, g.SiteID(id))
	})
	kind(s, "building", tag, gate.Thing[buildingBody, g.Building]{
		Load: func(ctx context.Context, id string) (g.Building, error) {
			return s.View(ctx).Places.Building(ctx, g.BuildingID(id))
		},
		Save: func(ctx context.Context, id string, b buildingBody) (g.Building, error) {
			return s.View(ctx).Places.PutBuilding(ctx, g.Building{
				ID:     g.BuildingID(id),
				School: gate.SchoolOf(ctx, b.School),
				Site:   b.Site,
				Name:   b.Name,
			})
		},
	}, func(ctx context.Context, id string) error {
		return s.View(ctx).Places.DeleteBuilding(ctx, g.BuildingID(id))
	})
	kind(s, "zone", tag, gate.Thing[zoneBody, g.Zone]{
		Load: func(ctx context.Context, id string) (g.Zone, error) {
			return s.View(ctx).Places.Zone(ctx, g.ZoneID(id))
		},
		Save: func(ctx context.Context, id string, b zoneBody) (g.Zone, error) {
			return s.View(ctx).Deeds.PutZone(ctx, g.Zone{
				ID:       g.ZoneID(id),
				School:   gate.SchoolOf(ctx, b.School),
				Building: b.Building,
				Name:     b.Name,
				Kind:     b.Kind,
				Private:  b.Private,
				Floor:    b.Floor,
			})
		},
	}, func(ctx context.Context, id string) error {
		return s.View(ctx).Deeds.DeleteZone(ctx, g.ZoneID(id))
	})
}

// kind registers making, reading, changing and deleting one kind of place.
func kind[B, T any](
	s *area, name, tag string, k gate.Thing[B, T], remove func(ctx context.Context, id string) error,
) {
	path := "/v1/" + name + "s"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    path,
		ID:      "create-" + name,
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Status:  201,
		Summary: "Add a " + name,
	},
		func(ctx context.Context, in *gate.Post[B]) (*gate.Body[T], error) {
			return gate.Answer(k.Save(ctx, "", in.Body))
		})
	gate.Reads(s.Gate, gate.Endpoint{
		Path:    path + "/{id}",
		Tag:     tag,
		Summary: "One " + name,
	}, name,
		k.Load)
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    path + "/{id}",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Change a " + name,
	}, name, k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:     path + "/{id}",
		Tag:      tag,
		Perm:     g.DevicesWrite,
		Conflict: true,
		Summary:  "Delete a " + name,
		Doc:      "Refused with a conflict while something is still in it.",
	}, name, k, remove)
}
