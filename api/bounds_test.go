package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestBodiesAreBounded: a body is bounded in depth before it is decoded, and in bytes before
// sign-in; the error says so.
func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	deep := json.RawMessage(`{"key":"x","value":` + strings.Repeat("[", 1000) +
		strings.Repeat("]", 1000) + `}`)
	if p := admin.do("PUT", "/v1/settings/x", deep).problem(); p.Status != http.StatusBadRequest &&
		p.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(p.Detail, "nested more than 32 deep") {
		t.Errorf("got %+v", p)
	}
	large := map[string]string{"name": "a", "password": strings.Repeat("x", 20<<10)}
	w.nobody().do("POST", "/v1/session", large).want(http.StatusRequestEntityTooLarge)
}
