package oncall

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// Calling is how far an alert's chain has come, and what it did.
type Calling struct {
	oncall.Call
	ChainName   string             `json:"chain_name,omitempty"`
	ChainNameZH string             `json:"chain_name_zh,omitempty"`
	Steps       int                `json:"steps"`
	Log         []oncall.CallEntry `json:"log" nullable:"false"`
}

func (s *area) registerCalls() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/alerts/{id}/calls",
		ID:      "get-alert-calls",
		Tag:     "Duty",
		Perm:    g.AlertsRead,
		Summary: "Who was called about an alert, and who is next",
		Doc: "Not found where no chain was ever begun for it: the alert is not there, or it was " +
			"answered at once.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[Calling], error) {
		c, log, err := s.View(ctx).Oncall.CallOf(ctx, g.AlertID(in.ID))
		if err != nil {
			return nil, err
		}
		out := Calling{
			Call: c,
			Log:  log,
		}
		chain, err := s.View(ctx).Oncall.Chain(ctx, c.Chain)
		if g.ErrorCode(err) == g.NotFound {
			return gate.Answer(out, nil)
		}
		out.ChainName, out.ChainNameZH, out.Steps = chain.Name, chain.NameZH, len(chain.Steps)
		return gate.Answer(out, err)
	})
}
