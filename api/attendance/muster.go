package attendance

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules/muster"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

// sought lists where everybody of a school, or with regard to one of its buildings, is now. Guardians
// and visitors who are not there are left out. It is read as the gateway: whoever may raise an alarm
// may have everybody looked for, and is shown no name by that.
func (s *area) sought(ctx context.Context, x g.Muster) ([]g.MusterEntry, error) {
	v := s.In(g.SystemScope("muster"))
	present, err := s.present(ctx, v, x.School)
	if err != nil {
		return nil, err
	}
	answers, err := s.answers(ctx, v, x.School)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	onSite, err := v.Visits.OnSite(ctx, x.School)
	if err != nil {
		return nil, err
	}
	leaves, err := v.Sessions.Leaves(ctx, x.School, now, now.Add(time.Second))
	if err != nil {
		return nil, err
	}
	away := map[g.PersonID]bool{}
	for _, l := range leaves {
		away[l.Person] = true
	}
	buildings, err := s.buildings(ctx, v, x)
	if err != nil {
		return nil, err
	}
	out := []g.MusterEntry{}
	for _, p := range present {
		others, here := onSite[p.Person]
		e := muster.Of(muster.Facts{
			Person:  p.Person,
			Kind:    p.Kind,
			Class:   p.Class,
			Boarder: p.Boarder,
			Seen: presence.Place{
				Where: p.Where,
				Zone:  p.Zone,
				At:    p.At,
				Sign:  p.Sign,
			},
			Answer: answers[p.Person],
			Leave:  away[p.Person],
			OnSite: here,
			Others: others,
		}, now)
		if x.Building != "" {
			e = muster.Within(e, x.Building, buildings, answers[p.Person])
		}
		if guest := p.Kind == g.Guardian || p.Kind == g.Visitor; guest && !e.Sought() {
			continue
		}
		out = append(out, e)
	}
	return out, nil
}

// buildings are the zones of the school of a muster of one building, which must be one of its own.
func (s *area) buildings(
	ctx context.Context, v *registry.View, x g.Muster,
) (map[g.ZoneID]muster.Place, error) {
	if x.Building == "" {
		return nil, nil
	}
	places, err := v.Places.Of(ctx, x.School)
	if err != nil {
		return nil, err
	}
	known := false
	for _, b := range places.Buildings {
		known = known || b.ID == x.Building
	}
	if !known {
		return nil, g.FieldErrorf("building", "the school has no building %q", x.Building)
	}
	out := map[g.ZoneID]muster.Place{}
	for _, z := range places.Zones {
		out[z.ID] = muster.Place{Building: z.Building, Gate: z.Kind == g.ZoneGate}
	}
	return out, nil
}

// answers are what the attendance of today says of each person: the answer of the session that goes on,
// else of the last one that began.
func (s *area) answers(
	ctx context.Context, v *registry.View, school g.SchoolID,
) (map[g.PersonID]muster.Answer, error) {
	sch, err := v.Places.School(ctx, school)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	sessions, err := v.Sessions.Between(ctx, school, presence.Since(now, sch.Location(), false), now)
	if err != nil {
		return nil, err
	}
	ids := make([]g.SessionID, len(sessions))
	order := map[g.SessionID]int{} // by start
	for i, x := range sessions {
		ids[i], order[x.ID] = x.ID, i
	}
	stated, err := v.Sessions.Stated(ctx, ids)
	if err != nil {
		return nil, err
	}
	out, from := map[g.PersonID]muster.Answer{}, map[g.PersonID]int{}
	for _, a := range stated {
		i := order[a.Session]
		was, has := out[a.Person]
		x := sessions[i]
		// An answer that is still to come says that somebody is expected, and nothing else.
		open := a.State == g.Expected || a.State == g.Unknown || a.State == g.NotRequired
		wasOpen := was.State == g.Expected || was.State == g.Unknown || was.State == g.NotRequired
		if has && (open && !wasOpen || open == wasOpen && i < from[a.Person]) {
			continue
		}
		at := a.At
		if at.IsZero() {
			at = x.Start
		}
		out[a.Person], from[a.Person] = muster.Answer{
			State:   a.State,
			At:      at,
			Said:    a.Said,
			Running: !now.After(x.End),
			Zones:   x.Zones,
		}, i
	}
	return out, nil
}

// found is how far a muster is: its list with the ticks, while it is open raised by what was seen since
// it began.
func (s *area) found(ctx context.Context, v *registry.View, id g.MusterID) (g.Muster, []muster.Found, error) {
	x, list, ticks, err := v.Musters.People(ctx, id)
	if err != nil {
		return x, nil, err
	}
	if x.Closed.IsZero() {
		steps, err := s.steps(ctx, v, x.School, x.Started)
		if err != nil {
			return x, nil, err
		}
		for i, e := range list {
			list[i] = muster.Later(e, steps[e.Person])
		}
	}
	all := muster.Join(list, ticks)
	if x.Closed.IsZero() {
		x.Counts = muster.Count(all)
	}
	return x, all, nil
}
