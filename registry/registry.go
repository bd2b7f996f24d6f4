package registry

import (
	"context"
	"embed"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/store"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

//go:embed migrations
var migrations embed.FS

// Registry is an open registry. It is safe for concurrent use.
type Registry struct {
	*accessBook // who somebody is, before there is a scope
	*fleetBook  // which device somebody is

	s        *store.Store
	places   *places.Book
	people   *people.Book
	hooks    *hooks.Book
	history  *history.Book
	sessions *sessions.Book
	alerts   *alerts.Book
	deeds    *deeds.Book
	views    *views.Book
}

// View is the registry as one scope may see it: each aggregate's part of it, what crosses two of
// them, and what is read across them.
type View struct {
	inPlaces
	inPeople
	inAccess
	inHooks
	inFleet
	inHistory
	inSessions
	inAlerts
	inDeeds
	inViews

	s *store.View
}

type (
	accessBook = access.Book
	fleetBook  = fleet.Book

	inPlaces   = places.View
	inPeople   = people.View
	inAccess   = access.View
	inHooks    = hooks.View
	inFleet    = fleet.View
	inHistory  = history.View
	inSessions = sessions.View
	inAlerts   = alerts.View
	inDeeds    = deeds.View
	inViews    = views.View
)

// Open opens or creates the registry and brings its schema up to date. A schema newer than
// this program and a master key that does not fit are refused. Call Close when done.
func Open(ctx context.Context, o Options) (*Registry, error) {
	s, err := store.Open(ctx, o, migrations)
	if err != nil {
		return nil, err
	}
	r := &Registry{s: s}
	r.places = places.New(s)
	r.people = people.New(s, r.places)
	r.accessBook = access.New(s)
	r.hooks = hooks.New(s, r.accessBook)
	r.fleetBook = fleet.New(s)
	r.history = history.New(s, r.people)
	r.sessions = sessions.New(s, r.people)
	r.alerts = alerts.New(s, r.people, r.accessBook)
	r.deeds = deeds.New(s, r.places, r.people)
	r.views = views.New(s, r.people)
	return r, nil
}

// In is the registry as s may see it; it never is nil. Its methods answer a [g.Error] of code
// Forbidden where s lacks the permission and NotFound where the thing is outside its schools.
func (r *Registry) In(scope g.Scope) *View {
	s := r.s.In(scope)
	return &View{
		s: s,

		inPlaces:   r.places.In(s),
		inPeople:   r.people.In(s),
		inAccess:   r.accessBook.In(s),
		inHooks:    r.hooks.In(s),
		inFleet:    r.fleetBook.In(s),
		inHistory:  r.history.In(s),
		inSessions: r.sessions.In(s),
		inAlerts:   r.alerts.In(s),
		inDeeds:    r.deeds.In(s),
		inViews:    r.views.In(s),
	}
}
