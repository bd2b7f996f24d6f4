package rules

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Put writes the next version of a rule. seen is the version that the caller saw, 0 for a rule that
// does not exist or was deleted; another is a Conflict. It ignores x's version, author and time.
func (v View) Put(ctx context.Context, x RuleVersion, seen int) (RuleVersion, error) {
	x.Deleted = false
	return v.write(ctx, x, seen, "rule.put")
}

// Delete deletes a rule; its versions are kept, and it can be restored.
func (v View) Delete(
	ctx context.Context, school g.SchoolID, id g.RuleID, seen int, note string,
) (RuleVersion, error) {
	return v.change(ctx, school, id, seen, "rule.delete",
		func(x *RuleVersion, _ []RuleVersion) error {
			if x.Version == 0 || x.Deleted {
				return store.NotFound("rule", string(id))
			}
			x.Deleted, x.Enabled, x.Note = true, false, note
			return nil
		})
}

// Restore writes the text of an earlier version anew, also of a deleted rule.
func (v View) Restore(
	ctx context.Context, school g.SchoolID, id g.RuleID, seen, from int, note string,
) (RuleVersion, error) {
	return v.change(ctx, school, id, seen, "rule.restore",
		func(x *RuleVersion, all []RuleVersion) error {
			for _, old := range all {
				if old.Version == from && old.Text != "" {
					x.Text, x.Replaces, x.Template = old.Text, old.Replaces, old.Template
					x.Base = old.Base
					x.Enabled, x.Deleted, x.Note = old.Enabled || old.Deleted, false, note
					return nil
				}
			}
			return g.Errorf(g.NotFound, "rule %q has no version %d", id, from).At("from")
		})
}

func (v View) write(ctx context.Context, next RuleVersion, seen int, deed string) (RuleVersion, error) {
	return v.change(ctx, next.School, next.ID, seen, deed, func(x *RuleVersion, _ []RuleVersion) error {
		*x = next
		return nil
	})
}

// change writes the next version of a rule with its audit entry. edit is given the newest version,
// which is zero if there is none, and all of them.
func (v View) change(
	ctx context.Context, school g.SchoolID, id g.RuleID, seen int, deed string,
	edit func(x *RuleVersion, all []RuleVersion) error,
) (x RuleVersion, err error) {
	in, err := v.s.Reach(ctx, g.RulesWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		var w store.Where
		w.And("school = ? AND id = ?", string(school), string(id))
		all, err := list(ctx, t, w, "version DESC")
		if err != nil {
			return err
		}
		var old RuleVersion
		if len(all) > 0 {
			old = all[0]
		}
		if seen == 0 && old.Version > 0 && !old.Deleted {
			return g.Errorf(g.Conflict,
				"the rule is there already, at version %d: say which version you looked at", old.Version).
				At("version")
		}
		if current := old.Version; current != seen && !(old.Deleted && seen == 0) {
			return g.Errorf(g.Conflict,
				"the rule has changed meanwhile: it is at version %d; look at it again", current).
				At("version")
		}
		x = old
		if err := edit(&x, all); err != nil {
			return err
		}
		x.School, x.ID, x.Version, x.At = school, id, old.Version+1, store.Moment(store.Micros(t.Now))
		v.sign(&x)
		return v.keep(ctx, t, old, x, deed)
	})
	return x, err
}

// sign sets who writes a version: the ID and the name within the scope's actor.
func (v View) sign(x *RuleVersion) {
	x.By, x.ByName, _ = strings.Cut(v.s.Actor, " ")
	if x.ByName == "" {
		x.ByName = x.By
	}
}

func (v View) keep(ctx context.Context, t *store.Tx, old, x RuleVersion, deed string) error {
	if err := check(x); err != nil {
		return err
	}
	if old.Version == 0 || old.Deleted {
		if err := v.room(ctx, t, x.School); err != nil {
			return err
		}
	}
	_, err := t.Exec(ctx,
		"INSERT INTO rule_versions ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		string(x.School), string(x.ID), x.Version, x.Text, store.Flag(x.Enabled),
		store.Flag(x.Replaces), x.Template, x.Note, store.Flag(x.Deleted), x.By, x.ByName,
		store.Micros(x.At), x.Base)
	if err != nil {
		return fmt.Errorf("write rule: %w", err)
	}
	t.Change(change.Rule, x.School, string(x.ID))
	if err := v.s.Send(ctx, t, event(old, x, deed)); err != nil {
		return err
	}
	var before, after any = old, x
	if old.Version == 0 {
		before = nil
	}
	return v.s.AuditChanges(
		ctx,
		t,
		x.School,
		deed,
		string(x.ID),
		before,
		after,
	)
}

// room refuses a rule too many.
func (v View) room(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	n := 0
	err := t.Row(ctx, "SELECT COUNT(*) FROM rule_versions WHERE school = ? AND deleted = 0 AND "+
		newest, string(school)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count rules: %w", err)
	}
	if n >= MaxOfSchool {
		return g.FieldErrorf("school", "the school has %d rules, the most there may be: delete one",
			n)
	}
	return nil
}

func check(x RuleVersion) error {
	switch {
	case !g.ValidID(string(x.ID)):
		return g.FieldErrorf("id", "%q is no id; use 1 to 64 letters, digits, '-', '_' or '.'", x.ID)
	case strings.TrimSpace(x.Text) == "":
		return g.FieldErrorf("text", "the rule has no text")
	case len(x.Text) > MaxText:
		return g.FieldErrorf("text", "the rule has %d bytes; at most %d are kept", len(x.Text), MaxText)
	case !utf8.ValidString(x.Text) || strings.ContainsRune(x.Text, 0):
		return g.FieldErrorf("text", "the rule is no text in UTF-8")
	}
	if err := store.Optional("template", x.Template, 64); err != nil {
		return err
	}
	return store.Optional("note", x.Note, store.MaxReason)
}

// event tells the stream and webhooks of a version.
func event(old, x RuleVersion, deed string) g.Event {
	id := g.RuleID(string(x.ID) + "@" + string(x.School))
	return g.Event{
		ID:       fmt.Sprintf("evt_rule_%s_%d", id, x.Version),
		Kind:     g.EventRule,
		School:   x.School,
		Time:     x.At,
		Received: x.At,
		Rule: &g.RuleChange{
			Rule:     id,
			Version:  x.Version,
			Deed:     became(old, x, deed),
			Enabled:  x.Enabled,
			Replaces: x.Replaces,
			By:       x.By,
			ByName:   x.ByName,
			Note:     x.Note,
		},
	}
}

func became(old, x RuleVersion, deed string) g.RuleDeed {
	switch {
	case x.Deleted:
		return g.RuleRemoved
	case deed == "rule.restore":
		return g.RuleRestored
	case old.Version == 0 || old.Deleted:
		return g.RuleCreated
	case old.Text != x.Text || old.Enabled == x.Enabled:
		return g.RuleEdited
	case x.Enabled:
		return g.RuleResumed
	}
	return g.RulePaused
}
