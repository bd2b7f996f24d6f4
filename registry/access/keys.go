package access

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const (
	keyColumns = "id, school, name, permissions, created, expires, last_used, revoked, maker, " +
		"purpose, screen"
	maxKeyLife  = 366 * 24 * time.Hour
	keyUseEvery = time.Minute // last_used is written at most this often
)

func scanKey(scan func(...any) error, more ...any) (k g.APIKey, err error) {
	var perms []byte
	var created, expires, used int64
	dst := []any{
		&k.ID, &k.School, &k.Name, &perms, &created, &expires, &used, &k.Revoked, &k.Maker,
		&k.Purpose, &k.Screen,
	}
	if err := scan(append(dst, more...)...); err != nil {
		return k, err
	}
	k.Created, k.Expires, k.LastUsed = store.Moment(created), store.Moment(expires), store.Moment(
		used)
	return k, store.FromJSON(perms, &k.Permissions)
}

// Keys lists the API keys of the school, or of all schools in scope, newest first.
func (v View) Keys(ctx context.Context, school g.SchoolID) ([]g.APIKey, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	return v.keysWhere(ctx, w)
}

// Key returns one API key.
func (v View) Key(ctx context.Context, id g.KeyID) (g.APIKey, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return g.APIKey{}, err
	}
	k, err := scanKey(
		v.s.Reg.Row(ctx, "SELECT "+keyColumns+" FROM api_keys WHERE id = ?", string(id)).Scan,
	)
	if err != nil {
		return g.APIKey{}, store.Missing(err, "key", string(id))
	}
	if err := in.Owns(k.School, "key", string(id)); err != nil {
		return g.APIKey{}, err
	}
	one := []g.APIKey{k}
	if err := v.r.fillKeys(ctx, one); err != nil {
		return g.APIKey{}, err
	}
	return one[0], nil
}

// CreateKey creates an API key and returns its secret, which is shown only now. The key never has
// more permissions than its maker has at the time, and expires within a year. Its purpose serves as
// the reason wherever one is required. A key made by a district's admin for the district sees the
// district's schools.
func (v View) CreateKey(ctx context.Context, k g.APIKey) (g.APIKey, string, error) {
	k.Screen = false
	return v.makeKey(ctx, k, "key.create")
}

// makeKey makes a key, and audits it as a deed.
func (v View) makeKey(ctx context.Context, k g.APIKey, deed string) (g.APIKey, string, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return g.APIKey{}, "", err
	}
	if err := v.s.InSchool(ctx, in, k.School); err != nil {
		return g.APIKey{}, "", err
	}
	now := v.s.Now()
	if err := store.Line("name", k.Name, store.MaxName); err != nil {
		return g.APIKey{}, "", err
	}
	if err := store.Substance("purpose", k.Purpose, store.MaxReason); err != nil &&
		v.s.System == "" {
		return g.APIKey{}, "", err
	}
	if len(k.Permissions) == 0 {
		return g.APIKey{}, "", g.FieldErrorf("permissions", "give at least one permission")
	}
	known := g.RoleAdmin.Permissions()
	for i, p := range k.Permissions {
		if !slices.Contains(known, p) {
			return g.APIKey{}, "", g.FieldErrorf(fmt.Sprintf("permissions[%d]", i),
				"%q is no permission; use some of %v", p, known)
		}
		if !v.s.Can(p) {
			return g.APIKey{}, "", g.Errorf(g.Forbidden,
				"you do not have the permission %s yourself", p)
		}
	}
	if k.Expires.IsZero() || !k.Expires.After(now) || k.Expires.Sub(now) > maxKeyLife {
		return g.APIKey{}, "", g.FieldErrorf("expires", "give a time within the next year")
	}
	secret, hash := newToken("ghk_")
	k.ID, k.Created, k.Expires = g.KeyID(g.NewID("key")), store.Moment(store.Micros(now)), store.Moment(store.Micros(
		k.Expires))
	k.LastUsed, k.Revoked = time.Time{}, false
	perms, err := json.Marshal(k.Permissions)
	if err != nil {
		return g.APIKey{}, "", err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if _, err := places.SchoolRow(ctx, t, k.School); err != nil {
			return err
		}
		subtree := (v.s.Subtree || v.s.System != "") && !k.Screen
		if k.Maker, err = Maker(ctx, v, t); err != nil {
			return err
		}
		_, err := t.Exec(ctx,
			"INSERT INTO api_keys ("+keyColumns+
				", subtree, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			string(k.ID), string(k.School), k.Name, string(perms), store.Micros(k.Created),
			store.Micros(k.Expires), int64(0), int64(0),
			k.Maker, k.Purpose, store.Flag(k.Screen), store.Flag(subtree), hash)
		if err != nil {
			return fmt.Errorf("create key: %w", err)
		}
		return v.s.AuditAs(
			ctx,
			t,
			v.s.Actor,
			k.Purpose,
			k.School,
			deed,
			string(k.ID),
		)
	})
	if err != nil {
		return g.APIKey{}, "", err
	}
	made := []g.APIKey{k}
	if err := v.r.fillKeys(ctx, made); err != nil {
		return g.APIKey{}, "", err
	}
	return made[0], secret, nil
}

// RevokeKey ends a key at once; it stays in the list.
func (v View) RevokeKey(ctx context.Context, id g.KeyID) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		school, err := store.SchoolOf(ctx, t, "api_keys", "key", string(id))
		if err != nil {
			return err
		}
		if err := in.Owns(school, "key", string(id)); err != nil {
			return err
		}
		was, err := keyBefore(id)(ctx, t)
		if err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		if _, err := t.Exec(ctx, "UPDATE api_keys SET revoked = 1 WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("revoke key: %w", err)
		}
		t.Change(change.Key, school, string(id), "revoked")
		return v.s.AuditChanges(
			ctx,
			t,
			school,
			"key.revoke",
			string(id),
			was,
			nil,
		)
	})
}

// KeyBySecret returns the API key with a secret, and its scope.
func (r *Book) KeyBySecret(ctx context.Context, secret string) (g.APIKey, g.Scope, error) {
	now := r.s.Now()
	subtree := false
	k, err := scanKey(r.s.Reg.Row(ctx,
		"SELECT "+keyColumns+", subtree FROM api_keys WHERE hash = ?", tokenHash(secret)).Scan,
		&subtree)
	if errors.Is(err, sql.ErrNoRows) {
		return g.APIKey{}, g.Scope{}, g.Errorf(g.Unauthenticated, "this API key is unknown")
	}
	if err != nil {
		return g.APIKey{}, g.Scope{}, fmt.Errorf("read key: %w", err)
	}
	if k.Revoked {
		return g.APIKey{}, g.Scope{}, g.Errorf(g.Unauthenticated, "this API key was revoked")
	}
	if !now.Before(k.Expires) {
		return g.APIKey{}, g.Scope{}, g.Errorf(g.Unauthenticated,
			"this API key ended on %s: make a new one", k.Expires.Format(time.DateOnly))
	}
	p, err := r.powersOf(ctx, r.s.Reg, k.Maker, 0)
	if err != nil {
		return g.APIKey{}, g.Scope{}, err
	}
	switch p.State {
	case g.MakerDisabled, g.MakerEnded, g.MakerGone:
		return g.APIKey{}, g.Scope{}, g.Errorf(g.Unauthenticated,
			"this API key ended with who made it: have an administrator take it over")
	}
	if now.Sub(k.LastUsed) >= keyUseEvery {
		err := r.s.Write(ctx, func(t *store.Tx) error {
			_, err := t.Exec(ctx, "UPDATE api_keys SET last_used = ? WHERE id = ?",
				store.Micros(now), string(k.ID))
			return err
		})
		if err != nil {
			return g.APIKey{}, g.Scope{}, fmt.Errorf("note the key's use: %w", err)
		}
		k.LastUsed = store.Moment(store.Micros(now))
	}
	k.MakerName, k.MakerState, k.Effective = p.Name, p.State, p.keep(k.Permissions)
	scope := g.Scope{
		School:      k.School,
		Subtree:     subtree && p.subtree,
		Actor:       actor(string(k.ID), k.Name),
		Permissions: k.Effective,
		Reason:      k.Purpose,
	}
	return k, scope, nil
}

func keyBefore(id g.KeyID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		return scanKey(
			t.Row(ctx, "SELECT "+keyColumns+" FROM api_keys WHERE id = ?", string(id)).Scan,
		)
	}
}
