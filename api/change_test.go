package api_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Each kind of thing is read with its tag, changed in part, and not changed with an outdated tag.
func TestChangesHeedTags(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	for _, path := range []string{"/v1/schools/" + w.ids["school"], "/v1/sites/" + w.ids["site"],
		"/v1/buildings/" + w.ids["building"], "/v1/zones/" + w.ids["zone"],
		"/v1/devices/lab-1-smoke", "/v1/people/" + w.ids["student"] + "?reason=test",
		"/v1/sessions/" + w.ids["session"]} {
		t.Run(path, func(t *testing.T) {
			read := c.do("GET", path, nil).want(200)
			tag := read.header.Get("ETag")
			if tag == "" {
				t.Fatal("got no ETag, want one")
			}
			if r := c.do("GET", path, nil, "If-None-Match", tag); r.status != http.StatusNotModified ||
				len(r.body) != 0 {
				t.Errorf("got %d %s for the state that the caller has, want 304", r.status, r.body)
			}
			path, _, _ := cutQuery(path)
			first := c.do("PATCH", path, map[string]string{"name": "Renamed"}, "If-Match", tag).want(200)
			p := c.do("PATCH", path, map[string]string{"name": "Too late"}, "If-Match", tag).want(412).problem()
			if p.Code != g.Changed {
				t.Errorf("got %+v, want the code changed", p)
			}
			c.do("DELETE", path, nil, "If-Match", tag).wantNot(204)
			c.do("PATCH", path, map[string]string{"name": "In time"}, "If-Match",
				first.header.Get("ETag")).want(200)
			c.do("PATCH", path, map[string]string{"name": "Whatever"}, "If-Match", "*").want(200)
			c.do("PATCH", path, map[string]any{"nme": "x"}).want(422)
			c.do("PATCH", path, `{"name":"a","name":"b"}`).want(422)
		})
	}
}

func cutQuery(path string) (string, string, bool) {
	for i := range path {
		if path[i] == '?' {
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}

func (r reply) wantNot(status int) {
	r.t.Helper()
	if r.status == status {
		r.t.Fatalf("got status %d %s, want another", r.status, r.body)
	}
}

// A change removes nothing that it leaves out, neither what its caller cannot see nor what an older
// client does not know; null removes.
func TestChangesEraseNothingBySilence(t *testing.T) {
	w := newWorld(t).schools()
	c, v, ctx := w.user(w.a, g.RoleAdmin), w.system(), t.Context()
	parent, err := v.People.Create(ctx, g.Person{School: w.a.ID, Kind: g.Guardian, Name: "Li Na"})
	mustDo(t, err)
	child, err := v.People.Create(ctx,
		g.Person{
			School:   w.a.ID,
			Kind:     g.Student,
			Name:     "Li Bo",
			Number:   "9",
			Class:    "7-1",
			Phone:    "555",
			Guardian: []g.PersonID{parent.ID},
		})
	mustDo(t, err)
	path := "/v1/people/" + string(child.ID)
	kept := func() people.PersonPage {
		t.Helper()
		var p people.PersonPage
		c.do("GET", path+"?reason=test", nil).want(200).into(&p)
		return p
	}
	var row people.PersonRow
	answer := c.do("PUT", path, map[string]any{"kind": "student", "name": "Li Bo", "class": "7-2"}).want(200)
	answer.into(&row)
	if p := kept(); p.Class != "7-2" || p.Phone != "555" || p.Number != "9" ||
		!slices.Equal(p.Guardian, []g.PersonID{parent.ID}) {
		t.Errorf("got %+v after a PUT that names neither telephone nor guardians, want both as "+
			"they were",
			p.Person)
	}
	shown := map[string]any{}
	answer.into(&shown)
	if shown["phone"] != nil || shown["guardians"] != nil || shown["created"] == nil {
		t.Errorf("got %v, want an answer that shows no more than the class list and what was said",
			shown)
	}
	c.do("PATCH", path, `{"phone":null,"class":"7-3"}`, "Content-Type",
		"application/merge-patch+json").want(200)
	if p := kept(); p.Phone != "" || p.Class != "7-3" || len(p.Guardian) != 1 {
		t.Errorf("got %+v, want the telephone alone taken away", p.Person)
	}
	c.do("PATCH", path, `{"name":null}`).want(422)
	c.do("PATCH", "/v1/people/per_none", `{"name":"x"}`).want(404)
	c.do("PATCH", "/v1/devices/cam-7", `{"address":{"username":"viewer"}}`).want(200)
	var device fleet.DeviceRow
	c.do("GET", "/v1/devices/cam-7", nil).want(200).into(&device)
	if device.Address["url"] == "" || device.Address["username"] != "viewer" {
		t.Errorf("got address %v, want the user name beside what was there", device.Address)
	}
	if secret, err := v.Fleet.DeviceSecret(ctx, "cam-7"); err != nil || secret["password"] != "s3cret" {
		t.Errorf("got secret %v, %v, want it as it was", secret, err)
	}
}

// Of many changes to the same state, one succeeds.
func TestOneOfManyChanges(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	path := "/v1/zones/" + w.ids["zone"]
	tag := c.do("GET", path, nil).want(200).header.Get("ETag")
	statuses := make([]int, 8)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = c.do("PATCH", path, map[string]string{"name": string(rune('a' + i))},
				"If-Match", tag).status
		})
	}
	wg.Wait()
	slices.Sort(statuses)
	if want := []int{200, 412, 412, 412, 412, 412, 412, 412}; !slices.Equal(statuses, want) {
		t.Errorf("got %v, want %v", statuses, want)
	}
}
