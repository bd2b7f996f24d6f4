package rulebook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// templatesDir is the folder of templates among the shipped files.
const templatesDir = "rules/templates"

// Templates lists the rules that ship to choose from, and which rules of the caller's schools began
// as each, with those that stand on an older version of it.
func (b *Book) Templates(ctx context.Context, v *registry.View) ([]api.RuleTemplate, error) {
	own, err := v.Rules.List(ctx, "")
	if err != nil {
		return nil, err
	}
	uses := map[string][]kept.RuleVersion{}
	for _, x := range own {
		uses[x.Template] = append(uses[x.Template], x)
	}
	all, err := shipped(b.opt.Shipped)
	if err != nil {
		return nil, err
	}
	out := make([]api.RuleTemplate, 0, len(all))
	for _, r := range all {
		text := rules.Alone(r.YAML)
		one := api.RuleTemplate{
			ID:       string(r.ID),
			Group:    strings.TrimSuffix(path.Base(r.File), ".yaml"),
			Title:    r.Title,
			TitleZH:  r.TitleZH,
			Severity: r.Severity,
			Text:     text,
			Version:  versionOf(text),
			Uses:     len(uses[string(r.ID)]),
			Schools:  []g.SchoolID{},
			Rules:    []api.TemplateUse{},
		}
		for _, x := range uses[string(r.ID)] {
			if !slices.Contains(one.Schools, x.School) {
				one.Schools = append(one.Schools, x.School)
			}
			one.Rules = append(one.Rules, b.useOf(x, text))
		}
		one.SchoolCount = len(one.Schools)
		out = append(out, one)
	}
	return out, nil
}

// useOf says how a school's rule stands to the template that it began as.
func (b *Book) useOf(x kept.RuleVersion, text string) api.TemplateUse {
	out := api.TemplateUse{
		Rule:       rules.OfSchool(x.ID, x.School),
		School:     x.School,
		SchoolName: b.schoolName(x.School),
	}
	if x.Base == "" {
		return out // it began before versions of templates were kept
	}
	out.Version, out.Changed = versionOf(x.Base), !sameRule(x.Text, x.Base)
	if out.Older = x.Base != text; out.Older {
		out.Base = x.Base
	}
	return out
}

// versionOf names the text of a template: another text is another version.
func versionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// sameRule reports whether two texts differ by no more than their IDs and the blanks around them.
func sameRule(a, b string) bool { return besideID(a) == besideID(b) }

func besideID(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "id:") {
			out = append(out, strings.TrimRight(line, " \r\n"))
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// baseOf is the text of the template on which a draft stands; "" if that is not known. A draft that
// names no version of it stands on what the one before stood on, or, new, on what ships.
func (b *Book) baseOf(d api.Draft, id g.RuleID) (string, error) {
	if d.TemplateVersion == "" {
		for _, x := range b.now.Load().kept {
			if x.School == d.School && x.ID == id && x.Template == d.Template {
				return x.Base, nil
			}
		}
	}
	if d.Template == "" {
		return "", nil
	}
	text, err := b.template(d.Template)
	if err == nil && d.TemplateVersion != "" && d.TemplateVersion != versionOf(text) {
		return "", g.Errorf(g.Conflict, "the template is at another version: look at it again").
			At("template_version")
	}
	return text, err
}

// template is the text of a template that ships; "" if there is none.
func (b *Book) template(id string) (string, error) {
	all, err := shipped(b.opt.Shipped)
	for _, r := range all {
		if string(r.ID) == id {
			return rules.Alone(r.YAML), nil
		}
	}
	return "", err
}

// ExportTemplates writes templates as a file of rules, as the folder of rules takes it: one of them,
// or all for "".
func (b *Book) ExportTemplates(_ context.Context, id string) (string, error) {
	all, err := shipped(b.opt.Shipped)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("rules:\n")
	found := false
	for _, r := range all {
		if id != "" && id != string(r.ID) {
			continue
		}
		text := rules.Alone(r.YAML)
		fmt.Fprintf(&out, "  # template %s, version %s\n", r.ID, versionOf(text))
		for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
			switch {
			case i == 0:
				out.WriteString("  - " + line + "\n")
			case line == "":
				out.WriteString("\n")
			default:
				out.WriteString("    " + line + "\n")
			}
		}
		found = true
	}
	if !found {
		return "", g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("template"), id)
	}
	return out.String(), nil
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
