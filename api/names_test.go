package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// document is what the tests read of the OpenAPI document.
type document struct {
	Info struct {
		Contact struct{ Name string }
	}
	Servers    []struct{ URL string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]documented
	Webhooks   map[string]map[string]documented
	Components struct {
		Schemas         map[string]json.RawMessage
		SecuritySchemes map[string]json.RawMessage
	}
}

// documented is an operation.
type documented struct {
	OperationID string `json:"operationId"`
	Description string
	Tags        []string
	RequestBody *struct {
		Content map[string]content
	}
	Responses map[string]struct {
		Content map[string]content
	}
}

// content is a body of one type.
type content struct {
	Schema   json.RawMessage
	Example  json.RawMessage
	Examples map[string]struct{ Value json.RawMessage }
}

func (w *world) document() document {
	w.t.Helper()
	var d document
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&d)
	return d
}

// Generators derive all type names in one namespace, ignoring case and punctuation.
func TestNamesSuitGenerators(t *testing.T) {
	d := newWorld(t).document()
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(s))
	}
	seen := map[string]string{}
	claim := func(name, what string) {
		if before, ok := seen[plain(name)]; ok {
			t.Errorf("%s %s has the name of the %s", what, name, before)
		}
		seen[plain(name)] = what + " " + name
	}
	for name := range d.Components.Schemas {
		claim(name, "schema")
	}
	for name := range d.Components.SecuritySchemes {
		claim(name, "security scheme")
	}
	ids := map[string]bool{}
	var tags []string
	for _, tag := range d.Tags {
		if tag.Description == "" || slices.Contains(tags, tag.Name) {
			t.Errorf("the tag %q is there twice, or has no description", tag.Name)
		}
		tags = append(tags, tag.Name)
	}
	for at, item := range d.Paths {
		for method, op := range item {
			if op.OperationID == "" || ids[plain(op.OperationID)] || op.Description == "" {
				t.Errorf("%s %s: got operationId %q and description %q, want both, and the id once",
					method, at, op.OperationID, op.Description)
			}
			ids[plain(op.OperationID)] = true
			if len(op.Tags) != 1 || !slices.Contains(tags, op.Tags[0]) {
				t.Errorf("%s: got the tags %q, want one of the list %q", op.OperationID, op.Tags,
					tags)
			}
		}
	}
	if d.Info.Contact.Name == "" || len(d.Servers) == 0 {
		t.Errorf("got contact %+v and servers %+v, want both", d.Info.Contact, d.Servers)
	}
}
