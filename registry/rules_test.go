package registry_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// TestRuleVersions: every version is kept, a stale one is a conflict, a deleted rule comes back by
// restoring one of its versions, and the audit log has each with what differs.
func TestRuleVersions(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		scope := g.Scope{
			School:      d.a.ID,
			Actor:       "usr_1 chen",
			Permissions: g.RoleFacility.Permissions(),
		}
		v := d.r.In(scope)
		draft := rules.RuleVersion{School: d.a.ID, ID: "warm", Text: "id: warm\nfor: 5m\n", Enabled: true}
		one, err := v.Rules.Put(ctx, draft, 0)
		ok(t, err)
		if one.Version != 1 || one.By != "usr_1" || one.ByName != "chen" || one.At.IsZero() {
			t.Errorf("got %+v, want version 1 by chen", one)
		}
		if _, err := v.Rules.Put(ctx, draft, 0); g.ErrorCode(err) != g.Conflict {
			t.Errorf("a second rule of the same id: got %v, want a conflict", err)
		}
		draft.Text, draft.Note = "id: warm\nfor: 10m\n", "it rang every morning"
		_, err = v.Rules.Put(ctx, draft, 1)
		ok(t, err)
		_, err = v.Rules.Delete(ctx, d.a.ID, "warm", 2, "no fridge any more")
		ok(t, err)
		if list, err := v.Rules.List(ctx, ""); err != nil || len(list) != 0 {
			t.Errorf("got %v, %v, want no rule in the list", list, err)
		}
		if _, err := v.Rules.Find(ctx, d.a.ID, "warm"); g.ErrorCode(err) != g.NotFound {
			t.Errorf("a deleted rule: got %v, want not found", err)
		}
		back, err := v.Rules.Restore(ctx, d.a.ID, "warm", 3, 1, "there is one again")
		ok(t, err)
		if back.Version != 4 || back.Text != one.Text || !back.Enabled || back.Deleted {
			t.Errorf("got %+v, want the text of version 1 in force as version 4", back)
		}
		all, err := v.Rules.Versions(ctx, d.a.ID, "warm")
		ok(t, err)
		if len(all) != 4 || all[1].Deleted != true || all[3].Text != one.Text {
			t.Errorf("got %+v, want all four", all)
		}
		if _, err := v.Rules.Restore(ctx, d.a.ID, "warm", 4, 9, ""); g.ErrorCode(err) != g.NotFound {
			t.Errorf("a version that there is not: got %v, want not found", err)
		}
		audit, _, err := d.sys.Views.Audit(ctx, views.AuditFilter{Deed: "rule.put"})
		ok(t, err)
		if len(audit) != 2 || len(audit[0].Changes) == 0 {
			t.Errorf("got %+v, want both in the audit log, with what differs", audit)
		}
		_, err = v.Rules.Put(ctx, rules.RuleVersion{School: d.a.ID, ID: "warm", Text: back.Text}, 4)
		ok(t, err)
		var told []string
		for _, e := range drain(t, d) {
			if e.Kind != g.EventRule || e.School != d.a.ID || e.Rule.ByName != "chen" {
				t.Errorf("got %+v, want an event of the rule, by chen", e)
				continue
			}
			told = append(told, fmt.Sprint(e.Rule.Rule, " ", e.Rule.Version, " ", e.Rule.Deed))
		}
		warm := "warm@" + string(d.a.ID)
		want := []string{
			warm + " 1 created",
			warm + " 2 edited",
			warm + " 3 removed",
			warm + " 4 restored",
			warm + " 5 paused",
		}
		if diff := cmp.Diff(told, want); diff != "" {
			t.Errorf("events: got (-), want (+):\n%s", diff)
		}
		guard := scope
		guard.Permissions = g.RoleSecurity.Permissions()
		if _, err := d.r.In(guard).Rules.List(ctx, ""); err != nil {
			t.Errorf("a guard reads: got %v", err)
		}
		if _, err := d.r.In(guard).Rules.Put(ctx, draft, 4); g.ErrorCode(err) != g.Forbidden {
			t.Errorf("a guard writes: got %v, want forbidden", err)
		}
	})
}

// TestRuleTextsAreBounded: what cannot be a rule's text is refused.
func TestRuleTextsAreBounded(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		for _, bad := range []rules.RuleVersion{
			{ID: "no id", Text: "x"},
			{ID: "empty", Text: " \n"},
			{ID: "long", Text: string(make([]byte, rules.MaxText+1))},
			{ID: "bytes", Text: "\xff"},
			{ID: "note", Text: "x", Note: "two\nlines"},
		} {
			bad.School = d.a.ID
			if _, err := d.sys.Rules.Put(ctx, bad, 0); g.ErrorCode(err) != g.Invalid {
				t.Errorf("%s: got %v, want it refused", bad.ID, err)
			}
		}
	})
}
