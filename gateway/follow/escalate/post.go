package escalate

import (
	"slices"

	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Post hands notices to the queue of messages, in the lane of alarms.
type Post struct {
	View *registry.View // of a system scope
	Base string         // how people reach the console, without a slash at the end; "": unknown
}

// Tell queues a notice. Those whom it cannot reach are found by the queue, later.
func (p Post) Tell(ctx context.Context, n Notice) ([]g.UserID, error) {
	school, err := p.View.Places.School(ctx, n.Alert.School)
	if err != nil {
		return nil, err
	}
	kind := "alert"
	if n.Unanswered {
		kind = "unanswered"
	}
	feigned, err := p.View.Alerts.Feigned(ctx, n.Alert.ID)
	if err != nil {
		return nil, err
	}
	var to []messages.To
	for _, x := range n.To {
		if n.Alert.Rule == g.DuressRule(x.User) || slices.Contains(feigned, x.User) {
			continue // whoever stands over them would read it
		}
		t := messages.To{User: x.User}
		if x.Link != "" {
			t.Params = map[string]string{"take": x.Link}
		}
		to = append(to, t)
	}
	for _, c := range n.Channels {
		to = append(to, messages.To{Channel: g.ChannelID(c)})
	}
	_, err = p.View.Messages.Send(ctx, messages.Message{
		ID:     g.MessageID(n.ID),
		School: n.Alert.School,
		Lane:   messages.Alarm,
		Kind:   kind,
		Params: p.params(n, school),
		Alert:  n.Alert.ID,
		Steps:  steps(n.Tries),
	}, to)
	return nil, err
}

func steps(tries []g.Try) (out []messages.Step) {
	for _, x := range tries {
		out = append(out, messages.Step{
			Ways:         x.Ways,
			AfterSeconds: x.Unread * 60,
		})
	}
	return out
}

// params are what the message says.
func (p Post) params(n Notice, school g.School) map[string]string {
	out := map[string]string{
		"title":       n.Alert.Title,
		"title_zh":    title(n.Alert.TitleZH, n.Alert.Title),
		"severity":    messages.SeverityEN(n.Alert.Severity),
		"severity_zh": messages.SeverityZH(n.Alert.Severity),
		"place":       n.Place,
		"time":        n.Alert.Opened.In(school.Location()).Format("2006-01-02 15:04"),
		"school":      school.Name,
		"who":         n.Who,
		"missed":      n.Missed,
	}
	if a := n.Alert; a.Firing && a.Count > 1 && a.LastFired.After(a.Opened) {
		again := a.LastFired.In(school.Location()).Format("2006-01-02 15:04")
		out["title"] += fmt.Sprintf(" (again at %s)", again)
		out["title_zh"] += fmt.Sprintf("（%s 再次发生）", again)
	}
	if n.More > 0 {
		out["title"] = fmt.Sprintf("%s, and %d more alerts", out["title"], n.More)
		out["title_zh"] = fmt.Sprintf("%s，另有 %d 条告警", out["title_zh"], n.More)
	}
	if n.Others != "" {
		out["others"], out["others_zh"] = n.Others, n.OthersZH
	}
	if !n.Alert.Ended.IsZero() {
		out["title"] += " (over)"
		out["title_zh"] += "（已结束）"
	}
	if !n.Unanswered {
		out["device"] = n.Device
	}
	if p.Base != "" {
		out["link"] = p.Base + "/wall"
	}
	if n.Alert.Rule.Silent() {
		out[messages.RuleParam] = string(n.Alert.Rule)
	}
	return out
}

// Stop takes back what is not sent yet of a notice.
func (p Post) Stop(ctx context.Context, id string) error {
	err := p.View.Messages.Stop(ctx, g.MessageID(id), "somebody has the alert in hand")
	if g.ErrorCode(err) == g.NotFound {
		return nil // forgotten
	}
	return err
}
