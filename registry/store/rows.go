package store

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// One reads a row, whose school must be within reach.
func (v *View) One(
	ctx context.Context, need g.Permission, q, noun, id string, school *g.SchoolID, into ...any,
) error {
	in, err := v.Reach(ctx, need)
	if err != nil {
		return err
	}
	if err := v.Reg.Row(ctx, q, id).Scan(into...); err != nil {
		return Missing(err, noun, id)
	}
	return in.Owns(*school, noun, id)
}

// SchoolOf returns the school of a row.
func SchoolOf(ctx context.Context, c Conn, table, noun, id string) (school g.SchoolID, err error) {
	if err := c.Row(ctx, "SELECT school FROM "+table+" WHERE id = ?", id).Scan(&school); err != nil {
		return "", Missing(err, noun, id)
	}
	return school, nil
}

// Remove deletes a row of a table with id and school, within scope, and audits its former state. One
// that something else names (Ask) is a conflict.
func (v *View) Remove(
	ctx context.Context, p g.Permission, table, noun, id string, kind change.Kind, before Former, check func(*Tx) error,
) error {
	in, err := v.Reach(ctx, p)
	if err != nil {
		return err
	}
	return v.Write(ctx, func(t *Tx) error {
		school, err := SchoolOf(ctx, t, table, noun, id)
		if err != nil {
			return err
		}
		if err := in.Owns(school, noun, id); err != nil {
			return err
		}
		if check != nil {
			if err := check(t); err != nil {
				return err
			}
		}
		if err := v.unnamed(ctx, t, school, id); err != nil {
			return err
		}
		was, err := before(ctx, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", noun, err)
		}
		if _, err := t.Exec(ctx, "DELETE FROM "+table+" WHERE id = ?", id); err != nil {
			return fmt.Errorf("delete %s: %w", noun, err)
		}
		if kind != "" {
			t.Change(kind, school, id)
		}
		return v.AuditChanges(
			ctx,
			t,
			school,
			noun+".delete",
			id,
			was,
			nil,
		)
	})
}

func BadID() error {
	return g.FieldErrorf("id",
		"give an id of 1 to 64 letters, digits, '-', '_' or '.', or leave it empty")
}

// Free returns Conflict if the table has the ID already.
func Free(ctx context.Context, t *Tx, table, noun, id string) error {
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM "+table+" WHERE id = ?", id).Scan(&n); err != nil {
		return fmt.Errorf("read %s: %w", noun, err)
	}
	if n > 0 {
		return g.Errorf(g.Conflict, "there is a %s %q already: choose another id", noun, id)
	}
	return nil
}

// Former reads an object before its change, within the transaction, for the audit log. It must not
// read secrets or personal data.
type Former func(ctx context.Context, t *Tx) (any, error)

// FromJSON decodes a JSON column that may be empty.
func FromJSON(b []byte, x any) error {
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, x)
}

// Chunk is the most IDs in one query.
const Chunk = 500

// Before is what stood before a write, for the audit log: nil where nothing did. An ID that another
// school has is not found. had, the school that has it and err are what reading it returned.
func Before(had any, of g.SchoolID, err error, school g.SchoolID, noun, id string) (any, error) {
	switch {
	case g.ErrorCode(err) == g.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case of != school:
		return nil, NotFound(noun, id)
	}
	return had, nil
}
