package registry_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// TestTheAuditLogKeepsNoNamesInReasons: the log stores IDs, and adds names for callers who may see
// people, but not of deleted people; it remains verifiable.
func TestTheAuditLogKeepsNoNamesInReasons(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		add := func(name, number string) g.PersonID {
			return must[g.Person](t)(d.sys.People.Create(ctx,
				g.Person{School: "a", Kind: g.Student, Name: name, Number: number, Class: "7-1"})).ID
		}
		fang, fangfang, li := add("王芳", "n1"), add("王芳芳", "n2"), add("Li Ming", "n3")
		look := func(reason string) {
			t.Helper()
			s := g.Scope{
				School:      d.a.ID,
				Actor:       "usr_test tester",
				Permissions: g.RoleAdmin.Permissions(),
				Reason:      reason,
			}
			_, err := d.r.In(s).People.Open(ctx, d.child["a"].ID)
			ok(t, err)
		}
		newest := func(role g.Role) g.AuditEntry {
			t.Helper()
			s := g.Scope{
				School:      d.a.ID,
				Actor:       "usr_test tester",
				Permissions: append(role.Permissions(), g.AuditRead),
			}
			rows, _, err := d.r.In(s).Views.Audit(ctx, views.AuditFilter{Deed: "person.open"})
			ok(t, err)
			return rows[0]
		}
		for reason, want := range map[string]string{
			"家长询问王芳芳和王芳昨天的情况": "家长询问{" + string(fangfang) + "}和{" +
				string(fang) + "}昨天的情况",
			"the mother of LI MING asks, not of Li Mingyu": "the mother of {" + string(li) +
				"} asks, not of Li Mingyu",
			"library check, nobody by name": "library check, nobody by name",
		} {
			look(reason)
			if e := newest(g.RoleAdmin); e.Reason != want {
				t.Errorf("kept: %q, want %q", e.Reason, want)
			}
		}
		look("the mother of Li Ming asks")
		if e := newest(g.RoleAdmin); e.People[li] != "Li Ming" {
			t.Errorf("beside it, for who may see people: %v, want Li Ming", e.People)
		}
		if e := newest(g.RoleFacility); len(e.People) != 0 || strings.Contains(e.Reason, "Ming") {
			t.Errorf("for who may not see people: %q %v, want no name", e.Reason, e.People)
		}
		ok(t, d.sys.People.Delete(ctx, li))
		if e := newest(g.RoleAdmin); len(e.People) != 0 || strings.Contains(e.Reason, "Ming") {
			t.Errorf("after the deletion: %q %v, want no name", e.Reason, e.People)
		}
	})
}
