package registry_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

const wipe = "DELETE FROM audit; DELETE FROM meta WHERE key = 'audit_head'"

// TestAuditThatWasRemovedIsFound: deleting the whole log with its head, or its end with an older
// head in place, is detected while the gateway runs and, by an anchor stored elsewhere, after a
// restart.
func TestAuditThatWasRemovedIsFound(t *testing.T) {
	for name, tamper := range map[string]func(seq uint64, head string) string{
		"all of it": func(uint64, string) string { return wipe },
		"its end, with an older head": func(seq uint64, head string) string {
			return fmt.Sprintf("DELETE FROM audit WHERE seq > %d; UPDATE meta SET value = X'%s' "+
				"WHERE key = 'audit_head'",
				seq, head)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, ctx := newClock(), t.Context()
			o := registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}
			file := filepath.Join(o.Dir, "registry.db")
			d := newDistrict(t, o, c)
			n := must[uint64](t)(d.sys.VerifyAudit(ctx))
			head := rawText(t, file, "SELECT hex(value) FROM meta WHERE key = 'audit_head'")
			ok(t, d.sys.Deeds.Record(ctx, "test.later", "x"))
			anchor := must[registry.AuditAnchor](t)(d.sys.AnchorAudit(ctx))
			ok(t, d.sys.Deeds.Record(ctx, "test.latest", "x"))
			must[uint64](t)(d.sys.VerifyAudit(ctx, anchor))

			raw(t, file, tamper(n, head))
			_, err := d.sys.VerifyAudit(ctx)
			wantCode(t, err, g.Conflict) // detected by what this run has seen
			ok(t, d.r.Close())
			again := open(t, o)
			sys := again.In(g.SystemScope("test"))
			_, err = sys.VerifyAudit(ctx, anchor)
			wantCode(t, err, g.Conflict)
			ok(t, again.HoldAudit(anchor))
			_, err = sys.VerifyAudit(ctx)
			wantCode(t, err, g.Conflict)
		})
	}
}

// TestEmptyAuditOfASchoolIsNotWhole: without anchors, too, an empty log is detected.
func TestEmptyAuditOfASchoolIsNotWhole(t *testing.T) {
	c := newClock()
	o := registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}
	ok(t, newDistrict(t, o, c).r.Close())
	raw(t, filepath.Join(o.Dir, "registry.db"), wipe)
	_, err := open(t, o).In(g.SystemScope("test")).VerifyAudit(t.Context())
	wantCode(t, err, g.Conflict)
}

func TestAnchorsAreThisGatewaysAlone(t *testing.T) {
	c, ctx := newClock(), t.Context()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	anchor := must[registry.AuditAnchor](t)(d.sys.AnchorAudit(ctx))
	forged := anchor
	forged.Hash = strings.Repeat("0", 64)
	_, err := d.sys.VerifyAudit(ctx, forged)
	wantCode(t, err, g.Invalid)
	wantCode(t, d.r.HoldAudit(forged), g.Invalid)
	_, err = d.as(d.dist, g.RoleDistrict).AnchorAudit(ctx)
	wantCode(t, err, g.Forbidden)

	// The log is written again with a matching head: the anchor does not match.
	ok(t, d.sys.Deeds.Record(ctx, "test.deed", "x"))
	must[uint64](t)(d.sys.VerifyAudit(ctx, anchor))
}

// TestAuditSaysWhatChanged: the entries contain the changed fields, covered by the chain.
func TestAuditSaysWhatChanged(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		admin := d.as(d.dist, g.RoleDistrict)
		last := func(deed string) []g.AuditChange {
			all, _, err := admin.Views.Audit(ctx, views.AuditFilter{Deed: deed})
			ok(t, err)
			if len(all) == 0 {
				t.Fatalf("no %s in the log", deed)
			}
			return all[0].Changes
		}
		want := func(deed string, want ...g.AuditChange) {
			t.Helper()
			if diff := cmp.Diff(want, last(deed)); diff != "" {
				t.Errorf("%s: -want +got\n%s", deed, diff)
			}
		}
		gate := d.gate["a"]
		gate.Name, gate.Private = "West gate", true
		_, err := admin.Deeds.PutZone(ctx, gate)
		ok(t, err)
		want("zone.put", g.AuditChange{Field: "name", Before: "Gate", After: "West gate"},
			g.AuditChange{Field: "private", Before: "false", After: "true"})

		school := d.a
		school.Timezone = "Asia/Urumqi"
		ok(t, admin.Places.UpdateSchool(ctx, school))
		want("school.update",
			g.AuditChange{Field: "timezone", Before: "Asia/Shanghai", After: "Asia/Urumqi"})

		u := must[g.User](t)(admin.Access.CreateUser(ctx,
			g.User{School: "a", Name: "li", Role: g.RoleTeacher, Language: "en"},
			"a long enough password"))
		u.Role = g.RoleFacility
		ok(t, admin.Access.UpdateUser(ctx, u))
		want("user.update", g.AuditChange{Field: "role", Before: "teacher", After: "facility"})

		ok(t, admin.Deeds.PutSetting(ctx, "a", "x", json.RawMessage(`{"a": {"b": 1}, "c": 2}`)))
		ok(t, admin.Deeds.PutSetting(ctx, "a", "x", json.RawMessage(`{"a": {"b": 3}, "c": 2}`)))
		want("setting.put", g.AuditChange{Field: "a.b", Before: "1", After: "3"})

		dev, _, err := admin.Fleet.CreateDevice(ctx, g.Device{
			School: "a", Profile: "camera", Driver: "camera", Name: "x",
			Address: map[string]string{"url": "rtsp://10.0.0.5/1"},
		}, map[string]string{"password": "hunter2hunter2"})
		ok(t, err)
		dev.Address = map[string]string{"url": "rtsp://10.0.0.6/1"}
		ok(t, admin.Fleet.UpdateDevice(ctx, dev, map[string]string{"password": "hunter3hunter3"}))
		want("device.update",
			g.AuditChange{
				Field:  "address.url",
				Before: "rtsp://10.0.0.5/1",
				After:  "rtsp://10.0.0.6/1",
			})
		if text := fmt.Sprint(last("device.create"), last("device.update")); strings.Contains(text,
			"hunter") {
			t.Errorf("a secret is in the log: %s", text)
		}
		// A deletion records the former values.
		gone := func(deed, field, was string) {
			t.Helper()
			for _, x := range last(deed) {
				if x.Field == field && x.Before == was && x.After == "" {
					return
				}
			}
			t.Errorf("%s: got %+v, want %s with %q before and nothing after", deed, last(deed),
				field, was)
		}
		ok(t, admin.Fleet.DeleteDevice(ctx, dev.ID))
		gone("device.delete", "address.url", "rtsp://10.0.0.6/1")
		zone := must[g.Zone](t)(admin.Deeds.PutZone(ctx,
			g.Zone{School: "a", Building: gate.Building, Name: "Shed", Kind: g.ZoneOther}))
		ok(t, admin.Deeds.DeleteZone(ctx, zone.ID))
		gone("zone.delete", "name", "Shed")
		house := must[g.Building](t)(admin.Places.PutBuilding(ctx,
			g.Building{School: "a", Site: siteOf(t, admin, gate.Building), Name: "Boat house"}))
		ok(t, admin.Places.DeleteBuilding(ctx, house.ID))
		gone("building.delete", "name", "Boat house")
		place := must[g.Site](t)(admin.Places.PutSite(ctx, g.Site{School: "a", Name: "Lake"}))
		ok(t, admin.Places.DeleteSite(ctx, place.ID))
		gone("site.delete", "name", "Lake")
		hook, secret, err := admin.Hooks.Create(ctx,
			g.Webhook{
				School: "a",
				URL:    "https://x.example/hook",
				Kinds:  []g.EventKind{g.EventAlert},
			})
		ok(t, err)
		ok(t, admin.Hooks.Delete(ctx, hook.ID))
		gone("webhook.delete", "url", "https://x.example/hook")
		key, keySecret, err := admin.Access.CreateKey(ctx,
			g.APIKey{
				School:      "a",
				Name:        "timetable",
				Purpose:     "the timetable",
				Permissions: []g.Permission{g.DevicesRead},
				Expires:     c.now().Add(time.Hour),
			})
		ok(t, err)
		ok(t, admin.Access.RevokeKey(ctx, key.ID))
		gone("key.revoke", "name", "timetable")
		if text := fmt.Sprint(last("webhook.create"), last("webhook.delete"), last("key.revoke")); strings.Contains(
			text, secret) ||
			strings.Contains(text, keySecret) {
			t.Errorf("a secret is in the log: %s", text)
		}
		profile := g.Profile{
			ID:         "shed-lamp",
			Title:      "Lamp",
			Type:       g.TypeOther,
			Properties: map[string]g.Property{"on": {Type: "boolean"}},
		}
		ok(t, admin.Fleet.PutProfile(ctx, profile))
		ok(t, admin.Fleet.DeleteProfile(ctx, profile.ID))
		gone("profile.delete", "title", "Lamp")
		must[uint64](t)(d.sys.VerifyAudit(ctx))
	})
}

// siteOf is the site of a building.
func siteOf(t *testing.T, v *registry.View, id g.BuildingID) g.SiteID {
	t.Helper()
	for _, b := range must[places.Places](t)(v.Places.Of(t.Context(), "a")).Buildings {
		if b.ID == id {
			return b.Site
		}
	}
	t.Fatalf("no building %s", id)
	return ""
}

// TestChangesAreInTheChain: swapping the changes of two entries is detected.
func TestChangesAreInTheChain(t *testing.T) {
	c := newClock()
	o := registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}
	d := newDistrict(t, o, c)
	raw(t, filepath.Join(o.Dir, "registry.db"),
		"UPDATE audit SET changes_sealed = NULL WHERE changes_sealed IS NOT NULL")
	_, err := d.sys.VerifyAudit(t.Context())
	wantCode(t, err, g.Conflict)
}

// TestOnlyAdministratorsMakePrivateZonesPublic: a facility manager cannot.
func TestOnlyAdministratorsMakePrivateZonesPublic(t *testing.T) {
	c, ctx := newClock(), t.Context()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	facility, admin := d.as(d.a, g.RoleFacility), d.as(d.a, g.RoleAdmin)
	room := must[g.Zone](t)(facility.Deeds.PutZone(ctx,
		g.Zone{
			School:   "a",
			Building: d.gate["a"].Building,
			Name:     "Changing room",
			Kind:     g.ZoneOther,
			Private:  true,
		}))
	room.Name = "Changing room 2"
	must[g.Zone](t)(facility.Deeds.PutZone(ctx, room)) // facility managers may rename it
	public := room
	public.Private = false
	_, err := facility.Deeds.PutZone(ctx, public)
	wantCode(t, err, g.Forbidden)
	wantCode(t, facility.Deeds.DeleteZone(ctx, room.ID), g.Forbidden)
	must[g.Zone](t)(admin.Deeds.PutZone(ctx, public))
	all, _, err := admin.Views.Audit(ctx, views.AuditFilter{Deed: "zone.put", Object: string(room.ID)})
	ok(t, err)
	if diff := cmp.Diff([]g.AuditChange{{Field: "private", Before: "true", After: "false"}},
		all[0].Changes); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
