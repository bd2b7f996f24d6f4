package registry

import (
	"context"
	"embed"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/calendar"
	"github.com/gatehouse-iot/gatehouse/registry/collect"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	"github.com/gatehouse-iot/gatehouse/registry/exceptions"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/guardians"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
	"github.com/gatehouse-iot/gatehouse/registry/leave"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/meals"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/musters"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/procedures"
	"github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/store"
	"github.com/gatehouse-iot/gatehouse/registry/timetable"
	"github.com/gatehouse-iot/gatehouse/registry/views"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

//go:embed migrations
var migrations embed.FS

// Registry is an open registry. It is safe for concurrent use.
type Registry struct {
	Access *access.Book // sign-in and keys, needed before there is a scope
	Fleet  *fleet.Book  // device credentials, likewise

	s        *store.Store
	places   *places.Book
	people   *people.Book
	hooks    *hooks.Book
	history  *history.Book
	sessions *sessions.Book
	alerts   *alerts.Book
	lockdown *lockdown.Book
	messages *messages.Book
	oncall   *oncall.Book
	calendar *calendar.Book
	visits   *visits.Book
	meals    *meals.Book
	musters  *musters.Book
	rules    *rules.Book
	deeds    *deeds.Book

	collect    *collect.Book
	exceptions *exceptions.Book
	guardians  *guardians.Book
	leave      *leave.Book
	procedures *procedures.Book
	timetable  *timetable.Book
	views      *views.Book
}

// View is the registry restricted to one scope: the view of each aggregate, of the operations
// across them (Deeds), and of the queries across them (Views).
type View struct {
	Places   places.View
	People   people.View
	Access   access.View
	Hooks    hooks.View
	Fleet    fleet.View
	History  history.View
	Sessions sessions.View
	Alerts   alerts.View
	Lockdown lockdown.View
	Messages messages.View
	Oncall   oncall.View
	Rules    rules.View
	Calendar calendar.View
	Visits   visits.View
	Meals    meals.View
	Musters  musters.View
	Deeds    deeds.View
	Views    views.View

	Collect    collect.View
	Exceptions exceptions.View
	Guardians  guardians.View
	Leave      leave.View
	Procedures procedures.View
	Timetable  timetable.View

	s *store.View
}

// Open opens or creates the registry and applies the migrations. It refuses a schema newer than
// this program, and a master key that does not fit. Call Close when done.
func Open(ctx context.Context, o Options) (*Registry, error) {
	s, err := store.Open(ctx, o, migrations)
	if err != nil {
		return nil, err
	}
	r := &Registry{s: s}
	r.places = places.New(s)
	r.people = people.New(s, r.places)
	r.Access = access.New(s)
	r.hooks = hooks.New(s, r.Access)
	r.Fleet = fleet.New(s)
	r.history = history.New(s, r.people)
	r.sessions = sessions.New(s, r.people)
	r.alerts = alerts.New(s, r.people, r.Access)
	r.messages = messages.New(s, r.people, r.Access)
	r.oncall = oncall.New(s, r.Access, r.messages)
	r.lockdown = lockdown.New(s, r.alerts, r.Access, r.places, r.messages)
	r.rules = rules.New(s)
	r.calendar = calendar.New(s)
	r.meals = meals.New(s, r.people, r.sessions)
	r.musters = musters.New(s)
	r.exceptions = exceptions.New(s)
	r.visits = visits.New(s, r.people)
	r.timetable = timetable.New(s, r.people)
	r.collect = collect.New(s, r.people, r.sessions)
	r.guardians = guardians.New(s, r.people, r.messages)
	r.leave = leave.New(s, r.people, r.Access, r.sessions)
	r.procedures = procedures.New(s)
	r.deeds = deeds.New(
		s,
		r.places,
		r.people,
		r.Access,
		r.alerts,
	)
	r.views = views.New(
		s,
		r.people,
		r.alerts,
		r.oncall,
		r.lockdown,
	)
	return r, nil
}

// In returns the registry restricted to a scope; it is never nil. The methods of its parts return a
// [g.Error] with code Forbidden if the scope lacks the permission, and NotFound if the object is
// outside of its schools.
func (r *Registry) In(scope g.Scope) *View {
	s := r.s.In(scope)
	return &View{
		Places:   r.places.In(s),
		People:   r.people.In(s),
		Access:   r.Access.In(s),
		Hooks:    r.hooks.In(s),
		Fleet:    r.Fleet.In(s),
		History:  r.history.In(s),
		Sessions: r.sessions.In(s),
		Alerts:   r.alerts.In(s),
		Lockdown: r.lockdown.In(s),
		Messages: r.messages.In(s),
		Oncall:   r.oncall.In(s),
		Rules:    r.rules.In(s),
		Calendar: r.calendar.In(s),
		Visits:   r.visits.In(s),
		Meals:    r.meals.In(s),
		Musters:  r.musters.In(s),
		Deeds:    r.deeds.In(s),
		Views:    r.views.In(s),

		Collect:    r.collect.In(s),
		Exceptions: r.exceptions.In(s),
		Guardians:  r.guardians.In(s),
		Leave:      r.leave.In(s),
		Procedures: r.procedures.In(s),
		Timetable:  r.timetable.In(s),

		s: s,
	}
}
