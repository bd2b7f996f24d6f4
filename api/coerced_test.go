package api_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// TestWhoIsMadeToSeesNothingOfIt: no operation that reads shows a silent alert, a message about it, or
// that a colleague acknowledged it, to the person whom it is about, whatever their role; a colleague
// reads of it.
func TestWhoIsMadeToSeesNothingOfIt(t *testing.T) {
	w := newWorld(t).schools()
	made, colleague := w.user(w.a, g.RoleAdmin), w.user(w.a, g.RoleSecurity)
	ctx, v := t.Context(), w.system()
	var me struct {
		User struct {
			ID g.UserID `json:"id"`
		} `json:"user"`
	}
	made.do("GET", "/v1/me", nil).want(200).into(&me)
	const sign = "All-clear under duress"
	a := g.Alert{
		ID:       "alt_silent",
		School:   w.a.ID,
		Rule:     g.DuressRule(me.User.ID),
		Severity: g.Critical,
		State:    g.AlertOpen,
		Title:    sign,
		TitleZH:  sign,
		Count:    1,
		Opened:   time.Now(),
	}
	if err := v.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}}); err != nil {
		t.Fatal(err)
	}
	users, err := v.Access.Users(ctx, w.a.ID)
	if err != nil {
		t.Fatal(err)
	}
	id := must(v.Messages.Send(ctx, messages.Message{
		School: w.a.ID,
		Lane:   messages.Alarm,
		Kind:   "alert",
		Alert:  a.ID,
		Params: map[string]string{"title": sign, messages.RuleParam: string(a.Rule)},
	}, []messages.To{{User: users[0].ID}}))(t)

	colleague.do("POST", "/v1/alerts/"+string(a.ID)+"/acknowledge", map[string]any{"version": 1}).want(200)
	w.ids["alert"], w.ids["message"] = string(a.ID), string(id)
	told := 0
	for _, op := range operations(t) {
		if op.method != "GET" || op.id == "stream" {
			continue
		}
		path := w.fill(op.path)
		shows := func(c *client) bool {
			r := c.do("GET", path, nil)
			text := string(r.body)
			return strings.Contains(text, sign) || r.status == 200 && strings.Contains(text, string(a.ID))
		}
		if shows(made) {
			t.Errorf("%s shows it to whom it is about", op.id)
		}
		if shows(colleague) {
			told++
		}
	}
	if told < 4 {
		t.Errorf("a colleague reads of it by %d operations, want the wall, the list, the alert and more", told)
	}
}
