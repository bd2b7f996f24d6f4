package attendance

import (
	"cmp"
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/rules/muster"
)

type musterInput struct {
	Body struct {
		School   g.SchoolID   `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
		Building g.BuildingID `json:"building,omitempty" maxLength:"64" doc:"One of its buildings; empty: the whole school."`
		Drill    bool         `json:"drill" doc:"A drill, and marked so everywhere and for good."`
		Place    string       `json:"place,omitempty" maxLength:"100" doc:"Where people gather." example:"Sports field"`
	}
}

type musterTick struct {
	ID     string     `json:"id" minLength:"1" maxLength:"64" doc:"Made where it is ticked: sent again it changes nothing."`
	Person g.PersonID `json:"person" minLength:"1" maxLength:"64" doc:"The person."`
	Word   g.TickWord `json:"word" doc:"safe (is here), away (safe elsewhere), missing (called, and not here), mistaken (takes back the last that the caller ticked of them)."`
	At     time.Time  `json:"at,omitzero" doc:"When, by the telephone's clock; absent: now."`
}

type ticksInput struct {
	gate.ByID
	Body struct {
		Ticks []musterTick `json:"ticks" minItems:"1" maxItems:"200" doc:"What was ticked."`
	}
}

type closeMusterInput struct {
	gate.ByID
	Body struct {
		Report string `json:"report,omitempty" maxLength:"2000" doc:"What is to be remembered." example:"All found after 6 minutes."`
	}
}

type musterPeopleInput struct {
	gate.Paged
	gate.ByID
	State g.MusterState `query:"state" doc:"waiting, missing, safe, away or not_sought; empty: all."`
	Class string        `query:"class" maxLength:"40" doc:"Of this class."`
	Kind  g.PersonKind  `query:"kind" doc:"Of this kind."`
}

// MusterPerson is one person of a muster.
type MusterPerson struct {
	Person   g.PersonID       `json:"person" doc:"Who."`
	Kind     g.PersonKind     `json:"kind,omitempty" doc:"student, staff, guardian or visitor; absent: not known any more."`
	Name     string           `json:"name" doc:"Empty for callers who may not read people, and of people who were deleted since."`
	Number   string           `json:"number,omitempty" doc:"The school's own number."`
	Class    string           `json:"class,omitempty" doc:"The class, as it was."`
	Others   int              `json:"others,omitempty" doc:"How many came with a visitor and have no code; they are ticked together."`
	State    g.MusterState    `json:"state" doc:"missing, waiting, safe, away or not_sought."`
	At       time.Time        `json:"at,omitzero" doc:"Since when, by whoever ticked."`
	By       string           `json:"by,omitempty" doc:"Who ticked."`
	Missed   time.Time        `json:"missed,omitzero" doc:"When somebody first said that they are missing."`
	MissedBy string           `json:"missed_by,omitempty" doc:"Who said so."`
	Where    g.Presence       `json:"where" doc:"in, out or unknown: where they were, as far as anybody can say."`
	Sure     g.MusterSureness `json:"sure" doc:"How far that can be relied on: certain, likely or doubtful."`
	Why      g.MusterReason   `json:"why" doc:"What says so."`
	Zone     g.ZoneID         `json:"zone,omitempty" doc:"The last place."`
	SeenAt   time.Time        `json:"seen_at,omitzero" doc:"When they were there."`
	Since    bool             `json:"since,omitempty" doc:"They were seen since it began."`
}

// Ticked is what became of ticks.
type Ticked struct {
	Strange []g.PersonID `json:"strange" nullable:"false" doc:"People who are not of the school, or not any more: their ticks were left out. All others are kept."`
}

func (s *area) registerMusters() {
	const tag = "Musters"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/musters",
		ID:      "list-musters",
		Tag:     tag,
		Perm:    g.SightingsRead,
		Summary: "Musters, the newest first",
		Doc:     "At most 100. Those that are open are counted when one is read.",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.Muster]], error) {
		all, err := s.View(ctx).Musters.List(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Muster) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/musters",
		ID:      "start-muster",
		Tag:     tag,
		Perm:    g.LockdownRaise,
		Status:  201,
		Summary: "Look for everybody: an evacuation, or a drill",
		Doc: "Whoever may raise the alarm may start it and tick; closing it takes the permission of the " +
			"all-clear, lockdown:clear. The list is that of now, from gates and rooms, the attendance of today, " +
			"leave and visitors, and stays; later sightings only raise what is known.",
	}, func(ctx context.Context, in *musterInput) (*gate.Body[g.Muster], error) {
		return gate.Answer(s.startMuster(ctx, g.Muster{
			School:   gate.SchoolOf(ctx, in.Body.School),
			Building: in.Body.Building,
			Drill:    in.Body.Drill,
			Place:    in.Body.Place,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/musters/{id}",
		ID:      "get-muster",
		Tag:     tag,
		Perm:    g.SightingsRead,
		Summary: "One muster, and how far it is",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[g.Muster], error) {
		x, _, err := s.found(ctx, s.View(ctx), g.MusterID(in.ID))
		return gate.Answer(x, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/musters/{id}/people",
		ID:      "list-muster-people",
		Tag:     tag,
		Perm:    g.SightingsRead,
		Summary: "Who is looked for, who is found and who is missing",
		Doc:     "Missing first, then who waits, by class and name.",
	}, func(ctx context.Context, in *musterPeopleInput) (*gate.Body[gate.Page[MusterPerson]], error) {
		all, err := s.musterPeople(ctx, *in)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(p MusterPerson) string { return string(p.Person) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/musters/{id}/ticks",
		ID:      "tick-muster",
		Tag:     tag,
		Perm:    g.LockdownRaise,
		Summary: "Tick people by name, many at once",
		Doc: "No tick changes another: safe outranks away, and that missing, in whatever order telephones " +
			"send them. For a week after a muster was closed it takes what waited on a telephone.",
	}, func(ctx context.Context, in *ticksInput) (*gate.Body[Ticked], error) {
		ticks := make([]g.MusterTick, len(in.Body.Ticks))
		for i, x := range in.Body.Ticks {
			ticks[i] = g.MusterTick{
				ID:     x.ID,
				Person: x.Person,
				Word:   x.Word,
				At:     x.At,
			}
		}
		strange, err := s.View(ctx).Musters.Tick(ctx, g.MusterID(in.ID), ticks)
		return gate.Answer(Ticked{gate.Some(strange)}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/musters/{id}/close",
		ID:      "close-muster",
		Tag:     tag,
		Perm:    g.LockdownClear,
		Summary: "Close a muster; its record stays",
	}, func(ctx context.Context, in *closeMusterInput) (*gate.Body[g.Muster], error) {
		return gate.Answer(s.closeMuster(ctx, g.MusterID(in.ID), in.Body.Report))
	})
}

func (s *area) startMuster(ctx context.Context, x g.Muster) (g.Muster, error) {
	// The school is the caller's: what follows is read as the gateway.
	if _, err := s.View(ctx).Places.School(ctx, x.School); err != nil {
		return g.Muster{}, err
	}
	list, err := s.sought(ctx, x)
	if err != nil {
		return g.Muster{}, err
	}
	if x, err = s.View(ctx).Musters.Start(ctx, x, list); err == nil {
		x.Counts = muster.Count(muster.Join(list, nil))
	}
	return x, err
}

func (s *area) closeMuster(ctx context.Context, id g.MusterID, report string) (g.Muster, error) {
	x, all, err := s.found(ctx, s.View(ctx), id)
	if err != nil {
		return x, err
	}
	list := []g.MusterEntry{}
	for _, f := range all {
		if f.Why != g.MusterAdded {
			list = append(list, f.MusterEntry)
		}
	}
	return s.View(ctx).Musters.Close(ctx, id, report, x.Counts, list)
}

func (s *area) musterPeople(ctx context.Context, in musterPeopleInput) ([]MusterPerson, error) {
	v := s.View(ctx)
	x, all, err := s.found(ctx, v, g.MusterID(in.ID))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f muster.Found) bool {
		return in.State != "" && f.State != in.State || in.Class != "" && f.Class != in.Class ||
			in.Kind != "" && f.Kind != in.Kind
	})
	return named(ctx, v, x, all)
}

// named are the people of a muster with their names, what needs somebody first.
func named(
	ctx context.Context, v *registry.View, x g.Muster, all []muster.Found,
) ([]MusterPerson, error) {
	members, err := v.People.Members(ctx, x.School)
	if err != nil {
		return nil, err
	}
	who := map[g.PersonID]people.Member{}
	for _, m := range members {
		who[m.ID] = m
	}
	gone := []g.PersonID{} // who has left the school since
	for _, f := range all {
		if who[f.Person].ID == "" {
			gone = append(gone, f.Person)
		}
	}
	names, err := people.Named(ctx, v.People, gone)
	if err != nil {
		return nil, err
	}
	out := make([]MusterPerson, len(all))
	for i, f := range all {
		out[i] = MusterPerson{
			Person:   f.Person,
			Kind:     cmp.Or(f.Kind, who[f.Person].Kind),
			Name:     cmp.Or(who[f.Person].Name, names[f.Person]),
			Number:   who[f.Person].Number,
			Class:    cmp.Or(f.Class, who[f.Person].Class),
			Others:   f.Others,
			State:    f.State,
			At:       f.Standing.At,
			By:       f.By,
			Missed:   f.Missed,
			MissedBy: f.MissedBy,
			Where:    f.Where,
			Sure:     f.Sure,
			Why:      f.Why,
			Zone:     f.Zone,
			SeenAt:   f.MusterEntry.At,
			Since:    f.Since,
		}
	}
	order := g.MusterStates()
	slices.SortStableFunc(out, func(a, b MusterPerson) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.State), slices.Index(order, b.State)),
			g.CompareNatural(a.Class, b.Class), g.CompareNatural(a.Number, b.Number),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Person, b.Person))
	})
	return out, nil
}
