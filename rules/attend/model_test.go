package attend_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// The model is README.md written down once more, slowly: at each moment it asks all sightings again.
// It shares no code with the package, and answers the state alone.
type model struct {
	in    attend.Inputs
	signs []attend.Sighting // in order, each once, that count for the person
	r     attend.RosterEntry
}

func (m model) kind(z g.ZoneID) g.ZoneKind { return m.in.Zones[z].Kind }

func (m model) here(z g.ZoneID) bool { return slices.Contains(m.in.Session.Zones, z) }

// school says whether the session asks who is in the school.
func (m model) school() bool {
	return slices.ContainsFunc(m.in.Session.Zones, func(z g.ZoneID) bool { return m.kind(z) == g.ZoneGate }) &&
		m.in.Session.Kind != g.SessionMeal && m.in.Session.Kind != g.SessionDorm
}

// status is where the person is after the first n signs: "", in, out or unclear.
func (m model) status(n int) (is string) {
	for _, s := range m.signs[:n] {
		gate := m.kind(s.Zone) == g.ZoneGate
		switch {
		case m.school() && gate && s.Direction == g.Out, !m.school() && m.here(s.Zone) && s.Direction == g.Out:
			is = "out"
		case m.school() && gate && s.Direction == "":
			if is == "out" || is == "unclear" {
				is = "unclear"
			} else {
				is = "in"
			}
		case m.school(), m.here(s.Zone):
			is = "in"
		case gate && s.Direction == g.Out, m.in.Session.Kind == g.SessionDorm:
			is = "out"
		}
	}
	return is
}

// unseen is when who is first seen going out of where they are asked for went out; zero: no such.
func (m model) unseen() time.Time {
	for i, s := range m.signs {
		if m.status(i+1) == "" {
			continue
		}
		if s.Direction == g.Out && (m.here(s.Zone) || m.school() && m.kind(s.Zone) == g.ZoneGate) {
			return s.Time
		}
		return time.Time{}
	}
	return time.Time{}
}

func (m model) there(t time.Time) bool {
	if t.Before(m.unseen()) {
		return true
	}
	n := 0
	for n < len(m.signs) && !m.signs[n].Time.After(t) {
		n++
	}
	return m.status(n) == "in"
}

// entered is the first sign after t of coming.
func (m model) entered(t time.Time) *attend.Sighting {
	for i := range m.signs {
		if m.signs[i].Time.After(t) && m.status(i) != "in" && m.status(i+1) == "in" {
			return &m.signs[i]
		}
	}
	return nil
}

// went is when the person was there for the last time, if they are not at the end.
func (m model) went() (at time.Time, gone bool) {
	at, gone = m.unseen(), !m.unseen().IsZero()
	for i, s := range m.signs {
		switch was, is := m.status(i), m.status(i+1); {
		case is == "in":
			gone = false
		case was == "in":
			at, gone = s.Time, true
		}
	}
	return at, gone
}

// leaves are the person's, those within five minutes as one.
func (m model) leaves() (out []g.Leave) {
	for _, l := range m.in.Leaves {
		if l.Person == m.r.Person && l.To.After(l.From) {
			out = append(out, l)
		}
	}
	for merged := true; merged; {
		merged = false
		for i := range out {
			for j := range out {
				a, b := out[i], out[j]
				if i == j || b.From.Sub(a.To) > 5*time.Minute || a.From.Sub(b.To) > 5*time.Minute {
					continue
				}
				if b.From.Before(a.From) {
					a.From = b.From
				}
				if b.To.After(a.To) {
					a.To = b.To
				}
				a.Offsite = a.Offsite || b.Offsite
				out[i] = a
				out = slices.Delete(out, j, j+1)
				merged = true
				break
			}
			if merged {
				break
			}
		}
	}
	return out
}

func holds(l g.Leave, t time.Time) bool { return !t.Before(l.From) && !t.After(l.To) }

// excused is the leave that excuses who is never there.
func (m model) excused() *g.Leave {
	s := m.in.Session
	for _, l := range m.leaves() {
		if holds(l, s.Due) && (!l.To.Before(s.End.Add(-15*time.Minute)) || m.in.Now.Before(l.To.Add(5*time.Minute))) {
			return &l
		}
	}
	for _, l := range m.leaves() {
		if slices.ContainsFunc(m.leaves(), func(x g.Leave) bool { return holds(x, s.Due) }) {
			return nil // the one that holds decides
		}
		if l.From.After(s.Due) && !l.To.Before(s.End.Add(-15*time.Minute)) &&
			2*s.End.Sub(l.From) >= s.End.Sub(s.Due) {
			return &l
		}
	}
	return nil
}

// blind says whether gaps make it unknown who was not seen: minute by minute for the five in all.
func (m model) blind() bool {
	s := m.in.Session
	if len(s.Zones) == 0 {
		return true
	}
	until := s.Due.Add(5 * time.Minute)
	if s.Kind == g.SessionMeal || until.After(s.End) {
		until = s.End
	}
	var dark time.Duration
	counted := func(x attend.Gap) bool {
		return m.here(x.Zone) && !x.From.After(m.in.Now) && x.From.Before(s.End) &&
			(x.To.IsZero() || x.To.After(s.Start))
	}
	first, last := s.Start.Add(-4*time.Hour), s.End
	for t := first; t.Before(last); t = t.Add(time.Second) {
		for _, x := range m.in.Gaps {
			if counted(x) && !t.Before(x.From) && (x.To.IsZero() || t.Before(x.To)) {
				dark += time.Second
				break
			}
		}
	}
	return dark >= 5*time.Minute || slices.ContainsFunc(m.in.Gaps, func(x attend.Gap) bool {
		return counted(x) && x.From.Before(until)
	})
}

func (m model) ate() bool {
	return slices.ContainsFunc(m.signs, func(x attend.Sighting) bool {
		within := func(s g.Session) bool { return !x.Time.Before(s.Start) && x.Time.Before(s.End) }
		return m.here(x.Zone) && (within(m.in.Session) || slices.ContainsFunc(m.in.Sittings, within))
	})
}

func (m model) state() g.AttendanceState {
	s := m.in.Session
	meal := s.Kind == g.SessionMeal
	switch {
	case m.r.Away, s.Boarders && !m.r.Boarder:
		return g.NotRequired
	case meal && m.ate():
		return g.Arrived
	case !meal && m.there(s.Due):
		return m.after(g.Arrived)
	}
	if e := m.entered(s.Due); !meal && e != nil {
		for _, l := range m.leaves() {
			if holds(l, s.Due) && !e.Time.After(l.To.Add(5*time.Minute)) {
				return m.after(g.Arrived)
			}
		}
		if !m.here(e.Zone) && !(m.school() && m.kind(e.Zone) == g.ZoneGate) {
			return m.after(g.Unknown)
		}
		return m.after(g.Late)
	}
	if l := m.excused(); l != nil {
		if l.Offsite {
			return g.OffsiteApproved
		}
		return g.Excused
	}
	due := s.Due.Add(5 * time.Minute)
	if meal {
		due = s.End
	}
	switch {
	case m.in.Now.Before(due):
		return g.Expected
	case !meal && m.status(len(m.signs)) == "unclear", m.blind():
		return g.Unknown
	}
	return g.Absent
}

// after is what became of who was there.
func (m model) after(so g.AttendanceState) g.AttendanceState {
	at, gone := m.went()
	if !gone || !at.Before(m.in.Session.End.Add(-5*time.Minute)) {
		return so
	}
	for _, l := range m.leaves() {
		if holds(l, at) || at.Before(l.From) && !at.Before(l.From.Add(-15*time.Minute)) {
			return so
		}
	}
	if m.status(len(m.signs)) == "unclear" {
		return g.Unknown
	}
	return g.LeftEarly
}

// TestTheModelAgrees draws days at random. GATEHOUSE_DAYS sets how many; 100,000 in make soak.
func TestTheModelAgrees(t *testing.T) {
	days := 3000
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_DAYS")); err == nil {
		days = n
	}
	for seed := range days {
		in, seen := randomDay(rand.New(rand.NewPCG(uint64(seed), 11)))
		for _, a := range attend.Compute(in, attend.ByPerson(seen)) {
			i := slices.IndexFunc(in.Roster, func(r attend.RosterEntry) bool { return r.Person == a.Person })
			m := model{in: in, r: in.Roster[i]}
			m.signs = m.counting(seen)
			if want := m.state(); a.State != want {
				t.Fatalf("day %d, %s of %s: got %s (%v), the model says %s\nsession %+v\nnow %s\nsigns %s\n"+
					"leaves %+v\ngaps %+v", seed, a.Person, in.Session.Kind, a.State, a.Reasons, want, in.Session,
					in.Now, told(m.signs), m.leaves(), in.Gaps)
			}
		}
	}
}

func told(all []attend.Sighting) (out string) {
	for _, s := range all {
		out += fmt.Sprintf("%s %s %s; ", s.Time.Format("02 15:04:05"), s.Zone, s.Direction)
	}
	return out
}

// counting are the person's sightings that count, in order.
func (m model) counting(seen []attend.Sighting) (out []attend.Sighting) {
	s := m.in.Session
	from := s.Start.Add(-15 * time.Minute)
	if m.school() || s.Kind == g.SessionArrival || s.Kind == g.SessionDorm {
		from = s.Start.Add(-12 * time.Hour)
	}
	four := time.Date(s.Start.Year(), s.Start.Month(), s.Start.Day(), 4, 0, 0, 0, s.Start.Location())
	if m.school() && !m.r.Boarder && four.After(from) && !four.After(s.Start) {
		from = four
	}
	for _, x := range seen {
		if x.Person == m.r.Person && (s.Kind == g.SessionMeal || !x.Time.Before(from) && x.Time.Before(s.End)) &&
			!slices.ContainsFunc(out, func(o attend.Sighting) bool { return o.ID == x.ID }) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b attend.Sighting) int { return a.Time.Compare(b.Time) })
	return out
}

// randomDay is a day of a few people: times are of whole seconds, and no two sightings at one time.
func randomDay(r *rand.Rand) (attend.Inputs, []attend.Sighting) {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	start := time.Date(2026, 3, 2, 6+r.IntN(14), 0, 0, 0, time.UTC)
	due := start.Add(time.Duration(r.IntN(120)) * time.Minute)
	end := due.Add(time.Duration(10+r.IntN(300)) * time.Minute)
	kind := g.SessionKind(pick("arrival", "meal", "dorm", "lesson", "staff"))
	if cut := time.Date(2026, 3, 3, 4, 0, 0, 0, time.UTC); end.After(cut) {
		end = cut
	}
	in := attend.Inputs{
		School: g.School{ID: "s", Timezone: "UTC"},
		Zones: map[g.ZoneID]g.Zone{
			"gate": {Kind: g.ZoneGate}, "back": {Kind: g.ZoneGate}, "dorm": {Kind: g.ZoneDorm},
			"hall": {Kind: g.ZoneCanteen}, "room": {Kind: g.ZoneClassroom},
		},
		Session: g.Session{
			ID:       "ses",
			School:   "s",
			Kind:     kind,
			Start:    start,
			Due:      due,
			End:      end,
			Boarders: r.IntN(4) == 0,
			Zones:    [][]g.ZoneID{{"gate"}, {"gate", "back"}, {"dorm"}, {"hall"}, {"room"}}[r.IntN(5)],
		},
		Now: start.Add(time.Duration(r.IntN(600)-30) * time.Minute),
	}
	if kind == g.SessionMeal && r.IntN(2) == 0 {
		in.Sittings = []g.Session{{Start: end, End: end.Add(time.Hour)}}
	}
	at := func() time.Time { return start.Add(time.Duration(r.IntN(16*3600)-8*3600) * time.Second) }
	var seen []attend.Sighting
	taken := map[time.Time]bool{}
	for i := range 3 {
		p := g.PersonID(fmt.Sprint("p", i))
		in.Roster = append(in.Roster, attend.RosterEntry{
			Person:  p,
			Kind:    g.Student,
			Boarder: r.IntN(2) == 0,
			Away:    r.IntN(12) == 0,
		})
		for range r.IntN(7) {
			when := at()
			if taken[when] {
				continue
			}
			taken[when] = true
			seen = append(seen, attend.Sighting{
				ID:        g.SightingID(fmt.Sprint("sgt_", len(seen))),
				Person:    p,
				Zone:      g.ZoneID(pick("gate", "back", "dorm", "hall", "room")),
				Method:    g.ByCard,
				Direction: g.Direction(pick("", "in", "out")),
				Time:      when,
			})
		}
		for range r.IntN(3) {
			from := at().Truncate(time.Minute)
			in.Leaves = append(in.Leaves, g.Leave{
				Person:  p,
				From:    from,
				To:      from.Add(time.Duration(r.IntN(400)) * time.Minute),
				Offsite: r.IntN(3) == 0,
			})
		}
	}
	for range r.IntN(3) {
		from := start.Add(time.Duration(r.IntN(8*3600)-2*3600) * time.Second)
		x := attend.Gap{Zone: g.ZoneID(pick("gate", "dorm", "hall")), From: from}
		if r.IntN(5) > 0 {
			x.To = from.Add(time.Duration(60+r.IntN(600)) * time.Second)
		}
		in.Gaps = append(in.Gaps, x)
	}
	return in, seen
}
