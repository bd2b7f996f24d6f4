package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/access"
)

func codeOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestSecondFactorByAPI: made with one's own password, asked at sign-in, reset by an
// administrator; a ticket opens nothing but its own step.
func TestSecondFactorByAPI(t *testing.T) {
	w := newWorld(t).schools()
	admin, guard := w.user(w.a, g.RoleAdmin), w.user(w.a, g.RoleSecurity)
	guard.do("POST", "/v1/me/second-factor/totp",
		map[string]string{"password": "not the password"}).want(http.StatusUnprocessableEntity)
	var made access.NewTOTP
	guard.do("POST", "/v1/me/second-factor/totp",
		map[string]string{"password": password, "name": "Telephone"}).want(http.StatusOK).into(&made)
	if !strings.HasPrefix(made.QR, "data:image/png;base64,") ||
		!strings.HasPrefix(made.URI, "otpauth://totp/") || made.Secret == "" {
		t.Errorf("got %+v", made)
	}
	now := time.Now()
	guard.do("POST", "/v1/me/second-factor/totp/confirm",
		map[string]string{"factor": made.Factor, "code": "000"}).want(
		http.StatusUnprocessableEntity)
	var codes access.Recovery
	guard.do("POST", "/v1/me/second-factor/totp/confirm",
		map[string]string{
			"factor": made.Factor,
			"code":   codeOf(t, made.Secret, now.Add(-30*time.Second)),
		}).want(http.StatusOK).into(&codes)
	if len(codes.Codes) != 10 {
		t.Fatalf("got %d recovery codes", len(codes.Codes))
	}

	name := string(g.RoleSecurity) + "-" + string(w.a.ID)
	signIn := func() access.SignedIn {
		var in access.SignedIn
		r := w.nobody().do("POST", "/v1/session",
			map[string]string{"name": name, "password": password}).want(http.StatusOK)
		r.into(&in)
		if in.Step != "" && r.header.Get("Set-Cookie") != "" {
			t.Errorf("a password alone got the cookie %s", r.header.Get("Set-Cookie"))
		}
		return in
	}
	in := signIn()
	if in.Step != "factor" || in.Ticket == "" || in.CSRF != "" || len(in.Permissions) != 0 {
		t.Fatalf("got %+v", in)
	}
	thief := w.nobody()
	thief.cookie = &http.Cookie{Name: "gatehouse_session", Value: in.Ticket}
	thief.do("GET", "/v1/me", nil).want(http.StatusUnauthorized)
	w.nobody().do("POST", "/v1/session/totp", map[string]string{"ticket": in.Ticket}).want(
		http.StatusUnauthorized)
	w.nobody().do("POST", "/v1/session/second-factor",
		map[string]string{"ticket": in.Ticket, "code": "123"}).want(http.StatusUnprocessableEntity)
	r := w.nobody().do("POST", "/v1/session/second-factor",
		map[string]string{"ticket": in.Ticket, "code": codes.Codes[0]}).want(http.StatusOK)
	var done access.SignedIn
	r.into(&done)
	if done.CSRF == "" ||
		!strings.Contains(strings.Join(r.header.Values("Set-Cookie"), " "),
			"gatehouse_browser=ghb_") {
		t.Errorf("got %+v with %v", done, r.header)
	}

	var list struct{ Items []access.FactorState }
	admin.do("GET", "/v1/second-factors", nil).want(http.StatusOK).into(&list)
	had := 0
	for _, st := range list.Items {
		had += len(st.Factors)
	}
	if had != 1 {
		t.Errorf("got %+v", list)
	}
	guard.do("GET", "/v1/second-factors", nil).want(http.StatusForbidden)
	admin.do("DELETE", "/v1/users/"+string(done.User.ID)+"/second-factor", nil).want(
		http.StatusNoContent)
	guard.do("GET", "/v1/me", nil).want(http.StatusUnauthorized)
	if in := signIn(); in.Step != "" {
		t.Errorf("after the reset: got step %q", in.Step)
	}
}

// TestSecondFactorIsAskedOfARole: nothing else can be done before it is made.
func TestSecondFactorIsAskedOfARole(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	w.user(w.a, g.RoleSecurity)
	admin.do("PUT", "/v1/second-factor-roles", map[string]any{"roles": []string{"king"}}).want(
		http.StatusUnprocessableEntity)
	admin.do("PUT", "/v1/second-factor-roles", map[string]any{"roles": []string{"security"}}).want(
		http.StatusOK)
	name := string(g.RoleSecurity) + "-" + string(w.a.ID)
	var in access.SignedIn
	w.nobody().do("POST", "/v1/session", map[string]string{"name": name, "password": password}).want(
		http.StatusOK).into(&in)
	if in.Step != "enrol" {
		t.Fatalf("got %+v", in)
	}
	w.nobody().do("POST", "/v1/session/second-factor",
		map[string]string{"ticket": in.Ticket, "code": "1"}).want(http.StatusUnauthorized)
	var made access.NewTOTP
	w.nobody().do("POST", "/v1/session/totp", map[string]string{"ticket": in.Ticket}).want(
		http.StatusOK).into(&made)
	var done access.SignedIn
	w.nobody().do("POST", "/v1/session/totp/confirm",
		map[string]string{
			"ticket": in.Ticket,
			"factor": made.Factor,
			"code":   codeOf(t, made.Secret, time.Now()),
		}).want(http.StatusOK).into(&done)
	if done.Step != "" || done.CSRF == "" || len(done.Recovery) != 10 {
		t.Errorf("got %+v", done)
	}
	w.nobody().do("POST", "/v1/session/totp/confirm",
		map[string]string{"ticket": in.Ticket, "factor": made.Factor, "code": "1"}).want(
		http.StatusUnauthorized)
}

// TestSignInLimitsOverHTTP: with many addresses behind a proxy guessing at one name, most are
// told when to come back, and a browser that is known gets in.
func TestSignInLimitsOverHTTP(t *testing.T) {
	w := newWorld(t, behindProxy).schools()
	first := w.user(w.a, g.RoleAdmin)
	name := string(g.RoleAdmin) + "-" + string(w.a.ID)
	r := w.nobody().do("POST", "/v1/session",
		map[string]string{"name": name, "password": password}).want(http.StatusOK)
	resp := http.Response{Header: r.header}
	var browser *http.Cookie
	for _, c := range resp.Cookies() {
		if c.Name == "gatehouse_browser" {
			browser = c
		}
	}
	if browser == nil || !browser.HttpOnly || browser.SameSite != http.SameSiteStrictMode {
		t.Fatalf("got cookies %v", resp.Cookies())
	}
	guess := map[string]string{"name": name, "password": "a wrong one, again"}
	limited := 0
	for i := range 12 {
		for range 3 {
			c := w.nobody()
			c.from = "10.3.0." + string(rune('1'+i%9))
			if i >= 9 {
				c.from = "10.4.0." + string(rune('1'+i%9))
			}
			r := c.do("POST", "/v1/session", guess)
			if r.status == http.StatusTooManyRequests {
				limited++
				if r.header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			}
		}
	}
	if limited == 0 {
		t.Error("36 guesses from 12 addresses, and none was held back")
	}
	known := w.nobody()
	known.cookie, known.from = browser, "10.5.0.1"
	known.do("POST", "/v1/session", map[string]string{"name": name, "password": password}).want(
		http.StatusOK)
	first.do("GET", "/v1/me", nil).want(http.StatusOK)
}
