package registry_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

func sighting(seq uint64, d *district, school g.SchoolID, person g.PersonID, at time.Time) g.Event {
	return g.Event{
		Seq:    seq,
		Kind:   g.EventSighting,
		School: school,
		Device: d.device[school].ID,
		Zone:   d.gate[school].ID, Time: at, Received: at.Add(time.Second),
		Sighting: &g.Sighting{
			ID:        g.SightingID(fmt.Sprintf("sgt_%d", seq)),
			Method:    g.ByFace,
			Direction: g.In,
			Person:    person,
			Match:     &g.Match{Score: 0.7, RunnerUp: 0.2, Margin: 0.5, Reason: "matched"},
		},
	}
}

func TestHistoryIsWrittenOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		child, at := d.child["a"].ID, c.now()
		var events []g.Event
		for i := range uint64(5) {
			who := child
			if i == 3 {
				who = ""
			}
			events = append(events,
				sighting(10+i, d, "a", who, at.Add(time.Duration(i)*time.Minute)))
		}
		again := sighting(20, d, "a", child, at)
		again.Sighting.ID = "sgt_10" // the device repeats the sighting
		events = append(events, again, sighting(21, d, "b", d.child["b"].ID, at),
			g.Event{
				Seq:    30,
				Kind:   g.EventStatus,
				School: "a",
				Device: d.device["a"].ID,
				Time:   at,
				Status: &g.Status{State: g.StateOnline},
			},
			g.Event{
				Seq:    31,
				Kind:   g.EventStatus,
				School: "a",
				Device: d.device["a"].ID,
				Time:   at,
				Status: &g.Status{State: g.StateFault, Reason: "cover\x00open\xff"},
			},
			g.Event{
				Seq:      32,
				Kind:     g.EventRejected,
				School:   "a",
				Device:   d.device["a"].ID,
				Received: at,
				Rejection: &g.Rejection{
					Reason:  "no such property",
					Source:  "t",
					Excerpt: "\x00\xfe",
				},
			},
			reading(33, d.device["a"].ID, at, 1))
		for range 3 {
			ok(t, d.sys.History.Apply(ctx, events))
		}
		v := d.as(d.a, g.RoleSecurity)
		list := func(f history.SightingFilter) (seqs []uint64) {
			f.Limit = 2
			for {
				rows, next, err := v.History.Sightings(ctx, f)
				ok(t, err)
				for _, s := range rows {
					seqs = append(seqs, s.Seq)
				}
				if next == "" {
					return seqs
				}
				f.Cursor = next
			}
		}
		for _, c := range []struct {
			f    history.SightingFilter
			want []uint64
		}{
			{history.SightingFilter{}, []uint64{14, 13, 12, 11, 10}},
			{history.SightingFilter{Person: child}, []uint64{14, 12, 11, 10}},
			{history.SightingFilter{Unknown: true}, []uint64{13}},
			{
				history.SightingFilter{
					Device: d.device["a"].ID,
					From:   at.Add(time.Minute),
					To:     at.Add(3 * time.Minute),
				},
				[]uint64{12, 11},
			},
			{history.SightingFilter{Zone: d.gate["b"].ID}, nil},
		} {
			if diff := cmp.Diff(c.want, list(c.f)); diff != "" {
				t.Errorf("%+v: -want +got\n%s", c.f, diff)
			}
		}
		rows, _, err := v.History.Sightings(ctx, history.SightingFilter{Page: registry.Page{Limit: 1}})
		ok(t, err)
		want := history.SightingRow{
			Seq:    14,
			ID:     "sgt_14",
			School: "a",
			Device: d.device["a"].ID,
			Zone:   d.gate["a"].ID,
			Person: child, Name: "Zhou Xiaohua a", Method: g.ByFace, Direction: g.In,
			Time:     at.Add(4 * time.Minute),
			Received: at.Add(4*time.Minute + time.Second),
			Match:    &g.Match{Score: 0.7, RunnerUp: 0.2, Margin: 0.5, Reason: "matched"},
		}
		if diff := cmp.Diff([]history.SightingRow{want}, rows); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		states, _, err := v.History.StatusLog(ctx, d.device["a"].ID, registry.Page{})
		ok(t, err)
		if len(states) != 2 || states[0].State != g.StateFault ||
			states[0].Reason != "cover\uFFFDopen\uFFFD" {
			t.Errorf("got %+v, want the fault first", states)
		}
		refused, _, err := v.History.Rejections(ctx, history.RejectionFilter{})
		ok(t, err)
		if len(refused) != 1 || refused[0].Reason != "no such property" {
			t.Errorf("got %+v, want one", refused)
		}
		between := must[[]history.SightingRow](t)(v.History.SightingsBetween(ctx, "a", at,
			at.Add(3*time.Minute), []g.PersonID{child}))
		if len(between) != 3 || between[0].Seq != 10 || between[2].Seq != 12 {
			t.Errorf("got %+v, want 10, 11 and 12", between)
		}
		many := make([]g.PersonID, 600)
		many[599] = child
		swept := must[[]history.SightingRow](t)(v.History.SightingsBetween(ctx, "a", at,
			at.Add(3*time.Minute), many[1:]))
		if diff := cmp.Diff(between, swept[:3]); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if all := must[[]history.SightingRow](t)(v.History.SightingsBetween(ctx, "a", time.Time{},
			time.Time{}, nil)); len(all) != 5 {
			t.Errorf("got %d, want the unknown too: 5", len(all))
		}
	})
}

func TestAttendanceTellsOnlyChanges(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		child := d.child["a"].ID
		s := must[g.Session](t)(d.sys.Sessions.Put(ctx, morning(d, d.a)))
		roster := d.roster(t, s)
		if diff := cmp.Diff([]sessions.RosterEntry{{Person: child, Kind: g.Student, Class: "7-2"}},
			roster); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		row := g.Attendance{
			Person:    child,
			Session:   s.ID,
			School:    "a",
			Kind:      s.Kind,
			Date:      "2026-09-01",
			State:     g.Expected,
			InputHash: "h1",
			Reasons:   []string{},
			Sightings: []g.SightingID{},
		}
		put := func(want int, rows ...g.Attendance) {
			t.Helper()
			if got := must[[]g.Attendance](t)(d.sys.Sessions.PutAttendance(ctx, rows, g.CauseTime)); len(got) != want {
				t.Errorf("got %d changes, want %d", len(got), want)
			}
		}
		put(1, row)
		put(0, row)
		row.State, row.InputHash, row.At = g.Arrived, "h2", c.now()
		put(1, row, row)
		gone := row
		gone.Person = "per_gone"
		put(0, gone)
		events := drain(t, d)
		if len(events) != 2 || events[0].ID == events[1].ID ||
			events[1].Attendance.State != g.Arrived {
			t.Errorf("got %+v, want one event for each change", events)
		}
		v := d.as(d.a, g.RoleTeacher)
		rows, _, err := v.Sessions.Attendance(ctx,
			sessions.AttendanceFilter{Class: "7-2", Date: "2026-09-01"})
		ok(t, err)
		if diff := cmp.Diff([]sessions.AttendanceRow{
			{Attendance: row, Name: "Zhou Xiaohua a", Class: "7-2"},
		},
			rows); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		_, _, err = v.Sessions.Attendance(ctx, sessions.AttendanceFilter{Date: "1/09/2026"})
		wantCode(t, err, g.Invalid)
		sum := must[map[g.AttendanceState]int](t)(v.Sessions.AttendanceSummary(ctx, s.ID))
		if diff := cmp.Diff(map[g.AttendanceState]int{g.Arrived: 1}, sum); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		ok(t,
			v.Sessions.Correct(ctx,
				sessions.Correction{
					Session: s.ID,
					Person:  child,
					State:   g.Excused,
					Reason:  "dentist",
				}))
		corrections := must[[]sessions.Correction](t)(v.Sessions.Corrections(ctx, s.ID))
		if diff := cmp.Diff([]sessions.Correction{
			{
				Session: s.ID,
				Person:  child,
				State:   g.Excused,
				Reason:  "dentist",
				Actor:   "usr_test tester",
				At:      c.now(),
			},
		},
			corrections); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		wantCode(t,
			d.sys.Sessions.Correct(ctx,
				sessions.Correction{
					Session: s.ID,
					Person:  d.child["b"].ID,
					State:   g.Excused,
					Reason:  "x",
				}),
			g.NotFound)
		wantCode(t, v.Sessions.Delete(ctx, s.ID), g.Conflict)
	})
}

func TestSessionsAndLeavesByTime(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v, at := d.as(d.a, g.RoleTeacher), c.now()
		s := must[g.Session](t)(v.Sessions.Put(ctx, morning(d, d.a)))
		for _, c := range []struct {
			from, to time.Time
			want     int
		}{
			{time.Time{}, time.Time{}, 1},
			{s.End, time.Time{}, 0},
			{time.Time{}, s.Start, 0},
			{s.End.Add(-1000), s.End.Add(time.Hour), 1},
		} {
			if got := must[[]g.Session](t)(v.Sessions.Between(ctx, "a", c.from, c.to)); len(got) != c.want {
				t.Errorf("%v to %v: got %d, want %d", c.from, c.to, len(got), c.want)
			}
		}
		for _, change := range []func(*g.Session){
			func(s *g.Session) { s.Name = "" },
			func(s *g.Session) { s.Kind = "party" },
			func(s *g.Session) { s.Due = s.End.Add(1) },
			func(s *g.Session) { s.End = s.Start },
			func(s *g.Session) { s.Who = nil },
			func(s *g.Session) { s.Zones = []g.ZoneID{d.gate["b"].ID} },
			func(s *g.Session) { s.ZoneKinds = []g.ZoneKind{"roof"} },
		} {
			bad := s
			change(&bad)
			_, err := v.Sessions.Put(ctx, bad)
			wantCode(t, err, g.Invalid)
		}
		l := must[g.Leave](t)(v.Sessions.PutLeave(ctx,
			g.Leave{Person: d.child["a"].ID, From: at, To: at.Add(time.Hour), Reason: "ill"}))
		if diff := cmp.Diff([]g.Leave{l},
			must[[]g.Leave](t)(v.Sessions.Leaves(ctx, "a", at, at.Add(time.Minute)))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		_, err := v.Sessions.PutLeave(ctx, g.Leave{Person: d.child["a"].ID, From: at, To: at})
		wantCode(t, err, g.Invalid)
		ok(t, v.Sessions.DeleteLeave(ctx, l.ID))
		if got := must[[]g.Leave](t)(v.Sessions.Leaves(ctx, "a", time.Time{}, time.Time{})); len(got) != 0 {
			t.Errorf("got %v, want none", got)
		}
	})
}

func TestDeliveriesAreQueuedOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		for _, bad := range []string{
			"", "ftp://x.example", "https://", "https://u:p@x.example", "x.example/hook",
		} {
			_, _, err := v.Hooks.Create(ctx, g.Webhook{School: "a", URL: bad})
			wantCode(t, err, g.Invalid)
		}
		hook, secret, err := v.Hooks.Create(ctx,
			g.Webhook{
				School: "a",
				URL:    "https://x.example/hook",
				Kinds:  []g.EventKind{g.EventAlert},
			})
		ok(t, err)
		if got := must[string](t)(d.sys.Hooks.Secret(ctx, hook.ID)); got != secret || got == "" {
			t.Errorf("got %q, want the secret that was shown", got)
		}
		ds := []hooks.Delivery{
			{Webhook: hook.ID, EventID: "e1", Seq: 1, Body: []byte(`{"a":1}`)},
			{
				Webhook: hook.ID,
				EventID: "e2",
				Seq:     2,
				Body:    []byte(`{}`),
				Next:    c.now().Add(time.Hour),
			},
			{Webhook: "whk_gone", EventID: "e1"},
		}
		for range 2 {
			ok(t, d.sys.Hooks.QueueDeliveries(ctx, ds))
		}
		due := must[[]hooks.Delivery](t)(d.sys.Hooks.DueDeliveries(ctx, hook.ID, c.now(), 10))
		if len(due) != 1 || due[0].EventID != "e1" || string(due[0].Body) != `{"a":1}` {
			t.Fatalf("got %+v, want the first", due)
		}
		due[0].Attempt, due[0].Status, due[0].Done, due[0].Finished = 1, 200, true, c.now()
		ok(t, d.sys.Hooks.SaveDelivery(ctx, due[0]))
		for since, want := range map[time.Time]bool{c.now(): true, c.now().Add(time.Second): false} {
			if got := must[bool](t)(d.sys.Hooks.DeliveredSince(ctx, hook.ID, since)); got != want {
				t.Errorf("got %v for a success since %s, want %v", got, since, want)
			}
		}
		list, next, err := v.Hooks.Deliveries(ctx, hook.ID, registry.Page{Limit: 1})
		ok(t, err)
		if len(list) != 1 || list[0].EventID != "e2" || next == "" {
			t.Errorf("got %+v %q, want the second and a cursor", list, next)
		}
		list, next, err = v.Hooks.Deliveries(ctx, hook.ID, registry.Page{Limit: 1, Cursor: next})
		ok(t, err)
		if diff := cmp.Diff(due, list); diff != "" || next != "" {
			t.Errorf("cursor %q, -want +got\n%s", next, diff)
		}
		ok(t, v.Hooks.Redeliver(ctx, due[0].ID))
		if due := must[[]hooks.Delivery](t)(d.sys.Hooks.DueDeliveries(ctx, hook.ID,
			c.now().Add(time.Hour), 10)); len(due) != 2 {
			t.Errorf("got %d due, want both", len(due))
		}
		hook.Disabled, hook.Reason = true, "410"
		ok(t, v.Hooks.Update(ctx, hook))
		if due := must[[]hooks.Delivery](t)(d.sys.Hooks.DueDeliveries(ctx, hook.ID,
			c.now().Add(time.Hour), 10)); len(due) != 0 {
			t.Errorf("got %d due of a disabled webhook, want none", len(due))
		}
		if diff := cmp.Diff([]g.Webhook{hook}, must[[]g.Webhook](t)(v.Hooks.List(ctx, "a"))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		ok(t, d.sys.Hooks.SaveDelivery(ctx, due[0]))
		if n := must[int64](t)(d.sys.Hooks.TrimDeliveries(ctx, c.now().Add(time.Second))); n != 1 {
			t.Errorf("trimmed %d, want the finished one", n)
		}
		ok(t, v.Hooks.Delete(ctx, hook.ID))
	})
}

// TestWebhookThatIsFarBehindHoldsUpNoOther: one server is down with a thousand deliveries pending,
// and another has a single delivery that came last.
func TestWebhookThatIsFarBehindHoldsUpNoOther(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		away, _, err := v.Hooks.Create(ctx,
			g.Webhook{School: "a", URL: "https://away.example/hook"})
		ok(t, err)
		well, _, err := v.Hooks.Create(ctx,
			g.Webhook{School: "a", URL: "https://well.example/hook"})
		ok(t, err)
		var ds []hooks.Delivery
		for i := range 1000 {
			ds = append(ds,
				hooks.Delivery{
					Webhook: away.ID,
					EventID: fmt.Sprint("e", i),
					Body:    []byte("{}"),
					Next:    c.now().Add(-time.Minute),
				})
		}
		ok(t,
			d.sys.Hooks.QueueDeliveries(ctx,
				append(ds,
					hooks.Delivery{
						Webhook: well.ID,
						EventID: "last",
						Body:    []byte("{}"),
						Next:    c.now(),
					})))
		if diff := cmp.Diff([]g.WebhookID{away.ID, well.ID},
			must[[]g.WebhookID](t)(d.sys.Hooks.Due(ctx, c.now()))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if due := must[[]hooks.Delivery](t)(d.sys.Hooks.DueDeliveries(ctx, well.ID, c.now(), 500)); len(
			due) != 1 ||
			due[0].EventID != "last" {
			t.Errorf("got %+v, want the one that came last", due)
		}
		later := c.now().Add(time.Hour)
		ok(t, d.sys.Hooks.PostponeDeliveries(ctx, away.ID, later))
		ok(t, d.sys.Hooks.PostponeDeliveries(ctx, away.ID, c.now().Add(time.Minute)))
		if diff := cmp.Diff([]g.WebhookID{well.ID},
			must[[]g.WebhookID](t)(d.sys.Hooks.Due(ctx, later.Add(-time.Second)))); diff != "" {
			t.Errorf("while the other waits: -want +got\n%s", diff)
		}
		if due := must[[]hooks.Delivery](t)(d.sys.Hooks.DueDeliveries(ctx, away.ID, later, 500)); len(
			due) != 500 {
			t.Errorf("got %d due after the wait, want 500 at once", len(due))
		}
	})
}

// TestManyDeliveriesAreQueuedInParts: more deliveries than one transaction takes are all queued,
// once, in several transactions with their own times.
func TestManyDeliveriesAreQueuedInParts(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		o.Now = func() time.Time {
			c.add(time.Millisecond)
			return c.now()
		}
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		hook, _, err := v.Hooks.Create(ctx, g.Webhook{School: "a", URL: "https://x.example/hook"})
		ok(t, err)
		const many = 1300
		var ds []hooks.Delivery
		for i := range many {
			ds = append(ds,
				hooks.Delivery{
					Webhook: hook.ID,
					EventID: fmt.Sprint("e", i),
					Seq:     uint64(i + 1),
					Body:    []byte("{}"),
				})
		}
		ok(t, d.sys.Hooks.QueueDeliveries(ctx, ds[:many/2])) // as if the second half had failed
		for range 2 {
			ok(t, d.sys.Hooks.QueueDeliveries(ctx, ds))
		}
		events, at := map[string]bool{}, map[time.Time]int{}
		got, cursor := 0, ""
		for {
			list, next, err := v.Hooks.Deliveries(ctx, hook.ID, registry.Page{Limit: 500, Cursor: cursor})
			ok(t, err)
			for _, x := range list {
				got++
				events[x.EventID] = true
				at[x.Created]++
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if got != many || len(events) != many {
			t.Errorf("got %d deliveries of %d events, want %d of each", got, len(events), many)
		}
		for created, n := range at {
			if n > 500 {
				t.Errorf("got %d deliveries in the transaction of %s, want a few hundred at most",
					n, created)
			}
		}
	})
}

func TestSettings(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		if _, found, err := v.Places.Setting(ctx, "a", "k"); err != nil || found {
			t.Errorf("got found %v, %v, want nothing", found, err)
		}
		ok(t, v.Deeds.PutSetting(ctx, "a", "k", json.RawMessage(`{"x": 1}`)))
		ok(t, v.Deeds.PutSetting(ctx, "a", "k", json.RawMessage(`{"x": 2}`)))
		got, found, err := v.Places.Setting(ctx, "a", "k")
		if err != nil || !found || string(got) != `{"x": 2}` {
			t.Errorf("got %s %v %v", got, found, err)
		}
		ok(t, v.Deeds.PutSetting(ctx, "a", "k", json.RawMessage(`null`)))
		if _, found, err := v.Places.Setting(ctx, "a", "k"); err != nil || found {
			t.Errorf("got found %v, %v, want it removed", found, err)
		}
		wantCode(t, v.Deeds.PutSetting(ctx, "a", "k", json.RawMessage(`{`)), g.Invalid)
		wantCode(t, v.Deeds.PutSetting(ctx, "a", "k\x00", json.RawMessage(`1`)), g.Invalid)
		wantCode(t, v.Deeds.PutSetting(ctx, "", "k", json.RawMessage(`1`)), g.Forbidden)
		ok(t, d.as(d.dist, g.RoleDistrict).Deeds.PutSetting(ctx, "", "k", json.RawMessage(`1`)))
	})
}

func TestTrimHistoryProvesWhatItRemoved(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		fill(t, d)
		ok(t,
			d.sys.History.Apply(ctx,
				[]g.Event{
					sighting(10, d, "b", "", c.now().Add(time.Hour)),
					sighting(11, d, "a", "", c.now()),
				}))
		got := must[history.Trimmed](t)(d.sys.History.Trim(ctx, "b", c.now().Add(time.Minute)))
		wantTrimmed := history.Trimmed{Sightings: 1, Statuses: 1, Occurrences: 1, Rejections: 1}
		if diff := cmp.Diff(wantTrimmed, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		rows, _, err := d.sys.History.Sightings(ctx, history.SightingFilter{})
		ok(t, err)
		if len(rows) != 2 || rows[0].Seq != 10 || rows[1].Seq != 11 {
			t.Errorf("got %+v, want the newer one and that of the other school", rows)
		}
		entries, _, err := d.sys.Views.Audit(ctx, views.AuditFilter{Deed: "history.trim"})
		ok(t, err)
		if len(entries) != 1 || entries[0].School != "b" {
			t.Errorf("got %+v, want one entry of b", entries)
		}
	})
}
