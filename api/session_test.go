package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/access"
)

func TestFirstRun(t *testing.T) {
	w := newWorld(t)
	c := w.nobody()
	c.do("GET", "/v1/me", nil).want(401)
	var state struct{ Needed bool }
	c.do("GET", "/v1/setup", nil).want(200).into(&state)
	if !state.Needed {
		t.Fatal("got needed false on an empty gateway, want true")
	}
	in := map[string]string{
		"admin":     "admin",
		"password":  "short",
		"full_name": "Li Wei",
		"school":    "Riverside",
		"timezone":  "Asia/Shanghai",
		"language":  "zh-CN",
	}
	for field, bad := range map[string]string{
		"password": "short",
		"timezone": "Nowhere/City",
		"admin":    "no spaces please",
		"language": "tlh",
	} {
		in["password"] = password
		in["timezone"] = "Asia/Shanghai"
		in["admin"] = "admin"
		in["language"] = "zh-CN"
		in[field] = bad
		p := c.do("POST", "/v1/setup", in).want(422).problem()
		if len(p.Errors) != 1 ||
			p.Errors[0].Field != field && (field != "admin" || p.Errors[0].Field != "name") {
			t.Errorf("got errors %v for %s %q, want one of that field", p.Errors, field, bad)
		}
	}
	in["password"] = password
	in["timezone"] = "Asia/Shanghai"
	in["admin"] = "admin"
	in["language"] = "zh-CN"
	var me access.Me
	c.do("POST", "/v1/setup", in).want(200).into(&me)
	if me.User.Name != "admin" || me.School.Name != "Riverside" || me.CSRF == "" ||
		len(me.Permissions) == 0 {
		t.Errorf("got %+v, want the new administrator signed in", me)
	}
	c.do("POST", "/v1/setup", in).want(409)
	c.do("GET", "/v1/setup", nil).want(200).into(&state)
	if state.Needed {
		t.Error("got needed true after the first run, want false")
	}
	var schools struct{ Items []g.School }
	w.signIn("admin").do("GET", "/v1/schools", nil).want(200).into(&schools)
	if len(schools.Items) != 1 || schools.Items[0].Name != "Riverside" {
		t.Errorf("got schools %v, want the one of the first run: refused attempts leave none behind",
			schools.Items)
	}
}

func TestSignIn(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Config.SecureCookies = true }).schools()
	w.user(w.a, g.RoleSecurity)
	name := "security-" + string(w.a.ID)
	c := w.nobody()
	r := c.do("POST", "/v1/session", map[string]string{"name": name, "password": password}).want(200)
	resp := http.Response{Header: r.header}
	cookie := resp.Cookies()[0]
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode ||
		cookie.Name != "gatehouse_session" {
		t.Errorf("got cookie %v, want it HttpOnly, Secure and SameSite=Strict", cookie)
	}
	if r.header.Get("Strict-Transport-Security") == "" {
		t.Error("got no Strict-Transport-Security over TLS, want it")
	}
	wrong := c.do("POST", "/v1/session",
		map[string]string{"name": name, "password": "wrong-password"}).want(401).problem()
	unknown := c.do("POST", "/v1/session",
		map[string]string{"name": "nobody-here", "password": "wrong-password"}).want(401).problem()
	if wrong.Detail != unknown.Detail {
		t.Errorf("got %q for a wrong password and %q for an unknown name, want the same",
			wrong.Detail, unknown.Detail)
	}
}

func TestSignInIsLimited(t *testing.T) {
	w := newWorld(t, behindProxy).schools()
	c := w.nobody()
	c.from = "192.0.2.1"
	in := map[string]string{"name": "nobody", "password": "wrong-password"}
	for i := 0; ; i++ {
		r := c.do("POST", "/v1/session", in)
		if r.status == 429 {
			if r.header.Get("Retry-After") == "" && r.problem().Code != g.RateLimited {
				t.Errorf("got %s %s, want rate_limited with Retry-After", r.header, r.body)
			}
			break
		}
		r.want(401)
		if i > 50 {
			t.Fatal("51 wrong sign-ins were let through")
		}
	}
	c.from = "192.0.2.2"
	c.do("POST", "/v1/session", in).want(401) // another address is not punished
}

func TestForgery(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	site := map[string]string{"name": "Second campus"}
	c.do("POST", "/v1/sites", site, "X-Gatehouse-CSRF", "").want(403)
	c.do("POST", "/v1/sites", site, "X-Gatehouse-CSRF", "guess").want(403)
	c.do("POST", "/v1/sites", site, "Sec-Fetch-Site", "cross-site").want(403)
	c.do("POST", "/v1/sites", site, "Origin", "https://evil.example").want(403)
	w.nobody().do("POST", "/v1/session", map[string]string{"name": "x", "password": "y"},
		"Sec-Fetch-Site", "cross-site").want(403)
	c.do("POST", "/v1/sites", site, "Sec-Fetch-Site", "same-origin").want(201)
	other := w.user(w.a, g.RoleFacility)
	c.csrf = other.csrf // of another sign-in
	c.do("POST", "/v1/sites", site).want(403)
}

func TestMe(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Config.Demo = true }).schools()
	c := w.user(w.a, g.RoleTeacher)
	var me access.Me
	c.do("PUT", "/v1/me", map[string]string{"language": "zh-CN", "full_name": "Wang Fang"}).want(200).into(&me)
	c.do("GET", "/v1/me", nil).want(200).into(&me)
	if me.User.Language != "zh-CN" || me.User.FullName != "Wang Fang" ||
		me.User.Role != g.RoleTeacher || !me.Demo || me.Version != "test" {
		t.Errorf("got %+v, want the changed name and language, the same role, demo and version", me)
	}
	if d := cmp.Diff(me.Permissions, g.RoleTeacher.Permissions()); d != "" {
		t.Errorf("permissions (-got +want):\n%s", d)
	}
	c.do("PUT", "/v1/me/password",
		map[string]string{"old": "wrong-password", "new": "staple-battery-horse"}).want(422)
	c.do("PUT", "/v1/me/password", map[string]string{"old": password, "new": "short"}).want(422)
	c.do("PUT", "/v1/me/password",
		map[string]string{"old": password, "new": "staple-battery-horse"}).want(204)
	c.do("GET", "/v1/me", nil).want(401) // every sign-in ended, this one too
	c.do("POST", "/v1/session",
		map[string]string{"name": "teacher-" + string(w.a.ID), "password": "staple-battery-horse"}).want(200)
}

func TestSignOut(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	r := c.do("DELETE", "/v1/session", nil).want(204)
	if got := r.header.Get("Set-Cookie"); !strings.Contains(got, "Max-Age=0") {
		t.Errorf("got Set-Cookie %q, want the cookie taken away", got)
	}
	c.do("GET", "/v1/me", nil).want(401)
}

func TestUsers(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	in := map[string]any{
		"name":      "guard1",
		"password":  password,
		"role":      "security",
		"full_name": "Zhang Min",
	}
	var u g.User
	admin.do("POST", "/v1/users", in).want(201).into(&u)
	if u.Language != "en" || u.School != w.a.ID {
		t.Errorf("got %+v, want the school and its language", u)
	}
	in["name"], in["role"] = "boss", "district_admin"
	if r := admin.do("POST", "/v1/users", in); r.status != 403 && r.status != 422 {
		t.Errorf("a school's admin made a district admin: got %d %s", r.status, r.body)
	}
	guard := w.signIn("guard1")
	admin.do("PUT", "/v1/users/"+string(u.ID), map[string]any{"disabled": true}).want(200)
	guard.do("GET", "/v1/me", nil).want(401)
	admin.do("PUT", "/v1/users/"+string(u.ID),
		map[string]any{"disabled": false, "password": "a-new-password-1"}).want(200)
	w.nobody().do("POST", "/v1/session",
		map[string]string{"name": "guard1", "password": "a-new-password-1"}).want(200)
	var me access.Me
	admin.do("GET", "/v1/me", nil).want(200).into(&me)
	admin.do("PUT", "/v1/users/"+string(me.User.ID), map[string]any{"disabled": true}).want(409)
	admin.do("PUT", "/v1/users/"+string(me.User.ID), map[string]any{"role": "teacher"}).want(409)
}

func TestKeys(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var made access.NewKey
	admin.do("POST", "/v1/keys",
		map[string]any{
			"name":        "reports",
			"purpose":     "weekly report",
			"permissions": []string{"devices:read"},
		}).want(201).into(&made)
	if left := time.Until(made.Key.Expires); left < 89*24*time.Hour || left > 91*24*time.Hour {
		t.Errorf("got a key that ends in %s, want 90 days", left)
	}
	if want := fmt.Sprintf("curl -H 'Authorization: Bearer %s' %s/v1/me", made.Secret, w.url); made.Curl != want {
		t.Errorf("got curl %q, want %q", made.Curl, want)
	}
	program := w.nobody()
	program.key = made.Secret
	program.do("GET", "/v1/devices", nil).want(200)
	program.do("GET", "/v1/people", nil).want(403)
	program.do("PUT", "/v1/me", map[string]string{"language": "en"}).want(403)
	if r := admin.do("GET", "/v1/keys", nil).want(200); strings.Contains(string(r.body),
		made.Secret) {
		t.Error("the list of keys shows a secret")
	}
	admin.do("DELETE", "/v1/keys/"+string(made.Key.ID), nil).want(204)
	program.do("GET", "/v1/devices", nil).want(401)
	admin.do("POST", "/v1/keys",
		map[string]any{
			"name":        "x",
			"purpose":     "weekly report",
			"permissions": []string{"devices:fly"},
		}).want(422)
	admin.do("POST", "/v1/keys",
		map[string]any{"name": "x", "permissions": []string{"devices:read"}}).want(422)
	r := admin.do("POST", "/v1/keys",
		map[string]any{"name": "x", "purpose": "..", "permissions": []string{"devices:read"}}).want(422)
	if !strings.Contains(string(r.body), "purpose") {
		t.Errorf("got %s, want the purpose named", r.body)
	}
}
