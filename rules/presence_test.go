package rules_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// pupils is a town that knows who people are by the first letter of their IDs.
type pupils struct{ town }

func (pupils) Person(id g.PersonID) (kind g.PersonKind, boarder, ok bool) {
	switch id[0] {
	case 's':
		return g.Student, false, true
	case 'b':
		return g.Student, true, true
	case 't':
		return g.Staff, false, true
	}
	return "", false, false
}

func (pupils) Zone(id g.ZoneID) (g.Zone, bool) {
	z := g.Zone{
		ID:       id,
		Kind:     g.ZoneKind(map[g.ZoneID]string{"gate": "gate", "lab": "laboratory", "room": "classroom"}[id]),
		Building: "main",
	}
	if id == "gate" {
		z.Building = ""
	}
	return z, z.Kind != ""
}

// passes says that somebody is seen at a device at a second, and heard of at another.
func (w *world) passes(seen, heard float64, person, device string, to g.Direction) []rules.Effect {
	ev := w.event(heard, device)
	ev.Time = morning(seen)
	ev.Kind, ev.Sighting = g.EventSighting, &g.Sighting{
		ID:        g.SightingID(fmt.Sprint(person, seen, device)),
		Method:    g.ByCard,
		Person:    g.PersonID(person),
		Direction: to,
	}
	ev.Replayed = heard-seen > 60
	return w.engine.Observe(ev, pupils{w.town})
}

func people(t testing.TB, text string) (*world, []rules.Rule) {
	rs := mustParse(t, "rules:\n"+text)
	return &world{t: t, town: newTown("gate-1", "lab-1", "room-1"), engine: rules.New(rs, nil)}, rs
}

// about lists the people of effects.
func about(list []rules.Effect) string {
	var out []string
	for _, e := range list {
		if a := e.Alert; a != nil {
			out = append(out, fmt.Sprint(e.At.Format("15:04:05"), " ", a.Person, " ", a.Firing))
		}
	}
	return strings.Join(out, ", ")
}

func wantAbout(t testing.TB, got []rules.Effect, want string) {
	t.Helper()
	if about(got) != want {
		t.Errorf("got %q, want %q", about(got), want)
	}
}

const stillHere = `  - {id: still, title: S, severity: warning,
     when: {all: [{presence: {inside: school, kind: student, boarder: false}}, {time: {from: "18:00", to: "22:00"}}]}}
`

// Who is in the school at 18:00 is told of until they go out; staff, boarders and those who have gone
// are of no concern.
func TestWhoIsStillInSchool(t *testing.T) {
	w, rs := people(t, stillHere)
	at := func(hours float64) float64 { return (hours - 8) * hour }
	w.passes(at(8), at(8), "s-li", "gate-1", g.In)
	w.passes(at(8), at(8), "s-wu", "gate-1", g.In)
	w.passes(at(8), at(8), "t-ma", "gate-1", g.In)
	w.passes(at(8), at(8), "b-he", "gate-1", g.In)
	w.passes(at(16), at(16), "s-wu", "gate-1", g.Out)
	wantAbout(t, w.engine.Tick(morning(at(17.9))), "")
	w.restart(rs)
	wantAbout(t, w.engine.Tick(morning(at(18))), "18:00:00 s-li true")
	wantAbout(t, w.passes(at(18.5), at(18.5), "s-li", "room-1", ""), "")
	wantAbout(t, w.passes(at(19), at(19), "s-li", "gate-1", g.Out), "19:00:00 s-li false")
	wantAbout(t, w.passes(at(19.5), at(19.5), "s-wu", "gate-1", g.In), "19:30:00 s-wu true")
	wantAbout(t, w.engine.Tick(morning(at(22))), "22:00:00 s-wu false")
}

// What a gate that was away delivers late says where people are all the same, and what is told twice
// says nothing new.
func TestALatePassageSaysWhereSomebodyIs(t *testing.T) {
	w, _ := people(t, stillHere)
	at := func(hours float64) float64 { return (hours - 8) * hour }
	w.passes(at(9), at(9), "s-li", "room-1", "")
	wantAbout(t, w.engine.Tick(morning(at(18))), "18:00:00 s-li true")
	wantAbout(t, w.passes(at(8), at(18.2), "s-li", "gate-1", g.In), "")
	wantAbout(t, w.passes(at(17), at(18.5), "s-li", "gate-1", g.Out), "18:30:00 s-li false")
	wantAbout(t, w.passes(at(16), at(18.6), "s-li", "room-1", ""), "")
	wantAbout(t, w.passes(at(17), at(18.7), "s-li", "gate-1", g.Out), "")
}

// A gate that does not say which way somebody went leaves it open after they went out: that ends no
// alert, and raises none.
func TestNobodyCanSay(t *testing.T) {
	w, _ := people(t, `  - {id: in, title: I, severity: info, when: {presence: {inside: school}}}
  - {id: out, title: O, severity: info, when: {not: {presence: {inside: school}}}}
`)
	want(t, w.passes(0, 0, "x", "gate-1", ""), "08:00:00 in firing=true")
	want(t, w.passes(1, 1, "x", "gate-1", g.Out), "08:00:01 in firing=false", "08:00:01 out firing=true")
	want(t, w.passes(2, 2, "x", "gate-1", ""))
	want(t, w.passes(3, 3, "x", "room-1", ""), "08:00:03 in firing=true", "08:00:03 out firing=false")
	if got := w.engine.Tick(morning(30 * hour)); about(got) != "" {
		t.Errorf("got %s by silence, want the alert to stay", about(got))
	}
	want(t, w.passes(30*hour, 30*hour, "x", "gate-1", g.Out), "14:00:00 in firing=false",
		"14:00:00 out firing=true")
}

// One person alone in a building is told of; nobody is alone of whom nobody knows whether another is
// there.
func TestWhoIsAlone(t *testing.T) {
	w, rs := people(t, `  - {id: alone, title: A, severity: warning, per: building, for: 10s,
     when: {presence: {inside: building, at_most: 1, within: 1h}}}
`)
	w.passes(0, 0, "s-li", "room-1", "")
	w.passes(1, 1, "s-wu", "lab-1", "")
	want(t, w.engine.Tick(morning(60)))
	want(t, w.passes(61, 61, "s-li", "gate-1", g.Out))
	w.restart(rs)
	got := w.engine.Tick(morning(80))
	wantAbout(t, got, "08:01:11 s-wu true")
	if got[0].Alert.Values["inside"] != g.NumberValue(1) {
		t.Errorf("got %v, want one inside", got[0].Alert.Values)
	}
	wantAbout(t, w.passes(90, 90, "s-li", "room-1", ""), "08:01:30 s-wu false")
	// both fell silent: nobody is alone for all that is known
	wantAbout(t, w.engine.Tick(morning(3*hour)), "")
	wantAbout(t, w.passes(3*hour, 3*hour, "s-li", "room-1", ""), "")
	wantAbout(t, w.engine.Tick(morning(3*hour+600)), "")
}

// Who is in a closed room is told of until they are seen elsewhere.
func TestInsideAClosedLab(t *testing.T) {
	w, _ := people(t, `  - {id: lab, title: L, severity: major, where: {zone: lab}, when: {presence: {inside: zone, kind: student}}}
  - {id: many, title: M, severity: info, per: zone, where: {zone_kind: laboratory},
     when: {presence: {inside: zone, at_least: 2}}}
`)
	wantAbout(t, w.passes(0, 0, "s-li", "room-1", ""), "")
	got := w.passes(1, 1, "s-li", "lab-1", "")
	wantAbout(t, got, "08:00:01 s-li true")
	if a := got[0].Alert; a.Zone != "lab" || a.Device != "" {
		t.Errorf("got %+v, want the room and no device", a)
	}
	wantAbout(t, w.passes(2, 2, "t-ma", "lab-1", ""), "08:00:02  true")
	want(t, w.passes(3, 3, "s-li", "lab-1", g.Out), "08:00:03 lab firing=false", "08:00:03 many firing=false")
}

func TestPresenceIsOfPeople(t *testing.T) {
	const in = "{presence: {inside: school}}"
	for text, fault := range map[string]string{
		"when: {presence: {inside: town}}":                                     "town",
		"when: {presence: {kind: student}}":                                    "inside is missing",
		"when: {presence: {inside: school, kind: pupil}}":                      "pupil",
		"when: {presence: {inside: school, at_least: 3}}":                      "use per: zone",
		"per: device, when: " + in:                                             "use per: person",
		"where: {type: camera}, when: " + in:                                   "only school",
		"when: {all: [" + in + ", {property: smoke, is: true}]}":               "only time and level",
		"when: " + in + ", then: [{command: {device: same, action: x}}]":       "names its device",
		"per: zone, when: {presence: {inside: zone, at_least: 3, at_most: 2}}": "no number",
		"per: zone, when: {presence: {inside: zone, at_most: 0}}":              "at_most",
	} {
		_, err := rules.Parse("f.yaml", []byte("rules:\n  - {id: a, title: A, severity: major, "+text+"}\n"))
		if err == nil || !strings.Contains(err.Error(), fault) || !strings.Contains(err.Error(), "f.yaml:2") {
			t.Errorf("%s: got %v, want %q", text, err, fault)
		}
	}
}

// units are the devices and people in the engine's state.
func units(t testing.TB, w *world) string {
	state, err := w.engine.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var x struct{ Units []byte }
	if err := json.Unmarshal(state, &x); err != nil {
		t.Fatal(err)
	}
	return string(x.Units)
}

// whereabouts is of how many people the engine knows where they are.
func whereabouts(t testing.TB, w *world) int { return strings.Count(units(t, w), "presence/") }

// In whatever order and however often passages are told, the same people are inside in the end.
func TestPresenceDoesNotDependOnTheOrder(t *testing.T) {
	type passage struct {
		at     float64
		device string
		to     g.Direction
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var day []passage
		for range 1 + random.IntN(6) {
			day = append(day, passage{
				at:     float64(random.IntN(6)) * hour,
				device: []string{"gate-1", "lab-1"}[random.IntN(2)],
				to:     []g.Direction{"", g.In, g.Out}[random.IntN(3)],
			})
		}
		var first string
		for range 4 {
			w, _ := people(t, `  - {id: in, title: I, severity: info, when: {presence: {inside: school}}}
  - {id: lab, title: L, severity: info, where: {zone: lab}, when: {presence: {inside: zone}}}
  - {id: out, title: O, severity: info, when: {not: {presence: {inside: school}}}}
`)
			for _, p := range day {
				w.passes(p.at, 7*hour, "x", p.device, p.to)
				w.passes(p.at, 7*hour, "x", p.device, p.to)
			}
			w.engine.Tick(morning(7*hour + 1))
			got := units(t, w)
			if first == "" {
				first = got
			} else if got != first {
				t.Fatalf("round %d: got %s, want %s for %v", round, got, first, day)
			}
			random.Shuffle(len(day), func(i, j int) { day[i], day[j] = day[j], day[i] })
		}
	}
}

// Where no rule asks for it, nothing is kept of where people are; and what is kept ends with the day.
func TestWhereaboutsAreKeptForRulesOnly(t *testing.T) {
	for text, kept := range map[string]bool{
		stillHere: true,
		strings.Replace(stillHere, "severity", "where: {school: other}, severity", 1): false,
		"  - {id: hot, title: H, severity: info, when: {property: x, above: 1}}\n":    false,
	} {
		w, _ := people(t, text)
		w.passes(0, 0, "s-li", "gate-1", g.In)
		if got := whereabouts(t, w) > 0; got != kept {
			t.Errorf("%s: got kept %v, want %v", text, got, kept)
		}
		w.engine.Tick(morning(21 * hour))
		if got := whereabouts(t, w); got > 0 {
			t.Errorf("%s: got %d people the next morning, want nobody", text, got)
		}
	}
}

// BenchmarkPresence is a school of 3,000 of whom each passage is heard, with the rules of the templates
// and a thousand that cannot match.
func BenchmarkPresence(b *testing.B) {
	text := stillHere + `  - {id: alone, title: A, severity: warning, per: building,
     when: {all: [{presence: {inside: building, at_most: 1}}, {time: {from: "18:00", to: "22:00"}}]}}
`
	for _, more := range []int{0, 900} {
		for i := range more {
			text += fmt.Sprintf("  - {id: no-%d, title: N, severity: info, where: {zone: z%d}, "+
				"when: {presence: {inside: zone}}}\n", i, i)
		}
		b.Run(fmt.Sprint("others=", more), func(b *testing.B) {
			w, _ := people(b, text)
			at := 0.0
			for i := 0; b.Loop(); i++ {
				at += 0.01
				device, to := "gate-1", g.In
				switch i % 3 {
				case 1:
					device, to = "room-1", ""
				case 2:
					device = "lab-1"
				}
				w.passes(at, at, fmt.Sprint("s-", i/3%3000), device, to)
			}
			state, _ := w.engine.Snapshot()
			b.ReportMetric(float64(len(state)), "state-B")
		})
	}
}
