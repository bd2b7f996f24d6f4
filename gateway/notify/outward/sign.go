package outward

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// Sign is the header webhook-signature of Standard Webhooks 1.0: a signature by each secret, with
// spaces between them.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	all := make([]string, len(secrets))
	for i, secret := range secrets {
		one, err := sign(secret, id, at, body)
		if err != nil {
			return "", err
		}
		all[i] = one
	}
	return strings.Join(all, " "), nil
}

// sign is v1, and the base64 of HMAC-SHA256
// over "id.timestamp.body" with the key that follows whsec_ in base64.
func sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "", fmt.Errorf("webhook secret: %w", err)
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%d.", id, at.Unix())
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)), nil
}
