package registry

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

// Site is one site.
func (v *View) Site(ctx context.Context, id g.SiteID) (x g.Site, err error) {
	return x, v.s.One(ctx, "", "SELECT id, school, name FROM sites WHERE id = ?", "site", string(id), &x.School, &x.ID, &x.School, &x.Name)
}

// Building is one building.
func (v *View) Building(ctx context.Context, id g.BuildingID) (x g.Building, err error) {
	return x, v.s.One(ctx, "", "SELECT id, school, site, name FROM buildings WHERE id = ?", "building", string(id), &x.School, &x.ID, &x.School, &x.Site, &x.Name)
}

// Zone is one zone.
func (v *View) Zone(ctx context.Context, id g.ZoneID) (x g.Zone, err error) {
	return x, v.s.One(ctx, "", "SELECT id, school, building, name, kind, private FROM zones WHERE id = ?", "zone", string(id), &x.School, &x.ID, &x.School, &x.Building, &x.Name, &x.Kind, &x.Private)
}

// Session is one session.
func (v *View) Session(ctx context.Context, id g.SessionID) (g.Session, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return g.Session{}, err
	}
	s, err := session(ctx, v.s.Reg, in, id)
	if err != nil {
		return g.Session{}, err
	}
	return s, nil
}

// PersonToChange is a person for who may change people: to compare and to fill in what a
// change leaves as it is. It is no look at the person, so none of it is shown.
func (v *View) PersonToChange(ctx context.Context, id g.PersonID) (g.Person, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return g.Person{}, err
	}
	p, err := v.r.person(ctx, v.s.Reg, in, id)
	return p.Person, err
}
