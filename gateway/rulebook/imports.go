package rulebook

import (
	"context"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	importFile  = "import" // names the file in errors
	maxImported = 100      // rules of one file
)

// Import takes the rules of a file as the school's own. One that the school has not changed since it
// took it becomes the file's; one that it has changed, or wrote itself, is kept. dry: nothing is
// written. Each rule is taken by itself: what is refused has its reason, and the others hold.
func (b *Book) Import(
	ctx context.Context, v *registry.View, d api.Draft, dry bool,
) (api.ImportedRules, error) {
	out := api.ImportedRules{DryRun: dry, Rules: []api.ImportedRule{}}
	own, err := v.Rules.List(ctx, d.School)
	if err != nil {
		return out, err
	}
	all, err := rules.Parse(importFile, []byte(d.Text))
	if err != nil {
		return out, first(err)
	}
	if len(all) == 0 || len(all) > maxImported {
		return out, g.FieldErrorf("yaml", "the file has %d rules: one is imported with 1 to %d", len(all),
			maxImported)
	}
	with := make([]kept.RuleVersion, len(all)) // they name each other
	for i, r := range all {
		with[i] = kept.RuleVersion{
			School:  d.School,
			ID:      r.ID,
			Text:    rules.Alone(r.YAML),
			Enabled: true,
		}
	}
	for _, r := range all {
		one, err := b.importOne(ctx, v, d, r, own, with, dry)
		var refused *g.Error
		if errors.As(err, &refused) && refused.Code != g.Forbidden {
			one.What, one.Wrong, one.Problem = api.ImportRefused, refused, refused.Error()
		} else if err != nil {
			return out, err
		}
		out.Rules = append(out.Rules, one)
	}
	return out, nil
}

func (b *Book) importOne(
	ctx context.Context, v *registry.View, d api.Draft, r rules.Rule, own, with []kept.RuleVersion, dry bool,
) (api.ImportedRule, error) {
	text := rules.Alone(r.YAML)
	out := api.ImportedRule{
		ID:       rules.OfSchool(r.ID, d.School),
		Title:    r.Title,
		TitleZH:  r.TitleZH,
		Severity: r.Severity,
		What:     api.ImportAdded,
		Is:       text,
	}
	next := api.Draft{
		School:  d.School,
		Text:    text,
		Enabled: d.Enabled,
		Note:    d.Note,
	}
	seen := 0
	for _, x := range own {
		if x.School != d.School || x.ID != r.ID {
			continue
		}
		out.Was = x.Text
		switch {
		case sameRule(x.Text, text):
			out.What = api.ImportSame
			return out, nil
		case x.Base == "" || !sameRule(x.Text, x.Base):
			out.What = api.ImportKept
			return out, nil
		}
		out.What = api.ImportNewer
		seen, next.ID, next.Enabled, next.Replaces = x.Version, x.ID, x.Enabled, x.Replaces
	}
	ships, err := b.template(string(r.ID))
	if err != nil {
		return out, err
	}
	base := text
	if ships != "" { // it began as that template, and what the file has else is the school's own
		next.Template, base = string(r.ID), ships
	}
	if dry {
		if _, errs := b.check(next, seen == 0, with...); len(errs) > 0 {
			return out, refusal(next, errs)
		}
		return out, nil
	}
	_, err = b.put(ctx, v, next, seen, base, with...)
	return out, err
}
