package api_test

import (
	"net/http"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	duty "github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// onDuty is a school with a guard and a rota around the clock that is his alone.
func onDuty(t *testing.T) (w *world, admin *client, rota map[string]any) {
	w = newWorld(t).schools()
	for _, id := range []g.UserID{"usr_lin", "usr_wang"} {
		must(w.system().Access.CreateUser(t.Context(), g.User{
			ID:       id,
			School:   w.a.ID,
			Name:     string(id),
			Role:     g.RoleSecurity,
			Language: "en",
		}, password))(t)
	}
	return w, w.user(w.a, g.RoleAdmin), map[string]any{
		"name": "Gate",
		"lines": []any{map[string]any{
			"start": "00:00", "end": "00:00", "first": "2020-01-01", "each": "day",
			"turns": []any{[]any{"usr_lin"}}, "holidays": "off",
		}},
	}
}

// A rota that rests on holidays is answered with them as holes, from where they begin to where they
// end by the school's clock.
func TestHolidaysThatLeaveAHole(t *testing.T) {
	_, admin, rota := onDuty(t)
	var saved oncall.RotaRow
	admin.do("POST", "/v1/rotas", rota).want(http.StatusCreated).into(&saved)
	if saved.HolesAll != 0 {
		t.Fatalf("got the holes %v without a holiday, want none", saved.Holes)
	}
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	rota["holidays"] = []any{
		map[string]any{"name": "Festival", "from": day(5), "to": day(7)},
		map[string]any{"from": day(8), "to": day(8)},
		map[string]any{"name": "Beyond four weeks", "from": day(60), "to": day(61)},
	}
	admin.do("PATCH", "/v1/rotas/"+string(saved.ID), map[string]any{"holidays": rota["holidays"]}).
		want(http.StatusOK).into(&saved)
	if saved.HolesAll != 1 || saved.HoleHours != 4*24 || saved.Holes[0].To.Sub(saved.Holes[0].From).Hours() != 4*24 {
		t.Errorf("got %d holes of %v h: %v, want the four days as one", saved.HolesAll, saved.HoleHours, saved.Holes)
	}
}

// A stand-in that leaves nobody on duty is answered with the times, and one that does not with none.
func TestAStandInThatLeavesAHole(t *testing.T) {
	w, admin, rota := onDuty(t)
	var saved oncall.RotaRow
	admin.do("POST", "/v1/rotas", rota).want(http.StatusCreated).into(&saved)
	from := time.Now().Add(time.Hour).UTC().Truncate(time.Hour)
	stand := func(who string, begins, ends time.Time) (out oncall.OverrideMade) {
		t.Helper()
		admin.do("POST", "/v1/rotas/"+string(saved.ID)+"/overrides", map[string]any{
			"from": begins, "to": ends, "for": "usr_lin", "who": who,
		}).want(http.StatusCreated).into(&out)
		return out
	}
	if made := stand("usr_wang", from, from.Add(4*time.Hour)); len(made.Holes) != 0 || made.ID == "" {
		t.Errorf("got %+v, want no hole while somebody stands in", made)
	}
	// Lin is away, Wang stands in, and then does not: the hours are nobody's.
	away := from.Add(48 * time.Hour)
	stand("", away, away.Add(2*time.Hour))
	var came, back oncall.OverrideMade
	admin.do("POST", "/v1/rotas/"+string(saved.ID)+"/overrides", map[string]any{
		"from": away, "to": away.Add(2 * time.Hour), "who": "usr_wang",
	}).want(http.StatusCreated).into(&came)
	if len(came.Holes) != 0 {
		t.Errorf("got the holes %v while somebody came in addition, want none", came.Holes)
	}
	admin.do("DELETE", "/v1/rotas/"+string(saved.ID)+"/overrides/"+string(came.ID), nil).
		want(http.StatusOK).into(&back)
	if back.ID != came.ID || len(back.Holes) != 1 || !back.Holes[0].From.Equal(away) ||
		!back.Holes[0].To.Equal(away.Add(2*time.Hour)) {
		t.Errorf("got %+v, want what was taken back and the two hours as a hole", back)
	}
	late := from.Add(10 * time.Hour)
	made := stand("", late, late.Add(2*time.Hour))
	if len(made.Holes) != 1 || !made.Holes[0].From.Equal(late) || !made.Holes[0].To.Equal(late.Add(2*time.Hour)) {
		t.Errorf("got the holes %v, want the two hours", made.Holes)
	}
	mustDo(t, w.system().Access.UpdateUser(t.Context(), g.User{
		ID:       "usr_wang",
		Name:     "usr_wang",
		Role:     g.RoleTeacher,
		Language: "en",
	}))
	made = stand("usr_wang", late.Add(24*time.Hour), late.Add(25*time.Hour))
	if len(made.Holes) != 1 {
		t.Errorf("got %v, want a hole where who stands in may not handle alerts", made.Holes)
	}
	var plan oncall.DutyPlan
	admin.do("GET", "/v1/duty/plan?from="+late.Format(time.RFC3339)+"&to="+
		late.Add(3*time.Hour).Format(time.RFC3339), nil).want(http.StatusOK).into(&plan)
	spans := plan.Rotas[0].Spans
	if len(spans) != 2 || !spans[0].Hole || spans[1].Hole {
		t.Errorf("got %+v, want the hole in the plan as well", spans)
	}
}

// What a chain lacks stands in its answers, and is no state that somebody's change depends on.
func TestAChainSaysWhatItLacks(t *testing.T) {
	w, admin, _ := onDuty(t)
	var saved oncall.EscalationRow
	admin.do("POST", "/v1/escalations", map[string]any{
		"name": "Fire", "severities": []any{"critical"}, "wait_minutes": 5,
		"steps": []any{map[string]any{"after_minutes": 0, "roles": []any{"security"}}},
	}).want(http.StatusCreated).into(&saved)
	if len(saved.Lacks) != 1 || saved.Lacks[0].What != "silent" || saved.Lacks[0].Field != "steps[0]" {
		t.Errorf("got %v, want that nobody is reached", saved.Lacks)
	}
	at := "/v1/escalations/" + string(saved.ID)
	tag := admin.do("GET", at, nil).want(http.StatusOK).header.Get("ETag")
	must(w.system().Messages.CreateChannel(t.Context(),
		messages.Channel{School: w.a.ID, Kind: "smtp", Name: "mail"}, nil))(t)
	admin.do("PATCH", at, map[string]any{"wait_minutes": 6}, "If-Match", tag).
		want(http.StatusOK).into(&saved)
	deaf := func(x duty.Lack) bool { return x.What == duty.LackDeaf && x.Name != "" }
	if len(saved.Lacks) == 0 || !deaf(saved.Lacks[0]) || saved.Wait != 6 {
		t.Errorf("got %+v, want it changed, and only the guards deaf", saved)
	}
}

// A maintenance window is changed under the tag with which it was read.
func TestAWindowIsChangedAsRead(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	at := "/v1/suppressions/" + w.ids["suppression"]
	tag := admin.do("GET", at, nil).want(http.StatusOK).header.Get("ETag")
	change := map[string]any{"reason": "the UPS is exchanged"}
	admin.do("PATCH", at, change, "If-Match", tag).want(http.StatusOK)
	admin.do("PATCH", at, change, "If-Match", tag).want(http.StatusPreconditionFailed)
}
