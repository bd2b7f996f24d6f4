package api_test

import (
	"context"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	apirules "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	regrules "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const ownRule = "id: own\ntitle: Our own\nseverity: warning\nwhen: {property: smoke, is: true}\n"

// ruleBook is a book without an engine: one rule of a file, and those of the registry.
type ruleBook struct{ w *world }

func (b ruleBook) List(
	ctx context.Context, v *registry.View, school g.SchoolID,
) ([]apirules.Rule, error) {
	own, err := v.Rules.List(ctx, school)
	out := []apirules.Rule{{
		ID:       "smoke-and-heat",
		Plain:    "smoke-and-heat",
		Title:    "Smoke and heat",
		Severity: g.Critical,
		Origin:   apirules.OfFile,
		Enabled:  true,
	}}
	for _, x := range own {
		out = append(out, ruleOf(x))
	}
	return out, err
}

func ruleOf(x regrules.RuleVersion) apirules.Rule {
	r, _ := rules.ParseOne("rule", []byte(x.Text))
	return apirules.Rule{
		ID:       rules.OfSchool(x.ID, x.School),
		Plain:    x.ID,
		Title:    r.Title,
		Severity: r.Severity,
		Text:     x.Text,
		Origin:   apirules.OfSchool,
		School:   x.School,
		Version:  x.Version,
		Enabled:  x.Enabled,
		Mine:     true,
	}
}

func (b ruleBook) Find(
	ctx context.Context, v *registry.View, id g.RuleID,
) (apirules.Rule, error) {
	all, err := b.List(ctx, v, "")
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	if err == nil {
		err = g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("rule"), id)
	}
	return apirules.Rule{}, err
}

func (b ruleBook) Versions(
	ctx context.Context, v *registry.View, id g.RuleID,
) ([]regrules.RuleVersion, error) {
	plain, school := rules.Plain(id)
	return v.Rules.Versions(ctx, school, plain)
}

func (b ruleBook) Templates(
	ctx context.Context, v *registry.View,
) ([]apirules.RuleTemplate, error) {
	own, err := v.Rules.List(ctx, "")
	return []apirules.RuleTemplate{{
		ID:       "gas",
		Group:    "safety",
		Title:    "Gas",
		Severity: g.Critical,
		Text:     ownRule,
		Uses:     len(own),
		Schools:  []g.SchoolID{},
		Rules:    []apirules.TemplateUse{},
	}}, err
}

func (b ruleBook) Check(
	ctx context.Context, v *registry.View, d apirules.Draft,
) (apirules.Checked, error) {
	if _, err := v.Rules.List(ctx, d.School); err != nil {
		return apirules.Checked{}, err
	}
	r, err := rules.ParseOne("rule", []byte(d.Text))
	out := apirules.Checked{ID: r.ID, Title: r.Title, Severity: r.Severity}
	if err != nil {
		out.Problems = []apirules.RuleProblem{{
			Line:   2,
			Column: 8,
			Length: 1,
			Err:    g.Errorf(g.Invalid, "%s", err),
		}}
	}
	return out, nil
}

func (b ruleBook) Put(
	ctx context.Context, v *registry.View, d apirules.Draft, seen int,
) (apirules.Rule, error) {
	r, err := rules.ParseOne("rule", []byte(d.Text))
	if err != nil {
		return apirules.Rule{}, g.FieldErrorf("text", "%s", err)
	}
	x, err := v.Rules.Put(ctx, regrules.RuleVersion{
		School:  d.School,
		ID:      r.ID,
		Text:    d.Text,
		Enabled: d.Enabled,
		Note:    d.Note,
	}, seen)
	return ruleOf(x), err
}

func (b ruleBook) Delete(
	ctx context.Context, v *registry.View, id g.RuleID, seen int, note string,
) error {
	plain, school, _ := strings.Cut(string(id), "@")
	_, err := v.Rules.Delete(ctx, g.SchoolID(school), g.RuleID(plain), seen, note)
	return err
}

func (b ruleBook) Restore(
	ctx context.Context, v *registry.View, id g.RuleID, seen, from int, note string,
) (apirules.Rule, error) {
	plain, school := rules.Plain(id)
	x, err := v.Rules.Restore(ctx, school, plain, seen, from, note)
	return ruleOf(x), err
}

func (b ruleBook) Explain(
	ctx context.Context, v *registry.View, id g.RuleID, about apirules.About,
) (apirules.Explained, error) {
	if _, err := b.Find(ctx, v, id); err != nil {
		return apirules.Explained{}, err
	}
	_, err := v.Fleet.Device(ctx, about.Device)
	return apirules.Explained{InForce: true}, err
}

func (b ruleBook) ExportTemplates(_ context.Context, id string) (string, error) {
	return "rules:\n  - id: gas\n", nil
}

func (b ruleBook) Import(
	ctx context.Context, v *registry.View, d apirules.Draft, dry bool,
) (apirules.ImportedRules, error) {
	_, err := v.Rules.List(ctx, d.School)
	return apirules.ImportedRules{DryRun: dry}, err
}

func (b ruleBook) ExplainThen(
	ctx context.Context, v *registry.View, id g.RuleID, about apirules.About, _ time.Time,
) (apirules.ExplainedThen, error) {
	_, err := b.Explain(ctx, v, id, about)
	return b.explained(), err
}

func (b ruleBook) explained() apirules.ExplainedThen {
	return apirules.ExplainedThen{ID: "exp_1", State: apirules.BacktestDone}
}

func (b ruleBook) ThenState(
	ctx context.Context, v *registry.View, id string,
) (apirules.ExplainedThen, error) {
	return b.explained(), b.StopThen(ctx, v, id)
}

func (b ruleBook) StopThen(ctx context.Context, v *registry.View, id string) error {
	if _, err := v.Rules.List(ctx, b.w.a.ID); err != nil || id != "exp_1" {
		return g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("explanation"), id)
	}
	return nil
}

func (b ruleBook) Backtest(
	ctx context.Context, v *registry.View, d apirules.Draft, since time.Duration,
) (apirules.Backtest, error) {
	_, err := v.Rules.List(ctx, d.School)
	if err == nil {
		_, err = rules.ParseOne("rule", []byte(d.Text))
	}
	return b.backtest(), err
}

func (b ruleBook) backtest() apirules.Backtest {
	return apirules.Backtest{ID: "bkt_1", State: apirules.BacktestDone}
}

func (b ruleBook) BacktestState(
	ctx context.Context, v *registry.View, id string,
) (apirules.Backtest, error) {
	return b.backtest(), b.StopBacktest(ctx, v, id)
}

func (b ruleBook) StopBacktest(ctx context.Context, v *registry.View, id string) error {
	if _, err := v.Rules.List(ctx, b.w.a.ID); err != nil || id != "bkt_1" {
		return g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("backtest"), id)
	}
	return nil
}

func (b ruleBook) Try(
	ctx context.Context, v *registry.View, text, tests string,
) (apirules.Tried, error) {
	r, err := rules.ParseOne("rule", []byte(text))
	if err != nil {
		return apirules.Tried{}, g.FieldErrorf("text", "%s", err)
	}
	list, err := rules.ParseTests("tests", []byte(tests), nil)
	if err != nil {
		return apirules.Tried{}, g.FieldErrorf("tests", "%s", err)
	}
	out := rules.RunTests("tests", list, []rules.Rule{r}, nil)
	return apirules.Tried{Tests: out, Passed: len(out)}, nil
}
