package oncall

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// mostOverride is the longest override: a term's leave.
const mostOverride = 200 * 24 * time.Hour

// Overrides lists the overrides of a rota, or of all in scope, that overlap from <= t < to, in the
// order in which they were entered. A zero from or to means no limit.
func (v View) Overrides(
	ctx context.Context, rota g.RotaID, from, to time.Time,
) ([]g.Override, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", ""); err != nil {
		return nil, err
	}
	store.Eq(&w, "rota", rota)
	if !from.IsZero() {
		w.And("ends > ?", store.Micros(from))
	}
	if !to.IsZero() {
		w.And("starts < ?", store.Micros(to))
	}
	out := []g.Override{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, body_sealed FROM rota_overrides"+w.String()+" ORDER BY created, id",
		w.Args, func(scan func(...any) error) error {
			o, err := v.r.scanOverride(scan)
			out = append(out, o)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list overrides: %w", err)
	}
	return out, nil
}

// scanOverride opens an override, which is sealed since a reason may say who is ill.
func (r *Book) scanOverride(scan func(...any) error) (o g.Override, err error) {
	var id string
	var sealed []byte
	if err := scan(&id, &sealed); err != nil {
		return o, err
	}
	b, err := store.Unseal(r.s.Vault.Data, sealed, "override "+id)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(b, &o)
}

func checkOverride(o g.Override, now time.Time) error {
	switch {
	case o.From.IsZero() || !o.To.After(o.From):
		return g.FieldErrorf("to", "the override ends before it begins")
	case !o.To.After(now):
		return g.FieldErrorf("to", "the override is over already")
	case o.To.Sub(o.From) > mostOverride:
		return g.FieldErrorf("to", "an override lasts 200 days at most: change the rota instead")
	case o.For == "" && o.Who == "":
		return g.FieldErrorf("who", "say who comes, or for whom nobody comes")
	case o.For == o.Who:
		return g.FieldErrorf("who", "nobody stands in for himself")
	}
	return store.Optional("reason", o.Reason, store.MaxReason)
}

// PutOverride adds an override. With alerts:write people give away their own duty or take over
// another's; only settings:write does that for others.
func (v View) PutOverride(ctx context.Context, o g.Override) (g.Override, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Override{}, err
	}
	x, err := v.Rota(ctx, o.Rota)
	if err != nil {
		return g.Override{}, err
	}
	if err := in.Owns(x.School, "rota", string(o.Rota)); err != nil {
		return g.Override{}, err
	}
	if err := checkOverride(o, v.s.Now()); err != nil {
		return g.Override{}, err
	}
	if err := v.mayOverride(o); err != nil {
		return g.Override{}, err
	}
	o.ID, o.School = g.OverrideID(g.NewID("ovr")), x.School
	err = v.s.Write(ctx, func(t *store.Tx) error { return v.addOverride(ctx, t, &o) })
	if err != nil {
		return g.Override{}, err
	}
	return o, nil
}

// mayOverride refuses those without settings:write to change what others do.
func (v View) mayOverride(o g.Override) error {
	if v.s.System != "" || v.s.Can(g.SettingsWrite) {
		return nil
	}
	me, _, _ := strings.Cut(v.s.Actor, " ")
	if me != "" && (string(o.For) == me || o.For != "" && string(o.Who) == me) {
		return nil
	}
	return g.Errorf(g.Forbidden, "you may give away your own duty, or take over another's; for "+
		"others an administrator does it (settings:write)")
}

func (v View) addOverride(ctx context.Context, t *store.Tx, o *g.Override) error {
	staff, err := access.Staff(ctx, v.r.access, t, o.School)
	if err != nil {
		return err
	}
	for field, u := range map[string]g.UserID{"for": o.For, "who": o.Who} {
		if u == "" {
			continue
		}
		if err := known(staff, []g.UserID{u}, field); err != nil {
			return err
		}
	}
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM rota_overrides WHERE rota = ? AND ends > ?",
		string(o.Rota), store.Micros(t.Now)).Scan(&n); err != nil {
		return fmt.Errorf("count overrides: %w", err)
	}
	if n >= MaxOverrides {
		return g.Errorf(g.TooLarge, "a rota keeps at most %d overrides that are not over: change "+
			"the rota instead", MaxOverrides)
	}
	o.By, o.Created = v.s.Actor, store.Moment(store.Micros(t.Now))
	b, err := json.Marshal(*o)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, "INSERT INTO rota_overrides (id, rota, school, starts, ends, created, "+
		"body_sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
		string(o.ID), string(o.Rota), string(o.School), store.Micros(o.From), store.Micros(o.To),
		store.Micros(o.Created), store.Seal(v.s.Vault.Data, b, "override "+string(o.ID)))
	if err != nil {
		return fmt.Errorf("write override: %w", err)
	}
	t.Change(change.Rota, o.School, string(o.Rota), "overrides")
	return v.s.AuditChanges(ctx, t, o.School, "rota.override", string(o.Rota), nil,
		withoutReason(*o))
}

// withoutReason is what the audit log keeps of an override: a reason may say who is ill.
func withoutReason(o g.Override) g.Override {
	o.Reason = ""
	return o
}

// DeleteOverride takes an override back, and returns it. Who may enter it may take it back.
func (v View) DeleteOverride(
	ctx context.Context, rota g.RotaID, id g.OverrideID,
) (o g.Override, err error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return o, err
	}
	return o, v.s.Write(ctx, func(t *store.Tx) error {
		o, err = v.r.scanOverride(t.Row(ctx,
			"SELECT id, body_sealed FROM rota_overrides WHERE id = ?", string(id)).Scan)
		if err != nil {
			return store.Missing(err, "override", string(id))
		}
		if o.Rota != rota {
			return store.NotFound("override", string(id))
		}
		if err := in.Owns(o.School, "override", string(id)); err != nil {
			return err
		}
		if err := v.mayOverride(o); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM rota_overrides WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("delete override: %w", err)
		}
		t.Change(change.Rota, o.School, string(o.Rota), "overrides")
		return v.s.AuditChanges(ctx, t, o.School, "rota.restore", string(o.Rota),
			withoutReason(o), nil)
	})
}
