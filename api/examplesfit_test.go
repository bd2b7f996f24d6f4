package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

var update = flag.Bool("update", false, "write examples.json anew")

// shown is an operation's example.
type shown struct {
	Request  any `json:"request,omitempty"`
	Response any `json:"response,omitempty"`
}

// jsonBodies are the schemas of what an operation is sent and what it answers; nil: no JSON.
func jsonBodies(op map[string]any) (request, response map[string]any) {
	content := func(v any) map[string]any {
		return asMap(asMap(asMap(v)["content"])["application/json"])
	}
	request = content(op["requestBody"])
	for status, r := range asMap(op["responses"]) {
		if strings.HasPrefix(status, "2") {
			response = content(r)
		}
	}
	return request, response
}

// Every operation has an example of its request and response, which fit its schemas.
func TestExamplesFit(t *testing.T) {
	w := newWorld(t, behindProxy)
	var doc map[string]any
	mustDo(t, json.Unmarshal(w.nobody().do("GET", "/openapi.json", nil).want(200).body, &doc))
	if *update {
		record(t, w.schools(), doc)
		t.Log("examples.json is written; build again")
		return
	}
	n := 0
	for _, item := range asMap(doc["paths"]) {
		for _, v := range asMap(item) {
			op := v.(map[string]any)
			request, response := jsonBodies(op)
			for part, body := range map[string]map[string]any{
				"request":  request,
				"response": response,
			} {
				if body == nil {
					continue
				}
				n++
				if _, there := body["example"]; !there {
					t.Errorf("%s: no example of its %s; go test ./api -run TestExamplesFit -update",
						op["operationId"], part)
				} else if err := fits(doc, asMap(body["schema"]), body["example"], "$"); err != nil {
					t.Errorf("%s: the example of its %s does not fit: %v", op["operationId"], part,
						err)
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("%d bodies were looked at, want at least 200", n)
	}
	raw, err := os.ReadFile("examples.json")
	mustDo(t, err)
	if secret := regexp.MustCompile(`ghk_[A-Za-z0-9]|whsec_[A-Za-z0-9+/]{20}`).Find(raw); secret != nil {
		t.Errorf("examples.json holds what looks like a secret: %s", secret)
	}
}

// record runs the operations against a gateway with a school, and saves requests and responses.
// Examples of what that refuses, or has nothing to show of, are made from the schema.
func record(t *testing.T, w *world, doc map[string]any) {
	t.Helper()
	table, out := map[string]operation{}, map[string]shown{}
	// by hand: what a test's gateway refuses, or has nothing to show of
	written := map[string]shown{}
	b, err := os.ReadFile("testdata/examples.json")
	mustDo(t, err)
	mustDo(t, json.Unmarshal(b, &written))
	admin := w.user(w.a, g.RoleAdmin)
	tidy := newTidy()
	for _, op := range operations(t) {
		table[op.id] = op
		if op.id == "change-password" || op.id == "sign-out" {
			continue
		}
		r := admin.try(op)
		var v any
		if r.status < 300 && json.Unmarshal(r.body, &v) == nil && !barren(v) {
			out[op.id] = shown{Response: tidy.value("", v)}
		}
	}
	for _, item := range asMap(doc["paths"]) {
		for _, x := range asMap(item) {
			op := x.(map[string]any)
			id := op["operationId"].(string)
			request, response := jsonBodies(op)
			e := out[id]
			var sent any
			text := cond(table[id].body != "", table[id].body, bodies[id])
			text = w.fill(strings.ReplaceAll(text, "{n}", "1"))
			if json.Unmarshal([]byte(text), &sent) == nil && request != nil {
				e.Request = tidy.value("", sent)
			}
			if by := written[id]; by.Request != nil {
				e.Request = by.Request
			}
			if by := written[id]; by.Response != nil {
				e.Response = by.Response
			}
			if response == nil {
				e.Response = nil
			}
			out[id] = e
		}
	}
	maps.DeleteFunc(out, func(_ string, e shown) bool {
		return e.Request == nil && e.Response == nil
	})
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	mustDo(t, enc.Encode(out))
	mustDo(t, os.WriteFile("examples.json", file.Bytes(), 0o644))
}

// barren says whether an answer is a list without anything in it.
func barren(v any) bool {
	m := asMap(v)
	items, ok := m["items"].([]any)
	return ok && len(items) == 0
}

// tidied replaces a run's ids, times and secrets by fixed ones.
type tidied struct {
	ids map[string]string
}

func newTidy() *tidied { return &tidied{ids: map[string]string{}} }

var (
	madeID = regexp.MustCompile(`\b([a-z]{3})_[0-9a-z]{16}\b`)
	moment = regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]{5})`)
	apiKey = regexp.MustCompile(`ghk_[A-Za-z0-9_-]+`)
	server = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]{4,5}`)
	day    = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
)

// plain matches the names of a test's users, which are replaced by names of people.
var plain = regexp.MustCompile(`(Full )?admin-sch_[0-9a-z]{16}`)

func (t *tidied) value(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if k != "$schema" {
				out[k] = t.value(k, x)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v[:min(len(v), 2)] {
			out = append(out, t.value(name, x))
		}
		return out
	case string:
		if s, ok := secrets[name]; ok {
			return s
		}
		v = plain.ReplaceAllString(v, "Li Wei")
		v = apiKey.ReplaceAllString(v, "ghk_…")
		v = strings.ReplaceAll(v, "http://127.0.0.1:9/", "https://sis.school.example/")
		v = server.ReplaceAllString(v, "https://gate.school.example")
		v = madeID.ReplaceAllStringFunc(v, func(id string) string {
			if t.ids[id] == "" {
				t.ids[id] = fmt.Sprintf("%s_%016d", id[:3], len(t.ids)+1)
			}
			return t.ids[id]
		})
		if day.MatchString(v) {
			return "2026-09-01"
		}
		return moment.ReplaceAllString(v, "2026-09-01T07:30:00Z")
	}
	return v
}

// secrets replace what a file must not hold, by the member's name.
var secrets = map[string]string{
	"password": "correct-horse-battery",
	"old":      "correct-horse-battery",
	"new":      "staple-battery-horse",
	"secret":   "shown-this-once",
	"csrf":     "9f2c…",
	"token":    "of-the-preview",
	"example":  "mosquitto_pub -h gate.school.example -p 8883 …",
}
