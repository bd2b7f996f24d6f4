package registry_test

import (
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// signedIn is the view of a user in the registry.
func (d *district) signedIn(t *testing.T, name string, role g.Role) (g.User, *registry.View) {
	t.Helper()
	u := must[g.User](t)(d.sys.Access.CreateUser(t.Context(),
		g.User{School: "a", Name: name, FullName: name + " F", Role: role, Language: "en"},
		"a long quiet evening"))
	return u, d.r.In(g.Scope{
		School:      "a",
		Actor:       string(u.ID) + " " + name,
		Permissions: role.Permissions(),
	})
}

// A key never has more permissions than its maker, through any chain of keys; it stops working with
// its maker, and works again when somebody takes it over.
func TestKeysEndWithTheirMaker(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		maker, view := d.signedIn(t, "head", g.RoleAdmin)
		other, otherView := d.signedIn(t, "deputy", g.RoleAdmin)
		make := func(v *registry.View, name string, perms ...g.Permission) (g.APIKey, string) {
			k, secret, err := v.Access.CreateKey(ctx,
				g.APIKey{
					School:      "a",
					Name:        name,
					Purpose:     "nightly reports",
					Permissions: perms,
					Expires:     c.now().Add(24 * time.Hour),
				})
			ok(t, err)
			return k, secret
		}
		parent, parentSecret := make(view, "parent", g.KeysAdmin, g.PeopleRead, g.DevicesRead)
		if parent.Maker != string(maker.ID) || parent.MakerName != "head F" ||
			parent.MakerState != g.MakerActive {
			t.Errorf("got %+v, want it made by head", parent)
		}
		_, parentScope, err := d.r.Access.KeyBySecret(ctx, parentSecret)
		ok(t, err)
		child, childSecret := make(d.r.In(parentScope), "child", g.PeopleRead, g.DevicesRead)
		permissions := func(secret string) []g.Permission {
			t.Helper()
			_, scope, err := d.r.Access.KeyBySecret(ctx, secret)
			ok(t, err)
			return scope.Permissions
		}
		if got := permissions(childSecret); !slices.Equal(got,
			[]g.Permission{g.PeopleRead, g.DevicesRead}) {
			t.Errorf("got %v", got)
		}

		maker.Role = g.RoleFacility // has devices:read, not people:read
		ok(t, otherView.Access.UpdateUser(ctx, maker))
		for name, secret := range map[string]string{
			"the key":            parentSecret,
			"the key of the key": childSecret,
		} {
			if got := permissions(secret); !slices.Equal(got, []g.Permission{g.DevicesRead}) {
				t.Errorf("%s of a demoted maker may do %v, want devices:read alone", name, got)
			}
		}

		maker.Disabled = true
		ok(t, otherView.Access.UpdateUser(ctx, maker))
		for _, secret := range []string{parentSecret, childSecret} {
			_, _, err := d.r.Access.KeyBySecret(ctx, secret)
			wantCode(t, err, g.Unauthenticated)
		}
		for _, k := range must[[]g.APIKey](t)(otherView.Access.Keys(ctx, "a")) {
			if k.MakerState != g.MakerDisabled || len(k.Effective) != 0 {
				t.Errorf("the list shows %s as %s with %v, want disabled and nothing", k.Name,
					k.MakerState, k.Effective)
			}
		}

		_, guard := d.signedIn(t, "guard", g.RoleSecurity)
		wantCode(t, guard.Access.TakeOverKey(ctx, child.ID), g.Forbidden)
		// a key cannot take over keys
		wantCode(t, d.r.In(parentScope).Access.TakeOverKey(ctx, child.ID), g.Forbidden)
		ok(t, otherView.Access.TakeOverKey(ctx, child.ID))
		if got := permissions(childSecret); !slices.Equal(got,
			[]g.Permission{g.PeopleRead, g.DevicesRead}) {
			t.Errorf("got %v after it was taken over, want all of it", got)
		}
		_, _, err = d.r.Access.KeyBySecret(ctx, parentSecret)
		wantCode(t, err, g.Unauthenticated)
		entries, _, err := otherView.Views.Audit(ctx, views.AuditFilter{Deed: "key.take_over"})
		ok(t, err)
		if len(entries) != 1 || entries[0].Object != string(child.ID) ||
			entries[0].Reason != "from "+string(parent.ID) ||
			entries[0].Actor != string(other.ID)+" deputy" {
			t.Errorf("got %+v, want the taking over with whom from", entries)
		}
		ok(t, otherView.Access.RevokeKey(ctx, child.ID))
		_, grand := make(otherView, "another", g.KeysAdmin, g.DevicesRead)
		_, scope, err := d.r.Access.KeyBySecret(ctx, grand)
		ok(t, err)
		_, great := make(d.r.In(scope), "its child", g.DevicesRead)
		c.add(25 * time.Hour)
		_, _, err = d.r.Access.KeyBySecret(ctx, great)
		wantCode(t, err, g.Unauthenticated)
	})
}

func TestAKeyStatesItsPurpose(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		_, view := d.signedIn(t, "head", g.RoleAdmin)
		for _, purpose := range []string{"", ".", "....", "xx", "xxxxxx", "1234567", "   ", "a\nb"} {
			_, _, err := view.Access.CreateKey(ctx,
				g.APIKey{
					School:      "a",
					Name:        "k",
					Purpose:     purpose,
					Permissions: []g.Permission{g.PeopleRead},
					Expires:     c.now().Add(time.Hour),
				})
			wantCode(t, err, g.Invalid)
		}
		for _, purpose := range []string{"bus", "家访", "bus list"} {
			_, _, err := view.Access.CreateKey(ctx,
				g.APIKey{
					School:      "a",
					Name:        "k",
					Purpose:     purpose,
					Permissions: []g.Permission{g.PeopleRead},
					Expires:     c.now().Add(time.Hour),
				})
			if purpose == "bus" {
				wantCode(t, err, g.Invalid)
				continue
			}
			ok(t, err)
		}
		k, secret, err := view.Access.CreateKey(ctx,
			g.APIKey{
				School:      "a",
				Name:        "k",
				Purpose:     "bus list",
				Permissions: []g.Permission{g.PeopleRead, g.AlertsRead},
				Expires:     c.now().Add(time.Hour),
			})
		ok(t, err)
		_, scope, err := d.r.Access.KeyBySecret(ctx, secret)
		ok(t, err)
		ok(t, d.r.In(scope).Deeds.Record(ctx, "test.deed", "x"))
		entries, _, err := view.Views.Audit(ctx, views.AuditFilter{Deed: "test.deed"})
		ok(t, err)
		if len(entries) != 1 || entries[0].Reason != "bus list" ||
			entries[0].Actor != string(k.ID)+" k" {
			t.Errorf("got %+v, want the key's purpose beside what it did", entries)
		}
	})
}

// A webhook gets what its maker may read; changing its address makes the caller its maker.
func TestWebhooksAreBoundByTheirMaker(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		_, view := d.signedIn(t, "head", g.RoleAdmin)
		_, secret, err := view.Access.CreateKey(ctx,
			g.APIKey{
				School:      "a",
				Name:        "k",
				Purpose:     "hooks only",
				Permissions: []g.Permission{g.KeysAdmin, g.DevicesRead},
				Expires:     c.now().Add(time.Hour),
			})
		ok(t, err)
		_, scope, err := d.r.Access.KeyBySecret(ctx, secret)
		ok(t, err)
		byKey := d.r.In(scope)
		_, _, err = byKey.Hooks.Create(ctx,
			g.Webhook{
				School: "a",
				URL:    "https://x.example",
				Kinds:  []g.EventKind{g.EventStatus, g.EventAttendance},
			})
		wantCode(t, err, g.Forbidden)
		// all kinds that its maker may read
		w, _, err := byKey.Hooks.Create(ctx, g.Webhook{School: "a", URL: "https://x.example"})
		ok(t, err)
		want := []g.EventKind{g.EventStatus, g.EventOccurrence, g.EventRejected, g.EventCommand}
		if !slices.Equal(w.Effective, want) {
			t.Errorf("got %v, want %v", w.Effective, want)
		}
		all, _, err := view.Hooks.Create(ctx, g.Webhook{School: "a", URL: "https://y.example"})
		ok(t, err)
		all.URL = "https://z.example"
		_, err = byKey.Hooks.Move(ctx, all)
		ok(t, err)
		for _, x := range must[[]g.Webhook](t)(view.Hooks.List(ctx, "a")) {
			if slices.Contains(x.Effective, g.EventAttendance) || x.Maker != w.Maker {
				t.Errorf("got %+v: what leads where the key said must get what the key may read", x)
			}
		}
		ok(t, view.Hooks.TakeOver(ctx, all.ID))
		for _, x := range must[[]g.Webhook](t)(view.Hooks.List(ctx, "a")) {
			if got := slices.Contains(x.Effective, g.EventAttendance); got != (x.ID == all.ID) {
				t.Errorf("got %+v after %s was taken over", x, all.ID)
			}
		}
	})
}
