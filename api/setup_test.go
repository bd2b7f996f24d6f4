package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/api"
)

// TestFirstRunUnderItsOwnName: a page of another site whose name was made to point at the gateway
// (DNS rebinding) is of its origin to the browser. It must not become the first administrator.
func TestFirstRunUnderItsOwnName(t *testing.T) {
	const body = `{"admin": "admin", "password": "` + password + `", "school": "Riverside",
		"timezone": "Asia/Shanghai", "language": "en"}`
	for host, want := range map[string]int{
		"192.0.2.1":                 200,
		"192.0.2.1:8080":            200,
		"[2001:db8::1]:8080":        200,
		"[2001:db8::1]":             200,
		"localhost:8080":            200,
		"LOCALHOST":                 200,
		"gate.school.example":       200,
		"gate.school.example:8443":  200,
		"Gate.School.example.":      200,
		"rebind.example":            403,
		"rebind.example:8080":       403,
		"192.0.2.1.rebind.example":  403,
		"localhost.rebind.example":  403,
		"gate.school.example.evil":  403,
		"xgate.school.example":      403,
		"school.example":            403,
		"0x7f000001":                403,
		"gate.school.example@x.com": 403,
	} {
		w := newWorld(t, func(d *api.Deps) { d.Config.BaseURL = "https://gate.school.example" })
		r, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/v1/setup",
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("first run under %q: got %d, want %d", host, resp.StatusCode, want)
		}
		empty, err := w.reg.Access.Empty(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if refused := want != 200; empty != refused {
			t.Errorf("first run under %q: got empty %v afterwards, want %v", host, empty, refused)
		}
	}
}

// TestFirstRunWithoutAName: a gateway whose configuration has no name is set up by its address, and
// the refusal says so.
func TestFirstRunWithoutAName(t *testing.T) {
	w := newWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/v1/setup",
		strings.NewReader(`{"admin": "admin", "password": "`+password+`", "school": "Riverside",
			"timezone": "Asia/Shanghai", "language": "en"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "gatehouse.lan"
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 403 {
		t.Errorf("got %d under a name that nobody configured, want 403", resp.StatusCode)
	}
}
