package registry

import (
	"context"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Record adds an entry of the caller's own to the audit log, e.g. "camera.view".
func (v *View) Record(ctx context.Context, deed, object string) error {
	if _, err := v.s.Reach(ctx, ""); err != nil {
		return err
	}
	if err := errors.Join(store.Line("deed", deed, 100), store.Optional("object", object, 500)); err != nil {
		return err
	}
	if err := v.hidesNames(ctx, v.s.School); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error { return v.s.Audit(ctx, t, v.s.School, deed, object) })
}

// Audit lists the audit log, newest first.
func (v *View) Audit(ctx context.Context, f AuditFilter) ([]g.AuditEntry, string, error) {
	in, err := v.s.Reach(ctx, g.AuditRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	f.narrow(&w)
	if err := store.Falling(&w, f.Page, "seq"); err != nil {
		return nil, "", err
	}
	out := []g.AuditEntry{}
	err = store.Each(ctx, v.s.Reg, "SELECT "+store.AuditColumns+" FROM audit"+w.String()+" ORDER BY seq DESC LIMIT ?", append(w.Args, f.Size()+1), func(scan func(...any) error) error {
		e, err := v.s.ScanAudit(scan)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list the audit log: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(e g.AuditEntry) string { return store.Cursor(store.Digits(e.Seq)) })
	return out, next, v.namesBeside(ctx, out)
}
