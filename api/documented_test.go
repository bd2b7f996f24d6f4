package api_test

import (
	"encoding/json"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/access"
)

type documentedOperation struct {
	Description string
	Parameters  []struct {
		Name     string
		In       string
		Required bool
	}
	RequestBody struct {
		Content map[string]struct {
			Schema struct{ Properties map[string]json.RawMessage }
		}
	}
	Responses map[string]struct {
		Content map[string]struct {
			Schema struct{ Type string }
		}
	}
}

// TestTheDocumentSaysWhatIsTakenAndAnswered: the documented responses, parameters and content
// types, from which clients are generated, are the real ones.
func TestTheDocumentSaysWhatIsTakenAndAnswered(t *testing.T) {
	w := newWorld(t).schools()
	var d struct {
		Paths map[string]map[string]documentedOperation
	}
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&d)
	wrong := w.nobody().do("POST", "/v1/session",
		map[string]any{"name": "nobody", "password": "not-the-password"}).want(401)
	if _, ok := d.Paths["/v1/session"]["post"].Responses["401"]; !ok {
		t.Errorf("POST /v1/session answers %s, and the document does not list 401", wrong.body)
	}
	for _, path := range []string{"/v1/people/import", "/v1/people/import/preview"} {
		content := d.Paths[path]["post"].RequestBody.Content
		for _, kind := range []string{
			"text/csv", "application/octet-stream",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		} {
			if _, ok := content[kind]; !ok {
				t.Errorf("%s: the document lists %v, want %s", path, content, kind)
			}
		}
	}
	const at = "/v1/telemetry/api/v1/"
	for path, needed := range map[string][]string{
		"query":       {"query"},
		"query_range": {"query", "start", "end", "step"}, "series": {"match[]"}, "labels": nil,
	} {
		get, post := d.Paths[at+path]["get"], d.Paths[at+path]["post"]
		required := map[string]bool{}
		for _, p := range get.Parameters {
			required[p.Name] = p.In == "query" && p.Required
		}
		for _, name := range needed {
			if !required[name] {
				t.Errorf("%s: the document's parameters are %+v, want %s required", path,
					get.Parameters, name)
			}
			if post.RequestBody.Content["application/x-www-form-urlencoded"].Schema.Properties[name] == nil {
				t.Errorf("%s: the form is %+v, want %s in it", path, post.RequestBody, name)
			}
		}
		for _, status := range []string{"200", "400"} {
			if kind := get.Responses[status].Content["application/json"].Schema.Type; kind != "object" {
				t.Errorf("%s: the document says that %s is a %q, want an object", path, status,
					kind)
			}
		}
	}
}

// TestAKeyIsAWholeUser: what the schema requires of a user is there for a key.
func TestAKeyIsAWholeUser(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var key access.NewKey
	body := map[string]any{
		"name":        "reports",
		"purpose":     "weekly report",
		"permissions": []string{"devices:read"},
	}
	admin.do("POST", "/v1/keys", body).want(201).into(&key)
	program := w.nobody()
	program.key = key.Secret
	var me struct{ User map[string]any }
	program.do("GET", "/v1/me", nil).want(200).into(&me)
	var d struct {
		Components struct {
			Schemas map[string]struct{ Required []string }
		}
	}
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&d)
	for _, name := range d.Components.Schemas["User"].Required {
		if _, ok := me.User[name]; !ok {
			t.Errorf("got %v, want %s of the user", me.User, name)
		}
	}
}
