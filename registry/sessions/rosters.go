package sessions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// RosterEntry is a person expected at a session, as they were then.
type RosterEntry struct {
	Person  g.PersonID
	Kind    g.PersonKind
	Class   string
	Boarder bool
	Away    bool // not of the school then: not enrolled yet, or gone
}

// Roster is who is expected at a session, by ID, and which answers stood when it was read. Who has
// an answer and is not expected any more is listed as Away.
type Roster struct {
	Entries  []RosterEntry
	standing map[g.PersonID]standing
}

// standing is what is stored of an answer, to compare it.
type standing struct {
	hash  string
	state g.AttendanceState
}

// Fresh are the answers to the session that differ from those that stood.
func (r Roster) Fresh(rows []g.Attendance) []g.Attendance {
	return slices.DeleteFunc(rows, func(a g.Attendance) bool {
		return r.standing[a.Person] == standing{a.InputHash, a.State}
	})
}

// Rosters are those of some sessions of a school, in their order: of everybody expected, as they
// were when it was due, or of those of only; only for system scopes. Leaves and corrections are not
// considered.
func (v View) Rosters(
	ctx context.Context, school g.SchoolID, list []g.Session, only []g.PersonID,
) ([]Roster, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	l, err := people.RollOf(ctx, v.r.people, school)
	if err != nil {
		return nil, err
	}
	home, err := places.SchoolRow(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	ids := make([]g.SessionID, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	stand, err := answers(ctx, v.s.Reg, ids, only)
	if err != nil {
		return nil, err
	}
	some := l.Some(only)
	out := make([]Roster, len(list))
	for i, s := range list {
		out[i] = roster(s, home, some, stand[s.ID])
	}
	return out, nil
}

func roster(
	s g.Session, school g.School, some []people.Keyed, stand map[g.PersonID]standing,
) Roster {
	out := Roster{standing: stand}
	for _, p := range some {
		m, member, expected := expects(s, school, p)
		if _, has := stand[p.ID]; !expected && !has {
			continue
		}
		out.Entries = append(out.Entries, RosterEntry{
			Person:  p.ID,
			Kind:    m.Kind,
			Class:   m.Class,
			Boarder: m.Boarder,
			Away:    !member,
		})
	}
	slices.SortFunc(out.Entries, func(a, b RosterEntry) int { return cmp.Compare(a.Person, b.Person) })
	return out
}

// expects says what the person was when the session was due, whether they were of the school then,
// and whether the session expects them. Who is entered during a day has been of the school for all
// of it.
func expects(s g.Session, school g.School, p people.Keyed) (m people.Membership, member, expected bool) {
	at := s.Due
	if at.IsZero() {
		at = s.Start
	}
	local := at.In(school.Location())
	night := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, local.Location())
	if p.Created.After(at) && p.Created.Before(night) {
		at = p.Created
	}
	m, member = p.At(at)
	return m, member, member && s.Expects(p.ID, m.Kind, m.Class, m.Boarder)
}

// answers are the stored answers of sessions: of some people, or of everybody if there are none or
// many.
func answers(
	ctx context.Context, c store.Conn, of []g.SessionID, persons []g.PersonID,
) (map[g.SessionID]map[g.PersonID]standing, error) {
	have := map[g.SessionID]map[g.PersonID]standing{}
	for some := range slices.Chunk(of, store.Chunk) {
		var w store.Where
		w.And("session IN ("+store.Marks(len(some))+")", store.Anys(some)...)
		if len(persons) > 0 && len(persons) <= store.Chunk {
			w.And("person IN ("+store.Marks(len(persons))+")", store.Anys(persons)...)
		}
		err := store.Each(ctx, c, "SELECT session, person, input_hash, state FROM attendance"+w.String(),
			w.Args, func(scan func(...any) error) error {
				var s g.SessionID
				var p g.PersonID
				var a standing
				err := scan(&s, &p, &a.hash, &a.state)
				if have[s] == nil {
					have[s] = map[g.PersonID]standing{}
				}
				have[s][p] = a
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read attendance: %w", err)
		}
	}
	return have, nil
}
