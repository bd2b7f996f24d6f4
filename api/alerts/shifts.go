package alerts

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type giveShiftInput struct {
	Body struct {
		School g.SchoolID `json:"school,omitempty" maxLength:"64"`
		Text   string     `json:"text,omitempty" maxLength:"8000" example:"The key of the boiler room is at the gate."`
	}
}

type takeShiftInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Remark string `json:"remark,omitempty" maxLength:"8000"`
	}
}

func (s *area) registerShifts(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/standing",
		ID:      "get-standing",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "What is not over in a school, and who holds what",
		Doc:     "What a shift note would say now. Lists hold at most 100; the counts are of all.",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[alerts.ShiftStanding], error) {
		return gate.Answer(s.View(ctx).Alerts.Standing(ctx, in.School, s.Now()))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/shift-notes",
		ID:      "list-shift-notes",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Shift notes, newest first",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[alerts.ShiftNote]], error) {
		return gate.Listed(s.View(ctx).Alerts.Shifts(ctx, in.School, registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/shift-notes/{id}",
		ID:      "get-shift-note",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One shift note",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[alerts.ShiftNote], error) {
		return gate.Answer(s.View(ctx).Alerts.Shift(ctx, in.ID))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/shift-notes",
		ID:      "give-shift",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Status:  201,
		Summary: "Write a shift note: what stands now, and in words",
		Doc:     "Signed by the user who is signed in; a program cannot. It never changes afterwards.",
	}, func(ctx context.Context, in *giveShiftInput) (*gate.Body[alerts.ShiftNote], error) {
		return gate.Answer(s.View(ctx).Alerts.GiveShift(ctx, gate.SchoolOf(ctx, in.Body.School),
			gate.CallerOf(ctx).By(), in.Body.Text))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/shift-notes/{id}/take",
		ID:       "take-shift",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Sign for a shift note: another user than the one who gave it",
	}, func(ctx context.Context, in *takeShiftInput) (*gate.Body[alerts.ShiftNote], error) {
		return gate.Answer(s.View(ctx).Alerts.TakeShift(ctx, in.ID, in.Body.Version,
			gate.CallerOf(ctx).By(), in.Body.Remark))
	})
}
