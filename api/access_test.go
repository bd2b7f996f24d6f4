package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// operation is a line of testdata/operations.txt.
type operation struct {
	id, perm, method, path, body string
	own, foreign                 []int
}

func operations(t *testing.T) []operation {
	t.Helper()
	f, err := os.Open("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ops []operation
	for in := bufio.NewScanner(f); in.Scan(); {
		if strings.HasPrefix(in.Text(), "#") {
			continue
		}
		p := strings.Split(in.Text(), "|")
		if len(p) != 6 {
			t.Fatalf("%q has %d parts, want 6", in.Text(), len(p))
		}
		method, path, _ := strings.Cut(p[2], " ")
		ops = append(ops,
			operation{p[0], p[1], method, path, p[3], numbers(t, p[4]), numbers(t, p[5])})
	}
	return ops
}

func numbers(t *testing.T, s string) []int {
	t.Helper()
	var out []int
	for n := range strings.SplitSeq(s, ",") {
		i, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, i)
	}
	return out
}

// fill replaces each {noun} by A's id of it.
func (w *world) fill(s string) string {
	for noun, id := range w.ids {
		s = strings.ReplaceAll(s, "{"+noun+"}", id)
	}
	return s
}

// try sends the operation with A's ids in it.
func (c *client) try(op operation) reply {
	c.w.t.Helper()
	path := c.w.fill(op.path)
	if op.id == "stream" {
		return c.head(path)
	}
	var body any
	var headers []string
	switch {
	case op.body == "@photo":
		body, headers = picture(), []string{"Content-Type", "image/jpeg"}
	case strings.HasPrefix(op.body, "kind,"):
		body, headers = strings.ReplaceAll(op.body, `\n`, "\n"), []string{
			"Content-Type",
			"text/csv",
		}
	case op.body != "":
		body = c.w.fill(op.body)
	}
	return c.do(op.method, path, body, headers...)
}

func TestTableIsWhole(t *testing.T) {
	w := newWorld(t)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Description string                `json:"description"`
			Security    []map[string][]string `json:"security"`
		}
	}
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&doc)
	got, want := map[string]string{}, map[string]string{}
	for path, item := range doc.Paths {
		for method, op := range item {
			perm := "anybody"
			if op.Security != nil && len(op.Security) == 0 {
				perm = "public"
			}
			if _, after, ok := strings.Cut(op.Description, "Needs the permission `"); ok {
				perm, _, _ = strings.Cut(after, "`")
			}
			got[op.OperationID] = strings.ToUpper(method) + " " + perm
			_ = path
		}
	}
	for _, op := range operations(t) {
		want[op.id] = op.method + " " + op.perm
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("the document (-) and testdata/operations.txt (+) differ:\n%s", d)
	}
}

func TestNobodySeesAnything(t *testing.T) {
	w := newWorld(t, behindProxy).schools()
	for i, op := range operations(t) {
		if op.perm == "public" {
			continue
		}
		c := w.nobody()
		c.from = fmt.Sprintf("198.18.%d.%d", i/250, i%250)
		r := c.try(op)
		if r.status != 401 || r.problem().Code != g.Unauthenticated {
			t.Errorf("%s without a sign-in: got %d %s, want 401", op.id, r.status, r.body)
		}
		c.key = "ghk_wrong"
		if r := c.try(op); r.status != 401 {
			t.Errorf("%s with a wrong key: got %d %s, want 401", op.id, r.status, r.body)
		}
	}
}

func TestRolesMayWhatTheyMay(t *testing.T) {
	for _, role := range g.Roles() {
		if role == g.RoleIntegrator || role == g.RoleAdmin || role == g.RoleDistrict {
			continue // programs have keys; administrators may do everything, below
		}
		t.Run(string(role), func(t *testing.T) {
			w := newWorld(t).schools()
			c := w.user(w.a, role)
			for _, op := range operations(t) {
				if op.perm == "public" || op.perm == "anybody" {
					continue
				}
				may := slices.Contains(role.Permissions(), g.Permission(op.perm))
				r := c.try(op)
				if !may && r.status != 403 {
					t.Errorf("%s: got %d %s, want 403", op.id, r.status, r.body)
				}
				if may && !slices.Contains(op.own, 403) && (r.status == 401 || r.status == 403) {
					t.Errorf("%s: got %d %s, want it allowed", op.id, r.status, r.body)
				}
			}
		})
	}
}

// An administrator of another school tries everything with this school's ids; then this
// school's own administrator does it all, which also shows that nothing was changed before.
func TestSchoolsAreApart(t *testing.T) {
	w := newWorld(t).schools()
	foreign, own := w.user(w.b, g.RoleAdmin), w.user(w.a, g.RoleAdmin)
	for _, op := range operations(t) {
		if op.id == "change-password" || op.id == "sign-out" {
			continue
		}
		r := foreign.try(op)
		if !slices.Contains(op.foreign, r.status) {
			t.Errorf("%s by another school: got %d %s, want %v", op.id, r.status, r.body,
				op.foreign)
		}
		for noun, id := range w.ids {
			if r.status < 300 && noun != "delivery" && strings.Contains(string(r.body), id) {
				t.Errorf("%s by another school shows the %s %s: %s", op.id, noun, id, r.body)
			}
		}
	}
	for _, op := range operations(t) {
		if r := own.try(op); !slices.Contains(op.own, r.status) {
			t.Errorf("%s by the school itself: got %d %s, want %v", op.id, r.status, r.body, op.own)
		}
	}
}

// A key may do what it was granted, and not more.
func TestKeysMayWhatTheyMay(t *testing.T) {
	w := newWorld(t).schools()
	for _, perm := range g.RoleAdmin.Permissions() {
		_, secret, err := w.reg.In(adminScope(w.a)).Access.CreateKey(t.Context(),
			g.APIKey{
				School:      w.a.ID,
				Name:        string(perm),
				Purpose:     "a test asks",
				Permissions: []g.Permission{perm},
				Expires:     soon(),
			})
		if err != nil {
			t.Fatal(err)
		}
		c := w.nobody()
		c.key = secret
		for _, op := range operations(t) {
			if op.perm == "public" || op.perm == "anybody" || op.perm == string(perm) {
				continue
			}
			if r := c.try(op); r.status != 403 {
				t.Errorf("%s with the permission %s alone: got %d %s, want 403", op.id, perm,
					r.status, r.body)
			}
		}
	}
}

// The document itself: every reference leads somewhere, every operation and field is
// described, every answer has a description.
func TestDocumentIsSound(t *testing.T) {
	w := newWorld(t)
	raw := w.nobody().do("GET", "/openapi.json", nil).want(200).body
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc["openapi"] != "3.1.0" {
		t.Errorf("got openapi %v, want 3.1.0", doc["openapi"])
	}
	walk(doc, "#", func(at string, m map[string]any) {
		if ref, ok := m["$ref"].(string); ok && find(doc, ref) == nil {
			t.Errorf("%s refers to %s, which is not there", at, ref)
		}
	})
	ids := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for method, v := range item.(map[string]any) {
			op := v.(map[string]any)
			id, _ := op["operationId"].(string)
			if id == "" || ids[id] || op["summary"] == "" || op["summary"] == nil {
				t.Errorf("%s %s: operationId %q is empty or there twice, or the summary is missing",
					method, path, id)
			}
			ids[id] = true
			declared := map[string]bool{}
			for _, p := range asList(op["parameters"]) {
				m := p.(map[string]any)
				if ref, ok := m["$ref"].(string); ok {
					m = find(doc, ref).(map[string]any)
				}
				if m["description"] == nil {
					t.Errorf("%s: parameter %v has no description", id, m["name"])
				}
				if m["in"] == "path" {
					declared[m["name"].(string)] = true
				}
			}
			for _, part := range strings.Split(path, "/") {
				if name, ok := strings.CutPrefix(part, "{"); ok &&
					!declared[strings.TrimSuffix(name, "}")] {
					t.Errorf("%s: the path's %s is not declared", id, part)
				}
			}
			for _, status := range []string{"429", "500"} {
				if op["responses"].(map[string]any)[status] == nil {
					t.Errorf("%s: the answer %s is not documented", id, status)
				}
			}
		}
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		props, _ := schemas[name].(map[string]any)["properties"].(map[string]any)
		for field, v := range props {
			if m, ok := v.(map[string]any); !ok || m["description"] == nil && m["$ref"] == nil {
				t.Errorf("%s.%s has no description", name, field)
			}
		}
	}
	if got := w.nobody().do("GET", "/openapi.yaml", nil).want(200).body; !strings.Contains(
		string(got), "openapi: 3.1.0") {
		t.Errorf("the YAML begins with %.80s, want openapi: 3.1.0 in it", got)
	}
}

func asList(v any) []any { l, _ := v.([]any); return l }

func walk(v any, at string, f func(string, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(at, v)
		for k, x := range v {
			walk(x, at+"/"+k, f)
		}
	case []any:
		for i, x := range v {
			walk(x, at+"/"+strconv.Itoa(i), f)
		}
	}
}

func find(doc map[string]any, ref string) any {
	var at any = doc
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[part]
	}
	return at
}
