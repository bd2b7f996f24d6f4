package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// maxHook bounds a webhook's body, as Standard Webhooks advises.
const maxHook = 20_000

// cloudEvent is the envelope of CloudEvents 1.0, structured mode in JSON. An event that is
// too large for a webhook goes without data and with dataref (CloudEvents claim check).
type cloudEvent struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	Sequence    string    `json:"sequence,omitempty"` // CloudEvents sequence extension
	ContentType string    `json:"datacontenttype,omitempty"`
	DataRef     string    `json:"dataref,omitempty"`
	Data        any       `json:"data,omitempty"`
}

func source(school g.SchoolID) string { return "/gatehouse/schools/" + string(school) }

// envelope is the webhook's body for an event.
func envelope(e *g.Event) ([]byte, error) {
	e = dated(e)
	c := cloudEvent{SpecVersion: "1.0", ID: e.ID, Source: source(e.School), Type: "school.gatehouse." + string(e.Kind), Subject: subject(e),
		Time: e.Time, Sequence: strconv.FormatUint(e.Seq, 10), ContentType: "application/json", Data: e}
	b, err := json.Marshal(c)
	if b = unset(b); err != nil || len(b) < maxHook {
		return b, err
	}
	c.Data, c.ContentType = nil, ""
	c.DataRef = fmt.Sprintf("/v1/events?after=%d&limit=1&kinds=%s", e.Seq-1, e.Kind)
	b, err = json.Marshal(c)
	return unset(b), err
}

// subject is what the event is about.
func subject(e *g.Event) string {
	switch {
	case e.Alert != nil:
		return string(e.Alert.ID)
	case e.Incident != nil:
		return string(e.Incident.ID)
	case e.Attendance != nil:
		return string(e.Attendance.Person)
	}
	return string(e.Device)
}

// signAll is the header with a signature of each secret, between spaces.
func signAll(secrets []string, id string, at time.Time, body []byte) (string, error) {
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

// sign is the webhook-signature of Standard Webhooks 1.0: v1, and the base64 of HMAC-SHA256
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
