package api_test

import (
	"context"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
)

func TestIdempotency(t *testing.T) {
	w := newWorld(t).schools()
	admin, facility := w.user(w.a, g.RoleAdmin), w.user(w.a, g.RoleFacility)
	post := func(c *client, key, name string) reply {
		return c.do("POST", "/v1/sites", map[string]string{"name": name}, "Idempotency-Key", key)
	}
	first := post(admin, "k1", "East").want(201)
	again := post(admin, "k1", "East").want(201)
	if again.header.Get("Idempotent-Replayed") != "true" ||
		string(again.body) != string(first.body) {
		t.Errorf("got %s %s, want the first answer %s again, marked", again.header, again.body,
			first.body)
	}
	if p := post(admin, "k1", "West").want(409).problem(); p.Code != g.Conflict {
		t.Errorf("got %+v for another request, want a conflict", p)
	}
	other := post(facility, "k1", "East").want(201)
	if other.header.Get("Idempotent-Replayed") != "" || string(other.body) == string(first.body) {
		t.Error("the key of one caller answered another")
	}
	post(admin, "k2", "").want(422)
	post(admin, "k2", "North").want(201) // an error is not kept
	post(admin, strings.Repeat("k", 300), "South").want(422)

	statuses := make([]int, 8)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = post(admin, "k3", "Once").status })
	}
	wg.Wait()
	for _, s := range statuses {
		if s != 201 && s != 409 {
			t.Errorf("got status %d among the concurrent, want 201 or 409", s)
		}
	}
	if n := strings.Count(string(admin.do("GET", "/v1/places", nil).want(200).body), `"Once"`); n != 1 {
		t.Errorf("got %d sites of 8 concurrent requests with one key, want 1", n)
	}
}

func TestRateLimit(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Config.RateLimit = 2 }).schools()
	c, other := w.user(w.a, g.RoleAdmin), w.user(w.a, g.RoleFacility)
	r := c.do("GET", "/v1/me", nil).want(200)
	for _, h := range []string{
		"RateLimit-Limit",
		"RateLimit-Remaining",
		"RateLimit-Reset",
		"X-Ratelimit-Limit",
	} {
		if r.header.Get(h) == "" {
			t.Errorf("got no header %s, want it", h)
		}
	}
	for i := 0; ; i++ {
		if r = c.do("GET", "/v1/me", nil); r.status == 429 {
			break
		}
		if i > 1000 {
			t.Fatal("1,000 requests were let through at 2 per second")
		}
	}
	if p := r.problem(); p.Code != g.RateLimited || r.header.Get("Retry-After") == "" {
		t.Errorf("got %+v with Retry-After %q, want rate_limited and a time", p,
			r.header.Get("Retry-After"))
	}
	other.do("GET", "/v1/me", nil).want(200)
}

func TestBadInput(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	for _, x := range []struct {
		name, method, path string
		body               any
		headers            []string
		status             int
		field              string
	}{
		{"no JSON", "POST", "/v1/sites", "{nonsense", nil, 400, "body"},
		{"no body", "POST", "/v1/sites", nil, nil, 400, ""},
		{"an unknown key", "POST", "/v1/sites", `{"name":"x","colour":"red"}`, nil, 422, "colour"},
		{"a missing key", "POST", "/v1/sites", `{}`, nil, 422, "body"},
		{"a wrong type", "POST", "/v1/sites", `{"name":7}`, nil, 422, "name"},
		{
			"a word that is none", "POST", "/v1/zones",
			`{"building":"b","name":"x","kind":"castle"}`, nil, 422, "kind",
		},
		{
			"another content type",
			"POST",
			"/v1/sites",
			`name=x`,
			[]string{"Content-Type", "application/x-www-form-urlencoded"},
			415,
			"body",
		},
		{
			"too much", "POST", "/v1/sites", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`,
			nil, 413, "",
		},
		{"a limit too high", "GET", "/v1/devices?limit=100000", nil, nil, 422, "limit"},
		{"a parameter that is none", "GET", "/v1/devices?stat=open", nil, nil, 422, "stat"},
		{"a cursor that is none", "GET", "/v1/devices?cursor=%00nonsense", nil, nil, 422, "cursor"},
		{"another such cursor", "GET", "/v1/schools?cursor=-1", nil, nil, 422, "cursor"},
		{"a cursor of control characters", "GET", "/v1/devices?cursor=AAAA", nil, nil, 422, "cursor"},
		{"no such path", "GET", "/v1/nothing", nil, nil, 404, ""},
		{"no such method", "PUT", "/v1/devices", `{}`, nil, 405, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := c.do(x.method, x.path, x.body, x.headers...)
			if r.status != x.status {
				t.Fatalf("got %d %s, want %d", r.status, r.body, x.status)
			}
			p := r.problem()
			if p.Status != x.status || p.Detail == "" || p.Title == "" || p.Code == "" ||
				p.RequestID != r.header.Get("X-Request-Id") {
				t.Errorf("got %+v, want a whole problem with the request's id", p)
			}
			if x.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != x.field) {
				t.Errorf("got errors %v, want the first of the field %s", p.Errors, x.field)
			}
		})
	}
}

func TestErrorsDoNotEchoSecrets(t *testing.T) {
	w := newWorld(t).schools()
	const secret = "Tr0ub4dor-and-3"
	r := w.nobody().do("POST", "/v1/session",
		`{"name": 7, "password": "`+secret+`", "x": "`+secret+`"}`).want(422)
	if strings.Contains(string(r.body), secret) {
		t.Errorf("the answer repeats the password: %s", r.body)
	}
	r = w.nobody().do("POST", "/v1/session", `{"password": "`+secret).want(400)
	if strings.Contains(string(r.body), secret) {
		t.Errorf("the answer repeats the password: %s", r.body)
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	h := w.nobody().do("GET", "/v1/setup", nil, "X-Request-Id", "abc-123").want(200).header
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"Referrer-Policy":        "same-origin",
		"Cache-Control":          "no-store",
		"X-Request-Id":           "abc-123",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self';") ||
		!strings.Contains(csp, "img-src 'self' data: blob:") ||
		!strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("got Content-Security-Policy %q, want scripts from here only, pictures from "+
			"here, data and blob, and no frames",
			csp)
	}
	setup := w.nobody().do("GET", "/v1/setup", nil, "X-Request-Id", "<script>")
	if got := setup.header.Get("X-Request-Id"); got == "<script>" || got == "" {
		t.Errorf("got request id %q, want one of our own", got)
	}
}

func TestConsole(t *testing.T) {
	none := newWorld(t)
	if r := none.nobody().do("GET", "/", nil).want(404); !strings.Contains(string(r.body),
		"not built") {
		t.Errorf("got %s without a console, want it said", r.body)
	}
	w := newWorld(t, func(d *api.Deps) {
		d.Console = fs.FS(fstest.MapFS{
			"index.html":    {Data: []byte("<title>console</title>")},
			"assets/a-1.js": {Data: []byte("let a")},
		})
	})
	c := w.nobody()
	for path, want := range map[string]string{
		"/":              "<title>console",
		"/people/per_1":  "<title>console",
		"/assets/a-1.js": "let a",
		"/index.html":    "<title>console",
	} {
		if r := c.do("GET", path, nil).want(200); !strings.Contains(string(r.body), want) {
			t.Errorf("%s: got %s, want %s", path, r.body, want)
		}
	}
	if got := c.do("GET", "/assets/a-1.js", nil).header; !strings.Contains(
		got.Get("Cache-Control"), "immutable") ||
		!strings.HasPrefix(got.Get("Content-Type"), "text/javascript") {
		t.Errorf("got %v for an asset, want JavaScript that is kept", got)
	}
	c.do("GET", "/assets/none.js", nil).want(404)
	c.do("GET", "/../../etc/passwd", nil).want(200) // cleaned to a page of the console
	c.do("POST", "/", "x").want(405)
}

func TestHealth(t *testing.T) {
	critical := false
	w := newWorld(t, func(d *api.Deps) {
		ok := d.Status
		d.Status = func(ctx context.Context) api.Status {
			s := ok(ctx)
			if critical {
				s.Checks = append(s.Checks,
					api.Check{Name: "disk", State: "critical", Message: "full"})
			}
			return s
		}
	}).schools()
	c := w.nobody()
	c.do("GET", "/healthz", nil).want(200)
	c.do("GET", "/readyz", nil).want(200)
	critical = true
	if r := c.do("GET", "/readyz", nil).want(503); !strings.Contains(string(r.body), "disk") {
		t.Errorf("got %s, want the disk named", r.body)
	}
	c.do("GET", "/metrics", nil).want(200) // from the machine itself
	c.do("GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.9").want(401)
	w.user(w.a, g.RoleTeacher).do("GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.9").want(403)
	w.user(w.a, g.RoleFacility).do("GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.9").want(200)
	for path, kind := range map[string]string{
		"/docs":          "text/html",
		"/docs/docs.js":  "text/javascript",
		"/docs/docs.css": "text/css",
	} {
		r := c.do("GET", path, nil).want(200)
		if !strings.HasPrefix(r.header.Get("Content-Type"), kind) || len(r.body) < 100 {
			t.Errorf("%s: got %s and %d bytes, want %s", path, r.header.Get("Content-Type"),
				len(r.body), kind)
		}
		if strings.Contains(string(r.body), "https://") {
			t.Errorf("%s fetches from elsewhere", path)
		}
	}
}

// A gateway without its parts says so, part by part.
func TestMissingParts(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Fleet = nil
		d.Faces = nil
		d.Media = nil
		d.Intake = nil
		d.Telemetry = nil
		d.Status = nil
		d.Rules = nil
		d.Metrics = nil
	}).schools()
	c := w.user(w.a, g.RoleAdmin)
	for _, op := range operations(t) {
		if r := c.try(op); r.status >= 500 &&
			(r.status != http.StatusServiceUnavailable || r.problem().Code != g.Unavailable) {
			t.Errorf("%s: got %d %s, want it done or unavailable", op.id, r.status, r.body)
		}
	}
}
