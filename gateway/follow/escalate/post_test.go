package escalate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// A notice becomes one message in the lane of alarms, with the link of each; the same again is the
// same, and an answer stops it.
func TestANoticeIsAMessage(t *testing.T) {
	n, ctx := newNight(t), t.Context()
	post := escalate.Post{View: n.view, Base: "https://gate.school.example"}
	notice := escalate.Notice{
		ID: "msg_1",
		Alert: g.Alert{
			ID:       "alt_1",
			School:   n.school.ID,
			Title:    "Smoke",
			TitleZH:  "烟雾",
			Severity: g.Critical,
			Opened:   began(),

			Firing:    true,
			Count:     2,
			LastFired: began().Add(time.Hour),
		},
		Place: "Lab",
		More:  2,
		Tries: []g.Try{{Ways: []g.Way{"push"}, Unread: 3}, {Ways: []g.Way{"sms", "voice"}}},
		To: []escalate.To{
			{User: "guard1", Link: "https://gate.school.example/take/1"},
			{User: "guard2", Link: "https://gate.school.example/take/2"},
		},
	}
	for range 2 {
		_, err := post.Tell(ctx, notice)
		n.ok(err)
	}
	m, err := n.view.Messages.Find(ctx, "msg_1")
	n.ok(err)
	steps := []messages.Step{
		{Ways: []messages.Way{messages.Push}, AfterSeconds: 180},
		{Ways: []messages.Way{messages.SMS, messages.Voice}},
	}
	if diff := cmp.Diff(steps, m.Steps); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{
		"title":       "Smoke (again at 2026-09-09 04:00), and 2 more alerts",
		"title_zh":    "烟雾（2026-09-09 04:00 再次发生），另有 2 条告警",
		"severity":    "Critical",
		"severity_zh": "紧急",
		"place":       "Lab",
		"time":        "2026-09-09 03:00",
	}
	for name, value := range want {
		if m.Params[name] != value {
			t.Errorf("%s: got %q, want %q", name, m.Params[name], value)
		}
	}
	told, _, err := n.view.Messages.Told(ctx, "msg_1", messages.ToldFilter{})
	n.ok(err)
	if m.Kind != "alert" || m.Lane != messages.Alarm || m.Alert != "alt_1" || len(told) != 2 {
		t.Errorf("got %+v to %d, want an alarm to both", m, len(told))
	}
	n.ok(post.Stop(ctx, "msg_1"))
	n.ok(post.Stop(ctx, "msg_2"))
	if m, err = n.view.Messages.Find(ctx, "msg_1"); err != nil || m.Stopped.IsZero() {
		t.Errorf("got %+v, %v, want it stopped", m, err)
	}
}
