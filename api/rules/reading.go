package rules

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
)

const tag = "Rules"

type listRulesInput struct {
	gate.Paged
	gate.InSchool
}

// ByRule is the input of operations on one rule.
type ByRule struct {
	ID g.RuleID `path:"id" maxLength:"129" doc:"The rule's id, as the list shows it."`
}

func (s *area) registerReading() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rules",
		ID:          "list-rules",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "The rules that hold, and those that are disabled",
		Doc: "Those of the gateway's files, of the schools above, and the schools' own. An id " +
			"with @ is of a school's own rule: the id in its text, and the school's.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/rules"`,
	}, s.list)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rules/{id}",
		ID:          "get-rule",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "One rule",
	}, func(ctx context.Context, in *ByRule) (*gate.Body[Rule], error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		r, err := book.Find(ctx, s.View(ctx), in.ID)
		return gate.Answer(told(ctx, r), err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rules/{id}/versions",
		ID:          "list-rule-versions",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Conflict:    true,
		Summary:     "Every version of a school's own rule, the newest first",
	}, s.versions)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rule-templates",
		ID:          "list-rule-templates",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "Rules to begin from, and who began with each",
	}, s.templates)
}

func (s *area) list(ctx context.Context, in *listRulesInput) (*gate.Body[gate.Page[Rule]], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	all, err := book.List(ctx, s.View(ctx), in.School)
	for i := range all {
		all[i] = told(ctx, all[i])
	}
	return gate.PageOf(s.Gate, all, in.Paged, err, func(r Rule) string { return string(r.ID) })
}

type ruleVersions struct {
	Versions []kept.RuleVersion `json:"versions" nullable:"false" doc:"The newest first."`
}

func (s *area) versions(
	ctx context.Context, in *ByRule,
) (*gate.Body[ruleVersions], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	all, err := book.Versions(ctx, s.View(ctx), in.ID)
	return gate.Answer(ruleVersions{gate.Some(all)}, err)
}

type ruleTemplates struct {
	Templates []RuleTemplate `json:"templates" nullable:"false" doc:"By group."`
}

func (s *area) templates(
	ctx context.Context, _ *struct{},
) (*gate.Body[ruleTemplates], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	all, err := book.Templates(ctx, s.View(ctx))
	return gate.Answer(ruleTemplates{gate.Some(all)}, err)
}

// told puts why a rule is not in force into the reader's language.
func told(ctx context.Context, r Rule) Rule {
	if r.Wrong != nil {
		r.Problem = gate.LanguageOf(ctx).Error(r.Wrong)
	}
	return r
}

// worded puts problems into the reader's language, without their place, which has fields of its own.
func worded(ctx context.Context, list []RuleProblem) []RuleProblem {
	out := []RuleProblem{}
	for _, p := range list {
		if p.Err != nil {
			bare := *p.Err
			bare.Field = ""
			p.Message, p.Reason = gate.LanguageOf(ctx).Error(&bare), p.Err.Reason
		}
		out = append(out, p)
	}
	return out
}
