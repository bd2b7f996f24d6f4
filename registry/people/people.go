package people

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// List lists people by school, class, number and name. Within a school a walk keeps the order in
// which it began: see [Walks].
func (v View) List(ctx context.Context, f Filter) ([]PersonRow, string, error) {
	in, err := v.s.Reach(ctx, g.PeopleRead)
	if err != nil {
		return nil, "", err
	}
	schools, err := v.schoolsOf(ctx, in, f.School)
	if err != nil {
		return nil, "", err
	}
	at, resumed, err := f.After(3)
	if err != nil {
		return nil, "", err
	}
	out := []PersonRow{}
	next := ""
	for _, school := range schools {
		if resumed && school < g.SchoolID(at[0]) {
			continue
		}
		l, err := RollOf(ctx, v.r, school)
		if err != nil {
			return nil, "", err
		}
		var outdated map[g.PersonID]bool
		if f.NotOfModel != "" {
			if outdated, err = v.r.outdatedFaces(ctx, school, f.NotOfModel); err != nil {
				return nil, "", err
			}
		}
		nowToken, now, err := l.sorted(f.Sort)
		if err != nil {
			return nil, "", err
		}
		token, order, from := nowToken, now, 0
		if resumed && school == g.SchoolID(at[0]) {
			token = at[1]
			if from, err = store.Offset(at[2]); err != nil {
				return nil, "", err
			}
			if order, err = v.s.Walks.Order(token, nowToken, now); err != nil {
				return nil, "", err
			}
		}
		for i := from; i < len(order) && next == ""; i++ {
			n, ok := l.at[order[i]]
			if !ok || !f.selects(l.People[n]) || f.NotOfModel != "" && !outdated[l.People[n].ID] {
				continue
			}
			if len(out) == f.Size() {
				v.s.Walks.Keep(token, order)
				next = store.Cursor(string(school), token, strconv.Itoa(i))
				break
			}
			p := l.People[n]
			out = append(out, PersonRow{
				ID:      p.ID,
				School:  p.School,
				Kind:    p.Kind,
				Name:    p.Name,
				Number:  p.Number,
				Class:   p.Class,
				Boarder: p.Boarder,
				Left:    p.Left,
			})
		}
		if next != "" {
			break
		}
	}
	return out, next, v.fillPasses(ctx, out)
}

func (f Filter) selects(p Keyed) bool {
	if f.Left == p.Left.IsZero() || f.Kind != "" && p.Kind != f.Kind ||
		f.Class != "" && p.Class != f.Class {
		return false
	}
	return store.HasWords(f.Query, p.Name, p.Number, p.Class)
}

// schoolsOf are the schools of a list, in order: the one given, or all within reach.
func (v View) schoolsOf(
	ctx context.Context, in store.Reach, school g.SchoolID,
) ([]g.SchoolID, error) {
	if school != "" {
		return []g.SchoolID{school}, in.Owns(school, "school", string(school))
	}
	if !in.All {
		slices.Sort(in.Schools)
		return in.Schools, nil
	}
	return places.SchoolIDs(ctx, v.s.Reg, false)
}

// fillPasses sets the enrolment and consent of faces, and the number of cards, of each row.
func (v View) fillPasses(ctx context.Context, rows []PersonRow) error {
	at := map[g.PersonID]*PersonRow{}
	ids := make([]g.PersonID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
		at[rows[i].ID] = &rows[i]
	}
	for part := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, v.s.Reg,
			"SELECT person, method, COUNT(*) FROM passes WHERE person IN ("+store.Marks(len(part))+
				") GROUP BY person, method",
			store.Anys(part), func(scan func(...any) error) error {
				var id g.PersonID
				var m g.Method
				n := 0
				err := scan(&id, &m, &n)
				if row := at[id]; m == g.ByFace {
					row.Face = n > 0
				} else {
					row.Cards += n
				}
				return err
			})
		if err != nil {
			return fmt.Errorf("read passes: %w", err)
		}
		err = store.Each(ctx, v.s.Reg,
			"SELECT person FROM consents c WHERE given = 1 AND person IN ("+store.Marks(len(part))+
				") AND id = "+NewestConsent,
			store.Anys(part), func(scan func(...any) error) error {
				var id g.PersonID
				err := scan(&id)
				at[id].Consent = true
				return err
			})
		if err != nil {
			return fmt.Errorf("read consents: %w", err)
		}
	}
	return nil
}

// Classes are the school's classes in natural order: 9 before 10, 初二 before 初三.
func (v View) Classes(ctx context.Context, school g.SchoolID) ([]string, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, err
	}
	if !v.s.Can(g.PeopleRead) && !v.s.Can(g.AttendanceRead) {
		return nil, g.Errorf(g.Forbidden, "this needs the permission %s or %s", g.PeopleRead,
			g.AttendanceRead)
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	w.And("class <> '' AND left_at = 0")
	out := []string{}
	err = store.Each(ctx, v.s.Reg, "SELECT DISTINCT class FROM persons"+w.String(), w.Args,
		func(scan func(...any) error) error {
			var c string
			err := scan(&c)
			out = append(out, c)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list classes: %w", err)
	}
	slices.SortFunc(out, g.CompareNatural)
	return out, nil
}

// Names returns the names of those people whom the scope may see.
func (v View) Names(ctx context.Context, ids []g.PersonID) (map[g.PersonID]string, error) {
	in, err := v.s.Reach(ctx, g.PeopleRead)
	if err != nil {
		return nil, err
	}
	out := make(map[g.PersonID]string, len(ids))
	return out, v.read(ctx, ids, func(p Keyed) {
		if in.Has(p.School) {
			out[p.ID] = p.Name
		}
	})
}

// Named is Names for lists that work without names: empty without people:read.
func Named(ctx context.Context, v View, ids []g.PersonID) (map[g.PersonID]string, error) {
	if !v.s.Can(g.PeopleRead) || len(ids) == 0 {
		return nil, nil
	}
	return v.Names(ctx, ids)
}

// Person reads a person within reach.
func Person(
	ctx context.Context, r *Book, c store.Conn, in store.Reach, id g.PersonID,
) (Keyed, error) {
	p, err := r.scanPerson(
		c.Row(ctx, "SELECT "+personColumns+" FROM persons WHERE id = ?", string(id)).Scan,
	)
	if err != nil {
		return Keyed{}, store.Missing(err, "person", string(id))
	}
	if err := in.Owns(p.School, "person", string(id)); err != nil {
		return Keyed{}, err
	}
	return p, nil
}

// opened checks that a person's page may be read, and writes the access to the audit log before
// anything is returned. For a student it requires a reason.
func (v View) opened(ctx context.Context, id g.PersonID, deed string) (Keyed, error) {
	in, err := v.s.Reach(ctx, g.PeopleOpen)
	if err != nil {
		return Keyed{}, err
	}
	p, err := Person(ctx, v.r, v.s.Reg, in, id)
	if err != nil {
		return Keyed{}, err
	}
	if err := Because(v, p.Kind); err != nil {
		return Keyed{}, err
	}
	if err := Looked(
		ctx,
		v,
		p.School,
		deed,
		string(id),
	); err != nil {
		return Keyed{}, err
	}
	return p, nil
}

// Open returns everything about one person. It requires Scope.Reason for a student, is audited as
// person.open, and fails if the audit log cannot be written.
func (v View) Open(ctx context.Context, id g.PersonID) (PersonPage, error) {
	p, err := v.opened(ctx, id, "person.open")
	if err != nil {
		return PersonPage{}, err
	}
	page := PersonPage{Person: p.Person}
	if page.Consents, err = v.r.consents(ctx, v.s.Reg, p); err != nil {
		return PersonPage{}, err
	}
	if page.Passes, err = v.r.passes(ctx, v.s.Reg, p); err != nil {
		return PersonPage{}, err
	}
	return page, nil
}

// ToChange returns a person to callers who may change people, in order to merge changes. It does
// not count as an access, so nothing of it may be shown.
func (v View) ToChange(ctx context.Context, id g.PersonID) (g.Person, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return g.Person{}, err
	}
	p, err := Person(ctx, v.r, v.s.Reg, in, id)
	return p.Person, err
}
