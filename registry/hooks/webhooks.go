package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const webhookColumns = "id, school, url, kinds, created, disabled, reason, maker"

func scanWebhook(scan func(...any) error) (w g.Webhook, err error) {
	var kinds []byte
	var created int64
	if err := scan(
		&w.ID,
		&w.School,
		&w.URL,
		&kinds,
		&created,
		&w.Disabled,
		&w.Reason,
		&w.Maker,
	); err != nil {
		return w, err
	}
	w.Created = store.Moment(created)
	return w, store.FromJSON(kinds, &w.Kinds)
}

// List lists the webhooks of the school, or of all schools in scope, oldest first.
func (v View) List(ctx context.Context, school g.SchoolID) ([]g.Webhook, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	out := []g.Webhook{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+webhookColumns+" FROM webhooks"+w.String()+" ORDER BY created, id", w.Args,
		func(scan func(...any) error) error {
			x, err := scanWebhook(scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return out, v.r.fillWebhooks(ctx, out)
}

func checkWebhook(w g.Webhook) error {
	u, err := url.Parse(w.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return g.FieldErrorf("url", "give a full address that begins with https://")
	}
	if u.User != nil {
		return g.FieldErrorf("url",
			"the address holds a password: leave it out, deliveries are signed instead")
	}
	if err := store.Optional("url", w.URL, store.MaxURL); err != nil {
		return err
	}
	known := g.EventKinds()
	for i, k := range w.Kinds {
		if !slices.Contains(known, k) {
			return g.FieldErrorf(fmt.Sprintf("kinds[%d]", i),
				"%q is no kind of event; use some of %v", k, known)
		}
	}
	return store.Optional("reason", w.Reason, store.MaxReason)
}

// Create adds a webhook and returns its signing secret (Standard Webhooks, "whsec_" and base64 of
// 32 bytes), which is shown only now and stored encrypted.
func (v View) Create(ctx context.Context, w g.Webhook) (g.Webhook, string, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return g.Webhook{}, "", err
	}
	if err := v.s.InSchool(ctx, in, w.School); err != nil {
		return g.Webhook{}, "", err
	}
	if err := checkWebhook(w); err != nil {
		return g.Webhook{}, "", err
	}
	if err := v.mayRead(w.Kinds); err != nil {
		return g.Webhook{}, "", err
	}
	secret := newWebhookSecret()
	w.ID = g.WebhookID(g.NewID("whk"))
	kinds, err := json.Marshal(w.Kinds)
	if err != nil {
		return g.Webhook{}, "", err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		w.Created = store.Moment(store.Micros(t.Now))
		if w.Maker, err = access.Maker(ctx, v.access, t); err != nil {
			return err
		}
		_, err := t.Exec(ctx,
			"INSERT INTO webhooks ("+webhookColumns+
				", secret_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			string(w.ID), string(w.School), w.URL, string(kinds), store.Micros(w.Created),
			store.Flag(w.Disabled), w.Reason, w.Maker,
			store.Seal(v.s.Vault.Data, []byte(secret), "webhook "+string(w.ID)))
		if err != nil {
			return fmt.Errorf("create webhook: %w", err)
		}
		t.Change(change.Webhook, w.School, string(w.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			w.School,
			"webhook.create",
			string(w.ID),
			nil,
			w,
		)
	})
	if err != nil {
		return g.Webhook{}, "", err
	}
	made := []g.Webhook{w}
	if err := v.r.fillWebhooks(ctx, made); err != nil {
		return g.Webhook{}, "", err
	}
	return made[0], secret, nil
}

// Update changes a webhook's address and kinds, and disables or enables it. Callers who change
// address or kinds become its maker: it gets what they may read. Another server requires
// Move.
func (v View) Update(ctx context.Context, w g.Webhook) error {
	return v.changeWebhook(ctx, w, "")
}

// changeWebhook is Update or, with a new secret, Move.
func (v View) changeWebhook(ctx context.Context, w g.Webhook, secret string) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	if err := checkWebhook(w); err != nil {
		return err
	}
	kinds, err := json.Marshal(w.Kinds)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := scanWebhook(
			t.Row(ctx, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", string(w.ID)).Scan,
		)
		if err != nil {
			return store.Missing(err, "webhook", string(w.ID))
		}
		school := old.School
		if err := in.Owns(school, "webhook", string(w.ID)); err != nil {
			return err
		}
		if err := v.hookSecret(ctx, t, w, secret); err != nil {
			return err
		}
		if !w.Disabled {
			w.Reason = ""
		}
		w.Maker = old.Maker
		if v.s.System == "" && (w.URL != old.URL || !slices.Equal(w.Kinds, old.Kinds)) {
			if err := v.mayRead(w.Kinds); err != nil {
				return err
			}
			if w.Maker, err = access.Maker(ctx, v.access, t); err != nil {
				return err
			}
		}
		if _, err := t.Exec(ctx,
			"UPDATE webhooks SET url = ?, kinds = ?, disabled = ?, reason = ?, maker = ? WHERE "+
				"id = ?",
			w.URL, string(kinds), store.Flag(w.Disabled), w.Reason, w.Maker,
			string(w.ID)); err != nil {
			return fmt.Errorf("update webhook: %w", err)
		}
		deed, beside := "webhook.update", []string{}
		if secret != "" {
			deed, beside = "webhook.secret", []string{"secret"}
		}
		w.School, w.Created = school, old.Created
		if err := tell(t, old, w, beside...); err != nil {
			return err
		}
		return v.s.AuditChanges(
			ctx,
			t,
			school,
			deed,
			string(w.ID),
			old,
			w,
		)
	})
}

// tell records which fields changed. Fields derived from the maker are not stored, so not compared.
func tell(t *store.Tx, old, w g.Webhook, beside ...string) error {
	w.MakerName, w.MakerState, w.Effective = old.MakerName, old.MakerState, old.Effective
	return t.Changed(change.Webhook, w.School, string(w.ID), old, w, beside...)
}

// Delete deletes a webhook and its deliveries.
func (v View) Delete(ctx context.Context, id g.WebhookID) error {
	return v.s.Remove(ctx, g.KeysAdmin, "webhooks", "webhook", string(id), change.Webhook,
		webhookBefore(id), nil)
}

// Secret is the signing secret; only for system scopes.
func (v View) Secret(ctx context.Context, id g.WebhookID) (string, error) {
	if err := v.s.OnlySystem(); err != nil {
		return "", err
	}
	var sealed []byte
	row := v.s.Reg.Row(ctx, "SELECT secret_sealed FROM webhooks WHERE id = ?", string(id))
	if err := row.Scan(&sealed); err != nil {
		return "", store.Missing(err, "webhook", string(id))
	}
	secret, err := store.Unseal(v.s.Vault.Data, sealed, "webhook "+string(id))
	return string(secret), err
}

func webhookBefore(id g.WebhookID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		return scanWebhook(
			t.Row(ctx, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", string(id)).Scan,
		)
	}
}

// TakeOver makes the caller the maker of a webhook: it then gets what the caller may read.
func (v View) TakeOver(ctx context.Context, id g.WebhookID) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		w, err := scanWebhook(
			t.Row(ctx, "SELECT "+webhookColumns+" FROM webhooks WHERE id = ?", string(id)).Scan,
		)
		if err != nil {
			return store.Missing(err, "webhook", string(id))
		}
		if err := in.Owns(w.School, "webhook", string(id)); err != nil {
			return err
		}
		user, err := access.ActingUser(ctx, v.access, t)
		if err != nil {
			return err
		}
		if err := v.mayRead(w.Kinds); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "UPDATE webhooks SET maker = ? WHERE id = ?", user, string(id)); err != nil {
			return fmt.Errorf("take over webhook: %w", err)
		}
		t.Change(change.Webhook, w.School, string(id), "maker")
		return v.s.AuditAs(ctx, t, v.s.Actor, "from "+access.Who(w.Maker), w.School,
			"webhook.take_over", string(id))
	})
}

// mayRead refuses kinds of event that the caller may not read.
func (v View) mayRead(kinds []g.EventKind) error {
	for i, k := range kinds {
		if need := k.WebhookPermission(); !v.s.Can(need) {
			at := fmt.Sprintf("kinds[%d]", i)
			return g.Errorf(g.Forbidden,
				"events of kind %s need the permission %s, which you do not have", k, need).At(at)
		}
	}
	return nil
}

// fillWebhooks sets the maker and the effective kinds of each webhook.
func (r *Book) fillWebhooks(ctx context.Context, hooks []g.Webhook) error {
	known := map[string]access.Powers{}
	for i := range hooks {
		w := &hooks[i]
		p, err := access.PowersOnce(ctx, r.access, known, w.Maker)
		if err != nil {
			return err
		}
		w.MakerName = p.Name
		w.MakerState = p.State
		w.Effective = []g.EventKind{}
		for _, k := range g.EventKinds() {
			asked := slices.Contains(w.Kinds, k) || len(w.Kinds) == 0 && k != g.EventReading
			if asked && p.Can(k.WebhookPermission()) {
				w.Effective = append(w.Effective, k)
			}
		}
	}
	return nil
}
