package api

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

type alertsInput struct {
	Paged
	InSchool
	State    []string   `query:"state" maxItems:"4" doc:"In one of these states, comma-separated: open, acknowledged, resolved, closed." example:"open,acknowledged"`
	Severity g.Severity `query:"severity" doc:"Of this severity."`
	Rule     g.RuleID   `query:"rule" maxLength:"64" doc:"Of this rule."`
	Zone     g.ZoneID   `query:"zone" maxLength:"64" doc:"In this zone."`
	Device   g.DeviceID `query:"device" maxLength:"64" doc:"Of this device."`
	Query    string     `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in title, text, zone, device, rule, comment and, for who may read people, the person's name. A page can then be shorter than limit although next leads on."`
}

type versionInput struct {
	ByID
	Body struct {
		Version int `json:"version" minimum:"0" doc:"The version that was seen; another is a conflict." example:"1"`
	}
}

type commentInput struct {
	ByID
	Body struct {
		Version int    `json:"version" minimum:"0" doc:"The version that was seen; another is a conflict." example:"2"`
		Comment string `json:"comment,omitempty" maxLength:"2000" doc:"What it was and what was done." example:"burnt toast, windows opened"`
	}
}

func alertStates() []g.AlertState {
	return []g.AlertState{g.AlertOpen, g.AlertAcknowledged, g.AlertResolved, g.AlertClosed}
}

func (s *Server) registerAlerts() {
	const tag = "Alerts"
	handle(s, endpoint{method: "GET", path: "/v1/alerts", id: "list-alerts", tag: tag, perm: g.AlertsRead, summary: "Alerts, newest first",
		example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/alerts?state=open,acknowledged"`}, s.listAlerts)
	handle(s, endpoint{method: "GET", path: "/v1/alerts/{id}", id: "get-alert", tag: tag, perm: g.AlertsRead, summary: "One alert"},
		func(ctx context.Context, in *ByID) (*body[registry.AlertRow], error) {
			return answer(s.view(ctx).Alert(ctx, g.AlertID(in.ID)))
		})
	handle(s, endpoint{method: "POST", path: "/v1/alerts/{id}/acknowledge", id: "acknowledge-alert", tag: tag, perm: g.AlertsWrite, summary: "Say that one handles an alert"},
		func(ctx context.Context, in *versionInput) (*body[g.Alert], error) {
			return answer(s.view(ctx).Acknowledge(ctx, g.AlertID(in.ID), in.Body.Version, callerOf(ctx).by()))
		})
	handle(s, endpoint{method: "POST", path: "/v1/alerts/{id}/resolve", id: "resolve-alert", tag: tag, perm: g.AlertsWrite, summary: "Resolve an alert with a comment"},
		func(ctx context.Context, in *commentInput) (*body[g.Alert], error) {
			return answer(s.view(ctx).Resolve(ctx, g.AlertID(in.ID), in.Body.Version, callerOf(ctx).by(), in.Body.Comment))
		})
	handle(s, endpoint{method: "POST", path: "/v1/alerts/{id}/close", id: "close-alert", tag: tag, perm: g.AlertsWrite, summary: "Close a resolved alert"},
		func(ctx context.Context, in *commentInput) (*body[g.Alert], error) {
			return answer(s.view(ctx).CloseAlert(ctx, g.AlertID(in.ID), in.Body.Version, callerOf(ctx).by(), in.Body.Comment))
		})
	handle(s, endpoint{method: "GET", path: "/v1/rules", id: "list-rules", tag: tag, perm: g.AlertsRead, unavailable: true, summary: "The rules that are loaded"},
		func(ctx context.Context, in *Paged) (*body[page[RuleInfo]], error) {
			if s.deps.Rules == nil {
				return nil, missing("rules")
			}
			return paged(s, s.deps.Rules(), *in, nil, func(r RuleInfo) string { return string(r.ID) })
		})
}

func (s *Server) listAlerts(ctx context.Context, in *alertsInput) (*body[page[registry.AlertRow]], error) {
	f := registry.AlertFilter{Page: registry.Page{Limit: in.Limit, Cursor: in.Cursor}, School: in.School, Severity: in.Severity, Rule: in.Rule, Zone: in.Zone, Device: in.Device, Query: in.Query}
	for _, name := range in.State {
		state := g.AlertState(name)
		if !slices.Contains(alertStates(), state) {
			return nil, g.FieldErrorf("state", "%q is no state; use some of %v", name, alertStates())
		}
		f.States = append(f.States, state)
	}
	return listed(s.view(ctx).Alerts(ctx, f))
}
