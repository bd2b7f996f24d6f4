package registry_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// TestPassagesOfNobodyBecomeSomebodys: the credential is stored encrypted until the sighting is
// resolved, and then deleted.
func TestPassagesOfNobodyBecomeSomebodys(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		at := c.now()
		var events []g.Event
		for i := range uint64(5) {
			e := sighting(10+i, d, "a", "", at.Add(time.Duration(i)*time.Minute))
			sealed, err := d.sys.History.SealKept(ctx, "a", []byte("9001"))
			ok(t, err)
			if bytes.Contains(sealed, []byte("9001")) {
				t.Fatal("the credential can be read")
			}
			e.Sighting.Sealed = sealed
			events = append(events, e)
		}
		ok(t, d.sys.History.Apply(ctx, events))
		page, err := d.sys.History.UnresolvedPassages(ctx, "a", 0, 3)
		ok(t, err)
		rest, err := d.sys.History.UnresolvedPassages(ctx, "a", page[2].Seq, 3)
		ok(t, err)
		if len(page) != 3 || len(rest) != 2 || page[0].Seq != 14 || rest[1].Seq != 10 ||
			rest[0].Credential != "9001" {
			t.Fatalf("got %+v and %+v, want numbers 14 to 10 of 9001", page, rest)
		}
		child := d.child["a"].ID
		for range 2 {
			ok(t, d.sys.History.ResolvePassages(ctx, "a", map[uint64]g.PersonID{14: child, 13: child}))
		}
		// a child of another school
		ok(t, d.sys.History.ResolvePassages(ctx, "b", map[uint64]g.PersonID{12: child}))
		// the terminal sends its log again
		told := sighting(20, d, "a", child, at)
		told.Sighting.ID = "sgt_10"
		ok(t, d.sys.History.Apply(ctx, []g.Event{told}))
		rows, _, err := d.as(d.a, g.RoleSecurity).History.Sightings(ctx,
			history.SightingFilter{Person: child})
		ok(t, err)
		var got []uint64
		for _, row := range rows {
			got = append(got, row.Seq)
			if row.Resolved.IsZero() {
				t.Errorf("passage %d does not say that it was resolved later", row.Seq)
			}
		}
		if diff := cmp.Diff([]uint64{14, 13, 10}, got); diff != "" {
			t.Errorf("the child's passages: -want +got\n%s", diff)
		}
		if left, err := d.sys.History.UnresolvedPassages(ctx, "a", 0, 9); err != nil || len(left) != 2 {
			t.Errorf("got %+v, %v, want the two of nobody", left, err)
		}
		entries, _, err := d.as(d.a, g.RoleAdmin).Views.Audit(ctx, views.AuditFilter{})
		ok(t, err)
		n := 0
		for _, e := range entries {
			if e.Deed == "sightings.resolve" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d entries in the audit log, want one of the one deed that did something", n)
		}
	})
}

// TestRefusedContentIsOpenedWithAReason: unreadable messages are stored, for callers with
// people:open and a reason.
func TestRefusedContentIsOpenedWithAReason(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		raw := []byte("777\t2026-09-01 07:55:00\tI\tFP")
		sealed, err := d.sys.History.SealKept(ctx, "a", raw)
		ok(t, err)
		e := g.Event{
			Seq:  40,
			Kind: g.EventRejected, School: "a", Device: d.device["a"].ID, Received: c.now(),
			Rejection: &g.Rejection{
				Reason: "line 1: column 3 is no number",
				Source: "zkteco ATTLOG",
				Sealed: sealed,
			},
		}
		ok(t, d.sys.History.Apply(ctx, []g.Event{e}))
		rows, _, err := d.as(d.a, g.RoleFacility).History.Rejections(ctx, history.RejectionFilter{})
		ok(t, err)
		if len(rows) != 1 || rows[0].Kept != len(raw) {
			t.Fatalf("got %+v, want one with %d bytes kept", rows, len(raw))
		}
		got, err := d.as(d.a, g.RoleSecurity).History.RejectionContent(ctx, 40)
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("got %q, %v, want what was sent", got, err)
		}
		_, err = d.as(d.a, g.RoleFacility).History.RejectionContent(ctx, 40)
		wantCode(t, err, g.Forbidden)
		_, err = d.as(d.b, g.RoleSecurity).History.RejectionContent(ctx, 40)
		wantCode(t, err, g.NotFound)
		silent := d.r.In(g.Scope{
			School:      "a",
			Actor:       "usr_test tester",
			Permissions: g.RoleSecurity.Permissions(),
		})
		_, err = silent.History.RejectionContent(ctx, 40)
		wantCode(t, err, g.Invalid)
	})
}
