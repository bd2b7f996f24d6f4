package feishu

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// The vector was computed from the documented algorithm by another program.
func TestSend(t *testing.T) {
	var body struct{ Timestamp, Sign string }
	path := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		path = r.URL.Path
		if err := json.Unmarshal(b, &body); err != nil {
			t.Error(err)
		}
		io.WriteString(w, `{"code":0,"msg":"success","data":{}}`)
	}))
	defer server.Close()
	c, err := Open(post.Settings{
		Values:  map[string]string{"url": server.URL + "/hook"},
		Secrets: map[string]string{"token": "abc", "secret": "demo"},
		Private: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := c.Send(t.Context(), post.Letter{Subject: "Fire", Now: time.Unix(1599360473, 0)})
	if out.Err != nil || path != "/hook/abc" || body.Timestamp != "1599360473" ||
		body.Sign != "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=" {
		t.Errorf("got %+v, %s, %+v, want it taken and signed", out, path, body)
	}
}

func TestOutcome(t *testing.T) {
	for body, want := range map[string]post.Verdict{
		`{"code":9499,"msg":"too many request"}`: post.Away,
		`{"code":19021,"msg":"sign match fail"}`: post.Away,
		`{"code":19002}`:                         post.Refused,
		`{}`:                                     post.Later,
		`<html>`:                                 post.Later,
	} {
		if got := outcome(outward.Answer{Status: 200, Body: []byte(body)}); got.Err == nil || got.Verdict != want {
			t.Errorf("%s: got %+v, want verdict %d", body, got, want)
		}
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add([]byte(`{"code":0}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out := outcome(outward.Answer{Status: 200, Body: b}); out.Err == nil && out.Code != "feishu 0" {
			t.Errorf("%q: got %+v, want nothing taken without the code 0", b, out)
		}
	})
}
