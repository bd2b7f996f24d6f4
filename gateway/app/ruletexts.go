package app

import (
	"context"
	"encoding/json"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// noteRules has the audit log say what changed of the rule files since the last start. Rules that
// cannot be noted do not come into force.
func (a *App) noteRules(ctx context.Context, rs []rules.Rule, ps []rules.Procedure) error {
	var texts []registry.RuleText
	for _, r := range rs {
		texts = append(texts, registry.RuleText{Kind: "rule", ID: string(r.ID), Body: r.YAML})
	}
	for _, p := range ps {
		b, err := json.MarshalIndent(p, "", " ")
		if err != nil {
			return err
		}
		texts = append(texts, registry.RuleText{Kind: "procedure", ID: p.ID, Body: string(b)})
	}
	return a.reg.In(g.SystemScope("rules")).NoteRules(ctx, texts)
}
