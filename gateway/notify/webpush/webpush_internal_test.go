package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// A push service gets an encrypted letter signed by the key that was made with the channel; one that
// says that the subscription ended has the address forgotten.
func TestSend(t *testing.T) {
	status := http.StatusCreated
	var asked *http.Request
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.WriteHeader(status)
	}))
	defer server.Close()
	s := post.Settings{
		Values:  map[string]string{"contact": "it@school.example"},
		Secrets: map[string]string{},
		Private: true,
	}
	if err := makeKeys(s); err != nil {
		t.Fatal(err)
	}
	c, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	c.client = server.Client()
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	to, err := json.Marshal(map[string]any{
		"endpoint": server.URL + "/push/1",
		"keys": map[string]string{
			"p256dh": base64.RawURLEncoding.EncodeToString(browser.PublicKey().Bytes()),
			"auth":   base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := post.Letter{
		ID:      "msg_1-2",
		To:      string(to),
		Subject: "Fire",
		Text:    strings.Repeat("烟", 3000),
		Urgent:  true,
		Now:     time.Now(),
	}
	if out := c.Send(t.Context(), l); out.Err != nil {
		t.Fatalf("got %+v, want it taken", out)
	}
	if h := asked.Header; h.Get("Urgency") != "high" || h.Get("Content-Encoding") != "aes128gcm" ||
		!strings.Contains(h.Get("Authorization"), "k="+s.Values["public_key"]) {
		t.Errorf("got %v, want an urgent letter, encrypted and signed", h)
	}
	if asked.ContentLength > 4096 {
		t.Errorf("got %d bytes, of which a push service takes 4096", asked.ContentLength)
	}
	status = http.StatusGone
	if out := c.Send(t.Context(), l); out.Verdict != post.Lost {
		t.Errorf("got %+v, want the address forgotten", out)
	}
	l.To = "nonsense"
	if out := c.Send(t.Context(), l); out.Verdict != post.Lost {
		t.Errorf("got %+v, want the address forgotten", out)
	}
}
