package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/webhooks"
)

// While a secret is being changed a delivery is signed with both, the new one first.
func TestTwoSecretsSign(t *testing.T) {
	got := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("webhook-signature")
	}))
	defer server.Close()
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	var made webhooks.NewWebhook
	c.do("POST", "/v1/webhooks", map[string]string{"url": server.URL}).want(201).into(&made)
	path := "/v1/webhooks/" + string(made.Webhook.ID)
	signatures := func() []string {
		t.Helper()
		c.do("POST", path+"/test", nil).want(202)
		return strings.Fields(<-got)
	}
	before := signatures()
	var rotated webhooks.NewSecret
	c.do("POST", path+"/secret", map[string]int{"keep_hours": 48}).want(200).into(&rotated)
	both := signatures()
	if len(before) != 1 || len(both) != 2 || both[0] == both[1] || rotated.Secret == made.Secret ||
		rotated.OldUntil.IsZero() {
		t.Errorf("got %d signatures before and %d while both secrets count, until %s, want 1 and 2",
			len(before), len(both), rotated.OldUntil)
	}
	r := c.do("POST", path+"/secret", map[string]int{"keep_hours": 0}).want(200)
	if strings.Contains(string(r.body), "old_until") {
		t.Errorf("got %s, want no time for an old secret that ended", r.body)
	}
	if after := signatures(); len(after) != 1 {
		t.Errorf("got %d signatures after the old secret ended, want 1", len(after))
	}
}

// No webhook can be made to addresses of cloud metadata, whatever is allowed.
func TestWebhooksToMetadataAreRefusedAtOnce(t *testing.T) {
	w := newWorld(t).schools() // with webhooks.private
	c := w.user(w.a, g.RoleAdmin)
	for _, url := range []string{
		"http://169.254.169.254/latest", "http://[fe80::1]/",
		"http://[::ffff:169.254.169.254]/", "http://0.0.0.0/", "http://100.100.100.200/",
	} {
		if p := c.do("POST", "/v1/webhooks", map[string]string{"url": url}).want(422).problem(); len(
			p.Errors) == 0 ||
			p.Errors[0].Field != "url" || p.Errors[0].Pointer != "#/url" {
			t.Errorf("%s: got %+v, want the field url", url, p)
		}
	}
	c.do("POST", "/v1/webhooks", map[string]string{"url": "http://localhost:9/"}).want(201)
}

func TestOlderDocument(t *testing.T) {
	w := newWorld(t)
	var doc struct {
		OpenAPI string
		Servers []struct{ URL string }
		Paths   map[string]json.RawMessage
	}
	w.nobody().do("GET", "/openapi-3.0.json", nil).want(200).into(&doc)
	if doc.OpenAPI != "3.0.3" || len(doc.Servers) != 1 || doc.Servers[0].URL == "" ||
		len(doc.Paths) < 50 {
		t.Errorf("got version %s, servers %v and %d paths, want 3.0.3 with all", doc.OpenAPI,
			doc.Servers, len(doc.Paths))
	}
}
