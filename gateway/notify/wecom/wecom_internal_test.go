package wecom

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

func TestSend(t *testing.T) {
	var key, body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		key, body = r.URL.Query().Get("key"), string(b)
		io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	defer server.Close()
	c, err := Open(post.Settings{
		Values:  map[string]string{"url": server.URL},
		Secrets: map[string]string{"key": "k"},
		Private: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := c.Send(t.Context(), post.Letter{Subject: "Fire", Text: "Lab 1"})
	if out.Err != nil || out.Code != "wecom 0" || key != "k" ||
		body != `{"msgtype":"text","text":{"content":"Fire\nLab 1"}}` {
		t.Errorf("got %+v, %s, %s, want it taken", out, key, body)
	}
}

// A robot answers 200 whatever it did: the code in the body decides, and nothing else is believed.
func TestOutcome(t *testing.T) {
	for body, want := range map[string]post.Verdict{
		`{"errcode":45009,"errmsg":"api freq out of limit"}`: post.Away,
		`{"errcode":93000,"errmsg":"invalid webhook url"}`:   post.Away,
		`{"errcode":40058}`:   post.Refused,
		`{}`:                  post.Later,
		`welcome to the wifi`: post.Later,
	} {
		if got := outcome(outward.Answer{Status: 200, Body: []byte(body)}); got.Err == nil || got.Verdict != want {
			t.Errorf("%s: got %+v, want verdict %d", body, got, want)
		}
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add([]byte(`{"errcode":0,"errmsg":"ok"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out := outcome(outward.Answer{Status: 200, Body: b}); out.Err == nil && out.Code != "wecom 0" {
			t.Errorf("%q: got %+v, want nothing taken without the code 0", b, out)
		}
	})
}
