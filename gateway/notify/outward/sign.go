package outward

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far the time of what is signed may be from ours: what was overheard cannot be sent
// again later.
const tolerance = 5 * time.Minute

// Verify refuses a request that is not signed by the secret as Standard Webhooks 1.0 asks, or whose
// time is more than five minutes from now.
func Verify(secret string, h http.Header, body []byte, now time.Time) error {
	sec, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || h.Get("webhook-id") == "" {
		return errors.New("webhook-id or webhook-timestamp is missing")
	}
	at := time.Unix(sec, 0)
	if d := now.Sub(at); d > tolerance || d < -tolerance {
		return errors.New("webhook-timestamp is more than five minutes away: check the clock")
	}
	want, err := sign(secret, h.Get("webhook-id"), at, body)
	if err != nil {
		return err
	}
	for given := range strings.FieldsSeq(h.Get("webhook-signature")) {
		if subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1 {
			return nil
		}
	}
	return errors.New("webhook-signature does not fit")
}

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
