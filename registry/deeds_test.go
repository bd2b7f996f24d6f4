package registry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// deedsOf returns the actions in the audit log, newest first.
func deedsOf(t *testing.T, v *registry.View, n int) (names []string) {
	t.Helper()
	entries, _, err := v.Views.Audit(t.Context(), views.AuditFilter{Page: registry.Page{Limit: n}})
	ok(t, err)
	for _, e := range entries {
		names = append(names, e.Deed)
	}
	return names
}

// TestSetUpIsOneDeed: the first run creates a school and its administrator in one transaction,
// once.
func TestSetUpIsOneDeed(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, _ *clock) {
		ctx := t.Context()
		r := open(t, o)
		sys := r.In(g.SystemScope("setup"))
		first := deeds.FirstRun{
			School: g.School{
				Kind:     g.KindSchool,
				Name:     "Riverside School",
				Timezone: "Asia/Shanghai",
				Language: "en",
			},
			Admin:    g.User{Name: "Boss", Role: g.RoleAdmin, Language: "en"},
			Password: "riverside",
		}
		_, err := sys.Deeds.SetUp(ctx, first)
		wantCode(t, err, g.Invalid) // the password resembles the school's name
		first.Password = "correct horse battery"
		first.School.Timezone = "Riverside"
		_, err = sys.Deeds.SetUp(ctx, first)
		wantCode(t, err, g.Invalid)
		if all := must[[]g.School](t)(sys.Places.Schools(ctx)); len(all) != 0 {
			t.Errorf("got %v after refused first runs, want no school", all)
		}
		first.School.Timezone = "Asia/Shanghai"
		u := must[g.User](t)(sys.Deeds.SetUp(ctx, first))
		all := must[[]g.School](t)(sys.Places.Schools(ctx))
		if len(all) != 1 || all[0].ID != u.School || all[0].Name != "Riverside School" {
			t.Errorf("got schools %v of user %+v, want one, which is the user's", all, u)
		}
		want := []string{"user.create", "school.create"}
		if diff := cmp.Diff(want, deedsOf(t, sys, 2)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if _, _, err := r.Access.SignIn(ctx, "boss", "correct horse battery", "10.0.0.1"); err != nil {
			t.Error(err)
		}
		first.Admin.Name = "second"
		_, err = sys.Deeds.SetUp(ctx, first)
		wantCode(t, err, g.Conflict)
	})
}

// TestSetUpTakesTheSchoolThatIsThere: the next run completes a first run that was interrupted
// between school and administrator, which older versions could leave.
func TestSetUpTakesTheSchoolThatIsThere(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, _ *clock) {
		ctx := t.Context()
		sys := open(t, o).In(g.SystemScope("setup"))
		there := must[g.School](t)(sys.Places.CreateSchool(ctx, g.School{
			Kind:     g.KindDistrict,
			Name:     "Mistyped",
			Timezone: "UTC",
			Language: "en",
		}))
		u := must[g.User](t)(sys.Deeds.SetUp(ctx, deeds.FirstRun{
			School: g.School{
				Kind:     g.KindSchool,
				Name:     "Riverside",
				Timezone: "Asia/Shanghai",
				Language: "zh-CN",
			},
			Admin:    g.User{Name: "boss", Role: g.RoleAdmin, Language: "en"},
			Password: "correct horse battery",
		}))
		want := there
		want.Name, want.Timezone, want.Language = "Riverside", "Asia/Shanghai", "zh-CN"
		if diff := cmp.Diff([]g.School{want}, must[[]g.School](t)(sys.Places.Schools(ctx))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if u.School != there.ID {
			t.Errorf("got a user of %q, want of %q", u.School, there.ID)
		}
	})
}

// TestUserAndPasswordAreOneDeed: if the password is refused, the user is unchanged.
func TestUserAndPasswordAreOneDeed(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		admin := d.as(d.a, g.RoleAdmin)
		u := must[g.User](t)(admin.Access.CreateUser(ctx,
			g.User{School: "a", Name: "guard", Role: g.RoleSecurity, Language: "en"},
			"a long password"))
		changed := u
		changed.FullName = "Zhang Min"
		wantCode(t, admin.Access.UpdateUserAndPassword(ctx, changed, "short"), g.Invalid)
		wantCode(t, admin.Access.UpdateUserAndPassword(ctx, changed, "Zhang Min 1"), g.Invalid)
		taken := changed
		taken.Language = "fr"
		wantCode(t, admin.Access.UpdateUserAndPassword(ctx, taken, "a new long password"), g.Invalid)
		if diff := cmp.Diff([]g.User{u}, must[[]g.User](t)(admin.Access.Users(ctx, "a"))); diff != "" {
			t.Errorf("after refusals: -want +got\n%s", diff)
		}
		token, _, err := d.r.Access.SignIn(ctx, "guard", "a long password", "x")
		ok(t, err)
		ok(t, admin.Access.UpdateUserAndPassword(ctx, changed, "a new long password"))
		if diff := cmp.Diff([]g.User{changed}, must[[]g.User](t)(admin.Access.Users(ctx, "a"))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		_, _, err = d.r.Access.UserByToken(ctx, token)
		wantCode(t, err, g.Unauthenticated) // a new password ends the user's sign-ins
		_, _, err = d.r.Access.SignIn(ctx, "guard", "a new long password", "x")
		ok(t, err)
	})
}

// TestNobodyTakesTheOwnRightsAway, nor changes their own password without the old one.
func TestNobodyTakesTheOwnRightsAway(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		create := func(name string) g.User {
			return must[g.User](t)(d.sys.Access.CreateUser(ctx,
				g.User{School: "a", Name: name, Role: g.RoleAdmin, Language: "en"},
				"a long password"))
		}
		create("other")
		u := create("admin")
		own := d.r.In(g.Scope{
			School:      "a",
			Actor:       string(u.ID) + " admin",
			Permissions: g.RoleAdmin.Permissions(),
		})
		less := u
		less.Role = g.RoleSecurity
		wantCode(t, own.Access.UpdateUser(ctx, less), g.Conflict)
		out := u
		out.Disabled = true
		wantCode(t, own.Access.UpdateUser(ctx, out), g.Conflict)
		wantCode(t, own.Access.UpdateUserAndPassword(ctx, u, "a new long password"), g.Invalid)
		u.FullName = "Li Wei"
		ok(t, own.Access.UpdateUser(ctx, u))
	})
}

// TestVouch: person and place are in scope and the action is audited, or nothing happens.
func TestVouch(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		silent := d.r.In(g.Scope{
			School:      "a",
			Actor:       "usr_test tester",
			Permissions: g.RoleSecurity.Permissions(),
			Reason:      "  ",
		})
		_, err := silent.Deeds.Vouch(ctx, d.child["a"].ID, d.gate["a"].ID)
		wantCode(t, err, g.Invalid)
		guard := d.as(d.a, g.RoleSecurity)
		field := func(err error) string {
			t.Helper()
			wantCode(t, err, g.NotFound)
			return err.(*g.Error).Field
		}
		_, err = guard.Deeds.Vouch(ctx, d.child["b"].ID, d.gate["a"].ID)
		if got := field(err); got != "person" {
			t.Errorf("got field %q for a child of another school, want person", got)
		}
		_, err = guard.Deeds.Vouch(ctx, d.child["a"].ID, d.gate["b"].ID)
		if got := field(err); got != "zone" {
			t.Errorf("got field %q for a gate of another school, want zone", got)
		}
		_, err = d.as(d.a, g.RoleTeacher).Deeds.Vouch(ctx, d.child["a"].ID, d.gate["a"].ID)
		wantCode(t, err, g.Forbidden)
		if got := deedsOf(t, d.sys, 1); got[0] == "sighting.manual" {
			t.Error("got a refused passage in the audit log")
		}
		school := must[g.SchoolID](t)(guard.Deeds.Vouch(ctx, d.child["a"].ID, d.gate["a"].ID))
		if got := deedsOf(t, d.sys, 1); school != "a" || got[0] != "sighting.manual" {
			t.Errorf("got school %q and deed %q, want a and sighting.manual", school, got)
		}
	})
}
