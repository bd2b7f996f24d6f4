package rulebook

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// templatesDir is the folder of templates among the shipped files.
const templatesDir = "rules/templates"

// Templates lists the rules that ship to choose from, and which of the caller's schools began one
// of their own as each.
func (b *Book) Templates(ctx context.Context, v *registry.View) ([]api.RuleTemplate, error) {
	own, err := v.Rules.List(ctx, "")
	if err != nil {
		return nil, err
	}
	uses := map[string][]g.SchoolID{}
	for _, x := range own {
		uses[x.Template] = append(uses[x.Template], x.School)
	}
	all, err := shipped(b.opt.Shipped)
	if err != nil {
		return nil, err
	}
	out := make([]api.RuleTemplate, 0, len(all))
	for _, r := range all {
		out = append(out, api.RuleTemplate{
			ID:       string(r.ID),
			Group:    strings.TrimSuffix(path.Base(r.File), ".yaml"),
			Title:    r.Title,
			TitleZH:  r.TitleZH,
			Severity: r.Severity,
			Text:     rules.Alone(r.YAML),
			Uses:     len(uses[string(r.ID)]),
			Schools:  append([]g.SchoolID{}, uses[string(r.ID)]...),
		})
	}
	return out, nil
}

// shipped reads the templates that ship with the gateway.
func shipped(files fs.FS) ([]rules.Rule, error) {
	names, err := fs.Glob(files, templatesDir+"/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []rules.Rule
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read templates: %w", err)
		}
		more, err := rules.Parse(name, text)
		if err != nil {
			return nil, fmt.Errorf("read templates: %w", err)
		}
		out = append(out, more...)
	}
	return out, nil
}
