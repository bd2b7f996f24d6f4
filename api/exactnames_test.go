package api_test

import (
	"fmt"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestNamesAreTakenAsTheyAreWritten: a member in another letter case, or in letters that only
// fold to its name, is refused with its name by POST, PUT and PATCH, and nothing is changed.
func TestNamesAreTakenAsTheyAreWritten(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	var person struct{ ID string }
	c.do("POST", "/v1/people", `{"kind":"student","name":"Chen Jie","class":"7-1"}`).want(201).into(&person)
	var user struct{ ID string }
	c.do("POST", "/v1/users",
		`{"name":"clerk","password":"correct-horse-battery","role":"teacher","language":"en"}`).want(201).into(&user)
	c.do("POST", "/v1/profiles",
		`{"id":"greenhouse","title":"Greenhouse","type":"sensor","properties":{"t":{"type":"number"}}}`).want(201)
	for _, x := range []struct{ method, path, body, field string }{
		{"POST", "/v1/people", `{"kind":"student","name":"one","NAME":"two"}`, "NAME"},
		{"POST", "/v1/people", `{"kind":"student","name":"one","claſſ":"X"}`, "claſſ"},
		{"POST", "/v1/people", `{"kind":"student","name":"one","NAME":5}`, "NAME"},
		{
			"POST",
			"/v1/keys",
			`{"name":"k","purpose":"weekly report","permissions":["devices:read"],"Permissions":["people:read"]}`,
			"Permissions",
		},
		{
			"POST",
			"/v1/profiles",
			`{"id":"other","Title":"Other","type":"sensor","properties":{"t":{"type":"number"}}}`,
			"Title",
		},
		{
			"POST",
			"/v1/profiles",
			`{"id":"other","title":"Other","type":"sensor","properties":{"t":{"type":"number","Minimum":1}}}`,
			"properties.t.Minimum",
		},
		{
			"PUT",
			"/v1/people/" + person.ID,
			`{"kind":"student","name":"new","Phone":"222"}`,
			"Phone",
		},
		{"PUT", "/v1/me", `{"FULL_NAME":"x","language":"en"}`, "FULL_NAME"},
		{"PATCH", "/v1/people/" + person.ID, `{"Phone":"222"}`, "Phone"},
		{"PATCH", "/v1/people/" + person.ID, `{"claſſ":"8-1"}`, "claſſ"},
		{"PATCH", "/v1/people/" + person.ID, `{"nmae":null}`, "nmae"},
		{"PATCH", "/v1/users/" + user.ID, `{"Disabled":true}`, "Disabled"},
		{"PATCH", "/v1/profiles/greenhouse", `{"Title":"x"}`, "Title"},
		{
			"PATCH",
			"/v1/profiles/greenhouse",
			`{"properties":{"t":{"Minimum":null}}}`,
			"properties.t.Minimum",
		},
	} {
		p := c.do(x.method, x.path, x.body).want(422).problem()
		found := false
		for _, e := range p.Errors {
			found = found ||
				e.Field == x.field && strings.HasPrefix(e.Message, "unexpected property")
		}
		if !found {
			t.Errorf("%s %s %s: got %+v, want the member %s refused", x.method, x.path, x.body, p,
				x.field)
		}
	}
	var kept g.Person
	c.do("GET", "/v1/people/"+person.ID+"?reason=a+test+asks", nil).want(200).into(&kept)
	if kept.Name != "Chen Jie" || kept.Class != "7-1" || kept.Phone != "" {
		t.Errorf("got %+v, want the person unchanged", kept)
	}
}

// TestErrorsAreInWordsOfTheMend: errors name the field and how to mend it, and nothing of Go.
func TestErrorsAreInWordsOfTheMend(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	var person struct{ ID string }
	c.do("POST", "/v1/people", `{"kind":"student","name":"Chen Jie"}`).want(201).into(&person)
	vast := "1" + strings.Repeat("0", 30)
	for _, x := range []struct {
		method, path, body string
		field, words       string
	}{
		{"GET", "/v1/audit?from=2026-11-27", "", "from", "2026-11-27T08:00:00Z"},
		{"GET", "/v1/sightings?from=2026-11-27", "", "from", "2026-11-27T08:00:00Z"},
		{"GET", "/v1/leaves?date=xx", "", "date", "write the day like 2026-11-27"},
		{
			"POST", "/v1/people", `{"kind":"student","name":1e400}`, "name",
			"must be a number between",
		},
		{
			"POST", "/v1/alerts/alt_1/close", `{"version":` + vast + `}`, "version",
			"a whole number of at most 9223372036854775807",
		},
		{"POST", "/v1/people", "\ufeff{}", "body", "without one"},
		{"POST", "/v1/people", `{"kind":]`, "body", "byte 9"},
		{"PATCH", "/v1/people/" + person.ID, `{"name":1e400}`, "name", "must be a number between"},
		{"PATCH", "/v1/people/" + person.ID, `{"name":null}`, "name", "required"},
		{"PATCH", "/v1/people/" + person.ID, `[]`, "body", "no JSON object"},
	} {
		var body any
		if x.body != "" {
			body = x.body
		}
		r := c.do(x.method, x.path, body)
		p := r.problem()
		if r.status/100 != 4 || len(p.Errors) == 0 || p.Errors[0].Field != x.field ||
			!strings.Contains(p.Errors[0].Message, x.words) {
			t.Errorf("%s %s %.40s: got %d %+v, want %s: …%s", x.method, x.path, x.body, r.status,
				p, x.field, x.words)
		}
		said := fmt.Sprint(p.Detail, p.Errors) // not the request's id, which may hold any digits
		for _, bad := range []string{"Go struct", "Go value", "2006", "\x1f", "[0-9]"} {
			if strings.Contains(said, bad) {
				t.Errorf("%s %s: got %s, want nothing of %q", x.method, x.path, r.body, bad)
			}
		}
	}
}
