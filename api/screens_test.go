package api_test

import (
	"net/http"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/access"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// A screen shows a code, an administrator enters it, and the screen has the wall of that school and
// nothing else, until its key is revoked.
func TestScreenIsPaired(t *testing.T) {
	w := newWorld(t).schools()
	admin, screen := w.user(w.a, g.RoleAdmin), w.nobody()
	if got := screen.pairing("GET"); got.State != "none" {
		t.Fatalf("a screen that asked for no code: got %+v, want state none", got)
	}
	p := screen.pairing("POST")
	if got := screen.pairing("GET"); got != p {
		t.Fatalf("before anybody entered the code: got %+v, want %+v", got, p)
	}
	screen.do("GET", "/v1/wall", nil).want(http.StatusUnauthorized)

	body := map[string]string{"code": strings.ToLower(p.Code), "name": "Gate house"}
	w.user(w.a, g.RoleSecurity).do("POST", "/v1/screens", body).want(http.StatusForbidden)
	admin.do("POST", "/v1/screens", map[string]string{"code": "AAAA-AAAA", "name": "x"}).want(422)
	var key g.APIKey
	admin.do("POST", "/v1/screens", body).want(http.StatusCreated).into(&key)
	if !key.Screen || key.School != w.a.ID || key.Name != "Gate house" {
		t.Fatalf("got key %+v, want a screen's of school a", key)
	}
	admin.do("POST", "/v1/screens", body).want(422) // a code is good for one screen

	if got := screen.pairing("GET"); got.State != "paired" || screen.cookie.Name != gate.ScreenCookie ||
		!screen.cookie.HttpOnly || screen.cookie.SameSite != http.SameSiteStrictMode {
		t.Fatalf("got %+v with the cookie %v, want paired with a cookie that no page reads", got,
			screen.cookie)
	}
	screen.shows(w)
	if got := admin.screens(); len(got) != 1 || got[0].ID != key.ID {
		t.Fatalf("got screens %+v, want the one", got)
	}
	tag := admin.do("GET", "/v1/keys/"+string(key.ID), nil).want(200).header.Get("ETag")
	admin.do("DELETE", "/v1/keys/"+string(key.ID), nil, "If-Match", tag).want(204)
	screen.do("GET", "/v1/wall", nil).want(http.StatusUnauthorized)
}

// shows checks what a screen may see, and what not.
func (c *client) shows(w *world) {
	w.t.Helper()
	for _, path := range []string{"/v1/me", "/v1/wall?group=cause", "/v1/lockdown", "/v1/places"} {
		c.do("GET", path, nil).want(http.StatusOK)
	}
	for _, path := range []string{"/v1/alerts", "/v1/devices", "/v1/keys", "/v1/people", "/v1/events"} {
		c.do("GET", path, nil).want(http.StatusForbidden)
	}
	c.do("POST", "/v1/alerts/batch", map[string]any{"deed": "acknowledge", "ids": []string{"x"}}).want(403)
	c.do("GET", "/v1/wall?school="+string(w.b.ID), nil).want(http.StatusNotFound)
}

// pairing asks for a pairing, and keeps the cookie that comes with it.
func (c *client) pairing(method string) (p access.Pairing) {
	c.w.t.Helper()
	r := c.do(method, "/v1/screens/pairing", nil).want(http.StatusOK)
	if all := (&http.Response{Header: r.header}).Cookies(); len(all) > 0 {
		c.cookie = all[0]
	}
	r.into(&p)
	return p
}

func (c *client) screens() []g.APIKey {
	c.w.t.Helper()
	var page gate.Page[g.APIKey]
	c.do("GET", "/v1/screens", nil).want(200).into(&page)
	return page.Items
}
