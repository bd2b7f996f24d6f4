package rules

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Why an explanation of the past does not look back as far as the rule may remember.
const (
	ShortJournal = "journal"
	ShortEvents  = "events"
)

// ExplainedThen is how far an explanation of a moment of the past is, and what it says.
type ExplainedThen struct {
	ID     string     `json:"id"`
	State  string     `json:"state"`
	Rule   g.RuleID   `json:"rule"`
	Device g.DeviceID `json:"device,omitempty"`
	Zone   g.ZoneID   `json:"zone,omitempty"`
	At     time.Time  `json:"at"`

	From    time.Time `json:"from"`
	Reached time.Time `json:"reached,omitzero"`
	Events  int       `json:"events"`
	Cut     string    `json:"cut,omitempty"`
	Problem string    `json:"problem,omitempty"`

	Short       string    `json:"short,omitempty"`
	RuleChanged time.Time `json:"rule_changed,omitzero"`
	Explained   Explained `json:"explained"`
}

type explainThenInput struct {
	ByRule
	Body struct {
		At     time.Time  `json:"at" doc:"The moment." example:"2026-09-01T02:14:00+08:00"`
		Device g.DeviceID `json:"device,omitempty" maxLength:"64" doc:"The device that the question is about." example:"lab-1-smoke"`
		Zone   g.ZoneID   `json:"zone,omitempty" maxLength:"64" doc:"Instead of a device: the room."`
	}
}

// ByThen is the input of operations on one explanation of the past.
type ByThen struct {
	ID string `path:"id" maxLength:"64" doc:"The explanation's id."`
}

// registerThen adds what explains a moment of the past.
func (s *area) registerThen() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rules/{id}/explanations",
		ID:          "start-rule-explanation",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Conflict:    true,
		Status:      202,
		Summary:     "Find out why a rule had raised an alert at a moment of the past, or had not",
		Doc: "It runs the rule over the journal up to the moment; ask for it by its id until its " +
			"state is done. It reads the week before, and what a baseline learns from, at most 2 " +
			"million events in 3 minutes: short says where that is less. The rule is as it is in force " +
			"now (rule_changed), names, rooms and profiles are those of now, and nobody's answers count.",
	}, s.explainThen)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rule-explanations/{id}",
		ID:          "get-rule-explanation",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "How far an explanation of the past is, and what it says",
	}, func(ctx context.Context, in *ByThen) (*gate.Body[ExplainedThen], error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		out, err := book.ThenState(ctx, s.View(ctx), in.ID)
		return gate.Answer(listed(out), err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "DELETE",
		Path:        "/v1/rule-explanations/{id}",
		ID:          "stop-rule-explanation",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "End an explanation of the past",
	}, func(ctx context.Context, in *ByThen) (*struct{}, error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		return nil, book.StopThen(ctx, s.View(ctx), in.ID)
	})
}

func (s *area) explainThen(
	ctx context.Context, in *explainThenInput,
) (*gate.Body[ExplainedThen], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	out, err := book.ExplainThen(ctx, s.View(ctx), in.ID, About{
		Device: in.Body.Device,
		Zone:   in.Body.Zone,
	}, in.Body.At)
	return gate.Answer(listed(out), err)
}

// listed has lists where there is nothing to list.
func listed(x ExplainedThen) ExplainedThen {
	e := &x.Explained
	e.Standings, e.Alerts, e.Hiding = gate.Some(e.Standings), gate.Some(e.Alerts), gate.Some(e.Hiding)
	return x
}
