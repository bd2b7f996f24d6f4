package api_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// forced is a school in which somebody gave an all-clear under duress, and a colleague.
type forced struct {
	*world
	made, colleague *client
	alert           g.Alert
	message         g.MessageID
	sign            string // what the silent alert says
}

func newForced(t *testing.T) *forced {
	w := newWorld(t).schools()
	f := &forced{
		world:     w,
		made:      w.user(w.a, g.RoleAdmin),
		colleague: w.user(w.a, g.RoleSecurity),
		sign:      "All-clear under duress",
	}
	ctx, v := t.Context(), w.system()
	var me struct {
		User struct {
			ID g.UserID `json:"id"`
		} `json:"user"`
	}
	f.made.do("GET", "/v1/me", nil).want(200).into(&me)
	f.alert = g.Alert{
		ID:       "alt_silent",
		School:   w.a.ID,
		Rule:     g.DuressRule(me.User.ID),
		Severity: g.Critical,
		State:    g.AlertOpen,
		Title:    f.sign,
		TitleZH:  f.sign,
		Count:    1,
		Opened:   time.Now(),
	}
	mustDo(t, v.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{f.alert}}))
	users, err := v.Access.Users(ctx, w.a.ID)
	mustDo(t, err)
	f.message = must(v.Messages.Send(ctx, messages.Message{
		School: w.a.ID,
		Lane:   messages.Alarm,
		Kind:   "alert",
		Alert:  f.alert.ID,
		Params: map[string]string{"title": f.sign, messages.RuleParam: string(f.alert.Rule)},
	}, []messages.To{{User: users[0].ID}}))(t)
	return f
}

// plain is an answer without what differs between any two requests.
func (f *forced) plain(r reply) string {
	p := gate.Problem{}
	if json.Unmarshal(r.body, &p) == nil && p.Status != 0 {
		p.RequestID = ""
		r.body, _ = json.Marshal(p)
	}
	return strings.NewReplacer("alt_silent", "X", "alt_nothing", "X").Replace(string(r.body))
}

// TestWhoIsMadeToSeesNothingOfIt: no operation that reads shows a silent alert, a message about it, or
// that a colleague acknowledged it, to the person whom it is about, whatever their role; a colleague
// reads of it.
func TestWhoIsMadeToSeesNothingOfIt(t *testing.T) {
	f := newForced(t)
	w, made, colleague, sign, a := f.world, f.made, f.colleague, f.sign, f.alert

	colleague.do("POST", "/v1/alerts/"+string(a.ID)+"/acknowledge", map[string]any{"version": 1}).want(200)
	w.ids["alert"], w.ids["message"] = string(a.ID), string(f.message)
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

// TestWhoIsMadeToFindsNothingByTrying: no operation that writes tells the person whom a silent alert is
// about of it, by what it answers or by answering otherwise than for an alert that there is none of.
func TestWhoIsMadeToFindsNothingByTrying(t *testing.T) {
	f := newForced(t)
	own := []string{ // they end the caller's session or account
		"sign-out", "change-password", "set-up", "second-factor-roles", "put-second-factor-roles",
	}
	alerts, tried := 0, 0
	for _, op := range operations(t) {
		if op.method == "GET" || slices.Contains(own, op.id) {
			continue
		}
		tried++
		f.ids["alert"] = "alt_silent"
		r := f.made.try(op)
		text := string(r.body)
		if strings.Contains(text, f.sign) || r.status < 300 && strings.Contains(text, "alt_silent") {
			t.Errorf("%s tells whom it is about of it: %s", op.id, text)
		}
		if !strings.Contains(op.path+op.body, "{alert}") {
			continue
		}
		alerts++
		f.ids["alert"] = "alt_nothing"
		none := f.made.try(op)
		if r.status != none.status || f.plain(r) != f.plain(none) {
			t.Errorf("%s answers %d %s, and where there is none %d %s", op.id, r.status, r.body, none.status, none.body)
		}
	}
	if alerts < 10 || tried < 100 {
		t.Errorf("%d operations on an alert of %d were tried", alerts, tried)
	}
	// By its id among others, as the wall's deeds are.
	for _, deed := range []string{"acknowledge", "resolve", "assign", "shelve", "comment", "silence"} {
		body := map[string]any{"deed": deed, "ids": []string{"alt_silent"}, "comment": "x", "reason": "x", "minutes": 5}
		r := f.made.do("POST", "/v1/alerts/batch", body)
		body["ids"] = []string{"alt_nothing"}
		none := f.made.do("POST", "/v1/alerts/batch", body)
		if r.status != none.status || f.plain(r) != f.plain(none) {
			t.Errorf("%s in a batch: %s, and where there is none %s", deed, r.body, none.body)
		}
	}
	f.made.do("GET", "/v1/me", nil).want(200)
	if _, err := f.system().Alerts.Find(t.Context(), "alt_silent"); err != nil {
		t.Errorf("the silent alert: %v", err)
	}
}

// TestWhoIsMadeToHearsNothingOfIt: neither the stream nor the list of events has a silent alert for the
// person whom it is about, from the beginning or from where they were; a colleague has it.
func TestWhoIsMadeToHearsNothingOfIt(t *testing.T) {
	f := newForced(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	silent := func(state g.AlertState) g.Event {
		a := f.alert
		a.State = state
		return g.Event{Kind: g.EventAlert, School: f.a.ID, Received: time.Now(), Alert: &a}
	}
	f.live.add(silent(g.AlertOpen), alertEvent(f.a, 1))
	made, _ := f.made.listen(ctx, "/v1/stream?after=0")
	theirs, _ := f.colleague.listen(ctx, "/v1/stream?after=0&kinds=alert")
	f.live.add(silent(g.AlertAcknowledged), alertEvent(f.a, 2))
	for _, want := range []string{"2", "4"} {
		if m := next(t, made); m.id != want || strings.Contains(m.data, f.sign) {
			t.Errorf("whom it is about hears %+v, want the event %s", m, want)
		}
	}
	for _, want := range []string{"1", "2", "3", "4"} {
		if m := next(t, theirs); m.id != want {
			t.Errorf("a colleague hears %+v, want the event %s", m, want)
		}
	}
	for _, path := range []string{"/v1/events", "/v1/events?kinds=alert&after=0"} {
		if r := f.made.do("GET", path, nil).want(200); strings.Contains(string(r.body), f.sign) {
			t.Errorf("%s: %s", path, r.body)
		}
		if r := f.colleague.do("GET", path, nil).want(200); !strings.Contains(string(r.body), f.sign) {
			t.Errorf("%s shows a colleague nothing", path)
		}
	}
}
