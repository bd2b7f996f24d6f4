package hooks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// newWebhookSecret generates a signing secret in the format of Standard Webhooks.
func newWebhookSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
}

// RotateSecret generates a new signing secret, which is shown only now, and keeps the previous one
// valid for a time. An older one becomes invalid at once.
func (v View) RotateSecret(
	ctx context.Context, id g.WebhookID, keep time.Duration,
) (secret string, until time.Time, err error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return "", until, err
	}
	secret = newWebhookSecret()
	err = v.s.Write(ctx, func(t *store.Tx) error {
		school, err := store.SchoolOf(ctx, t, "webhooks", "webhook", string(id))
		if err != nil {
			return err
		}
		if err := in.Owns(school, "webhook", string(id)); err != nil {
			return err
		}
		if keep > 0 {
			until = store.Moment(store.Micros(t.Now.Add(keep)))
		}
		_, err = t.Exec(ctx,
			"UPDATE webhooks SET old_secret_sealed = secret_sealed, old_until = ?, secret_sealed "+
				"= ? WHERE id = ?",
			store.Micros(until), store.Seal(v.s.Vault.Data, []byte(secret), "webhook "+string(id)),
			string(id))
		if err != nil {
			return fmt.Errorf("write webhook: %w", err)
		}
		t.Change(change.Webhook, school, string(id), "secret")
		return v.s.Audit(
			ctx,
			t,
			school,
			"webhook.secret",
			string(id),
		)
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return secret, until, nil
}

// Secrets are the secrets that sign at a time, newest first; only for system scopes.
func (v View) Secrets(ctx context.Context, id g.WebhookID, now time.Time) ([]string, error) {
	newest, err := v.Secret(ctx, id)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	var until int64
	if err := v.s.Reg.Row(ctx, "SELECT old_secret_sealed, old_until FROM webhooks WHERE id = ?",
		string(id)).Scan(&sealed, &until); err != nil {
		return nil, store.Missing(err, "webhook", string(id))
	}
	if len(sealed) == 0 || store.Micros(now) >= until {
		return []string{newest}, nil
	}
	old, err := store.Unseal(v.s.Vault.Data, sealed, "webhook "+string(id))
	return []string{newest, string(old)}, err
}
