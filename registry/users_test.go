package registry_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

func TestSignIn(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		if !must[bool](t)(d.r.Access.Empty(ctx)) {
			t.Error("got users at the first run")
		}
		u := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{
				School:   "dist",
				Name:     " Boss ",
				FullName: "The Boss",
				Role:     g.RoleDistrict,
				Language: "zh-CN",
			},
			"a long password"))
		if must[bool](t)(d.r.Access.Empty(ctx)) {
			t.Error("got empty after the first user")
		}
		token, got, err := d.r.Access.SignIn(ctx, "BOSS", "a long password", "10.0.0.1")
		ok(t, err)
		if diff := cmp.Diff(u, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		_, scope, err := d.r.Access.UserByToken(ctx, token)
		ok(t, err)
		want := g.Scope{
			School:      "dist",
			Subtree:     true,
			Actor:       string(u.ID) + " boss",
			Permissions: g.RoleDistrict.Permissions(),
		}
		if diff := cmp.Diff(want, scope); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for range 3 { // used every 11 hours, it stays valid
			c.add(11 * time.Hour)
			_, _, err = d.r.Access.UserByToken(ctx, token)
			ok(t, err)
		}
		c.add(12 * time.Hour)
		_, _, err = d.r.Access.UserByToken(ctx, token)
		wantCode(t, err, g.Unauthenticated)
		token, _, err = d.r.Access.SignIn(ctx, "boss", "a long password", "10.0.0.1")
		ok(t, err)
		ok(t, d.r.Access.SignOut(ctx, token))
		ok(t, d.r.Access.SignOut(ctx, token))
		_, _, err = d.r.Access.UserByToken(ctx, token)
		wantCode(t, err, g.Unauthenticated)
	})
}

func TestSignInIsLimited(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ctx := t.Context()
	must[g.User](t)(d.sys.Access.CreateUser(ctx,
		g.User{School: "a", Name: "guard", Role: g.RoleSecurity, Language: "en"},
		"a long password"))
	for _, name := range []string{"guard", "nobody"} {
		for range 5 {
			_, _, err := d.r.Access.SignIn(ctx, name, "wrong", "10.0.0.1")
			wantCode(t, err, g.Unauthenticated)
		}
		_, _, err := d.r.Access.SignIn(ctx, name, "a long password", "10.0.0.1")
		wantCode(t, err, g.RateLimited)
	}
	if _, _, err := d.r.Access.SignIn(ctx, "guard", "a long password", "10.0.0.2"); err != nil {
		t.Errorf("from another address: %v", err)
	}
	c.add(16 * time.Minute)
	if _, _, err := d.r.Access.SignIn(ctx, "guard", "a long password", "10.0.0.1"); err != nil {
		t.Errorf("after the window: %v", err)
	}
	entries, _, err := d.sys.Views.Audit(ctx, views.AuditFilter{Deed: "signin.refused"})
	ok(t, err)
	if len(entries) != 10 {
		t.Errorf("got %d refusals in the audit log, want 10", len(entries))
	}
}

func TestPasswordsChange(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		u := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{School: "a", Name: "guard", Role: g.RoleSecurity, Language: "en"},
			"a long password"))
		token, _, err := d.r.Access.SignIn(ctx, "guard", "a long password", "x")
		ok(t, err)
		_, scope, err := d.r.Access.UserByToken(ctx, token)
		ok(t, err)
		wantCode(t, d.r.In(scope).Access.ChangePassword(ctx, u.ID, "wrong", "another password"), g.Invalid)
		wantCode(t, d.r.In(scope).Access.ChangePassword(ctx, u.ID, "a long password", "short"), g.Invalid)
		ok(t, d.r.In(scope).Access.ChangePassword(ctx, u.ID, "a long password", "another password"))
		_, _, err = d.r.Access.UserByToken(ctx, token)
		wantCode(t, err, g.Unauthenticated)
		ok(t, d.as(d.a, g.RoleAdmin).Access.ChangePassword(ctx, u.ID, "", "by the admin"))
		token, _, err = d.r.Access.SignIn(ctx, "guard", "by the admin", "x")
		ok(t, err)
		ok(t, d.r.Access.SetPassword(ctx, "Guard", "from the shell"))
		_, _, err = d.r.Access.UserByToken(ctx, token)
		wantCode(t, err, g.Unauthenticated)
		wantCode(t, d.r.Access.SetPassword(ctx, "nobody", "from the shell"), g.NotFound)
		token, _, err = d.r.Access.SignIn(ctx, "guard", "from the shell", "x")
		ok(t, err)
		u.Disabled = true
		ok(t, d.as(d.a, g.RoleAdmin).Access.UpdateUser(ctx, u))
		_, _, err = d.r.Access.UserByToken(ctx, token)
		wantCode(t, err, g.Unauthenticated)
		_, _, err = d.r.Access.SignIn(ctx, "guard", "from the shell", "y")
		wantCode(t, err, g.Unauthenticated)
	})
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		admin := d.as(d.a, g.RoleAdmin)
		_, err := admin.Access.CreateUser(ctx,
			g.User{School: "a", Name: "x", Role: g.RoleDistrict, Language: "en"},
			"a long password")
		wantCode(t, err, g.Forbidden)
		_, err = admin.Access.CreateUser(ctx,
			g.User{School: "a", Name: "x", Role: g.RoleIntegrator, Language: "en"},
			"a long password")
		wantCode(t, err, g.Invalid)
		weak := d.r.In(g.Scope{
			School:      "a",
			Actor:       "key_1 k",
			Permissions: []g.Permission{g.UsersAdmin, g.KeysAdmin, g.PeopleRead},
		})
		_, err = weak.Access.CreateUser(ctx,
			g.User{School: "a", Name: "x", Role: g.RoleAdmin, Language: "en"}, "a long password")
		wantCode(t, err, g.Forbidden)
		_, _, err = weak.Access.CreateKey(ctx,
			g.APIKey{
				School:      "a",
				Name:        "x",
				Purpose:     "a test asks",
				Permissions: []g.Permission{g.FacesAdmin},
				Expires:     c.now().Add(time.Hour),
			})
		wantCode(t, err, g.Forbidden)
		first := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{School: "a", Name: "first", Role: g.RoleAdmin, Language: "en"},
			"a long password"))
		wantCode(t, weak.Access.ChangePassword(ctx, first.ID, "", "a long password"), g.Forbidden)
		first.Role = g.RoleTeacher
		wantCode(t, weak.Access.UpdateUser(ctx, first), g.Forbidden)
		wantCode(t, admin.Access.UpdateUser(ctx, first), g.Conflict) // the last admin
		_, err = admin.Access.CreateUser(ctx,
			g.User{School: "a", Name: "FIRST", Role: g.RoleTeacher, Language: "en"},
			"a long password")
		wantCode(t, err, g.Conflict)
	})
}

func TestKeys(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		admin := d.as(d.a, g.RoleAdmin)
		for _, expires := range []time.Time{{}, c.now(), c.now().Add(400 * 24 * time.Hour)} {
			_, _, err := admin.Access.CreateKey(ctx,
				g.APIKey{
					School:      "a",
					Name:        "x",
					Purpose:     "a test asks",
					Permissions: []g.Permission{g.DevicesRead},
					Expires:     expires,
				})
			wantCode(t, err, g.Invalid)
		}
		k, secret, err := admin.Access.CreateKey(ctx,
			g.APIKey{
				School:      "a",
				Name:        "lms",
				Purpose:     "a test asks",
				Permissions: []g.Permission{g.DevicesRead},
				Expires:     c.now().Add(time.Hour),
			})
		ok(t, err)
		if !strings.HasPrefix(secret, "ghk_") {
			t.Errorf("got %q, want ghk_", secret)
		}
		got, scope, err := d.r.Access.KeyBySecret(ctx, secret)
		ok(t, err)
		if got.ID != k.ID || !got.LastUsed.Equal(c.now()) {
			t.Errorf("got %+v, want it used now", got)
		}
		if diff := cmp.Diff(g.Scope{
			School:      "a",
			Actor:       string(k.ID) + " lms",
			Permissions: k.Permissions,
			Reason:      "a test asks",
		},
			scope); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		_, _, err = d.r.Access.KeyBySecret(ctx, secret+"x")
		wantCode(t, err, g.Unauthenticated)
		c.add(2 * time.Hour)
		_, _, err = d.r.Access.KeyBySecret(ctx, secret)
		wantCode(t, err, g.Unauthenticated)
		k, secret, err = d.as(d.dist, g.RoleDistrict).Access.CreateKey(ctx,
			g.APIKey{
				School:      "dist",
				Name:        "bureau",
				Purpose:     "a test asks",
				Permissions: []g.Permission{g.DevicesRead},
				Expires:     c.now().Add(time.Hour),
			})
		ok(t, err)
		_, scope, err = d.r.Access.KeyBySecret(ctx, secret)
		ok(t, err)
		if !scope.Subtree {
			t.Error("got no subtree for the district's key")
		}
		wantCode(t, admin.Access.RevokeKey(ctx, k.ID), g.NotFound)
		ok(t, d.as(d.dist, g.RoleDistrict).Access.RevokeKey(ctx, k.ID))
		_, _, err = d.r.Access.KeyBySecret(ctx, secret)
		wantCode(t, err, g.Unauthenticated)
	})
}

func TestAuditChainFindsTampering(t *testing.T) {
	for name, deed := range map[string]string{
		"changed":      "UPDATE audit SET actor = 'somebody else' WHERE seq = 3",
		"removed":      "DELETE FROM audit WHERE seq = 3",
		"cut":          "DELETE FROM audit WHERE seq > 5",
		"emptied":      "DELETE FROM audit",
		"head removed": "DELETE FROM meta WHERE key = 'audit_head'",
		"time":         "UPDATE audit SET time = time + 1 WHERE seq = 2",
		"reason":       "UPDATE audit SET reason_sealed = X'00' WHERE seq = 2",
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			dir := t.TempDir()
			d := newDistrict(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
			v := d.as(d.dist, g.RoleDistrict)
			ok(t, v.Deeds.Record(t.Context(), "test.deed", "object"))
			n, err := v.VerifyAudit(t.Context())
			ok(t, err)
			if n < 10 {
				t.Fatalf("got %d entries, want those of the set-up", n)
			}
			raw(t, filepath.Join(dir, "registry.db"), deed)
			_, err = v.VerifyAudit(t.Context())
			wantCode(t, err, g.Conflict)
		})
	}
}

func TestAuditOfNothingHolds(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		r := open(t, o)
		n, err := r.In(g.SystemScope("test")).VerifyAudit(t.Context())
		ok(t, err)
		if n != 0 {
			t.Errorf("got %d, want 0", n)
		}
	})
}
