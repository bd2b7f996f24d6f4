package rules

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

type yamlFile struct {
	Type string `header:"Content-Type"`
	Name string `header:"Content-Disposition"`
	Body []byte
}

type importRulesInput struct {
	Body struct {
		YAML    string     `json:"yaml" maxLength:"262144" doc:"A file of rules, at most 100 of them." example:"rules:\n  - id: fridge-warm\n    title: The fridge is warm\n    severity: warning\n    when: {property: temperature, above: 8}\n"`
		School  g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school whose rules they become; empty: the caller's own."`
		DryRun  bool       `json:"dry_run,omitempty" doc:"Say what would be done, and do nothing." example:"true"`
		Enabled bool       `json:"enabled,omitempty" doc:"Whether those that are added hold at once." example:"true"`
		Note    string     `json:"note,omitempty" maxLength:"500" doc:"Why."`
	}
}

// registerTemplates adds templates as files, and rules from files.
func (s *area) registerTemplates() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/rule-templates/export",
		ID:          "export-rule-templates",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Raw:         "application/yaml",
		Summary:     "Templates as a file of rules",
		Doc:         "As the gateway's folder of rules and import-rules take it.",
	}, func(ctx context.Context, in *struct {
		ID string `query:"id" maxLength:"64" doc:"One template; empty: all."`
	}) (*yamlFile, error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		text, err := book.ExportTemplates(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &yamlFile{"application/yaml", `attachment; filename="templates.yaml"`, []byte(text)}, nil
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rule-imports",
		ID:          "import-rules",
		Tag:         tag,
		Perm:        g.RulesWrite,
		Unavailable: true,
		Summary:     "Take the rules of a file as a school's own",
		Doc: "A rule that the school has not changed since it took it becomes the file's (newer); one " +
			"that it has changed, or wrote itself, is kept and named. Each is taken by itself: one that " +
			"is refused has its problem, and the others hold. The same file again changes nothing.",
	}, s.importRules)
}

func (s *area) importRules(
	ctx context.Context, in *importRulesInput,
) (*gate.Body[ImportedRules], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	out, err := book.Import(ctx, s.View(ctx), Draft{
		School:  gate.SchoolOf(ctx, in.Body.School),
		Text:    in.Body.YAML,
		Enabled: in.Body.Enabled,
		Note:    in.Body.Note,
	}, in.Body.DryRun)
	for i := range out.Rules {
		if e := out.Rules[i].Wrong; e != nil {
			out.Rules[i].Problem, out.Rules[i].Reason = gate.LanguageOf(ctx).Error(e), e.Reason
		}
	}
	out.Rules = gate.Some(out.Rules)
	return gate.Answer(out, err)
}
