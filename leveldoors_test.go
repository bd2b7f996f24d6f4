package gatehouse_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestALevelDecidesWhoPasses: who passes under each rule, by whom and which way.
func TestALevelDecidesWhoPasses(t *testing.T) {
	staffIn := g.LevelDoors{
		In:         g.DoorsStaff,
		Responders: []g.PersonID{"medic"},
	}
	nobody := g.LevelDoors{
		In:         g.DoorsResponders,
		Out:        g.DoorsResponders,
		Responders: []g.PersonID{"medic"},
	}
	out := g.LevelDoors{Out: g.DoorsFree}
	for _, c := range []struct {
		name   string
		doors  g.LevelDoors
		way    g.Direction
		person g.PersonID
		kind   g.PersonKind
		why    g.ReasonCode
		allow  bool
		reason g.ReasonCode
	}{
		{"no rule", g.LevelDoors{}, g.In, "child", g.Student, "", true, ""},
		{"no rule, expired", g.LevelDoors{}, g.In, "child", g.Student, g.ReasonPassExpired, false, g.ReasonPassExpired},
		{"staff", staffIn, g.In, "teacher", g.Staff, "", true, ""},
		{"their card is over", staffIn, g.In, "teacher", g.Staff, g.ReasonPassExpired, false, g.ReasonPassExpired},
		{"a child", staffIn, g.In, "child", g.Student, "", false, g.ReasonLevelStaff},
		{"a child on the way out", staffIn, g.Out, "child", g.Student, "", true, ""},
		{"a child, no way said", staffIn, "", "child", g.Student, "", false, g.ReasonLevelStaff},
		{"a visitor who responds", staffIn, g.In, "medic", g.Visitor, "", true, ""},
		{"nobody's card", staffIn, g.In, "", "", g.ReasonNobody, false, g.ReasonNobody},
		{"staff where only responders pass", nobody, g.Out, "teacher", g.Staff, "", false, g.ReasonLevelResponders},
		{"a responder", nobody, g.In, "medic", g.Visitor, "", true, ""},
		{"a responder who has left", nobody, g.In, "medic", g.Visitor, g.ReasonPersonLeft, false, g.ReasonPersonLeft},
		{"out, whatever they show", out, g.Out, "", "", g.ReasonNobody, true, g.ReasonLevelFree},
		{"out, no way said", out, "", "", "", g.ReasonNobody, true, g.ReasonLevelFree},
		{"in, as always", out, g.In, "", "", g.ReasonNobody, false, g.ReasonNobody},
	} {
		allow, reason := c.doors.Decide(c.way, c.person, c.kind, c.why)
		if allow != c.allow || reason != c.reason {
			t.Errorf("%s: got %t, %q, want %t, %q", c.name, allow, reason, c.allow, c.reason)
		}
	}
}
