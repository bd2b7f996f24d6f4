package attendance

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

// mostOfLine bounds the sightings of one person's day.
const mostOfLine = 500

// dayBegins is when an operational day begins, after midnight.
const dayBegins = 4 * time.Hour

type lineInput struct {
	gate.ByID
	Date   string `query:"date" maxLength:"10" doc:"The operational day, YYYY-MM-DD; empty: today in the school's time zone."`
	Reason string `query:"reason" maxLength:"500" doc:"Why it is read; needed for a student." example:"parent asks about yesterday"`
}

// PersonLine is one person's day, in the order of time.
type PersonLine struct {
	Person  g.PersonID  `json:"person" doc:"Who."`
	Date    string      `json:"date" doc:"The operational day, from 04:00 to 04:00 of the school's time zone."`
	Entries []LineEntry `json:"entries" nullable:"false" doc:"What is known of it."`
	Cut     bool        `json:"cut,omitempty" doc:"There were more than 500 sightings: the later ones are shown."`
}

// LineWhat says what an entry of a line is.
type LineWhat string

// What an entry can be.
const (
	LineSeen       LineWhat = "seen"
	LineAnswer     LineWhat = "answer"
	LineCorrection LineWhat = "correction"
	LineLeave      LineWhat = "leave"
)

// LineEntry is one thing that is known of a person's day.
type LineEntry struct {
	What      LineWhat          `json:"what" enum:"seen,answer,correction,leave" doc:"seen: at a place; answer: of a session; correction: somebody changed an answer; leave: excused from then on."`
	At        time.Time         `json:"at" doc:"When; of an answer when the session begins, or when it was decided; of a leave when it begins."`
	Until     time.Time         `json:"until,omitzero" doc:"When the session or the leave ends."`
	Zone      g.ZoneID          `json:"zone,omitempty" doc:"Where."`
	Direction g.Direction       `json:"direction,omitempty" doc:"in or out, where that is known."`
	Late      bool              `json:"late,omitempty" doc:"The sighting reached the gateway later than it happened."`
	Session   g.SessionID       `json:"session,omitempty" doc:"The session of an answer or correction."`
	Kind      g.SessionKind     `json:"kind,omitempty" doc:"Its kind."`
	Name      string            `json:"name,omitempty" doc:"Its name."`
	NameZH    string            `json:"name_zh,omitempty" doc:"Its Chinese name."`
	State     g.AttendanceState `json:"state,omitempty" doc:"The answer, or what somebody made of it."`
	Final     bool              `json:"final,omitempty" doc:"The answer changes no more by itself."`
	Reasons   []string          `json:"reasons,omitempty" doc:"Why the answer is what it is."`
	Offsite   bool              `json:"offsite,omitempty" doc:"Of a leave: approved to be elsewhere."`
	Said      string            `json:"said,omitempty" doc:"Why: the reason of a leave or correction."`
	By        string            `json:"by,omitempty" doc:"Who entered the leave or correction."`
}

func (s *area) registerLine() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/{id}/line",
		ID:      "open-person-line",
		Tag:     "Attendance",
		Perm:    g.PeopleOpen,
		Summary: "One person's day: where they were seen, the answers with their reasons, leave and corrections",
		Doc: "Of a student it needs a reason, and each look is written to the audit log as any opening of a " +
			"person is. How somebody showed who they are (card, face) stands nowhere in it. Meals are in it as " +
			"answers of their sessions: what was given at which till is kept for nobody's line.",
	}, func(ctx context.Context, in *lineInput) (*gate.Body[PersonLine], error) {
		return gate.Answer(s.line(ctx, *in))
	})
}

func (s *area) line(ctx context.Context, in lineInput) (PersonLine, error) {
	who := g.PersonID(in.ID)
	// The one look that is audited, with its reason; what follows is read as the gateway.
	p, err := s.Because(ctx, in.Reason).People.Open(ctx, who)
	if err != nil {
		return PersonLine{}, err
	}
	may := gate.CallerOf(ctx).Scope.Can
	v := s.In(g.SystemScope("person line"))
	sch, err := v.Places.School(ctx, p.School)
	if err != nil {
		return PersonLine{}, err
	}
	day := g.DateOf(presence.Since(s.Now(), sch.Location(), false))
	if in.Date != "" {
		if day, err = g.ParseDate(in.Date); err != nil {
			return PersonLine{}, g.FieldErrorf("date", "%v", err)
		}
	}
	from, to := day.Reach(dayBegins, sch.Location()), day.Add(1).Reach(dayBegins, sch.Location())
	out := PersonLine{
		Person: who,
		Date:   day.String(),
	}
	if may(g.SightingsRead) {
		if err := seenOfLine(ctx, v, &out, from, to); err != nil {
			return PersonLine{}, err
		}
	}
	if may(g.AttendanceRead) {
		if err := answersOfLine(ctx, v, p.School, &out, from, to); err != nil {
			return PersonLine{}, err
		}
	}
	slices.SortStableFunc(out.Entries, func(a, b LineEntry) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(string(a.What), string(b.What)))
	})
	out.Entries = gate.Some(out.Entries)
	return out, nil
}

// seenOfLine adds where the person was seen.
func seenOfLine(ctx context.Context, v *registry.View, out *PersonLine, from, to time.Time) error {
	seen, next, err := v.History.Sightings(ctx, history.SightingFilter{
		Page:   registry.Page{Limit: mostOfLine},
		Person: out.Person,
		From:   from,
		To:     to,
	})
	if err != nil {
		return err
	}
	out.Cut = next != ""
	for _, x := range seen {
		out.Entries = append(out.Entries, LineEntry{
			What:      LineSeen,
			At:        x.Time,
			Zone:      x.Zone,
			Direction: x.Direction,
			Late:      x.Late,
		})
	}
	return nil
}

// answersOfLine adds the answers of a person's day, what was made of them by hand, and leave.
func answersOfLine(
	ctx context.Context, v *registry.View, school g.SchoolID, out *PersonLine, from, to time.Time,
) error {
	rows, _, err := v.Sessions.Attendance(ctx, sessions.AttendanceFilter{
		Page:   registry.Page{Limit: mostOfLine},
		Person: out.Person,
		Date:   out.Date,
	})
	if err != nil {
		return err
	}
	all, err := v.Sessions.Between(ctx, school, from.Add(-36*time.Hour), to)
	if err != nil {
		return err
	}
	of := map[g.SessionID]g.Session{}
	for _, x := range all {
		of[x.ID] = x
	}
	ids := []g.SessionID{}
	for _, a := range rows {
		if a.State == g.NotRequired {
			continue
		}
		ids = append(ids, a.Session)
		out.Entries = append(out.Entries, answerOfLine(a.Attendance, of[a.Session]))
	}
	corrections, err := v.Sessions.CorrectionsOfPerson(ctx, out.Person, ids)
	if err != nil {
		return err
	}
	for _, c := range corrections {
		x := of[c.Session]
		out.Entries = append(out.Entries, LineEntry{
			What:    LineCorrection,
			At:      c.At,
			Session: c.Session,
			Kind:    x.Kind,
			Name:    x.Name,
			NameZH:  x.NameZH,
			State:   c.State,
			Said:    c.Reason,
			By:      c.Actor,
		})
	}
	leaves, err := v.Sessions.LeavesOf(ctx, school, []g.PersonID{out.Person}, from, to)
	for _, l := range leaves {
		out.Entries = append(out.Entries, LineEntry{
			What:    LineLeave,
			At:      l.From,
			Until:   l.To,
			Offsite: l.Offsite,
			Said:    l.Reason,
			By:      l.Actor,
		})
	}
	return err
}

func answerOfLine(a g.Attendance, x g.Session) LineEntry {
	e := LineEntry{
		What:    LineAnswer,
		At:      x.Start,
		Until:   x.End,
		Zone:    a.Zone,
		Session: a.Session,
		Kind:    a.Kind,
		Name:    x.Name,
		NameZH:  x.NameZH,
		State:   a.State,
		Final:   a.Final,
		Reasons: a.Reasons,
	}
	if !a.At.IsZero() {
		e.At = a.At
	}
	return e
}
