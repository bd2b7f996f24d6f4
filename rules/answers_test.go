package rules_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const dormRule = `rules:
  - {id: "out.", title: Not back, severity: critical, when: {attendance: {kind: dorm, state: [absent, left_early]}}, for: 10m}
`

// answers says at a second what comes of somebody's session, which ends at another.
func (w *world) answers(
	second float64, person, kind, state string, until float64,
) []rules.Effect {
	ev := w.event(second, "")
	ev.Kind, ev.Attendance = g.EventAttendance, &g.Attendance{
		Person: g.PersonID(person),
		Kind:   g.SessionKind(kind),
		State:  g.AttendanceState(state),
		Until:  morning(until),
	}
	return w.engine.Observe(ev, w.town)
}

// Who is missing is one alert about this person, over a restart, until they are back; others are of
// no concern.
func TestAnswersRaiseAlertsAboutPeople(t *testing.T) {
	rs := mustParse(t, dormRule)
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
	night := 8 * hour
	want(t, w.answers(0, "li", "dorm", "absent", night))
	want(t, w.answers(1, "wu", "dorm", "arrived", night))
	want(t, w.answers(2, "wu", "lesson", "absent", night))
	want(t, w.answers(3, "ma", "dorm", "absent", night))
	w.restart(rs)
	w.engine.Resume(morning(5))
	want(t, w.answers(300, "ma", "dorm", "late", night))
	got := w.engine.Tick(morning(700))
	want(t, got, "08:10:02 out. firing=true")
	a := got[0].Alert
	if a.Person != "li" || a.Device != "" || a.School != "school" || a.Values["attendance"].String() != "absent" {
		t.Errorf("got %+v, want it about li", a)
	}
	w.restart(rs)
	over := w.answers(900, "li", "dorm", "late", night)
	want(t, over, "08:15:00 out. firing=false")
	if over[0].Alert.ID != a.ID {
		t.Errorf("got %s over, want %s", over[0].Alert.ID, a.ID)
	}
	state, err := w.engine.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if len(state) > 1200 || strings.Contains(string(state), "wu") {
		t.Errorf("got %d bytes of state, want nothing kept of who is accounted for: %s", len(state), state)
	}
}

// What is found out about a session that has been over for long alarms nobody, and an alert about it
// ends then. An answer for an earlier session takes nothing back of a later one.
func TestAnswersCountUntilTheSessionIsOver(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: "left.", title: Left, severity: major, when: {attendance: {kind: lesson, state: left_early}}}
`)
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
	end := 2400.0
	counts := rules.AnswerCounts.Seconds()
	want(t, w.answers(0, "li", "lesson", "left_early", end), "08:00:00 left. firing=true")
	want(t, w.engine.Tick(morning(end+counts-1)))
	want(t, w.engine.Tick(morning(end+counts)), "10:40:00 left. firing=false")
	want(t, w.engine.Tick(morning(end+counts+hour)))
	state, err := w.engine.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(state), `"units":"AA=="`) {
		t.Errorf("got %s, want li let go", state)
	}
	want(t, w.answers(end+counts+hour+60, "li", "lesson", "left_early", end))
	want(t, w.answers(20*hour, "wu", "lesson", "left_early", end))

	now := end + counts + 600
	w = &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
	want(t, w.answers(now, "li", "lesson", "left_early", now+end), "10:50:00 left. firing=true")
	want(t, w.answers(now+60, "li", "lesson", "arrived", now))
	want(t, w.answers(now+120, "li", "lesson", "expected", now+2*end), "10:52:00 left. firing=false")
}

// A rule that is added sees who is missing now.
func TestANewRuleSeesWhoIsMissing(t *testing.T) {
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(nil, nil)}
	want(t, w.answers(0, "li", "dorm", "absent", 8*hour))
	w.engine.SetRules(mustParse(t, dormRule), nil)
	want(t, w.engine.Tick(morning(660)), "08:10:00 out. firing=true")
}

func TestAttendanceIsOfPeople(t *testing.T) {
	const out = "{attendance: {kind: dorm, state: absent}}"
	for text, fault := range map[string]string{
		"when: {attendance: {kind: dorm, state: arrived}}":                "arrived",
		"when: {attendance: {kind: sleep, state: absent}}":                "sleep",
		"when: {attendance: {kind: dorm}}":                                "state is missing",
		"when: {attendance: {state: absent}}":                             "kind is missing",
		"per: zone, when: " + out:                                         "use per: person",
		"where: {zone: gate}, when: " + out:                               "only school",
		"when: {all: [" + out + ", {property: smoke, is: true}]}":         "only time and level",
		"when: " + out + ", then: [{command: {device: same, action: x}}]": "names its device",
	} {
		_, err := rules.Parse("f.yaml", []byte("rules:\n  - {id: a, title: A, severity: major, "+text+"}\n"))
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: got %v, want %q", text, err, fault)
		}
	}
}

// BenchmarkAnswers is what answers cost at a boundary: of 35,000 people one in fifty is missing.
func BenchmarkAnswers(b *testing.B) {
	rs := mustParse(b, dormRule)
	for b.Loop() {
		w := &world{t: b, town: newTown("lab-1"), engine: rules.New(rs, nil)}
		began, slowest := time.Now(), time.Duration(0)
		for i := range 35_000 {
			state := "arrived"
			if i%50 == 0 {
				state = "absent"
			}
			one := time.Now()
			w.answers(1, "per_"+string(rune('a'+i%26))+time.Duration(i).String(), "dorm", state, 8*hour)
			slowest = max(slowest, time.Since(one))
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "all-ms")
		b.ReportMetric(float64(slowest.Microseconds()), "slowest-us")
		b.ReportMetric(0, "ns/op")
	}
}
