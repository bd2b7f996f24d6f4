package registry_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// TestALevelOpensAnIncident: with the procedure of the level's name, marked in a drill; a level that
// takes another one's place goes on in its incident, the real thing not in a drill's; the all-clear
// leaves it open.
func TestALevelOpensAnIncident(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		p := asked()
		p.ID, p.Title = "lockdown", "What we do"
		_, err := x.as(x.a, g.RoleAdmin).Procedures.Put(ctx, "a", p, 0, "ours")
		ok(t, err)
		chen, chens := person(t, x.district, "chen")
		wang, wangs := person(t, x.district, "wang")
		raise := func(level g.LevelID, drill bool) g.Lockdown {
			t.Helper()
			c.add(time.Second)
			return must[g.Lockdown](t)(chens.Lockdown.Raise(ctx, lockdown.Order{
				School: "a",
				Level:  level,
				Drill:  drill,
				Zone:   x.gate["a"].ID,
				By:     chen,
			}))
		}
		drill := raise(g.LevelLockdown, true)
		i := x.incident(drill.Incident)
		x.same("the drill's incident", []any{i.Drill, i.State, i.Alerts, i.Zone, i.Procedure, len(i.Steps) > 0},
			[]any{true, g.IncidentOpen, []g.AlertID{drill.Alert}, x.gate["a"].ID, g.ProcedureID("lockdown"), true})
		x.same("the alert's incident", x.find(drill.Alert).Incident, i.ID)

		real := raise(g.LevelEvacuate, false)
		i = x.incident(real.Incident)
		x.same("the real thing's incident", []any{i.Drill, i.ID == drill.Incident, i.Procedure, len(i.Steps)},
			[]any{false, false, g.ProcedureID(""), 0})
		next := raise(g.LevelLockdown, false)
		x.same("the next level's incident", next.Incident, real.Incident)
		i = x.incident(next.Incident)
		x.same("its alerts", i.Alerts, []g.AlertID{real.Alert, next.Alert})
		x.same("its log", x.log(i.ID), []g.IncidentWhat{g.IncidentBegan, g.IncidentGathered})
		must[g.Lockdown](t)(wangs.Lockdown.Clear(ctx, allClear(next.ID, next.Version, wang, "")))
		x.same("after the all-clear", x.incident(i.ID).State, g.IncidentOpen)

		must[g.Incident](t)(x.v.Alerts.CloseIncident(ctx, i.ID, alerts.AnyVersion, x.lin, g.OutcomeReal, "over"))
		x.same("a level after that opens another", raise(g.LevelHold, false).Incident == i.ID, false)
	})
}

// TestAnIncidentIsOpenedAtAPlace: by hand, without an alert; a room of another school is refused.
func TestAnIncidentIsOpenedAtAPlace(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		i := must[g.Incident](t)(x.v.Alerts.OpenIncident(ctx, alerts.Opening{
			School: "a",
			Title:  "Smell of gas",
			Zone:   x.gate["a"].ID,
		}, x.lin))
		where, err := x.v.Views.IncidentPlaces(ctx, i)
		ok(t, err)
		x.same("places", len(where), 1)
		x.same("place", []any{where[0].ZoneName, where[0].BuildingName, where[0].Alerts}, []any{"Gate", "Main", 0})
		listed, err := x.v.Views.PlacesOfIncidents(ctx, []g.Incident{i})
		ok(t, err)
		x.same("place in a list", listed[i.ID], where)
		_, err = x.v.Alerts.OpenIncident(ctx, alerts.Opening{
			School: "a",
			Title:  "Smell of gas",
			Zone:   x.gate["b"].ID,
		}, x.lin)
		wantCode(t, err, g.Invalid)
	})
}
