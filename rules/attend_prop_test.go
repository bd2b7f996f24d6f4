package rules_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// arrival is one delivery of a sighting.
type arrival struct {
	rules.Sighting
	received time.Time
}

func drawInputs(t *rapid.T) rules.Inputs {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	at := func(name string) time.Time {
		return day.Add(time.Duration(rapid.IntRange(6*60, 14*60).Draw(t, name)) * time.Minute)
	}
	in := rules.Inputs{
		School: g.School{ID: "s", Timezone: "Asia/Shanghai"},
		Session: g.Session{
			ID:     "ses",
			School: "s",
			Kind: rapid.SampledFrom([]g.SessionKind{
				g.SessionArrival,
				g.SessionMeal,
				g.SessionDorm,
			}).Draw(t, "kind"),
			Start: day.Add(7 * time.Hour),
			Due:   day.Add(8 * time.Hour),
			End:   day.Add(12 * time.Hour),
			Zones: []g.ZoneID{"a", "b"},
		},
		Zones: map[g.ZoneID]g.Zone{
			"a": {Building: "x"},
			"b": {Building: "y"},
			"c": {Building: "x"},
		},
		Now: at("now"),
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "people") {
		in.Roster = append(in.Roster,
			rules.RosterEntry{Person: person(i), Kind: g.Student, Boarder: i%2 == 0})
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
			rules.Gap{
				Zone: rapid.SampledFrom([]g.ZoneID{"a", "c"}).Draw(t, "zone"),
				From: from,
				To:   from.Add(time.Hour),
			})
	}
	for range rapid.IntRange(0, 2).Draw(t, "corrections") {
		in.Corrections = append(in.Corrections, rules.Correction{
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
		s := rules.Sighting{
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

func attend(t *rapid.T, in rules.Inputs, list []arrival) string {
	var s []rules.Sighting
	for _, a := range list {
		s = append(s, a.Sighting)
	}
	b, err := json.Marshal(rules.Attend(in, s))
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
		want := attend(t, in, list)
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
		if diff := cmp.Diff(attend(t, in, late), want); diff != "" {
			t.Fatalf("got (-), want (+):\n%s", diff)
		}
		in.Roster = rapid.Permutation(in.Roster).Draw(t, "roster")
		in.Leaves = rapid.Permutation(in.Leaves).Draw(t, "leaves in another order")
		in.Gaps = rapid.Permutation(in.Gaps).Draw(t, "gaps in another order")
		in.Corrections = rapid.Permutation(in.Corrections).Draw(t, "corrections in another order")
		if diff := cmp.Diff(attend(t, in, rapid.Permutation(late).Draw(t, "shuffled")), want); diff != "" {
			t.Fatalf("inputs shuffled: got (-), want (+):\n%s", diff)
		}
	})
}

// Computing one person gives the same result as computing all.
func TestAttendOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, list := drawInputs(t), drawSightings(t)
		var seen []rules.Sighting
		for _, a := range list {
			seen = append(seen, a.Sighting)
		}
		all := rules.Attend(in, seen)
		roster := in.Roster
		var single []g.Attendance
		for _, r := range roster {
			in.Roster = []rules.RosterEntry{r}
			single = append(single, rules.Attend(in, seen)...)
		}
		if diff := cmp.Diff(single, all); diff != "" {
			t.Fatalf("got (-), want (+):\n%s", diff)
		}
	})
}

// With a gap at a gate of the session nobody is computed as absent.
func TestAttendNeverAbsentInAGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, list := drawInputs(t), drawSightings(t)
		in.Corrections = nil
		in.Now = in.Session.End.Add(time.Hour)
		minute := rapid.IntRange(0, 299).Draw(t, "minute")
		from := in.Session.Start.Add(time.Duration(minute) * time.Minute)
		in.Gaps = append(in.Gaps, rules.Gap{Zone: "b", From: from, To: from.Add(time.Second)})
		var seen []rules.Sighting
		for _, a := range list {
			seen = append(seen, a.Sighting)
		}
		for _, a := range rules.Attend(in, seen) {
			if a.State == g.Absent {
				t.Fatalf("got absent for %s (%v), want unknown", a.Person, a.Reasons)
			}
		}
	})
}

// A leave that is entered later changes the absent person's result once, and nobody else's.
func TestRetroactiveLeaveChangesOneAnswer(t *testing.T) {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	in := rules.Inputs{
		School: g.School{ID: "s", Timezone: "UTC"},
		Zones:  map[g.ZoneID]g.Zone{"gate": {Kind: g.ZoneGate}}, Now: day.Add(20 * time.Hour),
		Session: g.Session{
			ID:    "ses",
			Kind:  g.SessionArrival,
			Start: day.Add(7 * time.Hour),
			Due:   day.Add(8 * time.Hour),
			End:   day.Add(12 * time.Hour),
		},
		Roster: []rules.RosterEntry{{Person: "a"}, {Person: "b"}, {Person: "c"}},
	}
	seen := []rules.Sighting{
		{
			ID:     "1",
			Person: "a",
			Zone:   "gate",
			Method: g.ByCard,
			Time:   day.Add(7*time.Hour + time.Minute),
		},
	}
	before := rules.Attend(in, seen)
	in.Leaves = []g.Leave{{Person: "b", From: day, To: day.AddDate(0, 0, 1), Reason: "fever"}}
	after := rules.Attend(in, seen)
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
	again := rules.Attend(in,
		append(seen,
			rules.Sighting{
				ID:     "2",
				Person: "a",
				Zone:   "gate",
				Method: g.ByCard,
				Time:   day.Add(9 * time.Hour),
			}))
	if diff := cmp.Diff(again, after); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

func TestClockOffsets(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var live []rules.Sighting
	var received []time.Time
	add := func(d g.DeviceID, ahead, delay time.Duration) {
		live = append(live, rules.Sighting{Device: d, Time: now.Add(ahead)})
		received = append(received, now.Add(delay))
	}
	add("right", 0, 5*time.Minute) // delivered late at first, immediately the next time
	add("right", 0, time.Second)
	add("ahead", 10*time.Minute, time.Second)
	add("behind", -time.Hour, 0)
	add("behind", -time.Hour, time.Minute)
	want := map[g.DeviceID]time.Duration{
		"ahead":  10*time.Minute - time.Second,
		"behind": -time.Hour,
	}
	if diff := cmp.Diff(rules.ClockOffsets(live, received), want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

// The console has a text for each code, in both languages.
func TestEveryReasonIsWorded(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		b, err := os.ReadFile("../api/console/src/i18n/" + language + ".ts")
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{
			rules.ReasonInTime, rules.ReasonLate, rules.ReasonLateOnLeave,
			rules.ReasonSeenLeaving, rules.ReasonLeft, rules.ReasonLeftOnLeave,
			rules.ReasonMeal, rules.ReasonSecondByStaff, rules.ReasonNotStarted,
			rules.ReasonNotYetDue, rules.ReasonNotSeen, rules.ReasonNotBack, rules.ReasonGap,
			rules.ReasonNoPlace, rules.ReasonElsewhere, rules.ReasonLeave, rules.ReasonOffsite,
			rules.ReasonNotInSession, rules.ReasonCorrected,
			rules.ExceptionDoubleDip, rules.ExceptionLowMargin, rules.ExceptionSkew,
			rules.ExceptionGap, rules.ExceptionNoEntry, rules.ExceptionDorm,
			rules.ExceptionTravel, rules.ExceptionDuringLeave,
		} {
			if !strings.Contains(string(b), "\n    "+code+": '") {
				t.Errorf("%s.ts has no words for %s", language, code)
			}
		}
	}
}
