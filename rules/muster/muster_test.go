package muster_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/muster"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

var now = time.Date(2026, 9, 1, 2, 30, 0, 0, time.UTC)

func ago(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }

func seen(where g.Presence, sign g.PresenceSign, minutes int) presence.Place {
	return presence.Place{
		Where: where,
		Sign:  sign,
		Zone:  "gate",
		At:    ago(minutes),
	}
}

// TestWhoHasToBeFound: each line is one person, and what is said of them.
func TestWhoHasToBeFound(t *testing.T) {
	unseen := presence.Place{Where: g.PresenceOut, Sign: g.SignNone}
	lesson := func(s g.AttendanceState) muster.Answer {
		return muster.Answer{
			State:   s,
			At:      ago(20),
			Running: true,
		}
	}
	said := lesson(g.Absent)
	said.Said = true
	for _, x := range []struct {
		name string
		f    muster.Facts
		want string
	}{
		{"came by the gate just now", muster.Facts{Seen: seen(g.PresenceIn, g.SignPassed, 60)}, "in certain passed_in"},
		{"came this morning", muster.Facts{Seen: seen(g.PresenceIn, g.SignPassed, 180)}, "in likely passed_in"},
		{"was seen before dawn", muster.Facts{Seen: seen(g.PresenceIn, g.SignSeen, 400)}, "in doubtful seen"},
		{"came this morning and sits in a lesson", muster.Facts{Seen: seen(g.PresenceIn, g.SignPassed, 180),
			Answer: lesson(g.Arrived)}, "in certain passed_in"},
		{"went home", muster.Facts{Seen: seen(g.PresenceOut, g.SignPassed, 30)}, "out certain passed_out"},
		{"went out and sits in a lesson", muster.Facts{Seen: seen(g.PresenceOut, g.SignPassed, 30),
			Answer: lesson(g.Late)}, "in certain answered"},
		{"sat in a lesson and went home", muster.Facts{Seen: seen(g.PresenceOut, g.SignPassed, 10),
			Answer: lesson(g.Arrived)}, "out certain passed_out"},
		{"a gate saw them after they went out", muster.Facts{Seen: seen(g.PresenceUnknown, g.SignUnclear, 9)},
			"unknown doubtful unclear"},
		{"no reader, ticked in the roll", muster.Facts{Seen: unseen, Answer: lesson(g.Arrived)}, "in certain answered"},
		{"on leave", muster.Facts{Seen: unseen, Leave: true, Answer: lesson(g.Excused)}, "out likely on_leave"},
		{"on leave and seen inside", muster.Facts{Seen: seen(g.PresenceIn, g.SignSeen, 90), Leave: true},
			"unknown doubtful on_leave"},
		{"absent, nobody knows why", muster.Facts{Seen: unseen, Answer: lesson(g.Absent)}, "unknown doubtful absent"},
		{"absent by the teacher's word", muster.Facts{Seen: unseen, Answer: said}, "out likely said_absent"},
		{"expected and not seen", muster.Facts{Seen: unseen, Answer: lesson(g.Expected)}, "unknown doubtful not_seen"},
		{"a boarder nobody saw", muster.Facts{Boarder: true,
			Seen: presence.Place{Where: g.PresenceUnknown, Sign: g.SignNone}}, "unknown doubtful not_seen"},
		{"a free day", muster.Facts{Seen: unseen}, "out doubtful not_due"},
		{"a visitor whom the guard let in", muster.Facts{Seen: unseen, OnSite: true}, "in certain on_site"},
	} {
		e := muster.Of(x.f, now)
		if got := fmt.Sprintf("%s %s %s", e.Where, e.Sure, e.Why); got != x.want {
			t.Errorf("%s: got %s, want %s", x.name, got, x.want)
		}
	}
}

func TestOneBuilding(t *testing.T) {
	places := map[g.ZoneID]muster.Place{
		"gate": {"main", true}, "lab": {"science", false}, "room": {"main", false},
	}
	in := func(zone g.ZoneID) g.MusterEntry {
		return g.MusterEntry{
			Where: g.PresenceIn,
			Sure:  g.MusterCertain,
			Why:   g.MusterSeen,
			Zone:  zone,
		}
	}
	lesson := muster.Answer{
		State:   g.Arrived,
		Running: true,
		Zones:   []g.ZoneID{"room"},
	}
	for _, x := range []struct {
		name string
		e    g.MusterEntry
		a    muster.Answer
		want string
	}{
		{"seen in the lab", in("lab"), muster.Answer{}, "in certain seen"},
		{"seen in another building", in("room"), muster.Answer{}, "out certain elsewhere"},
		{"seen at the gate only", in("gate"), muster.Answer{}, "unknown doubtful somewhere"},
		{"at the gate, then a lesson elsewhere", in("gate"), lesson, "out certain elsewhere"},
		{"nobody knows where", in(""), muster.Answer{}, "unknown doubtful somewhere"},
	} {
		e := muster.Within(x.e, "science", places, x.a)
		if got := fmt.Sprintf("%s %s %s", e.Where, e.Sure, e.Why); got != x.want {
			t.Errorf("%s: got %s, want %s", x.name, got, x.want)
		}
	}
}

// TestLaterSightingsTakeNobodyOff: whatever is seen after the beginning, who was sought is sought.
func TestLaterSightingsTakeNobodyOff(t *testing.T) {
	kinds := []g.ZoneKind{g.ZoneGate, g.ZoneClassroom, g.ZoneDorm}
	ways := []g.Direction{g.In, g.Out, ""}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		e := g.MusterEntry{Where: g.Presences()[random.IntN(3)], Sure: g.MusterSurenesses()[random.IntN(3)]}
		later := e
		for range random.IntN(5) {
			later = muster.Later(later, []presence.Step{{
				Zone:      "z",
				Kind:      kinds[random.IntN(3)],
				Direction: ways[random.IntN(3)],
				At:        now,
			}})
		}
		if e.Sought() && !later.Sought() || sureness(later) > sureness(e) {
			t.Fatalf("%+v became %+v", e, later)
		}
	}
	out := g.MusterEntry{Where: g.PresenceOut, Sure: g.MusterCertain}
	back := muster.Later(out, []presence.Step{{Zone: "room", Kind: g.ZoneClassroom, At: now}})
	if !back.Sought() || !back.Since || back.Zone != "room" {
		t.Errorf("seen inside after all: got %+v, want them sought", back)
	}
}

func sureness(e g.MusterEntry) int {
	for i, s := range g.MusterSurenesses() {
		if s == e.Sure {
			return i
		}
	}
	return -1
}

// TestTicksInAnyOrder: two telephones tick the same people; in whatever order and however often their
// ticks arrive, the answer is the same.
func TestTicksInAnyOrder(t *testing.T) {
	tick := func(person g.PersonID, by string, minute int, word g.TickWord) g.MusterTick {
		return g.MusterTick{
			ID:       fmt.Sprint(person, by, minute),
			Person:   person,
			Word:     word,
			By:       by,
			At:       ago(-minute),
			Received: ago(-60),
		}
	}
	ticks := []g.MusterTick{
		tick("found", "chen", 1, g.TickMissing), tick("found", "li", 4, g.TickSafe),
		tick("found", "chen", 5, g.TickMissing), // a telephone that did not know
		tick("home", "chen", 2, g.TickMissing), tick("home", "li", 3, g.TickAway),
		tick("slip", "chen", 1, g.TickSafe), tick("slip", "chen", 2, g.TickMistaken),
		tick("slip", "chen", 3, g.TickMissing),
		tick("both", "chen", 1, g.TickSafe), tick("both", "li", 2, g.TickSafe),
		tick("both", "chen", 3, g.TickMistaken), // li still says so
		tick("still", "chen", 1, g.TickMissing), tick("still", "chen", 2, g.TickSafe),
		tick("still", "chen", 3, g.TickMistaken),
		tick("nobody", "chen", 1, g.TickSafe), tick("nobody", "chen", 2, g.TickMistaken),
	}
	want := map[g.PersonID]string{
		"found": "safe 4 li, missed 1 chen", "home": "away 3 li, missed 2 chen",
		"slip":  "missing 3 chen, missed 3 chen",
		"still": "missing 1 chen, missed 1 chen", "both": "safe 2 li", "nobody": "not said",
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		random.Shuffle(len(ticks), func(i, j int) { ticks[i], ticks[j] = ticks[j], ticks[i] })
		all := muster.Standings(ticks)
		got := map[g.PersonID]string{}
		for p := range want {
			s := all[p]
			got[p] = "not said"
			if s.State != "" {
				got[p] = fmt.Sprintf("%s %d %s", s.State, int(s.At.Sub(now).Minutes()), s.By)
			}
			if !s.Missed.IsZero() {
				got[p] += fmt.Sprintf(", missed %d %s", int(s.Missed.Sub(now).Minutes()), s.MissedBy)
			}
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Fatalf("in one order (-got +want):\n%s", d)
		}
	}
}

func TestCounts(t *testing.T) {
	list := []g.MusterEntry{
		{Person: "a", Where: g.PresenceIn}, {Person: "b", Where: g.PresenceUnknown},
		{Person: "c", Where: g.PresenceOut}, {Person: "d", Where: g.PresenceIn, Others: 3},
		{Person: "e", Where: g.PresenceIn},
	}
	ticks := []g.MusterTick{
		{Person: "d", Word: g.TickSafe, At: now, Received: now},
		{Person: "e", Word: g.TickMissing, At: now, Received: now},
		{Person: "stranger", Word: g.TickSafe, At: now, Received: now},
	}
	want := g.MusterCounts{
		Sought:  8,
		Safe:    5,
		Missing: 1,
		Waiting: 2,
		Out:     1,
	}
	if d := cmp.Diff(muster.Count(muster.Join(list, ticks)), want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}
