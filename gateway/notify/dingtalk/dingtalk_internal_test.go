package dingtalk

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// The vector is that of CatchZeng/dingtalk, recomputed.
func TestSign(t *testing.T) {
	const secret = "SECb90923e19e58b466481e9e7b7a5b4f108a4531abde590ad3967fb29f0eae5c68"
	got := sign(1582163555000, secret)
	if want := "BQKsG+QOCl+bYJOLc6pxDHxjVquzlZPWgvRzeN2J5zY="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSend(t *testing.T) {
	var asked *http.Request
	var body struct{ Text struct{ Content string } }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		b, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(b, &body); err != nil {
			t.Error(err)
		}
		io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	defer server.Close()
	c, err := Open(post.Settings{
		Values: map[string]string{"url": server.URL + "/robot/send"},
		Secrets: map[string]string{
			"token":  "t",
			"secret": "SECb90923e19e58b466481e9e7b7a5b4f108a4531abde590ad3967fb29f0eae5c68",
		},
		Private: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := c.Send(t.Context(), post.Letter{
		Subject: "Fire",
		Text:    strings.Repeat("烟", 10_000),
		Now:     time.UnixMilli(1582163555000),
	})
	if out.Err != nil || out.Verdict != post.Taken || out.Code != "dingtalk 0" {
		t.Errorf("got %+v, want it taken", out)
	}
	q := asked.URL.Query()
	if q.Get("sign") != "BQKsG+QOCl+bYJOLc6pxDHxjVquzlZPWgvRzeN2J5zY=" || q.Get("access_token") != "t" {
		t.Errorf("got %v, want it signed", q)
	}
	if n := len(body.Text.Content); n > most || !strings.HasSuffix(body.Text.Content, "(cut short)") {
		t.Errorf("got %d bytes that end in %q, want it cut and said", n, body.Text.Content[n-20:])
	}
}

// A robot answers 200 whatever it did: the code in the body decides, and nothing else is believed.
func TestOutcome(t *testing.T) {
	for body, want := range map[string]post.Verdict{
		`{"errcode":130101,"errmsg":"send too fast"}`:           post.Away,
		`{"errcode":310000,"errmsg":"sign not match"}`:          post.Away,
		`{"errcode":310000,"errmsg":"keywords not in content"}`: post.Refused,
		`{"errcode":-1}`:       post.Later,
		`{"errcode":40035}`:    post.Refused,
		`{}`:                   post.Later,
		`<html>welcome</html>`: post.Later,
		`{"errcode":"0"}`:      post.Later,
	} {
		if got := outcome(outward.Answer{Status: 200, Body: []byte(body)}); got.Err == nil || got.Verdict != want {
			t.Errorf("%s: got %+v, want verdict %d", body, got, want)
		}
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add([]byte(`{"errcode":0,"errmsg":"ok"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out := outcome(outward.Answer{Status: 200, Body: b}); out.Err == nil && out.Code != "dingtalk 0" {
			t.Errorf("%q: got %+v, want nothing taken without the code 0", b, out)
		}
	})
}
