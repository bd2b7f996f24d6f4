package procedures

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const columns = "school, id, version, body, note, deleted, maker, maker_name, at"

// newest restricts a query of procedure_versions to the newest version of each procedure.
const newest = "version = (SELECT MAX(n.version) FROM procedure_versions n " +
	"WHERE n.school = procedure_versions.school AND n.id = procedure_versions.id)"

func scan(row func(...any) error) (x ProcedureVersion, err error) {
	var at int64
	var id, body string
	if err := row(&x.School, &id, &x.Version, &body, &x.Note, &x.Deleted, &x.By, &x.ByName, &at); err != nil {
		return x, err
	}
	x.At = store.Moment(at)
	err = json.Unmarshal([]byte(body), &x.Procedure)
	x.ID = g.ProcedureID(id)
	return x, err
}

func list(
	ctx context.Context, c store.Conn, w store.Where, order string, args ...any,
) ([]ProcedureVersion, error) {
	out := []ProcedureVersion{}
	err := store.Each(ctx, c, "SELECT "+columns+" FROM procedure_versions"+w.String()+
		" ORDER BY "+order, append(w.Args, args...), func(row func(...any) error) error {
		x, err := scan(row)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list procedures: %w", err)
	}
	return out, nil
}

// line is a school and those above it, the nearest first, and at last the gateway's files.
func line(ctx context.Context, c store.Conn, school g.SchoolID) ([]g.SchoolID, error) {
	var out []g.SchoolID
	for school != "" && !slices.Contains(out, school) {
		out = append(out, school)
		s, err := places.SchoolRow(ctx, c, school)
		if err != nil {
			return nil, err
		}
		school = s.Parent
	}
	return append(out, ""), nil
}

// Holds returns the version of a procedure that holds for a school: its own, else that of the
// school above, else that of the gateway's files. NotFound if there is none.
func Holds(
	ctx context.Context, c store.Conn, school g.SchoolID, id g.ProcedureID,
) (ProcedureVersion, error) {
	all, err := holding(ctx, c, school, id)
	if err != nil {
		return ProcedureVersion{}, err
	}
	if len(all) == 0 {
		return ProcedureVersion{}, store.NotFound("procedure", string(id))
	}
	return all[0], nil
}

// holding returns what holds for a school, by ID; of one procedure if id is not empty.
func holding(
	ctx context.Context, c store.Conn, school g.SchoolID, id g.ProcedureID,
) ([]ProcedureVersion, error) {
	schools, err := line(ctx, c, school)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("school IN ("+store.Marks(len(schools))+")", store.Anys(schools)...)
	w.And("deleted = 0")
	w.And(newest)
	store.Eq(&w, "id", id)
	all, err := list(ctx, c, w, "id, school")
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b ProcedureVersion) int {
		if n := strings.Compare(string(a.ID), string(b.ID)); n != 0 {
			return n
		}
		return slices.Index(schools, a.School) - slices.Index(schools, b.School)
	})
	return slices.CompactFunc(all, func(a, b ProcedureVersion) bool { return a.ID == b.ID }), nil
}

// List lists the procedures that hold for a school, by ID; "" is the scope's own.
func (v View) List(ctx context.Context, school g.SchoolID) ([]ProcedureVersion, error) {
	school, err := v.reads(ctx, school)
	if err != nil {
		return nil, err
	}
	return holding(ctx, v.s.Reg, school, "")
}

// Find returns the procedure that holds for a school.
func (v View) Find(
	ctx context.Context, school g.SchoolID, id g.ProcedureID,
) (ProcedureVersion, error) {
	school, err := v.reads(ctx, school)
	if err != nil {
		return ProcedureVersion{}, err
	}
	return Holds(ctx, v.s.Reg, school, id)
}

// Versions lists a school's own versions of a procedure, the newest first, at most [MaxVersions];
// those of the gateway's files if the school has none.
func (v View) Versions(
	ctx context.Context, school g.SchoolID, id g.ProcedureID,
) ([]ProcedureVersion, error) {
	school, err := v.reads(ctx, school)
	if err != nil {
		return nil, err
	}
	for _, of := range []g.SchoolID{school, ""} {
		var w store.Where
		w.And("school = ? AND id = ?", string(of), string(id))
		all, err := list(ctx, v.s.Reg, w, "version DESC LIMIT ?", MaxVersions)
		if err != nil || len(all) > 0 {
			return all, err
		}
	}
	return nil, store.NotFound("procedure", string(id))
}

// IDs lists the IDs of all schools' procedures; only for system scopes.
func (v View) IDs(ctx context.Context) (out []g.ProcedureID, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	err = store.Each(ctx, v.s.Reg,
		"SELECT DISTINCT id FROM procedure_versions WHERE deleted = 0 AND "+newest+" ORDER BY id",
		nil, func(row func(...any) error) error {
			var id g.ProcedureID
			err := row(&id)
			out = append(out, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list procedures: %w", err)
	}
	return out, nil
}

// reads is the school that a reader asks for, in scope.
func (v View) reads(ctx context.Context, school g.SchoolID) (g.SchoolID, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return "", err
	}
	if school == "" {
		school = v.s.School
	}
	return school, in.Owns(school, "school", string(school))
}
