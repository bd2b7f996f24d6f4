package alerts

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type alertsInput struct {
	gate.Paged
	gate.InSchool
	State    []string   `query:"state" maxItems:"4" doc:"In one of these states, comma-separated: open, acknowledged, resolved, closed." example:"open,acknowledged"`
	Severity g.Severity `query:"severity" doc:"Of this severity."`
	Rule     g.RuleID   `query:"rule" maxLength:"129" doc:"Of this rule."`
	Zone     g.ZoneID   `query:"zone" maxLength:"64" doc:"In this zone."`
	Device   g.DeviceID `query:"device" maxLength:"64" doc:"Of this device."`
	Drill    string     `query:"drill" enum:"true,false" doc:"true: only what belongs to drills; false: only the rest."`

	Hidden      alerts.HiddenBy `query:"hidden" enum:"shelf,window,any,none" doc:"Only what a shelf, a maintenance window, or either hides, or what nothing hides; an alert that was resolved meanwhile counts as hidden. Absent: all."`
	Suppression g.SuppressionID `query:"suppression" maxLength:"64" doc:"Only what this shelf or window hides or has ever hidden."`

	Query string `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in title, text, zone, device, rule, comment and, for who may read people, the person's name. A page can then be shorter than limit although next leads on."`
}

type wallInput struct {
	gate.InSchool
	Building g.BuildingID `query:"building" maxLength:"64" doc:"In this building."`
	Zone     g.ZoneID     `query:"zone" maxLength:"64" doc:"In this zone."`
	State    g.AlertState `query:"state" enum:"open,acknowledged" doc:"In this state; counts are of both."`
	Severity g.Severity   `query:"severity" doc:"Of this severity; counts are of all."`
	Limit    int          `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"Alerts or groups at most; the most urgent ones."`

	Group alerts.Grouping `query:"group" enum:"cause,room,rule" doc:"Gather the alerts: groups instead of items. cause: an incident is one; a critical alert and a person who was seen are each their own; all others by rule and driver."`
	Key   string          `query:"key" maxLength:"256" doc:"With group: only the alerts of the group with this key, in items."`
}

func (s *area) registerAlerts() {
	const tag = "Alerts"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/alerts",
		ID:      "list-alerts",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Alerts, newest first",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/alerts?state=open,acknowledged"`,
	}, s.listAlerts)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/wall",
		ID:      "get-wall",
		Screen:  true,
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "The most urgent alerts that are not over, and how many there are",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/wall?limit=50"`,
	},
		func(ctx context.Context, in *wallInput) (*gate.Body[alerts.Wall], error) {
			return gate.Answer(s.View(ctx).Alerts.Wall(ctx, alerts.WallFilter{
				School:   in.School,
				Building: in.Building,
				Zone:     in.Zone,
				State:    in.State,
				Severity: in.Severity,
				Limit:    in.Limit,
				Group:    in.Group,
				Key:      in.Key,
			}))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/alerts/{id}",
		ID:      "get-alert",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One alert",
	},
		func(ctx context.Context, in *gate.ByID) (*gate.Body[alerts.AlertRow], error) {
			return gate.Answer(s.View(ctx).Alerts.Find(ctx, g.AlertID(in.ID)))
		})
	s.registerHandling(tag)
	s.registerPeople(tag)
	s.registerBatches(tag)
	s.registerShelves(tag)
}

func (s *area) listAlerts(
	ctx context.Context, in *alertsInput,
) (*gate.Body[gate.Page[alerts.AlertRow]], error) {
	f := alerts.Filter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School:   in.School,
		Severity: in.Severity,
		Rule:     in.Rule,
		Zone:     in.Zone,
		Device:   in.Device,
		Query:    in.Query,

		Hidden:      in.Hidden,
		Suppression: in.Suppression,
	}
	if in.Drill != "" {
		drill := in.Drill == "true"
		f.Drill = &drill
	}
	for _, name := range in.State {
		state := g.AlertState(name)
		if !slices.Contains(g.AlertStates(), state) {
			return nil, g.FieldErrorf("state", "%q is no state; use some of %v", name,
				g.AlertStates())
		}
		f.States = append(f.States, state)
	}
	return gate.Listed(s.View(ctx).Alerts.List(ctx, f))
}
