package people

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

// Member is somebody of a school. The name is empty without people:read.
type Member struct {
	ID      g.PersonID
	Kind    g.PersonKind
	Name    string
	Number  string
	Class   string
	Boarder bool
}

// Members are the people who are of a school now, by class, number and name: for lists of everybody,
// such as who is in the school.
func (v View) Members(ctx context.Context, school g.SchoolID) ([]Member, error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	l, err := RollOf(ctx, v.r, school)
	if err != nil {
		return nil, err
	}
	out := make([]Member, 0, len(l.People))
	for _, p := range l.People {
		if !p.Left.IsZero() {
			continue
		}
		m := Member{
			ID:      p.ID,
			Kind:    p.Kind,
			Class:   p.Class,
			Boarder: p.Boarder,
		}
		if v.s.Can(g.PeopleRead) {
			m.Name, m.Number = p.Name, p.Number
		}
		out = append(out, m)
	}
	return out, nil
}
