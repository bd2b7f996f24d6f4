package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// town is a directory of devices named like "lab-1": the part before the dash is the zone and its
// kind.
type town map[g.DeviceID]rules.DeviceFacts

func (m town) Timezone(g.SchoolID) string { return "UTC" }

func (m town) Device(id g.DeviceID) (rules.DeviceFacts, bool) { f, ok := m[id]; return f, ok }
func (m town) Zone(id g.ZoneID) (g.Zone, bool) {
	kinds := map[g.ZoneID]g.ZoneKind{
		"lab":  g.ZoneLaboratory,
		"gate": g.ZoneGate,
		"room": g.ZoneClassroom,
	}
	return g.Zone{ID: id, Kind: kinds[id]}, kinds[id] != ""
}

func newTown(devices ...string) town {
	m := town{}
	for _, d := range devices {
		zone, _, _ := strings.Cut(d, "-")
		m[g.DeviceID(d)] = rules.DeviceFacts{
			School: "school",
			Zone:   g.ZoneID(zone),
			Type:   g.TypeSensor,
			Driver: "modbus",
		}
	}
	return m
}

// world feeds an engine with numbered events at chosen seconds.
type world struct {
	t      testing.TB
	town   town
	engine *rules.Engine
	seq    uint64
}

func morning(second float64) time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(second * float64(
		time.Second)))
}

func mustParse(t testing.TB, text string) []rules.Rule {
	t.Helper()
	rs, err := rules.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func (w *world) event(second float64, device string) g.Event {
	w.seq++
	return g.Event{
		Seq:      w.seq,
		School:   "school",
		Device:   g.DeviceID(device),
		Time:     morning(second),
		Received: morning(second),
	}
}

func (w *world) read(second float64, device, property string, v any) []rules.Effect {
	value, err := g.ValueOf(v)
	if err != nil {
		w.t.Fatal(err)
	}
	ev := w.event(second, device)
	ev.Kind, ev.Reading = g.EventReading, &g.Reading{Values: map[string]g.Value{property: value}}
	return w.engine.Observe(ev, w.town)
}

func (w *world) see(second float64, device string, s g.Sighting) []rules.Effect {
	ev := w.event(second, device)
	ev.Kind, ev.Sighting = g.EventSighting, &s
	if s.ID == "" {
		s.ID = g.SightingID(fmt.Sprintf("sgt_%d", ev.Seq))
	}
	return w.engine.Observe(ev, w.town)
}

func (w *world) restart(rs []rules.Rule) {
	w.t.Helper()
	b, err := w.engine.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = rules.New(rs, nil)
	if err := w.engine.Restore(b); err != nil {
		w.t.Fatal(err)
	}
}

// brief is the part of effects that tests compare.
func brief(list []rules.Effect) []string {
	var out []string
	for _, e := range list {
		if e.Alert != nil {
			out = append(out,
				fmt.Sprintf("%s %s%s firing=%v", e.At.Format("15:04:05"), e.Alert.Rule,
					e.Alert.Device, e.Alert.Firing))
		}
	}
	return out
}

func want(t testing.TB, got []rules.Effect, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(brief(got), lines); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

const hotRule = `rules:
  - {id: "hot.", title: Hot, severity: major, when: {property: temperature, above: 50}, for: 10s, clear: {after: 5s}}
`

// Restoring an earlier state after a crash at any point, and observing the events again, gives the
// same effects with the same IDs.
func TestReplayBringsTheSameEffects(t *testing.T) {
	rs := mustParse(t,
		hotRule+
			`  - {id: fire, title: Fire, severity: critical, per: zone, when: {all: [{property: smoke, is: true}, {property: temperature, above: 57}]}, then: [{alert: {}}, {incident: {}}, {notify: {roles: [admin]}}]}
  - {id: stranger, title: S, severity: major, per: track, when: {sighting: {person: unknown}}, unless: {sighting: {person: known}, within: 5s}, once: {every: 1m}}
`)
	rapid.Check(t, func(t *rapid.T) {
		town := newTown("lab-1", "lab-2", "gate-1")
		var events []g.Event
		at := 0.0
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			at += rapid.Float64Range(0, 8).Draw(t, "pause")
			ev := g.Event{
				Seq:      uint64(i + 1),
				Received: morning(at),
				Time:     morning(at),
				Device: rapid.SampledFrom([]g.DeviceID{"lab-1", "lab-2", "gate-1"}).Draw(t,
					"device"),
			}
			if ev.Device == "gate-1" {
				ev.Kind, ev.Sighting = g.EventSighting, &g.Sighting{
					ID:     g.SightingID(fmt.Sprint(i)),
					Method: g.ByFace,
					Track:  fmt.Sprint(i),
					Person: rapid.SampledFrom([]g.PersonID{"", "p"}).Draw(t, "person"),
				}
			} else {
				ev.Kind, ev.Reading = g.EventReading, &g.Reading{
					Values: map[string]g.Value{
						"temperature": g.NumberValue(rapid.SampledFrom([]float64{20, 55, 60}).Draw(
							t, "temperature")),
						"smoke": g.BoolValue(rapid.Bool().Draw(t, "smoke")),
					},
				}
			}
			events = append(events, ev)
		}
		saved := rapid.IntRange(0, len(events)).Draw(t, "saved after")
		killed := rapid.IntRange(saved, len(events)).Draw(t, "killed after")
		var want, got []rules.Effect
		steady := rules.New(rs, nil)
		for _, ev := range events {
			want = append(want, steady.Observe(ev, town)...)
		}
		e := rules.New(rs, nil)
		for _, ev := range events[:saved] {
			got = append(got, e.Observe(ev, town)...)
		}
		state, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		var lost []rules.Effect
		for _, ev := range events[saved:killed] {
			lost = append(lost, e.Observe(ev, town)...)
		}
		e = rules.New(rs, nil)
		if err := e.Restore(state); err != nil {
			t.Fatal(err)
		}
		for _, ev := range events[saved:] {
			got = append(got, e.Observe(ev, town)...)
		}
		if diff := cmp.Diff(got, want, valuesEqual()); diff != "" {
			t.Fatalf("got (-), want (+):\n%s", diff)
		}
		for _, l := range lost {
			if !slices.ContainsFunc(got, func(x rules.Effect) bool {
				return cmp.Equal(x, l, valuesEqual())
			}) {
				t.Fatalf("the effect %s from before the kill did not come again",
					brief([]rules.Effect{l}))
			}
		}
	})
}

func valuesEqual() cmp.Option { return cmp.Comparer(func(a, b g.Value) bool { return a == b }) }

func TestSeenSequencesAndStrangersHaveNoEffect(t *testing.T) {
	w := &world{
		t:    t,
		town: newTown("lab-1"),
		engine: rules.New(mustParse(t,
			`rules: [{id: smoke, title: S, severity: major, when: {property: smoke, is: true}}]`),
			nil),
	}
	want(t, w.read(0, "elsewhere-1", "smoke", true))
	want(t, w.read(1, "lab-1", "smoke", true), "08:00:01 smokelab-1 firing=true")
	w.seq--
	want(t, w.read(2, "lab-1", "smoke", false))
	w.seq = 0
	want(t,
		w.engine.Observe(g.Event{
			Seq:     0,
			Device:  "lab-1",
			Kind:    g.EventReading,
			Reading: &g.Reading{},
		},
			w.town))
	if got := w.engine.Seq(); got != 2 {
		t.Errorf("got sequence %d, want 2", got)
	}
}

func TestNextDeadlineLeadsToTheEffect(t *testing.T) {
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(mustParse(t, hotRule), nil)}
	if _, ok := w.engine.NextDeadline(); ok {
		t.Error("got a deadline before any event, want none")
	}
	w.read(0, "lab-1", "temperature", 60)
	next, ok := w.engine.NextDeadline()
	if !ok || !next.Equal(morning(10)) {
		t.Errorf("got %v %v, want %v", next, ok, morning(10))
	}
	want(t, w.engine.Tick(morning(9.999)))
	want(t, w.engine.Tick(next), "08:00:10 hot.lab-1 firing=true")
}

// The effect of a late Tick has the time at which it was due.
func TestEffectsCarryTheirOwnTime(t *testing.T) {
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(mustParse(t, hotRule), nil)}
	w.read(0, "lab-1", "temperature", 60)
	got := w.engine.Tick(morning(300))
	want(t, got, "08:00:10 hot.lab-1 firing=true")
	if !got[0].Alert.Opened.Equal(morning(10)) || got[0].Alert.Seq != 1 ||
		got[0].Alert.Values["temperature"] != g.NumberValue(60) {
		t.Errorf("got opened %v by event %d with %v, want %v, 1 and 60", got[0].Alert.Opened,
			got[0].Alert.Seq, got[0].Alert.Values, morning(10))
	}
}

func TestReloadKeepsUnchangedRules(t *testing.T) {
	w := &world{
		t:    t,
		town: newTown("lab-1"),
		engine: rules.New(mustParse(t,
			hotRule+
				`  - {id: warm, title: Warm, severity: info, when: {property: temperature, above: 30}}
`), nil),
	}
	want(t, w.read(0, "lab-1", "temperature", 60), "08:00:00 warmlab-1 firing=true")
	// A new title does not change the meaning; warm still holds by its new condition and keeps its
	// alert; the new rule is evaluated with known values.
	next := mustParse(t,
		strings.ReplaceAll(hotRule, "title: Hot", "title: Very hot")+
			`  - {id: warm, title: Warm, severity: info, when: {property: temperature, above: 40}}
  - {id: new, title: New, severity: info, when: {property: temperature, above: 1}}
`)
	w.engine.SetRules(next, nil)
	want(t, w.engine.Tick(morning(1)), "08:00:00 newlab-1 firing=true")
	got := w.read(10.5, "lab-1", "temperature", 60)
	want(t, got, "08:00:10 hot.lab-1 firing=true")
	if got[0].Alert.Title != "Very hot" {
		t.Errorf("got the title %q, want the new one", got[0].Alert.Title)
	}
	// The same across a restart: hot keeps firing, with its old title again; the rest ends.
	w.restart(mustParse(t, hotRule))
	want(t, w.engine.Tick(morning(11)), "08:00:10 newlab-1 firing=false",
		"08:00:10 warmlab-1 firing=false", "08:00:10 hot.lab-1 firing=true")
	want(t, w.read(12, "lab-1", "temperature", 20))
	want(t, w.engine.Tick(morning(17)), "08:00:17 hot.lab-1 firing=false")
}

// Silence while the gateway was off does not count.
func TestResumeForgivesTheGatewaysOwnAbsence(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: in, title: I, severity: info, when: {all: [{presence: {inside: school}}, {time: {from: "18:00", to: "22:00"}}]}}
  - {id: alone, title: A, severity: info, per: zone, when: {presence: {inside: zone, at_most: 1, within: 20s}}}
  - {id: silent, title: S, severity: info, when: {absent: {property: temperature, for: 10m}}}
  - {id: hot, title: H, severity: info, when: {property: temperature, above: 50}}
`)
	for _, resumed := range []bool{false, true} {
		w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
		want(t, w.read(0, "lab-1", "temperature", 60), "08:00:00 hotlab-1 firing=true")
		w.restart(rs)
		if !resumed {
			want(t, w.engine.Tick(morning(3600)), "08:10:00 silentlab-1 firing=true",
				"08:15:00 hotlab-1 firing=false")
			continue
		}
		w.engine.Resume(morning(3600))
		want(t, w.engine.Tick(morning(3601)))
		want(t, w.read(3602, "lab-1", "temperature", 61))
		want(t, w.engine.Tick(morning(3602+600)), "09:10:02 silentlab-1 firing=true")
	}
}

// A gateway that is killed again right after it was back restores what it saved between: an event
// that came while it started is older than the call of Resume.
func TestRestoresAfterAnEventOlderThanTheStart(t *testing.T) {
	rs := mustParse(t, hotRule)
	w := &world{t: t, town: newTown("lab-1", "lab-2"), engine: rules.New(rs, nil)}
	w.read(0, "lab-1", "temperature", 60)
	w.restart(rs)
	w.engine.Resume(morning(3600))
	want(t, w.read(3599, "lab-2", "temperature", 20))
	w.restart(rs)
	w.engine.Resume(morning(3601))
	want(t, w.read(3601, "lab-1", "temperature", 60))
	want(t, w.engine.Tick(morning(3608)))
	want(t, w.engine.Tick(morning(3615)), "09:00:11 hot.lab-1 firing=true")
}

// After the clock is set back by a day, ten seconds are still ten seconds.
func TestClockSetBack(t *testing.T) {
	w := &world{
		t:      t,
		town:   newTown("lab-1", "lab-2"),
		engine: rules.New(mustParse(t, hotRule), nil),
	}
	w.read(0, "lab-1", "temperature", 60)
	day := 86400.0
	want(t, w.engine.Tick(morning(4)))
	want(t, w.engine.Tick(morning(4-day)))
	want(t, w.read(5-day, "lab-2", "temperature", 60))
	want(t, w.engine.Tick(morning(9-day)))
	got := w.engine.Tick(morning(20 - day))
	if len(got) != 2 || !got[0].At.Equal(morning(10-day)) || !got[1].At.Equal(morning(15-day)) {
		t.Errorf("got %v, want alerts after ten seconds each", brief(got))
	}
}

func TestAMovedDeviceLeavesItsZone(t *testing.T) {
	w := &world{
		t:    t,
		town: newTown("lab-1", "lab-2"),
		engine: rules.New(mustParse(t, `rules:
  - {id: smoke, title: S, severity: major, per: zone, where: {zone_kind: laboratory}, when: {property: smoke, is: true}}
`), nil),
	}
	want(t, w.read(0, "lab-1", "smoke", true), "08:00:00 smokelab-1 firing=true")
	want(t, w.read(1, "lab-2", "smoke", false))
	w.town["lab-1"] = rules.DeviceFacts{School: "school", Zone: "gate", Type: g.TypeSensor}
	want(t, w.read(2, "lab-1", "smoke", true), "08:00:02 smokelab-1 firing=false")
	w.town["lab-1"] = rules.DeviceFacts{School: "school", Zone: "lab", Type: g.TypeSensor}
	want(t, w.read(3, "lab-1", "smoke", true), "08:00:03 smokelab-1 firing=true")
	want(t, w.engine.Forget("lab-2"))
	want(t, w.engine.Forget("lab-1"), "08:00:03 smokelab-1 firing=false")
}

// Passages and findings as points in time, each passage explaining one finding at most ten seconds
// away: no more strangers remain than with an optimal assignment.
func TestUnlessExplainsAsManyAsPossible(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: stranger, title: S, severity: major, per: track, when: {sighting: {person: unknown, method: face}}, unless: {sighting: {method: card}, within: 10s}}
`)
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{t: t, town: newTown("gate-1"), engine: rules.New(rs, nil)}
		var faces, cards []int
		strangers, now := 0, 0
		for i := range rapid.IntRange(1, 20).Draw(rt, "sightings") {
			now += rapid.IntRange(0, 9).Draw(rt, "pause")
			s := g.Sighting{Method: g.ByFace, Track: fmt.Sprint(i)}
			if rapid.Bool().Draw(rt, "card") {
				s = g.Sighting{Method: g.ByCard, Person: g.PersonID(fmt.Sprint("p", i))}
				cards = append(cards, now)
			} else {
				faces = append(faces, now)
			}
			strangers += len(w.see(float64(now), "gate-1", s))
			if rapid.Bool().Draw(rt, "restart") {
				w.restart(rs)
			}
		}
		strangers += len(w.engine.Tick(morning(float64(now + 60))))
		if want := len(faces) - bestAssignment(faces, cards); strangers != want {
			rt.Fatalf("got %d strangers, want %d of faces %v and cards %v", strangers, want, faces,
				cards)
		}
	})
}

// bestAssignment is the size of a maximum matching, by augmenting paths.
func bestAssignment(faces, cards []int) int {
	owner := make([]int, len(cards))
	for i := range owner {
		owner[i] = -1
	}
	var find func(f int, tried []bool) bool
	find = func(f int, tried []bool) bool {
		for c := range cards {
			if d := faces[f] - cards[c]; d < -10 || d > 10 || tried[c] {
				continue
			}
			tried[c] = true
			if owner[c] < 0 || find(owner[c], tried) {
				owner[c] = f
				return true
			}
		}
		return false
	}
	n := 0
	for f := range faces {
		if find(f, make([]bool, len(cards))) {
			n++
		}
	}
	return n
}

// A day of ten thousand faces leaves no more state than the last 15 minutes.
func TestTracksAreForgotten(t *testing.T) {
	w := &world{
		t:    t,
		town: newTown("gate-1"),
		engine: rules.New(mustParse(t, `rules:
  - {id: stranger, title: S, severity: major, per: track, when: {sighting: {person: unknown}}, once: {every: 1h}}
`), nil),
	}
	size := func() int {
		b, err := w.engine.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	var filled int
	for i := range 20_000 {
		w.see(float64(i*4), "gate-1", g.Sighting{Track: fmt.Sprint(i), Method: g.ByFace})
		if i == 10_000 {
			filled = size()
		}
	}
	if got := size(); got > filled*11/10 {
		t.Errorf("got %d bytes of state after twice the faces, want about %d", got, filled)
	}
	if filled > 300_000 {
		t.Errorf("got %d bytes of state, want less than 300000", filled)
	}
}

func TestRestoreRefusesWhatIsNoState(t *testing.T) {
	e := rules.New(mustParse(t, hotRule), nil)
	for _, c := range []struct{ text, want string }{
		{"", "restore rules: "},
		{`{"version":9}`, "the state has version 9, this gateway reads up to 5"},
		{`{"version":1,"clock":-1}`, "is no time"},
		{`{"version":1,"clock":5,"devices":{"d":{"heard":5000000006}}}`, "is after the clock"},
		{`{"version":1,"clock":5,"rules":{"r":{"subjects":{"d":{"phase":77}}}}}`, "77 is no phase"},
	} {
		if err := e.Restore([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.text, err, c.want)
		}
	}
	w := &world{t: t, town: newTown("lab-1"), engine: e}
	w.read(0, "lab-1", "temperature", 60)
	state, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Restore(state); err == nil {
		t.Error("got no error from a restore into a running engine, want one")
	}
}

func FuzzRestore(f *testing.F) {
	rs := mustParse(f,
		hotRule+
			`  - {id: fire, title: F, severity: critical, per: zone, when: {all: [{property: smoke, is: true}, {property: temperature, above: 57}]}}
  - {id: silent, title: Q, severity: info, when: {absent: {property: temperature, for: 1m}}}
  - {id: forced, title: D, severity: info, when: {count: {of: {property: smoke, is: true}, at_least: 2, within: 1m}}, once: {every: 1h}}
  - {id: stranger, title: S, severity: major, per: track, when: {sighting: {person: unknown}}, unless: {sighting: {person: known}, within: 5s}, once: {every: 1m}}
`)
	w := &world{t: f, town: newTown("lab-1", "gate-1"), engine: rules.New(rs, nil)}
	w.read(0, "lab-1", "temperature", 60)
	w.read(1, "lab-1", "smoke", true)
	w.see(2, "gate-1", g.Sighting{Track: "1", Method: g.ByFace})
	w.see(3, "gate-1", g.Sighting{Person: "p", Method: g.ByCard})
	state, err := w.engine.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add([]byte(`{"version":1,"clock":1000,"rules":{"hot.":{"hash":"","subjects":{"":{"counts":[[1],[2]],"phase":2}}}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := rules.New(rs, nil)
		if e.Restore(b) != nil {
			return
		}
		w := &world{t: t, town: newTown("lab-1", "gate-1"), engine: e, seq: e.Seq()}
		if w.seq > 1<<62 {
			return
		}
		w.read(10, "lab-1", "temperature", 60)
		w.see(11, "gate-1", g.Sighting{Track: "2", Method: g.ByFace})
		for range 1000 {
			next, ok := e.NextDeadline()
			if !ok {
				break
			}
			e.Tick(next)
		}
		e.Tick(morning(0))
		again, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if err := rules.New(rs, nil).Restore(again); err != nil {
			t.Fatalf("restore of what a restored engine saved: %v", err)
		}
	})
}

// Whatever an engine has been through, in whatever order, what it saves can be restored: a state
// that is refused would keep the gateway down for good.
func TestEveryStateCanBeRestored(t *testing.T) {
	rs := mustParse(t, hotRule+
		`  - {id: out, title: O, severity: info, when: {attendance: {kind: dorm, state: absent}}, for: 1m}
  - {id: silent, title: S, severity: info, when: {absent: {property: temperature, for: 10m}}}
  - {id: away, title: A, severity: info, when: {status: offline}, for: 1m}
  - {id: often, title: O, severity: info, when: {count: {of: {sighting: {person: unknown}}, at_least: 2, within: 1m}}, once: {every: 1m}}
`)
	rapid.Check(t, func(r *rapid.T) {
		w := &world{t: t, town: newTown("lab-1", "lab-2", "gate-1"), engine: rules.New(rs, nil)}
		clock := 0.0
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			device := rapid.SampledFrom([]string{"lab-1", "lab-2"}).Draw(r, "device")
			step := rapid.SampledFrom([]string{"read", "see", "away", "tick", "late", "resume",
				"restart", "leap", "back", "forget", "answer", "pass"}).Draw(r, "step")
			clock += rapid.Float64Range(0, 20).Draw(r, "after")
			switch step {
			case "read":
				w.read(clock, device, "temperature", rapid.Float64Range(40, 60).Draw(r, "value"))
			case "late":
				w.read(clock-rapid.Float64Range(0, 10).Draw(r, "late"), device, "temperature", 55)
			case "see":
				w.see(clock, device, g.Sighting{Method: g.ByFace})
			case "away":
				off := w.event(clock, device)
				off.Kind, off.Status = g.EventStatus, &g.Status{State: g.StateOffline}
				w.engine.Observe(off, w.town)
			case "tick":
				w.engine.Tick(morning(clock))
			case "resume":
				w.engine.Resume(morning(clock))
			case "restart":
				w.engine.Tick(morning(clock))
				w.restart(rs)
				clock += rapid.Float64Range(0, 10*hour).Draw(r, "off")
				w.engine.Resume(morning(clock))
				clock -= rapid.Float64Range(0, 4).Draw(r, "early")
			case "leap":
				clock += 24 * hour
			case "back":
				clock -= rapid.Float64Range(0, 24*hour).Draw(r, "back")
			case "answer":
				w.answers(clock, device, "dorm", rapid.SampledFrom([]string{"absent", "arrived"}).
					Draw(r, "state"), clock+rapid.Float64Range(-3*hour, 8*hour).Draw(r, "until"))
			case "pass":
				w.passes(clock-rapid.Float64Range(-60, 10*hour).Draw(r, "earlier"), clock,
					rapid.SampledFrom([]string{"s-li", "s-wu"}).Draw(r, "who"),
					rapid.SampledFrom([]string{"lab-1", "gate-1"}).Draw(r, "at"),
					rapid.SampledFrom([]g.Direction{"", g.In, g.Out}).Draw(r, "to"))
			case "forget":
				w.engine.Forget(g.DeviceID(device))
			}
			w.engine.Tick(morning(clock))
			b, err := w.engine.Snapshot()
			if err != nil {
				r.Fatal(err)
			}
			if err := rules.New(rs, nil).Restore(b); err != nil {
				r.Fatalf("after %s: %v", step, err)
			}
		}
	})
}
