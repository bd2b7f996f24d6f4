package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type shelveInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Minutes int    `json:"minutes" minimum:"1" maximum:"1440" example:"60"`
		Reason  string `json:"reason" maxLength:"500" example:"the battery is replaced on Monday"`
	}
}

// registerShelves adds what takes one alert off the wall for a time.
func (s *area) registerShelves(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/shelve",
		ID:      "shelve-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Take an alert off the wall for a time, for a reason",
		Doc: "At most 24 hours; a critical one at most 60 minutes, and it takes alerts:suppress " +
			"(reason needs_suppress). What the same rule finds at the same device, or without one " +
			"in the same zone, is shelved with it. At the end, or if it becomes more severe, it is " +
			"told again. Shelving it again sets another end.",
	},
		func(ctx context.Context, in *shelveInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.Shelve(ctx, g.AlertID(in.ID), in.Body.Version,
				gate.CallerOf(ctx).By(), time.Duration(in.Body.Minutes)*time.Minute,
				in.Body.Reason))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/unshelve",
		ID:      "unshelve-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Take a shelf back: the alert is told again unless somebody has it in hand",
	},
		func(ctx context.Context, in *commentInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.Unshelve(ctx, g.AlertID(in.ID), in.Body.Version,
				gate.CallerOf(ctx).By(), in.Body.Comment))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/alerts/{id}/hiding",
		ID:      "alert-hiding",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Everything that hides an alert now",
	},
		func(ctx context.Context, in *struct {
			gate.ByID
			gate.Paged
		}) (*gate.Body[gate.Page[alerts.SuppressionRow]], error) {
			a, err := s.View(ctx).Alerts.Find(ctx, g.AlertID(in.ID))
			if err != nil {
				return nil, err
			}
			all, err := s.View(ctx).Alerts.Hiding(ctx, a.Alert, s.Now())
			return gate.PageOf(s.Gate, all, in.Paged, err,
				func(x alerts.SuppressionRow) string { return string(x.ID) })
		})
}
