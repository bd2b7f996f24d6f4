package alerting_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

const toldToGuards = `
rules:
  - id: forced-door
    title: {en: The door was forced, zh-CN: 门被强行打开}
    severity: critical
    when: {occurrence: {kind: door, data: {what: forced}}}
    then: [{alert: {}}, {notify: {roles: [security]}}]
`

func (h *house) user(name string, role g.Role) g.User {
	h.t.Helper()
	u, err := h.view.Access.CreateUser(h.t.Context(), g.User{
		School:   "sch",
		Name:     name,
		FullName: name,
		Role:     role,
		Language: "en",
	}, "correct horse battery")
	must(h.t, err)
	return u
}

// sent are the messages about alerts, the oldest first.
func (h *house) sent() []messages.Summary {
	h.t.Helper()
	all, _, err := h.view.Messages.List(h.t.Context(), "sch", "alert", registry.Page{Limit: 100})
	must(h.t, err)
	slices.Reverse(all)
	return all
}

// TestARuleTellsPeopleByRole: everybody who has the role then and nobody else, once; whose account was
// disabled is not told, and what a storm leaves out is said.
func TestARuleTellsPeopleByRole(t *testing.T) {
	h := openHouse(t)
	guard := h.user("guard", g.RoleSecurity)
	gone := h.user("gone", g.RoleSecurity)
	h.user("teacher", g.RoleTeacher)
	gone.Disabled = true
	must(t, h.view.Access.UpdateUser(t.Context(), gone))
	h.happen("forced", false)
	stop := h.runRules(toldToGuards)
	rows := h.raised(1)
	stop()
	all := h.sent()
	if len(all) != 1 || all[0].Alert != rows[0].ID || all[0].Lane != messages.Alarm {
		t.Fatalf("got %+v, want one alarm about the alert %s", all, rows[0].ID)
	}
	told, _, err := h.view.Messages.Told(t.Context(), all[0].ID, messages.ToldFilter{})
	must(t, err)
	if len(told) != 1 || told[0].User != guard.ID {
		t.Errorf("got %+v, want the guard alone", told)
	}
	m, err := h.view.Messages.Find(t.Context(), all[0].ID)
	must(t, err)
	for name, want := range map[string]string{
		"title":       "The door was forced",
		"title_zh":    "门被强行打开",
		"severity_zh": "紧急",
		"device":      "Side door",
		"school":      "S",
		"others":      "",
	} {
		if got := m.Params[name]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	stop = h.runRules(toldToGuards)
	for range 5 {
		h.happen("forced", false)
	}
	h.raised(6)
	stop()
	said := []bool{}
	for _, x := range h.sent()[1:] {
		m, err := h.view.Messages.Find(t.Context(), x.ID)
		must(t, err)
		said = append(said, m.Params["others"] != "")
	}
	if diff := cmp.Diff(said, []bool{false, false, true}); diff != "" {
		t.Errorf("of the storm, the messages that say what is left out: got (-), want (+):\n%s", diff)
	}
}

// TestAWindowHoldsARulesMessage: nobody is told of what is not shown.
func TestAWindowHoldsARulesMessage(t *testing.T) {
	h := openHouse(t)
	h.user("guard", g.RoleSecurity)
	boss := h.user("boss", g.RoleAdmin)
	_, err := h.view.Alerts.PutWindow(t.Context(), g.Suppression{
		School:  "sch",
		Reason:  "the lock is repaired",
		Devices: []g.DeviceID{"lock-1"},
		From:    time.Now(),
		Until:   time.Now().Add(time.Hour),
		UpTo:    g.Critical,
	}, boss)
	must(t, err)
	h.happen("forced", false)
	stop := h.runRules(toldToGuards)
	h.raised(1)
	stop()
	if all := h.sent(); len(all) != 0 {
		t.Errorf("got %+v, want no message", all)
	}
}
