package api

import (
	"context"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const minPassword = 10 // characters

func checkPassword(p string) error {
	if utf8.RuneCountInString(p) < minPassword {
		return g.FieldErrorf("password", "use at least %d characters; a few words in a row are easy to remember", minPassword).Because("password_short")
	}
	return nil
}

func validTimezone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// school is the school that a request names, or the caller's own.
func school(ctx context.Context, id g.SchoolID) g.SchoolID {
	if id != "" {
		return id
	}
	return callerOf(ctx).scope.School
}

type schoolBody struct {
	ID       g.SchoolID   `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	Parent   g.SchoolID   `json:"parent,omitempty" maxLength:"64" doc:"The district that the school belongs to."`
	Kind     g.SchoolKind `json:"kind" doc:"A school, or a district of schools."`
	Name     string       `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Riverside School"`
	Timezone string       `json:"timezone" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"Asia/Shanghai"`
	Language string       `json:"language" enum:"en,zh-CN" doc:"What new users see first." example:"zh-CN"`
}

func (b schoolBody) school(id g.SchoolID) (g.School, error) {
	if !validTimezone(b.Timezone) {
		return g.School{}, g.FieldErrorf("timezone", "%q is no IANA time zone; write it like Asia/Shanghai", b.Timezone)
	}
	return g.School{ID: id, Parent: b.Parent, Kind: b.Kind, Name: b.Name, Timezone: b.Timezone, Language: b.Language}, nil
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
}

// put is the input of a change to one thing.
type put[T any] struct {
	ByID
	Matching
	Body T
}

// post is the input of making one thing.
type post[T any] struct{ Body T }

func (s *Server) registerSchools() {
	const tag = "Schools and places"
	handle(s, endpoint{method: "GET", path: "/v1/schools", id: "list-schools", tag: tag, summary: "The schools that the caller sees",
		example: "curl -fsS -H \"Authorization: Bearer $GATEHOUSE_KEY\" $GATEHOUSE_URL/v1/schools"}, func(ctx context.Context, in *Paged) (*body[page[g.School]], error) {
		all, err := s.view(ctx).Schools(ctx)
		return paged(s, all, *in, err, func(x g.School) string { return string(x.ID) })
	})
	handle(s, endpoint{method: "GET", path: "/v1/schools/{id}", id: "get-school", tag: tag, summary: "One school"}, func(ctx context.Context, in *ByID) (*tagged[g.School], error) {
		x, err := s.view(ctx).School(ctx, g.SchoolID(in.ID))
		return &tagged[g.School]{tagOf(x), x}, err
	})
	handle(s, endpoint{method: "POST", path: "/v1/schools", id: "create-school", tag: tag, perm: g.SettingsWrite, status: 201, summary: "Add a school to the district"},
		func(ctx context.Context, in *post[schoolBody]) (*body[g.School], error) {
			x, err := in.Body.school("")
			if err != nil {
				return nil, err
			}
			return answer(s.view(ctx).CreateSchool(ctx, x))
		})
	changes(s, endpoint{path: "/v1/schools/{id}", tag: tag, perm: g.SettingsWrite, summary: "Change a school"}, "school", thing[schoolBody, g.School]{
		load: func(ctx context.Context, id string) (g.School, error) { return s.view(ctx).School(ctx, g.SchoolID(id)) },
		save: func(ctx context.Context, id string, b schoolBody) (g.School, error) {
			x, err := b.school(g.SchoolID(id))
			if err != nil {
				return x, err
			}
			return x, s.view(ctx).UpdateSchool(ctx, x)
		},
	})
	handle(s, endpoint{method: "GET", path: "/v1/places", id: "places", tag: tag, summary: "Sites, buildings and zones of a school",
		example: "curl -fsS -H \"Authorization: Bearer $GATEHOUSE_KEY\" $GATEHOUSE_URL/v1/places"}, func(ctx context.Context, in *InSchool) (*body[registry.Places], error) {
		return answer(s.places(ctx, in.School))
	})
	s.registerPlaces(tag)
}

// places answers empty lists, never null.
func (s *Server) places(ctx context.Context, id g.SchoolID) (registry.Places, error) {
	p, err := s.view(ctx).Places(ctx, school(ctx, id))
	p.Sites, p.Buildings, p.Zones = some(p.Sites), some(p.Buildings), some(p.Zones)
	return p, err
}

func some[T any](x []T) []T {
	if x == nil {
		return []T{}
	}
	return x
}

func (s *Server) registerPlaces(tag string) {
	kind(s, "site", tag, thing[siteBody, g.Site]{
		load: func(ctx context.Context, id string) (g.Site, error) { return s.view(ctx).Site(ctx, g.SiteID(id)) },
		save: func(ctx context.Context, id string, b siteBody) (g.Site, error) {
			return s.view(ctx).PutSite(ctx, g.Site{ID: g.SiteID(id), School: school(ctx, b.School), Name: b.Name})
		},
	}, func(ctx context.Context, id string) error { return s.view(ctx).DeleteSite(ctx, g.SiteID(id)) })
	kind(s, "building", tag, thing[buildingBody, g.Building]{
		load: func(ctx context.Context, id string) (g.Building, error) {
			return s.view(ctx).Building(ctx, g.BuildingID(id))
		},
		save: func(ctx context.Context, id string, b buildingBody) (g.Building, error) {
			return s.view(ctx).PutBuilding(ctx, g.Building{ID: g.BuildingID(id), School: school(ctx, b.School), Site: b.Site, Name: b.Name})
		},
	}, func(ctx context.Context, id string) error { return s.view(ctx).DeleteBuilding(ctx, g.BuildingID(id)) })
	kind(s, "zone", tag, thing[zoneBody, g.Zone]{
		load: func(ctx context.Context, id string) (g.Zone, error) { return s.view(ctx).Zone(ctx, g.ZoneID(id)) },
		save: func(ctx context.Context, id string, b zoneBody) (g.Zone, error) {
			return s.view(ctx).PutZone(ctx, g.Zone{ID: g.ZoneID(id), School: school(ctx, b.School), Building: b.Building, Name: b.Name, Kind: b.Kind, Private: b.Private})
		},
	}, func(ctx context.Context, id string) error { return s.view(ctx).DeleteZone(ctx, g.ZoneID(id)) })
}

// kind registers making, reading, changing and deleting one kind of place.
func kind[B, T any](s *Server, name, tag string, k thing[B, T], remove func(ctx context.Context, id string) error) {
	path := "/v1/" + name + "s"
	handle(s, endpoint{method: "POST", path: path, id: "create-" + name, tag: tag, perm: g.DevicesWrite, status: 201, summary: "Add a " + name},
		func(ctx context.Context, in *post[B]) (*body[T], error) { return answer(k.save(ctx, "", in.Body)) })
	reads(s, endpoint{path: path + "/{id}", tag: tag, summary: "One " + name}, name, k.load)
	changes(s, endpoint{path: path + "/{id}", tag: tag, perm: g.DevicesWrite, summary: "Change a " + name}, name, k)
	deletes(s, endpoint{path: path + "/{id}", tag: tag, perm: g.DevicesWrite, conflict: true, summary: "Delete a " + name,
		doc: "Refused with a conflict while something is still in it."}, name, k, remove)
}
