package procedures

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Put writes the next version of a school's procedure, which holds in the place of one with the
// same ID of a school above or of the gateway's files. seen is the version of the school's own that
// the caller saw, 0 for none; another is a Conflict.
func (v View) Put(
	ctx context.Context, school g.SchoolID, p g.Procedure, seen int, note string,
) (ProcedureVersion, error) {
	if err := p.Check(); err != nil {
		return ProcedureVersion{}, err
	}
	return v.change(ctx, school, p.ID, seen, note, "procedure.put", func(x *ProcedureVersion) error {
		x.Procedure, x.Deleted = p, false
		return nil
	})
}

// Delete deletes a school's procedure: that of a school above or of the gateway's files holds
// again. The versions are kept.
func (v View) Delete(
	ctx context.Context, school g.SchoolID, id g.ProcedureID, seen int, note string,
) (ProcedureVersion, error) {
	return v.change(ctx, school, id, seen, note, "procedure.delete", func(x *ProcedureVersion) error {
		if x.Version == 0 || x.Deleted {
			return store.NotFound("procedure", string(id))
		}
		x.Deleted = true
		return nil
	})
}

func (v View) change(
	ctx context.Context, school g.SchoolID, id g.ProcedureID, seen int, note, deed string,
	edit func(x *ProcedureVersion) error,
) (x ProcedureVersion, err error) {
	in, err := v.s.Reach(ctx, g.RulesWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return x, err
	}
	if err := store.Optional("note", note, store.MaxReason); err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		old, err := newestOf(ctx, t, school, id)
		if err != nil {
			return err
		}
		if old.Version != seen && !(old.Deleted && seen == 0) {
			return g.Errorf(g.Conflict,
				"the procedure has changed meanwhile: it is at version %d; look at it again",
				old.Version).At("version")
		}
		if old.Version == 0 || old.Deleted {
			if err := room(ctx, t, school); err != nil {
				return err
			}
		}
		x = old
		if err := edit(&x); err != nil {
			return err
		}
		x.ID, x.School, x.Note = id, school, note
		x.By, x.ByName, _ = strings.Cut(v.s.Actor, " ")
		if x.ByName == "" {
			x.ByName = x.By
		}
		return v.keep(ctx, t, old, &x, deed)
	})
	return x, err
}

// newestOf returns the newest version; its Version is 0 if there is none.
func newestOf(
	ctx context.Context, c store.Conn, school g.SchoolID, id g.ProcedureID,
) (ProcedureVersion, error) {
	var w store.Where
	w.And("school = ? AND id = ?", string(school), string(id))
	w.And(newest)
	all, err := list(ctx, c, w, "version DESC")
	if err != nil || len(all) == 0 {
		return ProcedureVersion{}, err
	}
	return all[0], nil
}

// keep writes x as the version after old.
func (v View) keep(ctx context.Context, t *store.Tx, old ProcedureVersion, x *ProcedureVersion, deed string) error {
	x.Version, x.At = old.Version+1, store.Moment(store.Micros(t.Now))
	body, err := json.Marshal(x.Procedure)
	if err != nil {
		return fmt.Errorf("write procedure: %w", err)
	}
	_, err = t.Exec(ctx,
		"INSERT INTO procedure_versions ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		string(x.School), string(x.ID), x.Version, string(body), x.Note, store.Flag(x.Deleted),
		x.By, x.ByName, store.Micros(x.At))
	if err != nil {
		return fmt.Errorf("write procedure: %w", err)
	}
	t.Change(change.Procedure, x.School, string(x.ID))
	if deed == "" {
		return nil
	}
	var before any = old
	if old.Version == 0 {
		before = nil
	}
	return v.s.AuditChanges(
		ctx,
		t,
		x.School,
		deed,
		string(x.ID),
		before,
		*x,
	)
}

// room refuses a procedure too many.
func room(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	n := 0
	err := t.Row(ctx, "SELECT COUNT(*) FROM procedure_versions WHERE school = ? AND deleted = 0 AND "+
		newest, string(school)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count procedures: %w", err)
	}
	if n >= MaxOfSchool {
		return g.FieldErrorf("school",
			"the school has %d procedures, the most there may be: delete one", n)
	}
	return nil
}

// Take keeps the procedures of the gateway's files, each with a new version if it has changed, and
// deletes those that no file has any more; only for system scopes. The changes of files are in the
// audit log with those of the rules.
func (v View) Take(ctx context.Context, files []g.Procedure) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	var w store.Where
	w.And("school = ''")
	w.And(newest)
	kept, err := list(ctx, v.s.Reg, w, "id")
	if err != nil {
		return err
	}
	next := differing(kept, files)
	if len(next) == 0 {
		return nil
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		for _, x := range next {
			if err := v.keep(
				ctx,
				t,
				x,
				&x,
				"",
			); err != nil {
				return err
			}
		}
		return nil
	})
}

// differing returns what is to be written so that what is kept equals the files, with the versions
// that are kept now.
func differing(kept []ProcedureVersion, files []g.Procedure) (out []ProcedureVersion) {
	for _, p := range files {
		i := slices.IndexFunc(kept, func(x ProcedureVersion) bool { return x.ID == p.ID })
		if i < 0 {
			out = append(out, ProcedureVersion{Procedure: p})
			continue
		}
		x := kept[i]
		if x.Deleted || !reflect.DeepEqual(x.Procedure, p) {
			x.Procedure, x.Deleted = p, false
			out = append(out, x)
		}
	}
	for _, x := range kept {
		if x.Deleted || slices.ContainsFunc(files, func(p g.Procedure) bool { return p.ID == x.ID }) {
			continue
		}
		x.Deleted = true
		out = append(out, x)
	}
	return out
}
