package api_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
)

// TestWhoIsInTheSchool: the roll call has who was seen since the day began, with where; a caller who
// may not read people gets figures and places without names.
func TestWhoIsInTheSchool(t *testing.T) {
	w := newWorld(t).schools()
	ctx, v := t.Context(), w.system()
	now := time.Now()
	pupil := func(number string, boarder bool) g.PersonID {
		return must(v.People.Create(ctx, g.Person{
			School:  w.a.ID,
			Kind:    g.Student,
			Name:    "Pupil " + number,
			Number:  number,
			Class:   "9-9",
			Boarder: boarder,
		}))(t).ID
	}
	inside, boards, away := pupil("901", false), pupil("902", true), pupil("903", false)
	seen := func(seq uint64, who g.PersonID, at time.Time) g.Event {
		return g.Event{
			Seq:      seq,
			Kind:     g.EventSighting,
			School:   w.a.ID,
			Device:   "lab-1-smoke",
			Zone:     g.ZoneID(w.ids["zone"]),
			Time:     at,
			Received: at,
			Sighting: &g.Sighting{
				ID:     g.SightingID("sgt_" + string(who)),
				Method: g.ByCard,
				Person: who,
				Zone:   g.ZoneID(w.ids["zone"]),
			},
		}
	}
	mustDo(t, v.History.Apply(ctx, []g.Event{
		seen(9001, inside, now.Add(-time.Second)),
		seen(9002, away, now.Add(-48*time.Hour)),
	}))
	get := func(c *client, query string) map[g.PersonID]attendance.Present {
		t.Helper()
		var page struct {
			Items []attendance.Present
		}
		c.do("GET", "/v1/presence/people?class=9-9"+query, nil).want(200).into(&page)
		out := map[g.PersonID]attendance.Present{}
		for _, p := range page.Items {
			out[p.Person] = p
		}
		return out
	}
	guard := w.user(w.a, g.RoleSecurity)
	all := get(guard, "")
	if p := all[inside]; p.Where != g.PresenceIn || string(p.Zone) != w.ids["zone"] || p.Name != "Pupil 901" {
		t.Errorf("got %+v, want them in, at the laboratory", p)
	}
	if all[boards].Where != g.PresenceUnknown || all[away].Where != g.PresenceOut || len(all) != 3 {
		t.Errorf("got %+v, want the boarder unknown and who was not seen today out", all)
	}
	if only := get(guard, "&where=in"); len(only) != 1 {
		t.Errorf("got %+v, want one who is in", only)
	}
	_, key, err := v.Access.CreateKey(ctx, g.APIKey{
		School:      w.a.ID,
		Name:        "counts",
		Permissions: []g.Permission{g.SightingsRead},
		Expires:     now.Add(time.Hour),
	})
	mustDo(t, err)
	program := w.nobody()
	program.key = key
	if p := get(program, "")[inside]; p.Name != "" || p.Number != "" || p.Where != g.PresenceIn {
		t.Errorf("got %+v, want no name without people:read", p)
	}
	var counts attendance.PresenceCounts
	program.do("GET", "/v1/presence", nil).want(200).into(&counts)
	if len(counts.Zones) != 1 || counts.Zones[0].People != 1 {
		t.Errorf("got %+v, want one person in one place", counts)
	}
}
