package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type windowBody struct {
	School     g.SchoolID     `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Reason     string         `json:"reason" maxLength:"500" doc:"What is done." example:"the UPS is serviced"`
	From       time.Time      `json:"from,omitzero" doc:"When it begins; absent: now."`
	Until      time.Time      `json:"until" doc:"When it ends."`
	Weekly     *weeklyBody    `json:"weekly,omitempty"`
	UpTo       g.Severity     `json:"up_to,omitempty" example:"major"`
	Rules      []g.RuleID     `json:"rules,omitempty" maxItems:"200"`
	Devices    []g.DeviceID   `json:"devices,omitempty" maxItems:"200"`
	Zones      []g.ZoneID     `json:"zones,omitempty" maxItems:"200" doc:"With buildings: in these places."`
	Buildings  []g.BuildingID `json:"buildings,omitempty" maxItems:"200"`
	Properties []string       `json:"properties,omitempty" maxItems:"200"`
	OwnOnly    bool           `json:"own_only,omitempty"`
}

type weeklyBody struct {
	Days  []g.Weekday `json:"days,omitempty" maxItems:"7" doc:"On which it begins; empty: on each."`
	Start string      `json:"start" maxLength:"5" doc:"Local time, HH:MM." example:"22:00"`
	End   string      `json:"end" maxLength:"5" doc:"Local time, HH:MM; on the next day where it is not after start." example:"02:00"`
}

func (b windowBody) window(ctx context.Context, id string) g.Suppression {
	out := g.Suppression{
		ID:         g.SuppressionID(id),
		School:     gate.SchoolOf(ctx, b.School),
		Reason:     b.Reason,
		From:       b.From,
		Until:      b.Until,
		UpTo:       b.UpTo,
		Rules:      b.Rules,
		Devices:    b.Devices,
		Zones:      b.Zones,
		Buildings:  b.Buildings,
		Properties: b.Properties,
		OwnOnly:    b.OwnOnly,
	}
	if b.Weekly != nil {
		out.Weekly = &g.WeeklyHours{
			Days:  b.Weekly.Days,
			Start: b.Weekly.Start,
			End:   b.Weekly.End,
		}
	}
	return out
}

type suppressionsInput struct {
	gate.Paged
	gate.InSchool
	Kind   g.SuppressionKind       `query:"kind" doc:"Only shelves, or only windows."`
	State  alerts.SuppressionState `query:"state" enum:"planned,active,over" doc:"Only those in this state."`
	Device g.DeviceID              `query:"device" maxLength:"64" doc:"Only windows that name this device, or a place where it is. A page can then be shorter than limit although next leads on."`
}

// registerWindows adds maintenance windows, and the list of what hides alerts.
func (s *area) registerWindows() {
	const tag = "Alerts"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/suppressions",
		ID:      "list-suppressions",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Shelves and maintenance windows, newest first",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/suppressions?state=active"`,
	}, func(
		ctx context.Context, in *suppressionsInput,
	) (*gate.Body[gate.Page[alerts.SuppressionRow]], error) {
		return gate.Listed(s.View(ctx).Alerts.Suppressions(ctx, alerts.SuppressionFilter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			School: in.School,
			Kind:   in.Kind,
			State:  in.State,
			Device: in.Device,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/suppressions",
		ID:      "create-suppression",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Status:  201,
		Summary: "Open or plan a maintenance window",
		Doc: "It hides the alerts that fit each of its lists that is not empty, up to a severity. " +
			"Hidden is not lost: they are kept with the reason, and what still holds at the end is " +
			"told then. At most 30 days, weekly ones 366. To hide critical ones takes " +
			"alerts:suppress, named rules or devices, and is for 24 hours at most.",
	}, func(
		ctx context.Context, in *gate.Post[windowBody],
	) (*gate.Body[alerts.SuppressionRow], error) {
		return gate.Answer(s.View(ctx).Alerts.PutWindow(ctx, in.Body.window(ctx, ""),
			gate.CallerOf(ctx).By()))
	})
	s.registerWindow(tag)
}

func (s *area) registerWindow(tag string) {
	k := gate.Thing[windowBody, alerts.SuppressionRow]{
		Load: func(ctx context.Context, id string) (alerts.SuppressionRow, error) {
			return s.View(ctx).Alerts.Suppression(ctx, g.SuppressionID(id))
		},
		State: func(x alerts.SuppressionRow) any { return x.Suppression },
		Save: func(
			ctx context.Context, id string, b windowBody,
		) (alerts.SuppressionRow, error) {
			return s.View(ctx).Alerts.PutWindow(ctx, b.window(ctx, id), gate.CallerOf(ctx).By())
		},
	}
	gate.ReadsThing(s.Gate, gate.Endpoint{
		Path:    "/v1/suppressions/{id}",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One shelf or maintenance window",
	}, "suppression", k)
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/suppressions/{id}",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Change a maintenance window that is not over",
		Doc: "What it does not hide any more is told then. One that has begun keeps its " +
			"beginning.",
	}, "suppression", k)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/suppressions/{id}/end",
		ID:       "end-suppression",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "End a shelf or maintenance window now, or cancel a planned one",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[alerts.SuppressionRow], error) {
		return gate.Answer(s.View(ctx).Alerts.EndSuppression(ctx, g.SuppressionID(in.ID),
			gate.CallerOf(ctx).By()))
	})
}
