package api_test

import (
	"testing"

	"github.com/gatehouse-iot/gatehouse/api"
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
	in := map[string]string{"admin": "admin", "password": "short", "full_name": "Li Wei", "school": "Riverside", "timezone": "Asia/Shanghai", "language": "zh-CN"}
	p := c.do("POST", "/v1/setup", in).want(422).problem()
	if len(p.Errors) != 1 || p.Errors[0].Field != "password" {
		t.Errorf("got errors %v for a short password, want one of the field password", p.Errors)
	}
	in["password"], in["timezone"] = password, "Nowhere/City"
	if p := c.do("POST", "/v1/setup", in).want(422).problem(); len(p.Errors) != 1 || p.Errors[0].Field != "timezone" {
		t.Errorf("got errors %v for a wrong time zone, want one of the field timezone", p.Errors)
	}
	in["timezone"] = "Asia/Shanghai"
	var me api.Me
	r := c.do("POST", "/v1/setup", in).want(200)
	r.into(&me)
	if me.User.Name != "admin" || me.School.Name != "Riverside" || me.CSRF == "" || len(me.Permissions) == 0 {
		t.Errorf("got %+v, want the new administrator signed in", me)
	}
	c.do("POST", "/v1/setup", in).want(409)
	c.do("GET", "/v1/setup", nil).want(200).into(&state)
	if state.Needed {
		t.Error("got needed true after the first run, want false")
	}
}
