package rota_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// The chain that names a zone comes before that of its building, and this before that of the
// school; one that names the severity before one for all.
func TestTheClosestChainIsChosen(t *testing.T) {
	all := []g.Escalation{
		{ID: "all"},
		{ID: "critical", Severities: []g.Severity{g.Critical}},
		{ID: "east", Buildings: []g.BuildingID{"east"}},
		{ID: "lab", Zones: []g.ZoneID{"lab"}, Severities: []g.Severity{g.Major, g.Critical}},
		{ID: "a-off", Zones: []g.ZoneID{"lab"}, Disabled: true},
	}
	for want, w := range map[g.EscalationID]rota.Where{
		"all":      {Severity: g.Warning},
		"critical": {Severity: g.Critical, Building: "west", Zone: "hall"},
		"east":     {Severity: g.Warning, Building: "east", Zone: "lab"},
		"lab":      {Severity: g.Major, Building: "east", Zone: "lab"},
	} {
		for range 2 {
			slices.Reverse(all)
			if got, ok := rota.Choose(all, w); !ok || got.ID != want {
				t.Errorf("%+v: got %s, want %s", w, got.ID, want)
			}
		}
	}
	if got, ok := rota.Choose(all[1:2], rota.Where{Severity: g.Info}); ok && got.ID != "all" {
		t.Errorf("got %s, want none", got.ID)
	}
}

// Steps follow at their times, a step that finds nobody costs none, and the end comes after the
// repeats and a last wait.
func TestCalls(t *testing.T) {
	opened := time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)
	e := g.Escalation{
		Steps:  []g.EscalationStep{{After: 1}, {After: 3}, {After: 10}},
		Wait:   5,
		Repeat: 1,
	}
	walk := func(told ...bool) (at []int) {
		c := rota.Begin(e, opened)
		for _, ok := range told {
			at = append(at, int(c.Due.Sub(opened).Minutes()))
			c = c.Next(e, ok)
		}
		if !c.Over(e) {
			t.Errorf("after %v the chain goes on: %+v", told, c)
		}
		return append(at, int(c.Due.Sub(opened).Minutes()))
	}
	for _, c := range []struct{ told []bool }{
		{[]bool{true, true, true, true, true, true}},
		{[]bool{false, false, false}},
		{[]bool{true, false, true, false, false, false}},
	} {
		got := walk(c.told...)
		want := map[int][]int{
			0: {1, 4, 14, 19, 22, 32, 37},
			1: {1, 1, 1, 1},
			2: {1, 4, 4, 9, 9, 9, 9},
		}
		if !slices.ContainsFunc([]int{0, 1, 2}, func(i int) bool {
			return slices.Equal(got, want[i])
		}) {
			t.Errorf("told %v: got the minutes %v", c.told, got)
		}
	}
}

// However a chain goes, it ends, and its times never go back.
func TestEveryCallEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := g.Escalation{
			Wait:   rapid.IntRange(1, 60).Draw(t, "wait"),
			Repeat: rapid.IntRange(0, rota.MaxRepeat).Draw(t, "repeat"),
		}
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			e.Steps = append(e.Steps, g.EscalationStep{
				After: rapid.IntRange(0, 60).Draw(t, "after"),
			})
		}
		c, most := rota.Begin(e, time.Unix(0, 0)), (len(e.Steps)+1)*(e.Repeat+1)
		for n := 0; !c.Over(e); n++ {
			if n > most {
				t.Fatalf("%d steps and it goes on: %+v", n, c)
			}
			next := c.Next(e, rapid.Bool().Draw(t, "told"))
			if next.Due.Before(c.Due) {
				t.Fatalf("got %s after %s", next.Due, c.Due)
			}
			c = next
		}
	})
}

// How people are told is refused where it cannot work, with the field.
func TestTriesThatCannotWork(t *testing.T) {
	for field, tries := range map[string][]g.Try{
		"": {
			{Ways: []g.Way{"push", "email"}, Unread: 3},
			{Ways: []g.Way{"sms"}},
			{Ways: []g.Way{"voice"}},
		},
		"steps[0].tries[0].ways":           {{}},
		"steps[0].tries[1].ways":           {{Ways: []g.Way{"sms"}}, {Ways: []g.Way{"voice", "sms"}}},
		"steps[0].tries[0].unread_minutes": {{Ways: []g.Way{"sms"}, Unread: 1}},
		"steps[0].tries": {
			{Ways: []g.Way{"push"}}, {Ways: []g.Way{"email"}}, {Ways: []g.Way{"sms"}},
			{Ways: []g.Way{"voice"}}, {Ways: []g.Way{"chat"}},
		},
	} {
		err := rota.CheckChain(g.Escalation{
			Wait:  5,
			Steps: []g.EscalationStep{{Roles: []g.Role{g.RoleSecurity}, Tries: tries}},
		})
		got := ""
		if refused, ok := errors.AsType[*g.Error](err); ok {
			got = refused.Field
		}
		if got != field {
			t.Errorf("got %v, want an error of the field %q", err, field)
		}
	}
	chat := g.EscalationStep{
		Roles: []g.Role{g.RoleSecurity},
		Tries: []g.Try{{Ways: []g.Way{"chat"}}},
	}
	if err := rota.CheckChain(g.Escalation{Wait: 5, Steps: []g.EscalationStep{chat}}); err == nil {
		t.Error("got no error of a way that reaches a group, want one")
	}
}
