package attend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
	"github.com/google/go-cmp/cmp"
)

// The files under testdata/attendance describe a session in lines that a teacher can read:
//
//	zone gate-1 gate [building]         person 李明 student 7-2 [boarder]
//	session arrival 07:00 due 08:00 end 12:00 [for student] [boarders]
//	leave 李明 07:00 12:00 [offsite]     gap gate-1 07:30 [07:31]     forget gaps
//	correct 李明 absent 09:00            (none: take it back)
//	07:55 gate-1 card 李明 [in|out] [margin 0.02] [ahead 10m]
//	at 08:10                            the present
//	expect 李明 arrived 07:55 [because code code] [with exception|nothing]
//
// A session may say "at zone"; "sitting 12:00 12:30" is another sitting of the meal.
// "next 01:30" is in the following night, "before 21:00" in the evening before.
type register struct {
	t    *testing.T
	at   string
	in   attend.Inputs
	seen []attend.Sighting
}

func TestAttendanceStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories found: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			r := newRegister(t)
			for i, line := range strings.Split(string(b), "\n") {
				if w := strings.Fields(line); len(w) > 0 && !strings.HasPrefix(w[0], "#") {
					r.at = fmt.Sprintf("%s:%d", f, i+1)
					r.line(w)
				}
			}
		})
	}
}

func newRegister(t *testing.T) *register {
	return &register{
		t: t,
		in: attend.Inputs{
			School: g.School{ID: "school", Timezone: "Asia/Shanghai"},
			Zones:  map[g.ZoneID]g.Zone{},
		},
	}
}

// time parses a time of day at the front of w.
func (r *register) time(w *[]string) time.Time {
	if len(*w) == 0 {
		r.t.Fatalf("%s: a time is missing", r.at)
	}
	days := 0
	switch (*w)[0] {
	case "next":
		days, *w = 1, (*w)[1:]
	case "before":
		days, *w = -1, (*w)[1:]
	}
	text := (*w)[0]
	*w = (*w)[1:]
	if len(text) == 5 {
		text += ":00"
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-03-02 "+text,
		r.in.School.Location())
	if err != nil {
		r.t.Fatalf("%s: %v", r.at, err)
	}
	return t.AddDate(0, 0, days)
}

func (r *register) line(w []string) {
	rest := w[1:]
	switch w[0] {
	case "zone":
		z := g.Zone{ID: g.ZoneID(w[1]), Kind: g.ZoneKind(w[2])}
		if len(w) > 3 {
			z.Building = g.BuildingID(w[3])
		}
		r.in.Zones[z.ID] = z
	case "person":
		e := attend.RosterEntry{
			Person:  g.PersonID(w[1]),
			Kind:    g.PersonKind(w[2]),
			Boarder: slices.Contains(w, "boarder"),
		}
		if len(w) > 3 {
			e.Class = w[3]
		}
		r.in.Roster = append(r.in.Roster, e)
	case "session":
		r.session(w[1:])
	case "leave":
		rest = w[2:]
		l := g.Leave{Person: g.PersonID(w[1]), From: r.time(&rest), To: r.time(&rest)}
		l.Offsite = len(rest) > 0 && rest[0] == "offsite"
		r.in.Leaves = append(r.in.Leaves, l)
	case "gap":
		rest = w[2:]
		gap := attend.Gap{Zone: g.ZoneID(w[1]), From: r.time(&rest)}
		if len(rest) > 0 {
			gap.To = r.time(&rest)
		}
		r.in.Gaps = append(r.in.Gaps, gap)
	case "sitting":
		r.in.Sittings = append(r.in.Sittings, g.Session{Start: r.time(&rest), End: r.time(&rest)})
	case "forget":
		r.in.Gaps = nil
	case "correct":
		rest = w[3:]
		c := attend.Correction{
			Person: g.PersonID(w[1]),
			State:  g.AttendanceState(w[2]),
			Actor:  "teacher",
			At:     r.time(&rest),
		}
		if w[2] == "none" {
			c.State = ""
		}
		r.in.Corrections = append(r.in.Corrections, c)
	case "at":
		r.in.Now = r.time(&rest)
	case "date":
		if got := attend.OperationalDate(r.in.Session, r.in.School); got != w[1] {
			r.t.Errorf("%s: got date %s, want %s", r.at, got, w[1])
		}
	case "expect":
		r.expect(rest)
	default:
		r.sighting(w)
	}
}

func (r *register) session(w []string) {
	s := g.Session{ID: "ses", School: "school", Kind: g.SessionKind(w[0])}
	w = w[1:]
	s.Start = r.time(&w)
	for len(w) > 0 {
		word := w[0]
		w = w[1:]
		switch word {
		case "due":
			s.Due = r.time(&w)
		case "end":
			s.End = r.time(&w)
		case "for":
			s.Who, w = append(s.Who, g.PersonKind(w[0])), w[1:]
		case "boarders":
			s.Boarders = true
		case "at":
			s.Zones, w = append(s.Zones, g.ZoneID(w[0])), w[1:]
		default:
			r.t.Fatalf("%s: what is %q?", r.at, word)
		}
	}
	r.in.Session = s
}

func (r *register) sighting(w []string) {
	s := attend.Sighting{Time: r.time(&w), ID: g.SightingID(fmt.Sprintf("sgt_%d", len(r.seen)))}
	s.Zone, s.Method, s.Person = g.ZoneID(w[0]), g.Method(w[1]), g.PersonID(w[2])
	s.Device = g.DeviceID("at-" + w[0])
	if s.Method == g.ByFace {
		s.Match = &g.Match{Margin: 0.3}
	}
	for w = w[3:]; len(w) > 0; w = w[1:] {
		switch w[0] {
		case "in", "out":
			s.Direction = g.Direction(w[0])
		case "margin":
			w = w[1:]
			s.Match.Margin, _ = strconv.ParseFloat(w[0], 64)
		case "ahead":
			w = w[1:]
			s.Offset, _ = time.ParseDuration(w[0])
		default:
			r.t.Fatalf("%s: what is %q?", r.at, w[0])
		}
	}
	r.seen = append(r.seen, s)
}

func (r *register) expect(w []string) {
	rows := attend.Compute(r.in, attend.ByPerson(r.seen))
	if w[0] == "final" {
		for _, a := range rows {
			if a.Final != (w[1] == "yes") {
				r.t.Errorf("%s: got final %v for %s, want %s", r.at, a.Final, a.Person, w[1])
			}
		}
		return
	}
	i := slices.IndexFunc(rows, func(a g.Attendance) bool { return a.Person == g.PersonID(w[0]) })
	if i < 0 {
		r.t.Fatalf("%s: nobody is called %s", r.at, w[0])
	}
	a := rows[i]
	if string(a.State) != w[1] {
		r.t.Errorf("%s: got %s (%v), want %s", r.at, a.State, a.Reasons, w[1])
	}
	if w = w[2:]; len(w) > 0 && w[0] != "because" && w[0] != "with" {
		if want := r.time(&w); !a.At.Equal(want) {
			r.t.Errorf("%s: got %s, want %s", r.at, a.At.In(want.Location()).Format(time.DateTime),
				want.Format(time.DateTime))
		}
	} else if !a.At.IsZero() {
		r.t.Errorf("%s: got the time %s, want none", r.at, a.At)
	}
	words := map[string][]string{}
	for key := ""; len(w) > 0; w = w[1:] {
		if w[0] == "because" || w[0] == "with" {
			key = w[0]
		} else {
			words[key] = append(words[key], w[0])
		}
	}
	if want := words["because"]; want != nil {
		if diff := cmp.Diff(a.Reasons, want); diff != "" {
			r.t.Errorf("%s: reasons, got (-), want (+):\n%s", r.at, diff)
		}
	}
	if want := words["with"]; want != nil {
		if slices.Equal(want, []string{"nothing"}) {
			want = nil
		}
		if diff := cmp.Diff(a.Exceptions, want); diff != "" {
			r.t.Errorf("%s: exceptions, got (-), want (+):\n%s", r.at, diff)
		}
	}
}
