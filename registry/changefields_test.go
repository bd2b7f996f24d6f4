package registry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// TestChangesOfAccessSayWhichFields: changes of profiles, webhooks, users and keys name the changed
// fields, and no field if nothing changed; a secret is named without its value.
func TestChangesOfAccessSayWhichFields(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		_, admin := d.signedIn(t, "deputy", g.RoleAdmin)
		user, _ := d.signedIn(t, "guard", g.RoleSecurity)
		profile := must[g.Profile](t)(d.sys.Fleet.Profile(ctx, "sensor"))
		hook, _, err := admin.Hooks.Create(ctx, g.Webhook{
			School: "a",
			URL:    "https://x.example/a",
			Kinds:  []g.EventKind{g.EventStatus},
		})
		ok(t, err)
		key, _, err := admin.Access.CreateKey(ctx, g.APIKey{
			School:      "a",
			Name:        "lights",
			Purpose:     "lights in the hall",
			Permissions: []g.Permission{g.DevicesRead},
			Expires:     c.now().Add(24 * time.Hour),
		})
		ok(t, err)

		var got []registry.Change
		defer d.r.Subscribe(func(x registry.Change) { got = append(got, x) })()
		profile.Title = "Renamed"
		ok(t, d.sys.Fleet.PutProfile(ctx, profile))
		ok(t, d.sys.Fleet.PutProfile(ctx, profile))
		ok(t, admin.Hooks.Update(ctx, hook))
		hook.URL = "https://x.example/b"
		ok(t, admin.Hooks.Update(ctx, hook))
		must[string](t)(admin.Hooks.Move(ctx, hook))
		_, _, err = admin.Hooks.RotateSecret(ctx, hook.ID, time.Hour)
		ok(t, err)
		ok(t, admin.Hooks.TakeOver(ctx, hook.ID))
		ok(t, d.sys.Access.UpdateUser(ctx, user))
		user.Disabled = true
		ok(t, d.sys.Access.UpdateUser(ctx, user))
		ok(t, d.sys.Access.RevokeKey(ctx, key.ID))
		ok(t, d.sys.Hooks.Delete(ctx, hook.ID))

		of := func(kind change.Kind, id string, fields ...string) registry.Change {
			x := registry.Change{
				Kind:   kind,
				School: "a",
				ID:     id,
				Fields: fields,
			}
			if kind == change.Profile {
				x.School = "" // of all schools
			}
			return x
		}
		want := []registry.Change{
			of(change.Profile, "sensor", "title"),
			of(change.Webhook, string(hook.ID), "url"),
			of(change.Webhook, string(hook.ID), "secret"),
			of(change.Webhook, string(hook.ID), "secret"),
			of(change.Webhook, string(hook.ID), "maker"),
			of(change.User, string(user.ID), "disabled"),
			of(change.Key, string(key.ID), "revoked"),
			of(change.Webhook, string(hook.ID)),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
