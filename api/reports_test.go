package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
)

// Who runs a channel's other side reports under the channel's own address, signed; nobody else is
// heard, and only who may change the channel is told the address.
func TestReportsOfChannels(t *testing.T) {
	w := newWorld(t).schools()
	admin, guard := w.user(w.a, g.RoleAdmin), w.user(w.a, g.RoleSecurity)
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	var channel struct {
		ID         string `json:"id"`
		ReportPath string `json:"report_path"`
	}
	admin.do("POST", "/v1/channels", map[string]any{
		"kind":     "voice",
		"name":     "Dialler",
		"settings": map[string]string{"url": "https://dial.school.example"},
		"secrets":  map[string]string{"secret": secret},
	}).want(201).into(&channel)
	at := "/v1/channels/" + channel.ID
	admin.do("GET", at, nil).want(200).into(&channel)
	if !strings.HasPrefix(channel.ReportPath, "/m/reports/"+channel.ID) {
		t.Fatalf("got %q, want where it reports", channel.ReportPath)
	}
	guard.do("GET", at, nil).want(403)

	const body = `{"id":"msg_none-1","state":"delivered"}`
	report := func(path, body, secret string, at time.Time) int {
		signature, err := outward.Sign([]string{secret}, "r1", at, []byte(body))
		mustDo(t, err)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, strings.NewReader(body))
		mustDo(t, err)
		r.Header.Set("webhook-id", "r1")
		r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		r.Header.Set("webhook-signature", signature)
		resp, err := http.DefaultClient.Do(r)
		mustDo(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	now := time.Now()
	for _, x := range []struct {
		what, path, body, secret string
		at                       time.Time
		want                     int
	}{
		{"signed", channel.ReportPath, body, secret, now, 200},
		{"the same again", channel.ReportPath, body, secret, now, 200},
		{"an hour later", channel.ReportPath, body, secret, now.Add(-time.Hour), 401},
		{"another's secret", channel.ReportPath, body, "whsec_AAAAAAAAAAAAAAAAAAAAAAAA", now, 401},
		{"another's address", channel.ReportPath + "A", body, secret, now, 404},
		{"no report", channel.ReportPath, "[]", secret, now, 400},
		{"too long", channel.ReportPath, strings.Repeat(" ", 300<<10), secret, now, 413},
	} {
		if got := report(x.path, x.body, x.secret, x.at); got != x.want {
			t.Errorf("%s: got %d, want %d", x.what, got, x.want)
		}
	}
}
