package hooks

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Move is Update that also allows another server, with a new signing secret, which it
// returns and which is shown only now. The old secret is no longer used.
func (v View) Move(ctx context.Context, w g.Webhook) (secret string, err error) {
	secret = newWebhookSecret()
	if err := v.changeWebhook(ctx, w, secret); err != nil {
		return "", err
	}
	return secret, nil
}

// hookSecret writes a webhook's new secret. Without one it refuses to move the webhook to another
// server, whose operator would get events signed with the old server's secret.
func (v View) hookSecret(ctx context.Context, t *store.Tx, w g.Webhook, secret string) error {
	if secret != "" {
		sealed := store.Seal(v.s.Vault.Data, []byte(secret), "webhook "+string(w.ID))
		if _, err := t.Exec(ctx,
			"UPDATE webhooks SET secret_sealed = ?, old_secret_sealed = NULL, old_until = 0 "+
				"WHERE id = ?",
			sealed, string(w.ID)); err != nil {
			return fmt.Errorf("move webhook: %w", err)
		}
		return nil
	}
	var had string
	if err := t.Row(ctx, "SELECT url FROM webhooks WHERE id = ?", string(w.ID)).Scan(&had); err != nil {
		return store.Missing(err, "webhook", string(w.ID))
	}
	if had == w.URL || store.SameHost(had, w.URL) {
		return nil
	}
	return g.FieldErrorf("url",
		"this is another server than before: confirm it with \"new_secret\": true; "+
			"the webhook then gets a new signing secret, which is shown once, and the old one ends")
}
