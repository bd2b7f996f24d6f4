package api_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/webhooks"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// TestWebhookThatMovesGetsANewSecret moves a webhook to another server: that takes a confirmation,
// and the secret that the old server knows signs nothing any more.
func TestWebhookThatMovesGetsANewSecret(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	made := w.webhook(c, "https://sis.school.example/gatehouse", "alert")
	path := "/v1/webhooks/" + string(made.Webhook.ID)
	secret := func() string {
		s, err := w.system().Hooks.Secret(t.Context(), made.Webhook.ID)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	c.do("PUT", path,
		map[string]any{"url": "https://sis.school.example:443/other", "kinds": []string{"alert"}}).want(200)
	if secret() != made.Secret {
		t.Error("another path of the same server has another secret")
	}
	for _, url := range []string{
		"https://evil.example/gatehouse",
		"http://sis.school.example/gatehouse",
		"https://sis.school.example:8443/x",
	} {
		r := c.do("PUT", path, map[string]any{"url": url, "kinds": []string{"alert"}}).want(422)
		if !strings.Contains(string(r.body), "new_secret") {
			t.Errorf("%s: got %s, want it to say how to confirm", url, r.body)
		}
	}
	var moved webhooks.ChangedWebhook
	c.do("PUT", path,
		map[string]any{
			"url":        "https://new.school.example/x",
			"kinds":      []string{"alert"},
			"new_secret": true,
		}).want(200).into(&moved)
	if moved.Secret == "" || moved.Secret == made.Secret ||
		moved.URL != "https://new.school.example/x" || secret() != moved.Secret {
		t.Errorf("got %+v, want the new address and a new secret that is kept", moved)
	}
}

// TestStoredSecretIsAskedForAgain sends a camera elsewhere without its password.
func TestStoredSecretIsAskedForAgain(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleFacility)
	var row fleet.DeviceRow
	c.do("GET", "/v1/devices/cam-7", nil).want(200).into(&row)
	moved := map[string]any{
		"name":    "x",
		"profile": row.Profile,
		"driver":  row.Driver,
		"address": map[string]string{"url": "rtsp://192.0.2.66/1"},
	}
	r := c.do("PUT", "/v1/devices/cam-7", moved).want(422)
	if !strings.Contains(string(r.body), `"secret"`) ||
		!strings.Contains(string(r.body), "address.url") {
		t.Errorf("got %s, want the field and the reason", r.body)
	}
	moved["secret"] = map[string]string{"password": "of the new camera"}
	c.do("PUT", "/v1/devices/cam-7", moved).want(200)
	if s, err := w.system().Fleet.DeviceSecret(t.Context(), "cam-7"); err != nil ||
		s["password"] != "of the new camera" {
		t.Errorf("got %v %v, want the password that was given again", s, err)
	}
}
