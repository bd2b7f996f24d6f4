package attend_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// arrival is one delivery of a sighting.
type arrival struct {
	attend.Sighting
	received time.Time
}

func drawInputs(t *rapid.T) attend.Inputs {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	at := func(name string) time.Time {
		return day.Add(time.Duration(rapid.IntRange(6*60, 14*60).Draw(t, name)) * time.Minute)
	}
	in := attend.Inputs{
		School: g.School{ID: "s", Timezone: "Asia/Shanghai"},
		Session: g.Session{
			ID:     "ses",
			School: "s",
			Kind: rapid.SampledFrom([]g.SessionKind{
				g.SessionArrival,
				g.SessionMeal,
				g.SessionDorm,
				"lesson",
			}).Draw(t, "kind"),
			Start: day.Add(7 * time.Hour),
			Due:   day.Add(8 * time.Hour),
			End:   day.Add(12 * time.Hour),
			Zones: []g.ZoneID{"a", "b"},
		},
		Zones: map[g.ZoneID]g.Zone{
			"a": {Building: "x", Kind: rapid.SampledFrom([]g.ZoneKind{g.ZoneGate, g.ZoneDorm}).Draw(t, "a")},
			"b": {Building: "y"},
			"c": {Building: "x", Kind: rapid.SampledFrom([]g.ZoneKind{g.ZoneGate, g.ZoneClassroom}).Draw(t, "c")},
		},
		Now: at("now"),
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "people") {
		in.Roster = append(in.Roster,
			attend.RosterEntry{Person: person(i), Kind: g.Student, Boarder: i%2 == 0})
	}
	for range rapid.IntRange(0, 3).Draw(t, "leaves") {
		in.Leaves = append(in.Leaves,
			g.Leave{
				Person:  person(rapid.IntRange(0, 4).Draw(t, "who")),
				From:    at("from"),
				To:      at("to"),
				Offsite: rapid.Bool().Draw(t, "offsite"),
			})
	}
	for range rapid.IntRange(0, 2).Draw(t, "gaps") {
		from := at("gap")
		in.Gaps = append(in.Gaps,
			attend.Gap{
				Zone: rapid.SampledFrom([]g.ZoneID{"a", "c"}).Draw(t, "zone"),
				From: from,
				To:   from.Add(time.Hour),
			})
	}
	for range rapid.IntRange(0, 2).Draw(t, "corrections") {
		in.Corrections = append(in.Corrections, attend.Correction{
			Person: person(rapid.IntRange(0, 4).Draw(t, "who")),
			State: rapid.SampledFrom([]g.AttendanceState{g.Arrived, g.Absent, ""}).Draw(t,
				"state"),
			At: at("at"),
		})
	}
	return in
}

func person(i int) g.PersonID { return g.PersonID(fmt.Sprintf("per_%d", i)) }

func drawSightings(t *rapid.T) []arrival {
	day := time.Date(2026, 3, 2, 6, 30, 0, 0, time.FixedZone("", 8*3600))
	var out []arrival
	for i := range rapid.IntRange(0, 12).Draw(t, "sightings") {
		s := attend.Sighting{
			ID:        g.SightingID(fmt.Sprintf("sgt_%d", i)),
			Person:    person(rapid.IntRange(0, 5).Draw(t, "who")),
			Device:    "d",
			Zone:      rapid.SampledFrom([]g.ZoneID{"a", "b", "c"}).Draw(t, "zone"),
			Method:    rapid.SampledFrom(g.Methods()).Draw(t, "method"),
			Direction: rapid.SampledFrom([]g.Direction{"", g.In, g.Out}).Draw(t, "direction"),
			Time:      day.Add(time.Duration(rapid.IntRange(0, 6*3600).Draw(t, "second")) * time.Second),
		}
		if s.Method == g.ByFace {
			s.Match = &g.Match{Margin: rapid.Float64Range(0, 0.2).Draw(t, "margin")}
		}
		out = append(out, arrival{Sighting: s, received: s.Time})
	}
	return out
}

func bytesOf(t *rapid.T, in attend.Inputs, list []arrival) string {
	var s []attend.Sighting
	for _, a := range list {
		s = append(s, a.Sighting)
	}
	b, err := json.Marshal(attend.Compute(in, attend.ByPerson(s)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A day's sightings, delivered in any order, repeatedly and up to 72 hours late: once all have
// arrived, the result is byte-identical.
func TestAttendIgnoresOrderRepeatsAndDelay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, list := drawInputs(t), drawSightings(t)
		want := bytesOf(t, in, list)
		var late []arrival
		for _, a := range list {
			for range rapid.IntRange(1, 3).Draw(t, "copies") {
				a.received = a.Time.Add(time.Duration(rapid.IntRange(0, 72*3600).Draw(t, "delay")) * time.Second)
				late = append(late, a)
			}
		}
		slices.SortStableFunc(late, func(a, b arrival) int {
			return a.received.Compare(b.received)
		})
		if diff := cmp.Diff(bytesOf(t, in, late), want); diff != "" {
			t.Fatalf("got (-), want (+):\n%s", diff)
		}
		in.Roster = rapid.Permutation(in.Roster).Draw(t, "roster")
		in.Leaves = rapid.Permutation(in.Leaves).Draw(t, "leaves in another order")
		in.Gaps = rapid.Permutation(in.Gaps).Draw(t, "gaps in another order")
		in.Corrections = rapid.Permutation(in.Corrections).Draw(t, "corrections in another order")
		if diff := cmp.Diff(bytesOf(t, in, rapid.Permutation(late).Draw(t, "shuffled")), want); diff != "" {
			t.Fatalf("inputs shuffled: got (-), want (+):\n%s", diff)
		}
	})
}

// Computing one person gives the same result as computing all.
func TestAttendOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, list := drawInputs(t), drawSightings(t)
		var seen []attend.Sighting
		for _, a := range list {
			seen = append(seen, a.Sighting)
		}
		all := attend.Compute(in, attend.ByPerson(seen))
		roster := in.Roster
		var single []g.Attendance
		for _, r := range roster {
			in.Roster = []attend.RosterEntry{r}
			single = append(single, attend.Compute(in, attend.ByPerson(seen))...)
		}
		if diff := cmp.Diff(single, all); diff != "" {
			t.Fatalf("got (-), want (+):\n%s", diff)
		}
	})
}

// With a gap at a gate of the session before people are due, or of five minutes after it, nobody is
// computed as absent.
func TestNeverAbsentInAGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, list := drawInputs(t), drawSightings(t)
		in.Corrections = nil
		in.Now = in.Session.End.Add(time.Hour)
		minute := rapid.IntRange(0, 290).Draw(t, "minute")
		from := in.Session.Start.Add(time.Duration(minute) * time.Minute)
		long := time.Second
		if !from.Before(in.Session.Due) {
			long = attend.BriefGap
		}
		in.Gaps = append(in.Gaps, attend.Gap{Zone: "b", From: from, To: from.Add(long)})
		var seen []attend.Sighting
		for _, a := range list {
			seen = append(seen, a.Sighting)
		}
		for _, a := range attend.Compute(in, attend.ByPerson(seen)) {
			if a.State == g.Absent {
				t.Fatalf("got absent for %s (%v), want unknown", a.Person, a.Reasons)
			}
		}
	})
}

// A leave that is entered later changes the absent person's result once, and nobody else's.
func TestRetroactiveLeaveChangesOneAnswer(t *testing.T) {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	in := attend.Inputs{
		School: g.School{ID: "s", Timezone: "UTC"},
		Zones:  map[g.ZoneID]g.Zone{"gate": {Kind: g.ZoneGate}}, Now: day.Add(20 * time.Hour),
		Session: g.Session{
			ID:    "ses",
			Kind:  g.SessionArrival,
			Start: day.Add(7 * time.Hour),
			Due:   day.Add(8 * time.Hour),
			End:   day.Add(12 * time.Hour),
		},
		Roster: []attend.RosterEntry{{Person: "a"}, {Person: "b"}, {Person: "c"}},
	}
	seen := []attend.Sighting{
		{
			ID:     "1",
			Person: "a",
			Zone:   "gate",
			Method: g.ByCard,
			Time:   day.Add(7*time.Hour + time.Minute),
		},
	}
	before := attend.Compute(in, attend.ByPerson(seen))
	in.Leaves = []g.Leave{{Person: "b", From: day, To: day.AddDate(0, 0, 1), Reason: "fever"}}
	after := attend.Compute(in, attend.ByPerson(seen))
	var changed []g.PersonID
	for i := range after {
		if after[i].InputHash != before[i].InputHash {
			changed = append(changed, after[i].Person)
		}
	}
	if diff := cmp.Diff(changed, []g.PersonID{"b"}); diff != "" {
		t.Errorf("changed answers, got (-), want (+):\n%s", diff)
	}
	if before[1].State != g.Absent || after[1].State != g.Excused {
		t.Errorf("got %s then %s, want absent then excused", before[1].State, after[1].State)
	}
	// The reason of the leave and another passage of a present person do not change any hash.
	in.Leaves[0].Reason = "a cold"
	again := attend.Compute(in, attend.ByPerson(append(seen, attend.Sighting{
		ID:     "2",
		Person: "a",
		Zone:   "gate",
		Method: g.ByCard,
		Time:   day.Add(9 * time.Hour),
	})))
	if diff := cmp.Diff(again, after); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

func TestClockIsAheadOrBehind(t *testing.T) {
	for _, x := range []struct {
		name string
		p    attend.Punches
		want time.Duration
	}{
		{"right", attend.Punches{N: 40, Least: -9 * time.Minute, Most: -time.Second}, 0},
		{"under way for minutes", attend.Punches{N: 40, Least: -9 * time.Minute, Most: -2 * time.Minute}, 0},
		{
			"one punch, from the future",
			attend.Punches{N: 1, Least: 10 * time.Minute, Most: 10 * time.Minute}, 10 * time.Minute,
		},
		{"one punch that was late", attend.Punches{N: 1, Least: -40 * time.Minute, Most: -40 * time.Minute}, 0},
		{
			"behind, as all of them say",
			attend.Punches{N: 3, Least: -time.Hour - time.Minute, Most: -time.Hour}, -time.Hour,
		},
		{"nothing", attend.Punches{}, 0},
	} {
		if got := x.p.Offset(); got != x.want {
			t.Errorf("%s: got %s, want %s", x.name, got, x.want)
		}
	}
}

// The console has a text for each code, in both languages.
func TestEveryReasonIsWorded(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		b, err := os.ReadFile("../../api/console/src/i18n/" + language + ".ts")
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range append(attend.Reasons(), attend.Exceptions()...) {
			if !strings.Contains(string(b), "\n    "+code+": '") {
				t.Errorf("%s.ts has no words for %s", language, code)
			}
		}
	}
}
