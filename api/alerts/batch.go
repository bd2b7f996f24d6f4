package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// Outcome is what became of one alert of a batch.
type Outcome struct {
	ID     g.AlertID `json:"id"`
	OK     bool      `json:"ok"`
	Alert  *g.Alert  `json:"alert,omitempty"`
	Code   g.Code    `json:"code,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Text   string    `json:"text,omitempty"`
}

// Outcomes are what became of a batch.
type Outcomes struct {
	Done      int       `json:"done"`
	Outcomes  []Outcome `json:"outcomes" nullable:"false"`
	Undo      string    `json:"undo,omitempty"`
	UndoUntil time.Time `json:"undo_until,omitzero"`
}

type batchInput struct {
	Body struct {
		Deed        alerts.Deed `json:"deed" enum:"acknowledge,unacknowledge,assign,resolve,shelve,unshelve" example:"acknowledge"`
		IDs         []g.AlertID `json:"ids" minItems:"1" maxItems:"500" nullable:"false"`
		Minutes     int         `json:"minutes,omitempty" minimum:"0" maximum:"1440"`
		Assignee    g.UserID    `json:"assignee,omitempty" maxLength:"64"`
		Comment     string      `json:"comment,omitempty" maxLength:"2000"`
		UntilItEnds bool        `json:"until_it_ends,omitempty"`
	}
}

type undoInput struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"64" doc:"undo of the batch."`
	}
}

// registerBatches adds deeds over many alerts.
func (s *area) registerBatches(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/alerts/batch",
		ID:       "handle-alerts",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Acknowledge, give back, assign, resolve, shelve or unshelve up to 500 alerts",
		Doc: "In one transaction. Each alert is judged as it is now, whatever version was seen; " +
			"one that the deed does not fit is left alone, and its outcome says why. undo takes " +
			"all of it back within 30 seconds; of a shelf that was taken back, it brings back the " +
			"end, the owner and the reason.",
	}, s.batch)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/undo",
		ID:      "undo-alerts",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Take back what one just did to many alerts",
		Doc: "Each is again as it was. One that somebody has changed since is left alone, and " +
			"its outcome says so.",
	}, func(ctx context.Context, in *undoInput) (*gate.Body[Outcomes], error) {
		done, err := s.View(ctx).Alerts.Undo(ctx, in.Body.Token, gate.CallerOf(ctx).By())
		return gate.Answer(outcomes(ctx, alerts.Done{Outcomes: done}), err)
	})
}

func (s *area) batch(ctx context.Context, in *batchInput) (*gate.Body[Outcomes], error) {
	done, err := s.View(ctx).Alerts.Do(ctx, alerts.Batch{
		Deed:     in.Body.Deed,
		IDs:      in.Body.IDs,
		For:      time.Duration(in.Body.Minutes) * time.Minute,
		To:       in.Body.Assignee,
		Comment:  in.Body.Comment,
		Although: in.Body.UntilItEnds,
	}, gate.CallerOf(ctx).By())
	return gate.Answer(outcomes(ctx, done), err)
}

// outcomes words a batch's outcomes in the caller's language.
func outcomes(ctx context.Context, done alerts.Done) Outcomes {
	out := Outcomes{
		Outcomes:  []Outcome{},
		Undo:      done.Undo,
		UndoUntil: done.Until,
	}
	language := gate.LanguageOf(ctx)
	for _, x := range done.Outcomes {
		one := Outcome{
			ID: x.ID,
			OK: x.Err == nil,
		}
		if x.Err == nil {
			out.Done++
			one.Alert = &x.Alert
		} else {
			one.Code, one.Reason, one.Text = x.Err.Code, x.Err.Reason, language.Message(x.Err)
		}
		out.Outcomes = append(out.Outcomes, one)
	}
	return out
}
