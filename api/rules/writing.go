package rules

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// DraftInput is a rule as it is written.
type DraftInput struct {
	Text     string `json:"text" maxLength:"65536" doc:"One rule in the rule language (YAML): its keys alone, or a file with one rule." example:"id: fridge-warm\ntitle: The fridge is warm\nseverity: warning\nwhen: {property: temperature, above: 8}\nfor: 10m\n"`
	Enabled  bool   `json:"enabled" doc:"Whether it holds." example:"true"`
	Replaces bool   `json:"replaces,omitempty" doc:"It stands in the place of the rule with the same id in the files or of a school above. While it is disabled, neither holds."`
	Template string `json:"template,omitempty" maxLength:"64" doc:"The id of the template that it began as."`
	Note     string `json:"note,omitempty" maxLength:"500" doc:"Why it is changed." example:"the old limit rang every morning"`

	TemplateVersion string `json:"template_version,omitempty" maxLength:"64" doc:"The version of the template on which the text stands now: with it, a newer one is taken. Empty: as before, or, for a new rule, the one that ships."`
}

func (d DraftInput) draft(school g.SchoolID, id g.RuleID) Draft {
	return Draft{
		School:   school,
		ID:       id,
		Text:     d.Text,
		Enabled:  d.Enabled,
		Replaces: d.Replaces,
		Template: d.Template,
		Note:     d.Note,

		TemplateVersion: d.TemplateVersion,
	}
}

type createRuleInput struct {
	Body struct {
		DraftInput
		School g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school that writes it; empty: the caller's own. It holds for the schools below too."`
	}
}

type updateRuleInput struct {
	ByRule
	Body struct {
		DraftInput
		gate.AtVersion
	}
}

type deleteRuleInput struct {
	ByRule
	Version int    `query:"version" minimum:"0" doc:"The version that was seen; another is a conflict."`
	Note    string `query:"note" maxLength:"500" doc:"Why it is deleted."`
}

type restoreRuleInput struct {
	ByRule
	Body struct {
		Version int    `json:"version" minimum:"0" doc:"The newest version that was seen; another is a conflict." example:"2"`
		From    int    `json:"from" minimum:"1" doc:"The version whose text holds again." example:"1"`
		Note    string `json:"note,omitempty" maxLength:"500" doc:"Why."`
	}
}

type checkRuleInput struct {
	Body struct {
		Text     string     `json:"text" maxLength:"65536" doc:"One rule in the rule language (YAML)." example:"id: fridge-warm\ntitle: The fridge is warm\nseverity: warning\nwhen: {property: temperature, above: 8}\n"`
		School   g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school that writes it; empty: the caller's own."`
		Plain    g.RuleID   `json:"plain_id,omitempty" maxLength:"64" doc:"The id in the text of the rule that is changed; empty for a new one."`
		Replaces bool       `json:"replaces,omitempty" doc:"It is to stand in another rule's place."`
	}
}

func (s *area) registerWriting() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rules/check",
		ID:          "check-rule",
		Tag:         tag,
		Perm:        g.AlertsRead,
		Unavailable: true,
		Summary:     "What is wrong with a rule, and where, without keeping it",
		Doc: "As the gateway checks when it is kept. Doubts are what the school's profiles, rooms " +
			"and devices do not know: they keep nobody from keeping it.",
	}, s.check)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rules",
		ID:          "create-rule",
		Tag:         tag,
		Perm:        g.RulesWrite,
		Unavailable: true,
		Conflict:    true,
		Status:      201,
		Summary:     "Write a rule of the school's own",
		Doc:         "It is in force when this answers, and judges what holds then.",
	}, func(ctx context.Context, in *createRuleInput) (*gate.Body[Rule], error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		d := in.Body.draft(gate.SchoolOf(ctx, in.Body.School), "")
		r, err := book.Put(ctx, s.View(ctx), d, 0)
		return gate.Answer(told(ctx, r), err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "PUT",
		Path:        "/v1/rules/{id}",
		ID:          "update-rule",
		Tag:         tag,
		Perm:        g.RulesWrite,
		Unavailable: true,
		Conflict:    true,
		Summary:     "Write the next version of a school's own rule",
		Doc: "Alerts for which the condition still holds go on as the same alerts. The earlier " +
			"versions are kept.",
	}, s.update)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "DELETE",
		Path:        "/v1/rules/{id}",
		ID:          "delete-rule",
		Tag:         tag,
		Perm:        g.RulesWrite,
		Unavailable: true,
		Conflict:    true,
		Summary:     "Delete a school's own rule; its versions are kept",
	}, func(ctx context.Context, in *deleteRuleInput) (*struct{}, error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		return nil, book.Delete(
			ctx,
			s.View(ctx),
			in.ID,
			in.Version,
			in.Note,
		)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/rules/{id}/restore",
		ID:          "restore-rule",
		Tag:         tag,
		Perm:        g.RulesWrite,
		Unavailable: true,
		Conflict:    true,
		Summary:     "Make an earlier version of a school's own rule the newest one",
	}, func(ctx context.Context, in *restoreRuleInput) (*gate.Body[Rule], error) {
		book, err := s.ready()
		if err != nil {
			return nil, err
		}
		r, err := book.Restore(
			ctx,
			s.View(ctx),
			in.ID,
			in.Body.Version,
			in.Body.From,
			in.Body.Note,
		)
		return gate.Answer(told(ctx, r), err)
	})
}

func (s *area) check(ctx context.Context, in *checkRuleInput) (*gate.Body[Checked], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	out, err := book.Check(ctx, s.View(ctx), Draft{
		School:   gate.SchoolOf(ctx, in.Body.School),
		ID:       in.Body.Plain,
		Text:     in.Body.Text,
		Replaces: in.Body.Replaces,
	})
	out.Problems, out.Doubts = worded(ctx, out.Problems), worded(ctx, out.Doubts)
	return gate.Answer(out, err)
}

func (s *area) update(ctx context.Context, in *updateRuleInput) (*gate.Body[Rule], error) {
	book, err := s.ready()
	if err != nil {
		return nil, err
	}
	old, err := book.Find(ctx, s.View(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if old.Origin != OfSchool {
		return nil, g.Errorf(g.Conflict, "the rule %q is in a file: it is changed there, or a rule of "+
			"the school's own stands in its place", in.ID).Because("rule_in_file")
	}
	r, err := book.Put(ctx, s.View(ctx), in.Body.draft(old.School, old.Plain), in.Body.Version)
	return gate.Answer(told(ctx, r), err)
}
