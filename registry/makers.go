package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// makerDepth bounds how many keys may lie between a key and the person behind it.
const makerDepth = 8

// maker is who acts through the view, as keys and webhooks keep it: a user's or a key's id, or
// "" where it is the gateway itself.
func (v *View) maker(ctx context.Context, c store.Conn) (string, error) {
	id, _, _ := strings.Cut(v.s.Actor, " ")
	if id == "" || v.s.System != "" {
		return "", nil
	}
	n := 0
	err := c.Row(ctx, "SELECT COUNT(*) FROM (SELECT id FROM users WHERE id = ? UNION SELECT id FROM api_keys WHERE id = ?) makers", id, id).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("read who makes it: %w", err)
	}
	if n == 0 {
		return "", nil
	}
	return id, nil
}

// powers are what the maker of a key or a webhook may do now, and so the most that these may.
type powers struct {
	state       g.MakerState
	name        string
	permissions []g.Permission
	subtree     bool
}

// can says whether the powers hold a permission.
func (p powers) can(need g.Permission) bool {
	return p.state == g.MakerUnknown || slices.Contains(p.permissions, need)
}

// keep is those of the permissions that the maker still has, in their order.
func (p powers) keep(all []g.Permission) []g.Permission {
	out := []g.Permission{}
	for _, x := range all {
		if p.can(x) {
			out = append(out, x)
		}
	}
	return out
}

// powersOf reads a maker's powers: a user's are those of the role, unless disabled; a key's
// are its own as far as its own maker still has them.
func (r *Registry) powersOf(ctx context.Context, c store.Conn, maker string, depth int) (powers, error) {
	if maker == "" {
		return powers{state: g.MakerUnknown, subtree: true}, nil
	}
	if depth > makerDepth {
		return powers{state: g.MakerGone}, nil
	}
	u, err := r.scanUser(c.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", maker).Scan)
	if err == nil {
		return powersOfUser(u), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return powers{}, fmt.Errorf("read a maker: %w", err)
	}
	subtree := false
	k, err := scanKey(c.Row(ctx, "SELECT "+keyColumns+", subtree FROM api_keys WHERE id = ?", maker).Scan, &subtree)
	if errors.Is(err, sql.ErrNoRows) {
		return powers{state: g.MakerGone}, nil
	}
	if err != nil {
		return powers{}, fmt.Errorf("read a maker: %w", err)
	}
	if k.Revoked || !r.s.Now().Before(k.Expires) {
		return powers{state: g.MakerEnded, name: k.Name}, nil
	}
	above, err := r.powersOf(ctx, c, k.Maker, depth+1)
	if err != nil {
		return powers{}, err
	}
	if above.state != g.MakerActive && above.state != g.MakerUnknown {
		return powers{state: above.state, name: k.Name}, nil
	}
	return powers{
		state:       g.MakerActive,
		name:        k.Name,
		permissions: above.keep(k.Permissions),
		subtree:     subtree && above.subtree,
	}, nil
}

func powersOfUser(u g.User) powers {
	name := u.FullName
	if name == "" {
		name = u.Name
	}
	if u.Disabled {
		return powers{state: g.MakerDisabled, name: name}
	}
	return powers{
		state:       g.MakerActive,
		name:        name,
		permissions: u.Role.Permissions(),
		subtree:     u.Role == g.RoleDistrict,
	}
}

// powersOnce is powersOf for a list: each maker is read once.
func (r *Registry) powersOnce(ctx context.Context, known map[string]powers, maker string) (powers, error) {
	if p, ok := known[maker]; ok {
		return p, nil
	}
	p, err := r.powersOf(ctx, r.s.Reg, maker, 0)
	if err == nil {
		known[maker] = p
	}
	return p, err
}

// fillKeys says of each key who made it and what it may do now.
func (r *Registry) fillKeys(ctx context.Context, keys []g.APIKey) error {
	known := map[string]powers{}
	for i := range keys {
		k := &keys[i]
		p, err := r.powersOnce(ctx, known, k.Maker)
		if err != nil {
			return err
		}
		k.MakerName, k.MakerState, k.Effective = p.name, p.state, p.keep(k.Permissions)
	}
	return nil
}

// TakeOverKey makes the caller answerable for a key in its maker's place. The caller must be a
// person, since a key that takes over keys would outlive everybody, and have all that the key
// may do.
func (v *View) TakeOverKey(ctx context.Context, id g.KeyID) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		subtree := false
		k, err := scanKey(t.Row(ctx, "SELECT "+keyColumns+", subtree FROM api_keys WHERE id = ?", string(id)).Scan, &subtree)
		if err != nil {
			return store.Missing(err, "key", string(id))
		}
		if err := in.Owns(k.School, "key", string(id)); err != nil {
			return err
		}
		user, err := v.person(ctx, t)
		if err != nil {
			return err
		}
		for _, p := range k.Permissions {
			if !v.s.Can(p) {
				return g.Errorf(g.Forbidden, "the key may do more than you: it has the permission %s", p)
			}
		}
		if subtree && !v.s.Subtree {
			return g.Errorf(g.Forbidden, "the key sees the schools of a district: only a district admin takes it over")
		}
		if _, err := t.Exec(ctx, "UPDATE api_keys SET maker = ? WHERE id = ?", user, string(id)); err != nil {
			return fmt.Errorf("take over key: %w", err)
		}
		t.Change("key", k.School, string(id))
		return v.s.AuditAs(ctx, t, v.s.Actor, "from "+who(k.Maker), k.School, "key.take_over", string(id))
	})
}

// TakeOverWebhook is TakeOverKey for a webhook: from now on it gets what the caller may read.
func (v *View) TakeOverWebhook(ctx context.Context, id g.WebhookID) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		w, err := scanWebhook(t.Row(ctx, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", string(id)).Scan)
		if err != nil {
			return store.Missing(err, "webhook", string(id))
		}
		if err := in.Owns(w.School, "webhook", string(id)); err != nil {
			return err
		}
		user, err := v.person(ctx, t)
		if err != nil {
			return err
		}
		if err := v.mayRead(w.Kinds); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "UPDATE webhooks SET maker = ? WHERE id = ?", user, string(id)); err != nil {
			return fmt.Errorf("take over webhook: %w", err)
		}
		t.Change("webhook", w.School, string(id))
		return v.s.AuditAs(ctx, t, v.s.Actor, "from "+who(w.Maker), w.School, "webhook.take_over", string(id))
	})
}

func who(maker string) string {
	if maker == "" {
		return "nobody that is known"
	}
	return maker
}

// person is the user's id through whom the view acts; keys and the gateway are none.
func (v *View) person(ctx context.Context, t *store.Tx) (string, error) {
	id, _, _ := strings.Cut(v.s.Actor, " ")
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM users WHERE id = ? AND disabled = 0", id).Scan(&n); err != nil {
		return "", fmt.Errorf("read user: %w", err)
	}
	if n == 0 {
		return "", g.Errorf(g.Forbidden, "only somebody who is signed in takes it over, and answers for it from then on")
	}
	return id, nil
}

// mayRead refuses kinds of event that the caller may not read.
func (v *View) mayRead(kinds []g.EventKind) error {
	for i, k := range kinds {
		if need := k.Permission(); !v.s.Can(need) {
			at := fmt.Sprintf("kinds[%d]", i)
			return g.Errorf(g.Forbidden, "events of kind %s need the permission %s, which you do not have", k, need).At(at)
		}
	}
	return nil
}

// fillWebhooks says of each webhook who made it and which of its kinds it gets now.
func (r *Registry) fillWebhooks(ctx context.Context, hooks []g.Webhook) error {
	known := map[string]powers{}
	for i := range hooks {
		w := &hooks[i]
		p, err := r.powersOnce(ctx, known, w.Maker)
		if err != nil {
			return err
		}
		w.MakerName, w.MakerState, w.Effective = p.name, p.state, []g.EventKind{}
		for _, k := range g.EventKinds() {
			asked := slices.Contains(w.Kinds, k) || len(w.Kinds) == 0 && k != g.EventReading
			if asked && p.can(k.Permission()) {
				w.Effective = append(w.Effective, k)
			}
		}
	}
	return nil
}
