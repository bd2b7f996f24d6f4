package guardians

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/collect"
)

// CollectorInput is somebody who may collect a pupil, as they are entered.
type CollectorInput struct {
	Pupil    g.PersonID `json:"pupil" minLength:"1" maxLength:"64" doc:"Who is collected."`
	Name     string     `json:"name" minLength:"1" maxLength:"100" doc:"Who may collect." example:"Zhang Lan"`
	Relation string     `json:"relation,omitempty" maxLength:"40" doc:"Who they are to the pupil." example:"grandmother"`
	Phone    string     `json:"phone,omitempty" maxLength:"40" doc:"Their telephone number, to be asked for at the gate; shown are its last digits."`
	Card     string     `json:"card,omitempty" maxLength:"40" doc:"The number of their identity card; shown are its last digits."`
	From     time.Time  `json:"from" doc:"From then on."`
	To       time.Time  `json:"to" doc:"Until then; at most ten years from now."`
}

// HandoverInput is somebody who came to the gate for a pupil.
type HandoverInput struct {
	Pupil     g.PersonID    `json:"pupil" minLength:"1" maxLength:"64" doc:"Who is collected."`
	Collector g.CollectorID `json:"collector,omitempty" maxLength:"64" doc:"Who came, where they are listed."`
	Guardian  g.PersonID    `json:"guardian,omitempty" maxLength:"64" doc:"Who came, where they are the pupil's guardian."`
	Name      string        `json:"name,omitempty" maxLength:"100" doc:"Who came, where they are neither: security is told."`
	Given     bool          `json:"given" doc:"The pupil went with them."`
	Note      string        `json:"note,omitempty" maxLength:"500" doc:"What was done; needed of somebody who is not listed."`
}

// registerCollectors adds who may collect a pupil, and what happened at the gate.
func (s *area) registerCollectors() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/{id}/collectors",
		ID:      "list-collectors",
		Tag:     tag,
		Perm:    g.PeopleRead,
		Summary: "Who may collect a pupil, beside the guardians",
		Doc:     "Those whose time is not over. Of telephone and card only the last digits are shown.",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		gate.Paged
	},
	) (*gate.Body[gate.Page[collect.Listed]], error) {
		all, err := s.View(ctx).Collect.Of(ctx, g.PersonID(in.ID))
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x collect.Listed) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/collectors",
		ID:      "add-collector",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Status:  201,
		Summary: "List somebody who may collect a pupil",
		Doc:     "The pupil's guardians see it on their page.",
	}, func(ctx context.Context, in *gate.Post[CollectorInput]) (*gate.Body[collect.Listed], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Collect.Add(ctx, g.Collector{
			Pupil: b.Pupil,
			From:  b.From,
			To:    b.To,
			CollectorDetails: g.CollectorDetails{
				Name:     b.Name,
				Relation: b.Relation,
				Phone:    b.Phone,
				Card:     b.Card,
			},
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/collectors/{id}/end",
		ID:      "end-collector",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "End that somebody may collect a pupil",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[collect.Listed], error) {
		return gate.Answer(s.View(ctx).Collect.End(ctx, g.CollectorID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/{id}/at-gate",
		ID:      "get-at-gate",
		Tag:     tag,
		Perm:    g.SightingsWrite,
		Summary: "Whether a pupil may leave now, and with whom: for the gate",
		Doc: "They may leave while a leave goes on, or within the hour before it begins. The look is in the " +
			"audit log.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[collect.AtGate], error) {
		return gate.Answer(s.View(ctx).Collect.Gate(ctx, g.PersonID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/handovers",
		ID:      "hand-over",
		Tag:     tag,
		Perm:    g.SightingsWrite,
		Status:  201,
		Summary: "Note who came to the gate for a pupil, and whether the pupil went with them",
		Doc: "Somebody who is neither listed now nor the pupil's guardian raises an alert for the office and " +
			"security, also where the pupil was not handed over.",
	}, func(ctx context.Context, in *gate.Post[HandoverInput]) (*gate.Body[g.Collected], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Collect.HandOver(ctx, g.Collected{
			Pupil: b.Pupil,
			CollectedDetails: g.CollectedDetails{
				Collector: b.Collector,
				Guardian:  b.Guardian,
				Name:      b.Name,
				Given:     b.Given,
				Note:      b.Note,
			},
		}))
	})
}
