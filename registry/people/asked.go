package people

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Queries about people for the rows of other aggregates: key, class and name.

// Whose returns people by ID, each with their school and the key that seals their data. Unknown IDs
// are left out.
func Whose(
	ctx context.Context, c store.Conn, ids []g.PersonID,
) (map[g.PersonID]Keyed, error) {
	out := make(map[g.PersonID]Keyed, len(ids))
	for part := range slices.Chunk(once(ids), store.Chunk) {
		q := "SELECT id, school, key_sealed FROM persons WHERE id IN (" + store.Marks(len(part)) + ")"
		err := store.Each(ctx, c, q, store.Anys(part), func(scan func(...any) error) error {
			var p Keyed
			err := scan(&p.ID, &p.School, &p.Key)
			out[p.ID] = p
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read whose it is: %w", err)
		}
	}
	return out, nil
}

// Label describes a person in a list. Name is empty without people:read.
type Label struct{ Name, Class string }

// Labels returns the labels of people, by ID.
func Labels(ctx context.Context, v View, ids []g.PersonID) (map[g.PersonID]Label, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if !v.s.Can(g.PeopleRead) {
		return v.classes(ctx, ids)
	}
	in, err := v.s.Reach(ctx, g.PeopleRead)
	if err != nil {
		return nil, err
	}
	out := make(map[g.PersonID]Label, len(ids))
	return out, v.read(ctx, ids, func(p Keyed) {
		label := Label{Class: p.Class}
		if in.Has(p.School) {
			label.Name = p.Name
		}
		out[p.ID] = label
	})
}

// classes returns labels without names, which needs no decryption.
func (v View) classes(ctx context.Context, ids []g.PersonID) (map[g.PersonID]Label, error) {
	out := make(map[g.PersonID]Label, len(ids))
	for part := range slices.Chunk(once(ids), store.Chunk) {
		q := "SELECT id, class FROM persons WHERE id IN (" + store.Marks(len(part)) + ")"
		err := store.Each(ctx, v.s.Reg, q, store.Anys(part), func(scan func(...any) error) error {
			var id g.PersonID
			var label Label
			err := scan(&id, &label.Class)
			out[id] = label
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read classes: %w", err)
		}
	}
	return out, nil
}

// read calls f for each of the people that exists.
func (v View) read(ctx context.Context, ids []g.PersonID, f func(Keyed)) error {
	for part := range slices.Chunk(once(ids), store.Chunk) {
		q := "SELECT " + personColumns + " FROM persons WHERE id IN (" + store.Marks(len(part)) + ")"
		err := store.Each(ctx, v.s.Reg, q, store.Anys(part), func(scan func(...any) error) error {
			p, err := v.r.scanPerson(scan)
			if err == nil {
				f(p)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read names: %w", err)
		}
	}
	return nil
}

// Known reads one person of a school, without the rest of its roll; the zero Keyed stands for nobody.
// It checks no scope.
func Known(ctx context.Context, v View, school g.SchoolID, id g.PersonID) (p Keyed, err error) {
	if id == "" {
		return p, nil
	}
	err = v.read(ctx, []g.PersonID{id}, func(x Keyed) {
		if x.School == school {
			p = x
		}
	})
	return p, err
}

// once returns the IDs sorted and without duplicates.
func once(ids []g.PersonID) []g.PersonID {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// maxClass limits the people named in one statement.
const maxClass = 30_000

// OfClass returns the people of a class, in one school or in all within reach, including those who
// have left.
func OfClass(
	ctx context.Context, v View, in store.Reach, school g.SchoolID, class string,
) ([]g.PersonID, error) {
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	w.And("class = ?", class)
	var out []g.PersonID
	err := store.Each(ctx, v.s.Reg, "SELECT id FROM persons"+w.String()+" LIMIT ?",
		append(w.Args, maxClass+1), func(scan func(...any) error) error {
			var id g.PersonID
			err := scan(&id)
			out = append(out, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the class: %w", err)
	}
	if len(out) > maxClass {
		return nil, g.FieldErrorf("class",
			"more than %d people are of a class %q: ask for one school", maxClass, class)
	}
	return out, nil
}
