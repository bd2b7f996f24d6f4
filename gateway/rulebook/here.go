package rulebook

import (
	"context"
	"net/url"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
)

// Here answers the command line of this machine, which sees every school: explain (rule, device),
// explain-then (the same, and at), explain-state (id), backtest (school, since; the rule's text as
// body), backtest-state (id), templates, templates-export (id) and templates-import (school, dry; the
// file as body).
func (b *Book) Here(
	ctx context.Context, deed string, q url.Values, body []byte,
) (any, error) {
	switch deed {
	case "explain":
		return b.Explain(ctx, b.view, g.RuleID(q.Get("rule")), api.About{
			Device: g.DeviceID(q.Get("device")),
			Zone:   g.ZoneID(q.Get("zone")),
		})
	case "explain-then":
		at, err := time.Parse(time.RFC3339, q.Get("at"))
		if err != nil {
			return nil, g.FieldErrorf("at", "%q is no time; give one as 2026-09-01T12:00:00+08:00",
				q.Get("at"))
		}
		return b.ExplainThen(ctx, b.view, g.RuleID(q.Get("rule")), api.About{
			Device: g.DeviceID(q.Get("device")),
			Zone:   g.ZoneID(q.Get("zone")),
		}, at)
	case "explain-state":
		return b.ThenState(ctx, b.view, q.Get("id"))
	case "templates":
		return b.Templates(ctx, b.view)
	case "templates-export":
		return b.ExportTemplates(ctx, q.Get("id"))
	case "templates-import":
		school, err := b.onlySchool(g.SchoolID(q.Get("school")))
		if err != nil {
			return nil, err
		}
		return b.Import(ctx, b.view, api.Draft{
			School:  school,
			Text:    string(body),
			Enabled: true,
		}, q.Get("dry") != "")
	case "backtest-state":
		return b.BacktestState(ctx, b.view, q.Get("id"))
	case "backtest":
		since, err := time.ParseDuration(q.Get("since"))
		if err != nil {
			return nil, g.FieldErrorf("since", "%q is no duration; write one such as 30s, 5m or 1h30m",
				q.Get("since"))
		}
		school, err := b.onlySchool(g.SchoolID(q.Get("school")))
		if err != nil {
			return nil, err
		}
		return b.Backtest(ctx, b.view, api.Draft{
			School: school,
			Text:   string(body),
		}, since)
	}
	return nil, g.Errorf(g.Invalid, "%q is no deed; use %s", deed, "explain, backtest, templates")
}

// onlySchool is the school that is named, or the topmost one if there is one only.
func (b *Book) onlySchool(named g.SchoolID) (g.SchoolID, error) {
	var tops []g.SchoolID
	for _, s := range b.opt.Directory.Schools() {
		if s.ID == named {
			return named, nil
		}
		if s.Parent == "" {
			tops = append(tops, s.ID)
		}
	}
	if named != "" || len(tops) != 1 {
		return "", g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("school"), named)
	}
	return tops[0], nil
}
