package rulesdesk

import (
	"context"
	"fmt"
	"io"
	"net/url"

	g "github.com/gatehouse-iot/gatehouse"
	apirules "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
)

// ListTemplates tells which templates ship, who uses each, and which rules stand on an older version.
func ListTemplates(ctx context.Context, w io.Writer, l texts.Language, dir string) error {
	var out []apirules.RuleTemplate
	if err := control.Rules(ctx, dir, "templates", url.Values{}, "", l, &out); err != nil {
		return err
	}
	for _, x := range out {
		fmt.Fprintf(w, "%-28s %s  %-8s  %d rules in %d schools  %s\n", x.ID, x.Version, x.Severity,
			x.Uses, x.SchoolCount, x.Title)
		for _, use := range x.Rules {
			if use.Older {
				fmt.Fprintf(w, "  %s stands on the older version %s%s\n", use.Rule, use.Version,
					map[bool]string{true: ", and has changes of its own"}[use.Changed])
			}
		}
	}
	return nil
}

// ExportTemplates writes one template, or all for "", as a file of rules.
func ExportTemplates(ctx context.Context, w io.Writer, l texts.Language, dir, id string) error {
	var out string
	err := control.Rules(ctx, dir, "templates-export", url.Values{"id": {id}}, "", l, &out)
	if err == nil {
		_, err = io.WriteString(w, out)
	}
	return err
}

// Import takes the rules of a file as a school's own, or says what that would do.
func Import(
	ctx context.Context, w io.Writer, l texts.Language, dir, text, school string, dry bool,
) error {
	q := url.Values{"school": {school}}
	if dry {
		q.Set("dry", "yes")
	}
	var out apirules.ImportedRules
	if err := control.Rules(ctx, dir, "templates-import", q, text, l, &out); err != nil {
		return err
	}
	words := map[string]string{
		apirules.ImportAdded: "added",
		apirules.ImportNewer: "takes the place of what was there",
		apirules.ImportSame:  "is there already",
		apirules.ImportKept:  "kept: the school has a text of its own",
	}
	refused := 0
	for _, x := range out.Rules {
		word := words[x.What]
		if x.What == apirules.ImportRefused {
			refused++
			word = "refused: " + x.Problem
		}
		fmt.Fprintf(w, "%s: %s\n", x.ID, word)
	}
	if dry {
		fmt.Fprintln(w, "Nothing was written (--dry-run).")
	}
	if refused > 0 {
		return g.Errorf(g.Invalid, "%d rules were refused", refused)
	}
	return nil
}
