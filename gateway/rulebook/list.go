package rulebook

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// List lists the rules that hold for the schools that the caller sees, or for one of them: those of
// the files, of the schools above and their own, disabled ones too.
func (b *Book) List(
	ctx context.Context, v *registry.View, school g.SchoolID,
) ([]api.Rule, error) {
	own, err := v.Rules.List(ctx, school)
	if err != nil {
		return nil, err
	}
	found, err := v.Alerts.Findings(ctx, school)
	if err != nil {
		return nil, err
	}
	seen, err := b.sees(ctx, v, school)
	if err != nil {
		return nil, err
	}
	now := b.now.Load()
	out := make([]api.Rule, 0, len(now.files.Rules)+len(own))
	for _, r := range now.files.Rules {
		x := fromFile(r)
		for _, id := range now.except(r.ID) {
			if slices.Contains(seen, id) {
				x.Replaced = append(x.Replaced, id)
			}
		}
		x.Enabled = len(x.Replaced) < len(seen) || len(seen) == 0
		out = append(out, counted(x, found))
	}
	for _, x := range now.above(seen, own) {
		out = append(out, counted(b.fromSchool(now, x, false), found))
	}
	for _, x := range own {
		out = append(out, counted(b.fromSchool(now, x, true), found))
	}
	return out, nil
}

// Find returns one rule of the list, with its text.
func (b *Book) Find(ctx context.Context, v *registry.View, id g.RuleID) (api.Rule, error) {
	all, err := b.List(ctx, v, "")
	if err != nil {
		return api.Rule{}, err
	}
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	return api.Rule{}, g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("rule"), id)
}

// Versions lists every version of a school's rule, the newest first.
func (b *Book) Versions(
	ctx context.Context, v *registry.View, id g.RuleID,
) ([]kept.RuleVersion, error) {
	plain, school, err := own(id)
	if err != nil {
		return nil, err
	}
	return v.Rules.Versions(ctx, school, plain)
}

// sees lists the schools that the caller sees, or the one that is asked for.
func (b *Book) sees(
	ctx context.Context, v *registry.View, school g.SchoolID,
) ([]g.SchoolID, error) {
	if school != "" {
		return []g.SchoolID{school}, nil
	}
	all, err := v.Places.Schools(ctx)
	out := make([]g.SchoolID, len(all))
	for i, s := range all {
		out[i] = s.ID
	}
	return out, err
}

// above lists the rules of schools above those seen, which hold for them and are not their own.
func (f *inForce) above(seen []g.SchoolID, own []kept.RuleVersion) []kept.RuleVersion {
	var out []kept.RuleVersion
	for _, x := range f.kept {
		mine := slices.ContainsFunc(own, func(y kept.RuleVersion) bool {
			return x.School == y.School && x.ID == y.ID
		})
		if mine {
			continue
		}
		holds := slices.ContainsFunc(f.schools[x.School], func(id g.SchoolID) bool {
			return slices.Contains(seen, id)
		})
		if holds {
			out = append(out, x)
		}
	}
	return out
}

func fromFile(r rules.Rule) api.Rule {
	return api.Rule{
		ID:       r.ID,
		Plain:    r.ID,
		Title:    r.Title,
		TitleZH:  r.TitleZH,
		Severity: r.Severity,
		YAML:     r.YAML,
		Text:     rules.Alone(r.YAML),
		Origin:   api.OfFile,
		File:     r.File,
		Line:     r.Line,
		Per:      string(r.Per),
		Enabled:  true,
	}
}

// fromSchool describes a school's rule; mine: the caller's scope has it.
func (b *Book) fromSchool(now *inForce, x kept.RuleVersion, mine bool) api.Rule {
	id := rules.OfSchool(x.ID, x.School)
	out := api.Rule{
		ID:         id,
		Plain:      x.ID,
		Title:      string(x.ID),
		YAML:       x.Text,
		Text:       x.Text,
		Origin:     api.OfSchool,
		School:     x.School,
		SchoolName: b.schoolName(x.School),
		Mine:       mine,
		Version:    x.Version,
		Enabled:    x.Enabled,
		Replaces:   x.Replaces,
		Template:   x.Template,
		Note:       x.Note,
		ByName:     x.ByName,
		At:         x.At,
		Severity:   g.Info,
	}
	if r, err := parse(x); err == nil {
		out.Title, out.TitleZH, out.Severity, out.Per = r.Title, r.TitleZH, r.Severity, string(r.Per)
	}
	out.Wrong = now.broken[id]
	return out
}

func counted(r api.Rule, found map[g.RuleID]alerts.Finding) api.Rule {
	f := found[r.ID]
	r.Found, r.Firing, r.LastFound = f.Alerts, f.Firing, f.Last
	return r
}
