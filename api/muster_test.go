package api_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// TestMuster: an evacuation from the alarm to its record. Two telephones tick, one of them without a
// network until it is over; a pupil whom nobody could find is found later.
func TestMuster(t *testing.T) {
	w := newWorld(t).schools()
	ctx, v := t.Context(), w.system()
	now := time.Now()
	zone := g.ZoneID(w.ids["zone"])
	pupil := func(number string) g.PersonID {
		return must(v.People.Create(ctx, g.Person{
			School: w.a.ID,
			Kind:   g.Student,
			Name:   "Pupil " + number,
			Number: number,
			Class:  "9-9",
		}))(t).ID
	}
	seq := uint64(9000)
	seen := func(who g.PersonID, at time.Time) {
		t.Helper()
		seq++
		mustDo(t, v.History.Apply(ctx, []g.Event{{
			Seq:      seq,
			Kind:     g.EventSighting,
			School:   w.a.ID,
			Device:   "lab-1-smoke",
			Zone:     zone,
			Time:     at,
			Received: at,
			Sighting: &g.Sighting{
				ID:     g.SightingID("sgt_" + string(who) + at.String()),
				Method: g.ByCard,
				Person: who,
				Zone:   zone,
			},
		}}))
	}
	inside, lost, home, late := pupil("901"), pupil("902"), pupil("903"), pupil("904")
	seen(inside, now.Add(-time.Second))
	seen(lost, now.Add(-time.Second))
	party := must(v.Visits.Register(ctx, visits.Registration{Visit: g.Visit{
		School: w.a.ID,
		From:   now.Add(-time.Hour),
		To:     now.Add(time.Hour),
		VisitDetails: g.VisitDetails{
			Name:    "Zhou Qiang",
			Group:   4,
			Host:    "Chen Jing",
			Purpose: "Repairs the lift",
		},
	}}))(t)
	must(v.Visits.Move(ctx, party.ID, visits.Step{State: g.VisitExpected}))(t)
	must(v.Visits.Move(ctx, party.ID, visits.Step{State: g.VisitOnSite}))(t)

	guard, teacher := w.user(w.a, g.RoleSecurity), w.user(w.a, g.RoleTeacher)
	facility := w.user(w.a, g.RoleFacility)
	var m g.Muster
	facility.do("POST", "/v1/musters", map[string]any{"drill": true, "place": "Field"}).want(201).into(&m)
	if m.Counts.Sought != 6 || !m.Drill || m.Counts.Waiting != 6 {
		t.Fatalf("got %+v, want two pupils and four visitors looked for, as a drill", m)
	}
	path := "/v1/musters/" + string(m.ID)
	people := func(c *client, query string) map[g.PersonID]attendance.MusterPerson {
		t.Helper()
		var page struct{ Items []attendance.MusterPerson }
		c.do("GET", path+"/people"+query, nil).want(200).into(&page)
		out := map[g.PersonID]attendance.MusterPerson{}
		for _, p := range page.Items {
			out[p.Person] = p
		}
		return out
	}
	facility.do("GET", path+"/people", nil).want(403)
	all := people(teacher, "")
	if p := all[lost]; p.State != g.MusterWaiting || p.Name != "Pupil 902" || p.Sure != g.MusterCertain ||
		p.Zone != zone {
		t.Errorf("got %+v, want them waited for, with the place", p)
	}
	if p := all[home]; p.State != g.MusterNotSought || p.Where != g.PresenceOut {
		t.Errorf("got %+v, want who was not seen and is not expected not looked for", p)
	}
	guests := people(teacher, "?kind=visitor&state=waiting")
	if len(guests) != 1 {
		t.Fatalf("got %+v, want one visitor who stands for four", guests)
	}
	tick := func(c *client, id string, who g.PersonID, word g.TickWord, at time.Time) {
		t.Helper()
		c.do("POST", path+"/ticks", map[string]any{"ticks": []map[string]any{
			{"id": id, "person": who, "word": word, "at": at},
		}}).want(200)
	}
	tick(teacher, "t1", inside, g.TickSafe, now)
	tick(teacher, "t1", inside, g.TickSafe, now) // sent again
	tick(teacher, "t2", lost, g.TickMissing, now)
	for id := range guests {
		tick(guard, "g1", id, g.TickSafe, now)
	}
	teacher.do("GET", path, nil).want(200).into(&m)
	if want := (g.MusterCounts{
		Sought:  6,
		Safe:    5,
		Missing: 1,
		Out:     m.Counts.Out,
	}); m.Counts != want {
		t.Errorf("got %+v, want %+v", m.Counts, want)
	}
	// Somebody comes in by the room's reader while it goes on: they have to be found as well.
	seen(late, time.Now())
	if p := people(teacher, "")[late]; p.State != g.MusterWaiting || !p.Since {
		t.Errorf("got %+v, want who was seen since looked for", p)
	}
	tick(guard, "g2", late, g.TickAway, time.Now())
	w.user(w.b, g.RoleAdmin).do("POST", path+"/ticks", map[string]any{"ticks": []map[string]any{
		{"id": "x", "person": lost, "word": "safe"}}}).want(404)
	var out attendance.Ticked
	teacher.do("POST", path+"/ticks", map[string]any{"ticks": []map[string]any{
		{"id": "s", "person": "per_nobody", "word": "safe"}}}).want(200).into(&out)
	if len(out.Strange) != 1 {
		t.Errorf("got %+v, want who is nobody of the school named", out)
	}
	teacher.do("POST", path+"/close", map[string]any{"report": "x"}).want(403)
	guard.do("POST", path+"/close", map[string]any{"report": "One came late."}).want(200).into(&m)
	if m.Counts.Missing != 1 || m.ClosedBy == "" || m.Report != "One came late." {
		t.Errorf("got %+v, want the record of what was found", m)
	}
	guard.do("POST", path+"/close", map[string]any{}).want(409)
	// The guard's other telephone had no network.
	tick(guard, "g3", lost, g.TickSafe, now.Add(2*time.Minute))
	p := people(teacher, "?state=safe")[lost]
	if p.By == "" || p.Missed.IsZero() || p.MissedBy == p.By {
		t.Errorf("got %+v, want the found pupil with who missed and who found them", p)
	}
	if p := people(teacher, "")[late]; p.State != g.MusterAway || !p.Since {
		t.Errorf("got %+v, want what was seen kept in the record", p)
	}
	var list struct{ Items []g.Muster }
	teacher.do("GET", "/v1/musters", nil).want(200).into(&list)
	if len(list.Items) != 2 || list.Items[0].ID != m.ID || list.Items[0].Counts.Missing != 1 {
		t.Errorf("got %+v, want both musters, the newest first, as it was closed", list.Items)
	}
}

// TestMusterOfABuilding: a building of another school is none, and of one's own only who may be there
// is looked for.
func TestMusterOfABuilding(t *testing.T) {
	w := newWorld(t).schools()
	teacher := w.user(w.a, g.RoleTeacher)
	teacher.do("POST", "/v1/musters", map[string]any{"drill": false, "building": "bld_none"}).want(422)
	var m g.Muster
	teacher.do("POST", "/v1/musters", map[string]any{"drill": false, "building": w.ids["building"]}).want(201).into(&m)
	if string(m.Building) != w.ids["building"] || m.Drill {
		t.Errorf("got %+v, want the building, and no drill", m)
	}
	teacher.do("POST", "/v1/musters", map[string]any{"drill": true}).want(201)
	teacher.do("POST", "/v1/musters", map[string]any{"drill": true}).want(409)
}
