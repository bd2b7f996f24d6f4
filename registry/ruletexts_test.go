package registry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// TestRuleFilesAreAudited: edits of rule files are not observed, but audited once the rules are in
// force.
func TestRuleFilesAreAudited(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		admin := d.as(d.dist, g.RoleDistrict)
		entries := func(deed string) []g.AuditEntry {
			all, _, err := admin.Views.Audit(ctx, views.AuditFilter{Deed: deed})
			ok(t, err)
			return all
		}
		smoke := alerts.RuleText{
			Kind: "rule",
			ID:   "smoke",
			Body: "id: smoke\nwhen: smoke = true\nseverity: critical\n",
		}
		gate := alerts.RuleText{Kind: "rule", ID: "gate", Body: "id: gate\nfor: 5m\n"}
		fire := alerts.RuleText{Kind: "procedure", ID: "fire", Body: "leave the house"}
		ok(t, d.sys.Alerts.NoteRules(ctx, []alerts.RuleText{smoke, gate}))
		first := entries("rules.first")
		if len(first) != 1 || len(first[0].Changes) != 2 {
			t.Fatalf("got %+v, want one entry with both rules", first)
		}
		ok(t, d.sys.Alerts.NoteRules(ctx, []alerts.RuleText{gate, smoke}))
		if got := entries("rules.change"); len(got) != 0 {
			t.Errorf("the same rules again: got %+v, want nothing", got)
		}
		smoke.Body = strings.Replace(smoke.Body, "critical", "minor", 1)
		ok(t, d.sys.Alerts.NoteRules(ctx, []alerts.RuleText{smoke, fire}))
		got := entries("rules.change")
		if len(got) != 1 {
			t.Fatalf("got %d entries, want one", len(got))
		}
		want := []g.AuditChange{
			{Field: "procedure fire", After: "leave the house"},
			{Field: "rule gate", Before: "id: gate\nfor: 5m"},
			{Field: "rule smoke", Before: "severity: critical", After: "severity: minor"},
		}
		if diff := cmp.Diff(want, got[0].Changes); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got[0].Actor != "configuration file" || got[0].School != d.dist.ID ||
			got[0].Object == first[0].Object {
			t.Errorf("got %+v, want it of the file, of the topmost school, with another sum",
				got[0])
		}
		must[uint64](t)(d.sys.VerifyAudit(ctx))
		wantCode(t, admin.Alerts.NoteRules(ctx, nil), g.Forbidden)
	})
}
