package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// makerDepth limits the chain of keys between a key and the user behind it.
const makerDepth = 8

// Maker is who acts through the view, as stored with keys and webhooks: the ID of a user or a key,
// or "" for the gateway itself.
func Maker(ctx context.Context, v View, c store.Conn) (string, error) {
	id, _, _ := strings.Cut(v.s.Actor, " ")
	if id == "" || v.s.System != "" {
		return "", nil
	}
	n := 0
	err := c.Row(ctx,
		"SELECT COUNT(*) FROM (SELECT id FROM users WHERE id = ? UNION SELECT id FROM api_keys "+
			"WHERE id = ?) makers",
		id, id).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("read who makes it: %w", err)
	}
	if n == 0 {
		return "", nil
	}
	return id, nil
}

// Powers are the current permissions of the maker of a key or a webhook, which limit theirs.
type Powers struct {
	State       g.MakerState
	Name        string
	permissions []g.Permission
	subtree     bool
}

// Can reports whether the powers include a permission.
func (p Powers) Can(need g.Permission) bool {
	return p.State == g.MakerUnknown || need == "" && p.State == g.MakerActive ||
		slices.Contains(p.permissions, need)
}

// keep filters the permissions to those that the maker still has, in order.
func (p Powers) keep(all []g.Permission) []g.Permission {
	out := []g.Permission{}
	for _, x := range all {
		if p.Can(x) {
			out = append(out, x)
		}
	}
	return out
}

// powersOf reads a maker's powers: a user's are those of the role, unless disabled; a key's are its
// own, limited by those of its maker.
func (r *Book) powersOf(
	ctx context.Context, c store.Conn, maker string, depth int,
) (Powers, error) {
	if maker == "" {
		return Powers{
			State:   g.MakerUnknown,
			subtree: true,
		}, nil
	}
	if depth > makerDepth {
		return Powers{State: g.MakerGone}, nil
	}
	u, err := r.scanUser(c.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", maker).Scan)
	if err == nil {
		return powersOfUser(u), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Powers{}, fmt.Errorf("read a maker: %w", err)
	}
	subtree := false
	k, err := scanKey(c.Row(ctx, "SELECT "+keyColumns+", subtree FROM api_keys WHERE id = ?",
		maker).Scan,
		&subtree)
	if errors.Is(err, sql.ErrNoRows) {
		return Powers{State: g.MakerGone}, nil
	}
	if err != nil {
		return Powers{}, fmt.Errorf("read a maker: %w", err)
	}
	if k.Revoked || !r.s.Now().Before(k.Expires) {
		return Powers{
			State: g.MakerEnded,
			Name:  k.Name,
		}, nil
	}
	above, err := r.powersOf(ctx, c, k.Maker, depth+1)
	if err != nil {
		return Powers{}, err
	}
	if above.State != g.MakerActive && above.State != g.MakerUnknown {
		return Powers{
			State: above.State,
			Name:  k.Name,
		}, nil
	}
	return Powers{
		State:       g.MakerActive,
		Name:        k.Name,
		permissions: above.keep(k.Permissions),
		subtree:     subtree && above.subtree,
	}, nil
}

func powersOfUser(u g.User) Powers {
	name := u.FullName
	if name == "" {
		name = u.Name
	}
	if u.Disabled {
		return Powers{
			State: g.MakerDisabled,
			Name:  name,
		}
	}
	return Powers{
		State:       g.MakerActive,
		Name:        name,
		permissions: u.Role.Permissions(),
		subtree:     u.Role == g.RoleDistrict,
	}
}

// PowersOnce is powersOf for a list: each maker is read once.
func PowersOnce(
	ctx context.Context, r *Book, known map[string]Powers, maker string,
) (Powers, error) {
	if p, ok := known[maker]; ok {
		return p, nil
	}
	p, err := r.powersOf(ctx, r.s.Reg, maker, 0)
	if err == nil {
		known[maker] = p
	}
	return p, err
}

// fillKeys sets maker and effective permissions of each key.
func (r *Book) fillKeys(ctx context.Context, keys []g.APIKey) error {
	known := map[string]Powers{}
	for i := range keys {
		k := &keys[i]
		p, err := PowersOnce(ctx, r, known, k.Maker)
		if err != nil {
			return err
		}
		k.MakerName, k.MakerState, k.Effective = p.Name, p.State, p.keep(k.Permissions)
	}
	return nil
}

// TakeOverKey makes the caller the maker of a key. The caller must be a user, since a key that
// takes over keys could outlive every user, and must have all the key's permissions.
func (v View) TakeOverKey(ctx context.Context, id g.KeyID) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		subtree := false
		k, err := scanKey(t.Row(ctx, "SELECT "+keyColumns+", subtree FROM api_keys WHERE id = ?",
			string(id)).Scan,
			&subtree)
		if err != nil {
			return store.Missing(err, "key", string(id))
		}
		if err := in.Owns(k.School, "key", string(id)); err != nil {
			return err
		}
		user, err := ActingUser(ctx, v, t)
		if err != nil {
			return err
		}
		for _, p := range k.Permissions {
			if !v.s.Can(p) {
				return g.Errorf(g.Forbidden,
					"the key may do more than you: it has the permission %s", p)
			}
		}
		if subtree && !v.s.Subtree {
			return g.Errorf(g.Forbidden,
				"the key sees the schools of a district: only a district admin takes it over")
		}
		if _, err := t.Exec(ctx, "UPDATE api_keys SET maker = ? WHERE id = ?", user, string(id)); err != nil {
			return fmt.Errorf("take over key: %w", err)
		}
		t.Change(change.Key, k.School, string(id), "maker")
		return v.s.AuditAs(ctx, t, v.s.Actor, "from "+Who(k.Maker), k.School, "key.take_over",
			string(id))
	})
}

func Who(maker string) string {
	if maker == "" {
		return "nobody that is known"
	}
	return maker
}

// ActingUser is the ID of the user who acts through the view; keys and the gateway get an error.
func ActingUser(ctx context.Context, v View, t *store.Tx) (string, error) {
	id, _, _ := strings.Cut(v.s.Actor, " ")
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM users WHERE id = ? AND disabled = 0", id).Scan(&n); err != nil {
		return "", fmt.Errorf("read user: %w", err)
	}
	if n == 0 {
		return "", g.Errorf(g.Forbidden,
			"only somebody who is signed in takes it over, and answers for it from then on")
	}
	return id, nil
}
