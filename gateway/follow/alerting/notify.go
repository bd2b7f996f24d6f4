package alerting

import (
	"context"
	"maps"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	noticeLife  = time.Hour   // how old a finding may be of which people are still told
	noticeTurn  = time.Minute // in which a rule tells a school at most noticesEach times
	noticesEach = 3
)

// notices tell people of what rules found, by their roles.
type notices struct {
	opt  Options
	told map[source]turn
}

// source is who tells whom: a rule a school.
type source struct {
	rule   g.RuleID
	school g.SchoolID
}

// turn is what was told since a time.
type turn struct {
	since time.Time
	ids   []string
}

// tell queues a message for each effect that asks for one. A message's id is that of its effect, so
// that effects which are carried out again tell nobody twice. It is called before the effects are kept:
// after a kill between the two they are found again. What cannot be sent is logged and holds up nothing;
// an error is the registry's, and worth another try.
func (n *notices) tell(ctx context.Context, effects []rules.Effect) error {
	for _, e := range effects {
		if e.Notify == nil || n.opt.Now().Sub(e.At) > noticeLife {
			continue
		}
		err := n.send(ctx, e, about(effects, e))
		if err == nil {
			continue
		}
		switch g.ErrorCode(err) {
		case g.Invalid, g.NotFound, g.Conflict:
			n.opt.Logger.WarnContext(ctx, "the message of a rule was not sent", "rule", e.Notify.Rule,
				"school", e.Notify.School, "error", err)
		default:
			return err
		}
	}
	return nil
}

// about is the alert that a message is about, as the effects have it. A rule that raises none is asked
// about as if it did.
func about(effects []rules.Effect, e rules.Effect) g.Alert {
	for _, x := range effects {
		if x.Alert != nil && x.Alert.ID == e.Notify.Alert {
			return *x.Alert
		}
	}
	return g.Alert{
		School:   e.Notify.School,
		Rule:     e.Notify.Rule,
		Severity: e.Notify.Severity,
		Device:   e.Notify.Device,
		Zone:     e.Notify.Zone,
		Opened:   e.At,
	}
}

func (n *notices) send(ctx context.Context, e rules.Effect, a g.Alert) error {
	hiding, err := n.opt.View.Alerts.Hiding(ctx, a, e.At)
	if err != nil || len(hiding) > 0 {
		return err
	}
	last, ok := n.take(e)
	if !ok {
		return nil
	}
	to, err := n.whom(ctx, e.Notify.School, e.Notify.Roles)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		n.opt.Logger.WarnContext(ctx, "a rule has nobody to tell", "rule", e.Notify.Rule,
			"school", e.Notify.School, "roles", e.Notify.Roles)
		return nil
	}
	_, err = n.opt.View.Messages.Send(ctx, messages.Message{
		ID:      g.MessageID(e.Notify.ID),
		School:  e.Notify.School,
		Lane:    messages.Alarm,
		Kind:    "alert",
		Params:  n.params(e, last),
		Alert:   e.Notify.Alert,
		Expires: e.At.Add(noticeLife),
	}, to)
	return err
}

// whom lists who has one of the roles in a school now: its own users, and the admins of districts above
// it. Whose account is disabled is left out.
func (n *notices) whom(ctx context.Context, school g.SchoolID, roles []g.Role) ([]messages.To, error) {
	to, err := n.opt.View.Messages.Named(ctx, school, messages.Audience{Roles: roles})
	if err != nil || !slices.Contains(roles, g.RoleDistrict) {
		return to, err
	}
	staff, err := n.opt.View.Oncall.Staff(ctx, school)
	for _, m := range staff {
		if m.Able && m.Role == g.RoleDistrict && m.School != school {
			to = append(to, messages.To{User: m.ID, Role: m.Role})
		}
	}
	return to, err
}

// take reports whether there is room for a message in the turn of its rule and school, and whether it
// is the last one. One that was told in this turn already may be told again.
func (n *notices) take(e rules.Effect) (last, ok bool) {
	maps.DeleteFunc(n.told, func(_ source, t turn) bool { return e.At.Sub(t.since) >= noticeTurn })
	key := source{e.Notify.Rule, e.Notify.School}
	t, running := n.told[key]
	if !running {
		t.since = e.At
	}
	i := slices.Index(t.ids, e.Notify.ID)
	if i < 0 {
		if len(t.ids) == noticesEach {
			return false, false
		}
		i = len(t.ids)
		t.ids = append(t.ids, e.Notify.ID)
	}
	n.told[key] = t
	return i == noticesEach-1, true
}

// params are what the message says; the last one of a turn says that it is.
func (n *notices) params(e rules.Effect, last bool) map[string]string {
	x := e.Notify
	school := n.opt.Directory.School(x.School)
	zone, _ := n.opt.Directory.Zone(x.Zone)
	device, _ := n.opt.Directory.Known(x.Device)
	out := map[string]string{
		"title":       x.Title,
		"title_zh":    x.TitleZH,
		"severity":    messages.SeverityEN(x.Severity),
		"severity_zh": messages.SeverityZH(x.Severity),
		"place":       zone.Name,
		"time":        e.At.In(school.Location()).Format("2006-01-02 15:04"),
		"device":      device.Device.Name,
		"school":      school.Name,
	}
	if x.TitleZH == "" {
		out["title_zh"] = x.Title
	}
	if last {
		out["others"] = "what this rule finds within the same minute is on the wall only"
		out["others_zh"] = "该规则在同一分钟内的其他告警只显示在实时墙上"
	}
	if n.opt.Base != "" && !slices.ContainsFunc(x.Roles, blind) {
		out["link"] = n.opt.Base + "/wall"
	}
	return out
}

// blind reports whether a role sees no alerts: the wall would be closed to it.
func blind(r g.Role) bool { return !slices.Contains(r.Permissions(), g.AlertsRead) }
