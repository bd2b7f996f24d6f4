package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
)

// A query that cannot be read as it was meant is an error, at every operation
// and every other endpoint.
func TestQueriesAreNeverIgnored(t *testing.T) {
	w := newWorld(t, behindProxy).schools()
	c := w.user(w.a, g.RoleAdmin)
	ops := operations(t)
	for _, path := range []string{
		"/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.yaml", "/docs",
	} {
		ops = append(ops, operation{id: path, method: "GET", path: path})
	}
	for i, op := range ops {
		// the operations of a sign-in are limited for each address
		c.from = fmt.Sprintf("10.9.%d.1", i)
		for name, bad := range map[string]string{
			"cannot be decoded": "q=%zz",
			"unknown":           "not-a-parameter=1",
			"not UTF-8":         "q=%ff",
		} {
			asked := op
			if asked.path += "?" + bad; strings.Contains(op.path, "?") {
				asked.path = op.path + "&" + bad
			}
			r := c.try(asked)
			if r.status != 422 || r.problem().Code != g.Invalid || len(r.problem().Errors) == 0 {
				t.Errorf("%s with a query that is %s: got %d %.200s, want 422 and the parameter",
					op.id, name, r.status, r.body)
			}
		}
	}
}

// What is sent to an operation that takes no body is not passed over: it was meant to say something.
func TestBodiesAreNeverIgnored(t *testing.T) {
	w := newWorld(t)
	school, err := w.system().Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Only", Timezone: "Asia/Shanghai", Language: "en"})
	mustDo(t, err)
	admin := w.user(school, g.RoleAdmin)
	admin.do("POST", "/v1/reload", map[string]bool{"dry_run": true}).want(422)
	if len(w.reloads) != 0 {
		t.Errorf("got %d reloads, want none", len(w.reloads))
	}
	admin.do("POST", "/v1/reload?dry_run=true", map[string]bool{}).want(200)
}

func TestRangesAreNeverHalfIgnored(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	for query, field := range map[string]string{
		"from=2026-09-01T00:00:00Z": "to", "to=2026-09-01T00:00:00Z": "from",
		"date=2026-09-01&from=2026-09-01T00:00:00Z&to=2026-09-02T00:00:00Z": "date",
		"from=2026-09-02T00:00:00Z&to=2026-09-01T00:00:00Z":                 "to",
		"date=2026-09-01&date=2026-09-02":                                   "date",
	} {
		for _, path := range []string{"/v1/sessions", "/v1/leaves"} {
			if p := c.do("GET", path+"?"+query, nil).want(422).problem(); len(p.Errors) == 0 ||
				p.Errors[0].Field != field {
				t.Errorf("%s?%s: got %+v, want the field %s", path, query, p, field)
			}
		}
	}
	c.do("GET", "/v1/sightings?from=2026-09-02T00:00:00Z&to=2026-09-01T00:00:00Z", nil).want(422)
	// from then on
	c.do("GET", "/v1/sightings?from=2026-09-02T00:00:00Z&reason=a+test+asks", nil).want(200)
}

func TestJSONIsStrict(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	for name, body := range map[string]string{
		"GBK":              "{\"kind\":\"student\",\"name\":\"\xd5\xc5\xc8\xfd\"}",
		"a key twice":      `{"kind":"student","name":"A","name":"B"}`,
		"two values":       `{"kind":"student","name":"A"}{"kind":"student","name":"B"}`,
		"half a character": `{"kind":"student","name":"\ud800"}`,
	} {
		if r := c.do("POST", "/v1/people", body); r.status != 400 || r.problem().Code != g.Invalid {
			t.Errorf("%s: got %d %s, want 400", name, r.status, r.body)
		}
	}
	c.do("POST", "/v1/profiles", `{"id":"x","title":"X","type":"sensor"}{}`).want(422)
	c.do("POST", "/v1/people", `{"kind":"student","name":"张三"}`).want(201)
}

// No answer of any operation shows a time that was never set.
func TestNoZeroTimeLeaves(t *testing.T) {
	w := newWorld(t).schools()
	w.live.add(g.Event{
		Kind:     g.EventStatus,
		School:   w.a.ID,
		Device:   "lab-1-smoke",
		Received: time.Now(),
		Status:   &g.Status{State: g.StateOnline},
	})
	w.live.add(g.Event{
		Kind:     g.EventAlert,
		School:   w.a.ID,
		Received: time.Now(),
		Alert:    &g.Alert{ID: "alt_1"},
	})
	c := w.user(w.a, g.RoleAdmin)
	for _, op := range append(operations(t),
		operation{id: "events", method: "GET", path: "/v1/events?after=0"}) {
		if strings.HasPrefix(op.id, "delete-") || op.id == "sign-out" ||
			op.id == "change-password" {
			continue // without a body, and the others need what it takes away
		}
		if r := c.try(op); strings.Contains(string(r.body), "0001-01-01") {
			t.Errorf("%s: got %s, want no time that was never set", op.id, r.body)
		}
	}
	var page struct{ Items []g.Event }
	c.do("GET", "/v1/events?after=0", nil).want(200).into(&page)
	if len(page.Items) == 0 || !page.Items[0].Time.Equal(page.Items[0].Received) {
		t.Errorf("got %+v, want an event without a time to have the time of its coming", page.Items)
	}
}

func TestIdempotencyLivesThroughARestart(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	body := map[string]any{
		"name":        "reports",
		"purpose":     "weekly report",
		"permissions": []string{"devices:read"},
	}
	first := c.do("POST", "/v1/keys", body, "Idempotency-Key", "k").want(201)
	srv, err := api.New(api.Deps{
		Registry: w.reg,
		Live:     w.live,
		Webhooks: w.hooks,
		Now:      time.Now,
		Config:   api.Config{RateLimit: 10_000},
	})
	mustDo(t, err)
	hs := httptest.NewServer(srv.Handler())
	defer hs.Close()
	w.url = hs.URL
	again := c.do("POST", "/v1/keys", body, "Idempotency-Key", "k").want(201)
	if again.header.Get("Idempotent-Replayed") != "true" ||
		string(again.body) != string(first.body) {
		t.Errorf("got %s %s after a restart, want the first answer %s again, marked", again.header,
			again.body, first.body)
	}
}
