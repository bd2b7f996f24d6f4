package alerts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// RuleText is the text of a rule or a procedure in its file.
type RuleText struct {
	Kind string // "rule" or "procedure"
	ID   string
	Body string
}

// The author of a change of the files is unknown.
const fileActor = "configuration file"

// NoteRules stores the rules now in force, and writes the changes into the audit log of the root
// schools: added, removed and changed rules, with the changed lines. It writes nothing without
// changes, nor the very first time, before there is a school. Only for system scopes.
func (v View) NoteRules(ctx context.Context, now []RuleText) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		was, err := ruleTexts(ctx, t)
		if err != nil {
			return err
		}
		is := map[string]RuleText{}
		for _, x := range now {
			is[x.Kind+" "+x.ID] = x
		}
		changes := ruleChanges(was, is)
		if len(changes) == 0 {
			return nil
		}
		if err := putRuleTexts(ctx, t, was, is); err != nil {
			return err
		}
		deed := "rules.change"
		if len(was) == 0 {
			deed = "rules.first"
		}
		return v.auditRules(ctx, t, deed, is, changes)
	})
}

func (v View) auditRules(
	ctx context.Context, t *store.Tx, deed string, is map[string]RuleText, changes []g.AuditChange,
) error {
	tops, err := places.SchoolIDs(ctx, t, true)
	if err != nil {
		return err
	}
	for _, school := range tops {
		err := v.s.AuditEntry(ctx, t, g.AuditEntry{
			School:  school,
			Actor:   fileActor,
			Deed:    deed,
			Object:  fmt.Sprintf("%d rules and procedures, sha256 %s", len(is), rulesSum(is)),
			Changes: changes,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func ruleTexts(ctx context.Context, t *store.Tx) (map[string]RuleText, error) {
	out := map[string]RuleText{}
	err := store.Each(ctx, t, "SELECT kind, id, body FROM rule_texts", nil,
		func(scan func(...any) error) error {
			var x RuleText
			err := scan(&x.Kind, &x.ID, &x.Body)
			out[x.Kind+" "+x.ID] = x
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the rules that held: %w", err)
	}
	return out, nil
}

func putRuleTexts(ctx context.Context, t *store.Tx, was, is map[string]RuleText) error {
	for name, x := range was {
		if is[name] == x {
			continue
		}
		if _, err := t.Exec(ctx, "DELETE FROM rule_texts WHERE kind = ? AND id = ?", x.Kind, x.ID); err != nil {
			return fmt.Errorf("keep the rules: %w", err)
		}
	}
	for name, x := range is {
		if was[name] == x {
			continue
		}
		if _, err := t.Exec(ctx, "INSERT INTO rule_texts (kind, id, body) VALUES (?, ?, ?)",
			x.Kind, x.ID, x.Body); err != nil {
			return fmt.Errorf("keep the rules: %w", err)
		}
	}
	return nil
}

// ruleChanges lists the differences by name: the whole text of added and removed rules, and the
// differing lines of changed ones.
func ruleChanges(was, is map[string]RuleText) []g.AuditChange {
	names := maps.Clone(was)
	maps.Copy(names, is)
	var out []g.AuditChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if was[name] == is[name] {
			continue
		}
		if len(out) == store.MaxChanges {
			return append(out,
				g.AuditChange{
					Field:  "…",
					Before: "…",
					After:  "further rules changed",
				})
		}
		before, after := otherLines(was[name].Body, is[name].Body)
		out = append(out,
			g.AuditChange{
				Field:  name,
				Before: store.Short(before),
				After:  store.Short(after),
			})
	}
	return out
}

// otherLines are the lines of each text that the other does not have, or all lines if only their
// order differs.
func otherLines(was, is string) (before, after string) {
	before, after = linesBut(was, is), linesBut(is, was)
	if before == "" && after == "" {
		return was, is
	}
	return before, after
}

func linesBut(text, without string) string {
	had := map[string]int{}
	for line := range strings.Lines(without) {
		had[strings.TrimRight(line, "\r\n")]++
	}
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if had[line]--; had[line] < 0 {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// rulesSum is a hash of a set of rules.
func rulesSum(is map[string]RuleText) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(is)) {
		fmt.Fprintf(h, "%q %q\n", name, is[name].Body)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
