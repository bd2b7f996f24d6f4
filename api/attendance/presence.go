package attendance

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

// Present is where one person is by now.
type Present struct {
	Person  g.PersonID     `json:"person" doc:"Who."`
	Kind    g.PersonKind   `json:"kind" doc:"student, staff, guardian or visitor."`
	Name    string         `json:"name" doc:"Empty for callers who may not read people."`
	Number  string         `json:"number,omitempty" doc:"The school's own number."`
	Class   string         `json:"class,omitempty" doc:"The class."`
	Boarder bool           `json:"boarder,omitempty" doc:"Sleeps in the school."`
	Where   g.Presence     `json:"where" doc:"in, out or unknown."`
	Zone    g.ZoneID       `json:"zone,omitempty" doc:"Where they were seen last."`
	At      time.Time      `json:"at,omitzero" doc:"When they were seen last."`
	Sign    g.PresenceSign `json:"sign" doc:"What says so: passed (a gate), seen (inside), unclear (at a gate, after going out), none."`
}

// PresenceCounts says how many are where.
type PresenceCounts struct {
	At    time.Time        `json:"at" doc:"As of then."`
	Kinds []PresenceOfKind `json:"kinds" nullable:"false" doc:"By kind of person."`
	Zones []PresenceInZone `json:"zones" nullable:"false" doc:"Who is in, by where they were seen last; zone is empty where that is not known."`
}

// PresenceOfKind counts people of a kind.
type PresenceOfKind struct {
	Kind    g.PersonKind `json:"kind" doc:"student, staff, guardian or visitor."`
	In      int          `json:"in" doc:"In the school."`
	Out     int          `json:"out" doc:"Out of it."`
	Unknown int          `json:"unknown" doc:"Nobody can say."`
}

// PresenceInZone counts people who were seen last in a zone.
type PresenceInZone struct {
	Zone   g.ZoneID `json:"zone" doc:"The zone."`
	People int      `json:"people" doc:"How many."`
}

type presenceInput struct {
	gate.Paged
	gate.InSchool
	Where g.Presence   `query:"where" doc:"in, out or unknown; empty: all."`
	Kind  g.PersonKind `query:"kind" doc:"Of this kind."`
	Class string       `query:"class" maxLength:"40" doc:"Of this class."`
	Zone  g.ZoneID     `query:"zone" maxLength:"64" doc:"Seen last in this zone."`
}

func (s *area) registerPresence() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/presence",
		ID:      "count-presence",
		Tag:     tag,
		Perm:    g.SightingsRead,
		Summary: "How many are in the school now, and where",
		Doc: "From the sightings since 04:00; for boarders, since the day before. Who has not been " +
			"seen is out, a boarder unknown.",
	}, func(ctx context.Context, in *struct{ gate.InSchool }) (*gate.Body[PresenceCounts], error) {
		all, err := s.present(ctx, s.View(ctx), gate.SchoolOf(ctx, in.School))
		return gate.Answer(countPresence(all, s.Now()), err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/presence/people",
		ID:      "list-presence",
		Tag:     tag,
		Perm:    g.SightingsRead,
		Summary: "Who is in the school now: by class, for a roll call",
		Doc: "As whoever is on duty sees the last 24 hours: no reason is asked for, and nobody's way " +
			"through the school is shown, only where they were seen last.",
	}, func(ctx context.Context, in *presenceInput) (*gate.Body[gate.Page[Present]], error) {
		all, err := s.present(ctx, s.View(ctx), gate.SchoolOf(ctx, in.School))
		all = slices.DeleteFunc(all, func(p Present) bool {
			return in.Where != "" && p.Where != in.Where || in.Kind != "" && p.Kind != in.Kind ||
				in.Class != "" && p.Class != in.Class || in.Zone != "" && p.Zone != in.Zone
		})
		return gate.PageOf(s.Gate, all, in.Paged, err, func(p Present) string { return string(p.Person) })
	})
}

// present is where everybody of a school is, by class, number and name.
func (s *area) present(ctx context.Context, v *registry.View, school g.SchoolID) ([]Present, error) {
	sch, err := v.Places.School(ctx, school)
	if err != nil {
		return nil, err
	}
	members, err := v.People.Members(ctx, school)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	steps, err := s.steps(ctx, v, school, presence.Since(now, sch.Location(), true))
	if err != nil {
		return nil, err
	}
	day := presence.Since(now, sch.Location(), false)
	out := make([]Present, 0, len(members))
	for _, m := range members {
		mine := steps[m.ID]
		if !m.Boarder {
			mine = slices.DeleteFunc(mine, func(x presence.Step) bool { return x.At.Before(day) })
		}
		p := presence.Of(mine, m.Boarder)
		out = append(out, Present{
			Person:  m.ID,
			Kind:    m.Kind,
			Name:    m.Name,
			Number:  m.Number,
			Class:   m.Class,
			Boarder: m.Boarder,
			Where:   p.Where,
			Zone:    p.Zone,
			At:      p.At,
			Sign:    p.Sign,
		})
	}
	return out, nil
}

// steps are where each person of a school was seen since then, oldest first.
func (s *area) steps(
	ctx context.Context, v *registry.View, school g.SchoolID, since time.Time,
) (map[g.PersonID][]presence.Step, error) {
	return s.stepsBetween(ctx, v, school, since, s.Now().Add(time.Minute))
}

func (s *area) stepsBetween(
	ctx context.Context, v *registry.View, school g.SchoolID, from, to time.Time,
) (map[g.PersonID][]presence.Step, error) {
	rows, err := v.History.SightingsBetween(ctx, school, from, to, nil)
	if err != nil {
		return nil, err
	}
	places, err := v.Places.Of(ctx, school)
	if err != nil {
		return nil, err
	}
	kinds := map[g.ZoneID]g.ZoneKind{}
	for _, z := range places.Zones {
		kinds[z.ID] = z.Kind
	}
	out := map[g.PersonID][]presence.Step{}
	for _, r := range rows {
		if r.Person == "" {
			continue
		}
		out[r.Person] = append(out[r.Person], presence.Step{
			Zone:      r.Zone,
			Kind:      kinds[r.Zone],
			Direction: r.Direction,
			At:        r.Time,
		})
	}
	return out, nil
}

func countPresence(all []Present, now time.Time) PresenceCounts {
	out := PresenceCounts{At: now.UTC(), Kinds: []PresenceOfKind{}, Zones: []PresenceInZone{}}
	zones := map[g.ZoneID]int{}
	for _, kind := range g.PersonKinds() {
		n := PresenceOfKind{Kind: kind}
		for _, p := range all {
			if p.Kind != kind {
				continue
			}
			switch p.Where {
			case g.PresenceIn:
				n.In++
				zones[p.Zone]++
			case g.PresenceOut:
				n.Out++
			default:
				n.Unknown++
			}
		}
		if n.In+n.Out+n.Unknown > 0 {
			out.Kinds = append(out.Kinds, n)
		}
	}
	for z, n := range zones {
		out.Zones = append(out.Zones, PresenceInZone{z, n})
	}
	slices.SortFunc(out.Zones, func(a, b PresenceInZone) int {
		if a.People != b.People {
			return b.People - a.People
		}
		if a.Zone < b.Zone {
			return -1
		}
		return 1
	})
	return out
}
