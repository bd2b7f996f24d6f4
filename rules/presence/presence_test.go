package presence_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

func TestWhereSomebodyIs(t *testing.T) {
	morning := time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)
	step := func(kind g.ZoneKind, way g.Direction) presence.Step {
		return presence.Step{Zone: g.ZoneID(kind), Kind: kind, Direction: way}
	}
	gate, room := g.ZoneGate, g.ZoneClassroom
	for _, x := range []struct {
		name    string
		steps   []presence.Step
		boarder bool
		where   g.Presence
		zone    g.ZoneID
		sign    g.PresenceSign
	}{
		{"nothing", nil, false, g.PresenceOut, "", g.SignNone},
		{"a boarder, nothing", nil, true, g.PresenceUnknown, "", g.SignNone},
		{"came", []presence.Step{step(gate, g.In)}, false, g.PresenceIn, "gate", g.SignPassed},
		{"came by a gate that tells no direction", []presence.Step{step(gate, "")}, false, g.PresenceIn, "gate",
			g.SignPassed},
		{"seen in a room only", []presence.Step{step(room, "")}, false, g.PresenceIn, "classroom",
			g.SignSeen},
		{"left the room", []presence.Step{step(room, ""), step(room, g.Out)}, false, g.PresenceIn, "",
			g.SignSeen},
		{"went home", []presence.Step{step(gate, g.In), step(room, ""), step(gate, g.Out)}, false,
			g.PresenceOut, "gate", g.SignPassed},
		{"went home, and a gate saw them again", []presence.Step{step(gate, g.Out), step(gate, ""),
			step(gate, "")}, false, g.PresenceUnknown, "gate", g.SignUnclear},
		{"and then in a room", []presence.Step{step(gate, g.Out), step(gate, ""), step(room, "")}, false,
			g.PresenceIn, "classroom", g.SignSeen},
	} {
		for i := range x.steps {
			x.steps[i].At = morning.Add(time.Duration(i) * time.Minute)
		}
		got := presence.Of(x.steps, x.boarder)
		if got.Where != x.where || got.Zone != x.zone || got.Sign != x.sign {
			t.Errorf("%s: got %+v, want %s at %q, %s", x.name, got, x.where, x.zone, x.sign)
		}
		if n := len(x.steps); n > 0 && !got.At.Equal(x.steps[n-1].At) {
			t.Errorf("%s: got %s, want the last sighting's time", x.name, got.At)
		}
	}
}

func TestSinceWhen(t *testing.T) {
	shanghai := time.FixedZone("", 8*3600)
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, shanghai) }
	for _, x := range []struct {
		now, want time.Time
		boarder   bool
	}{
		{at(2, 12), at(2, 4), false},
		{at(3, 3), at(2, 4), false},
		{at(1, 2), time.Date(2026, 2, 28, 4, 0, 0, 0, shanghai), false},
		{at(2, 12), at(1, 4), true},
	} {
		if got := presence.Since(x.now.UTC(), shanghai, x.boarder); !got.Equal(x.want) {
			t.Errorf("%s: got %s, want %s", x.now, got, x.want)
		}
	}
}
