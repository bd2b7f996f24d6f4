package outward

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Base is the address that a channel's setting url gives, without a slash at its end, or standard
// where it gives none; the errors are of the field settings.url. Names are looked up when something is
// sent.
func Base(given, standard string, private bool) (string, error) {
	if given == "" {
		given = standard
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil ||
		u.Fragment != "" {
		return "", g.FieldErrorf("settings.url",
			"this is no address to send to; write it like https://push.school.example")
	}
	if u.Scheme == "http" && !private {
		return "", g.FieldErrorf("settings.url",
			"use https (the setting webhooks.private allows plain http for a server in the school)")
	}
	return strings.TrimSuffix(given, "/"), nil
}

// CheckSecret refuses a secret that Standard Webhooks cannot sign with.
func CheckSecret(field, secret string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 16 {
		return g.FieldErrorf(field,
			"give a secret of at least 16 random bytes in base64, with whsec_ in front or without")
	}
	return nil
}

// SignRequest sets the headers of Standard Webhooks 1.0 and the content type of a JSON body.
func SignRequest(r *http.Request, secret, id string, now time.Time, body []byte) error {
	signature, err := Sign([]string{secret}, id, now, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	return nil
}
