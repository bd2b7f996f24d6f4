package alerts

import (
	"context"
	"strconv"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type historyInput struct {
	gate.ByID
	Cursor string `query:"cursor" maxLength:"20" pattern:"^[0-9]*$" doc:"next of the page before."`
}

// registerPeople adds who sees to an alert, what is said about it, and what happened to it.
func (s *area) registerPeople(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/assign",
		ID:      "assign-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Say who shall see to an alert",
		Doc: "Somebody of assignable-people, or nobody. Whoever may handle alerts no more loses " +
			"those that are assigned, and what such a person had acknowledged is told again.",
	},
		func(ctx context.Context, in *assignInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.Assign(ctx, g.AlertID(in.ID), in.Body.Version,
				gate.CallerOf(ctx).By(), in.Body.Assignee, in.Body.Comment))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/alerts/assignees",
		ID:      "assignable-people",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Who may handle alerts in a school, by name",
	},
		func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[alerts.Handler]], error) {
			all, err := s.View(ctx).Alerts.Handlers(ctx, in.School)
			return gate.PageOf(s.Gate, all, in.Paged, err,
				func(h alerts.Handler) string { return string(h.ID) })
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/comment",
		ID:      "comment-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Say something about an alert, whatever its state",
	},
		func(ctx context.Context, in *remarkInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.Comment(ctx, g.AlertID(in.ID),
				gate.CallerOf(ctx).By(), in.Body.Comment))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/alerts/{id}/history",
		ID:      "alert-history",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "What happened to an alert and who did it, oldest first",
	}, s.history)
}

func (s *area) history(
	ctx context.Context, in *historyInput,
) (*gate.Body[gate.Page[alerts.Entry]], error) {
	after, err := strconv.Atoi(in.Cursor)
	if in.Cursor != "" && err != nil {
		return nil, g.FieldErrorf("cursor", "the cursor is none that this list gave")
	}
	entries, next, err := s.View(ctx).Alerts.History(ctx, g.AlertID(in.ID), after)
	cursor := ""
	if next > 0 {
		cursor = strconv.Itoa(next)
	}
	return gate.Listed(entries, cursor, err)
}
