package registry

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// newWebhookSecret is a fresh signing secret as Standard Webhooks writes it.
func newWebhookSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
}

// RotateWebhookSecret gives a webhook a new signing secret, which is shown this once, and keeps
// the old one beside it for a time. The one before that ends at once.
func (v *View) RotateWebhookSecret(ctx context.Context, id g.WebhookID, keep time.Duration) (secret string, until time.Time, err error) {
	in, err := v.reach(ctx, g.KeysAdmin)
	if err != nil {
		return "", until, err
	}
	secret = newWebhookSecret()
	err = v.r.write(ctx, func(t *tx) error {
		school, err := schoolOf(ctx, t, "webhooks", "webhook", string(id))
		if err != nil {
			return err
		}
		if err := in.owns(school, "webhook", string(id)); err != nil {
			return err
		}
		if keep > 0 {
			until = moment(micros(t.now.Add(keep)))
		}
		_, err = t.exec(ctx, "UPDATE webhooks SET old_secret_sealed = secret_sealed, old_until = ?, secret_sealed = ? WHERE id = ?",
			micros(until), seal(v.r.vault.data, []byte(secret), "webhook "+string(id)), string(id))
		if err != nil {
			return fmt.Errorf("write webhook: %w", err)
		}
		t.change("webhook", school, string(id))
		return v.audit(ctx, t, school, "webhook.secret", string(id))
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return secret, until, nil
}

// WebhookSecrets are the secrets that sign at a time, the newest first; only system scopes ask.
func (v *View) WebhookSecrets(ctx context.Context, id g.WebhookID, now time.Time) ([]string, error) {
	newest, err := v.WebhookSecret(ctx, id)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	var until int64
	if err := v.r.reg.row(ctx, "SELECT old_secret_sealed, old_until FROM webhooks WHERE id = ?", string(id)).Scan(&sealed, &until); err != nil {
		return nil, missing(err, "webhook", string(id))
	}
	if len(sealed) == 0 || micros(now) >= until {
		return []string{newest}, nil
	}
	old, err := unseal(v.r.vault.data, sealed, "webhook "+string(id))
	return []string{newest, string(old)}, err
}
