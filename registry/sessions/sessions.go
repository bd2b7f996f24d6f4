package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Between are the school's sessions that overlap from <= t < to, by start. A zero from or to means
// no limit.
func (v View) Between(
	ctx context.Context, school g.SchoolID, from, to time.Time,
) ([]g.Session, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	overlap(&w, from, to)
	out := []g.Session{}
	err = store.Each(ctx, v.s.Reg, "SELECT body FROM sessions"+w.String()+" ORDER BY starts, id",
		w.Args, func(scan func(...any) error) error {
			s, err := scanSession(scan)
			out = append(out, s)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}

func overlap(w *store.Where, from, to time.Time) {
	if !from.IsZero() {
		w.And("ends > ?", store.Micros(from))
	}
	if !to.IsZero() {
		w.And("starts < ?", store.Micros(to))
	}
}

func scanSession(scan func(...any) error) (s g.Session, err error) {
	var b []byte
	if err := scan(&b); err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// session reads a session within reach.
func session(ctx context.Context, c store.Conn, in store.Reach, id g.SessionID) (g.Session, error) {
	s, err := scanSession(c.Row(ctx, "SELECT body FROM sessions WHERE id = ?", string(id)).Scan)
	if err != nil {
		return s, store.Missing(err, "session", string(id))
	}
	return s, in.Owns(s.School, "session", string(id))
}

func checkSession(s g.Session) error {
	if !g.ValidID(string(s.ID)) {
		return store.BadID()
	}
	if err := store.Line("name", s.Name, store.MaxName); err != nil {
		return err
	}
	if err := store.Optional("name_zh", s.NameZH, store.MaxName); err != nil {
		return err
	}
	if !slices.Contains(g.SessionKinds(), s.Kind) {
		return g.FieldErrorf("kind", "%q is no kind of session; use one of %v", s.Kind,
			g.SessionKinds())
	}
	if s.Start.IsZero() || s.Due.Before(s.Start) || !s.End.After(s.Start) || s.End.Before(s.Due) {
		return g.FieldErrorf("start", "give start, due and end in this order")
	}
	if s.End.Sub(s.Start) > 36*time.Hour {
		return g.FieldErrorf("end", "the session lasts %s: at most 36 hours", s.End.Sub(s.Start))
	}
	if len(s.Who) == 0 {
		return g.FieldErrorf("who", "say who is expected: some of %v", g.PersonKinds())
	}
	for i, k := range s.Who {
		if !slices.Contains(g.PersonKinds(), k) {
			return g.FieldErrorf(fmt.Sprintf("who[%d]", i),
				"%q is no kind of person; use some of %v", k, g.PersonKinds())
		}
	}
	for i, k := range s.ZoneKinds {
		if !slices.Contains(g.ZoneKinds(), k) {
			return g.FieldErrorf(fmt.Sprintf("zone_kinds[%d]", i),
				"%q is no kind of zone; use some of %v", k, g.ZoneKinds())
		}
	}
	if len(s.Zones) > store.MaxZones {
		return g.FieldErrorf("zones", "%d zones; at most %d are kept: give zone_kinds",
			len(s.Zones), store.MaxZones)
	}
	if len(s.Classes) > store.MaxClasses {
		return g.FieldErrorf("classes", "%d classes; at most %d are kept: none stands for all",
			len(s.Classes), store.MaxClasses)
	}
	for i, c := range s.Classes {
		if err := store.Line(fmt.Sprintf("classes[%d]", i), c, store.MaxLabel); err != nil {
			return err
		}
	}
	if len(s.Persons) > g.MaxSessionPersons {
		return g.FieldErrorf("persons", "%d people; a session names at most %d: give classes",
			len(s.Persons), g.MaxSessionPersons)
	}
	for i, p := range s.Persons {
		if !g.ValidID(string(p)) {
			return g.FieldErrorf(fmt.Sprintf("persons[%d]", i), "%q is no id of a person", p)
		}
	}
	return nil
}

// Put writes a session; an empty ID creates one. What the timetable made is left alone by it from
// then on.
func (v View) Put(ctx context.Context, s g.Session) (g.Session, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return g.Session{}, err
	}
	if err := v.s.InSchool(ctx, in, s.School); err != nil {
		return g.Session{}, err
	}
	if s.ID == "" {
		s.ID = g.SessionID(g.NewID("ses"))
	}
	if err := checkSession(s); err != nil {
		return g.Session{}, err
	}
	if err := v.known(ctx, s); err != nil {
		return g.Session{}, err
	}
	s.Pattern, s.Date, s.Period, s.Edited = "", "", "", false
	err = v.s.Write(ctx, func(t *store.Tx) error {
		had, err := store.SchoolOf(ctx, t, "sessions", "session", string(s.ID))
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		if err == nil && had != s.School {
			return store.NotFound("session", string(s.ID))
		}
		for i, z := range s.Zones {
			zone, err := places.ZoneRow(ctx, t, z)
			if g.ErrorCode(err) == g.NotFound || err == nil && zone.School != s.School {
				return g.FieldErrorf(fmt.Sprintf("zones[%d]", i), "the school has no zone %q", z)
			}
			if err != nil {
				return err
			}
		}
		var before any
		if had != "" {
			was, err := scanSession(t.Row(ctx, "SELECT body FROM sessions WHERE id = ?", string(s.ID)).Scan)
			if err != nil {
				return fmt.Errorf("read session: %w", err)
			}
			before = was
			s.Pattern, s.Date, s.Period, s.Edited = was.Pattern, was.Date, was.Period, was.Pattern != ""
		}
		if err := write(ctx, t, s); err != nil {
			return err
		}
		if err := mark(ctx, t, Mark{
			School:  s.School,
			Session: s.ID,
			Cause:   g.CauseSession,
		}); err != nil {
			return err
		}
		t.Change(change.Session, s.School, string(s.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			s.School,
			"session.put",
			string(s.ID),
			before,
			s,
		)
	})
	if err != nil {
		return g.Session{}, err
	}
	return s, nil
}

// known refuses a session that names people whom its school does not have.
func (v View) known(ctx context.Context, s g.Session) error {
	if len(s.Persons) == 0 {
		return nil
	}
	l, err := people.RollOf(ctx, v.r.people, s.School)
	if err != nil {
		return err
	}
	for i, p := range s.Persons {
		if len(l.Some([]g.PersonID{p})) == 0 {
			return g.FieldErrorf(fmt.Sprintf("persons[%d]", i), "the school has no person %q", p)
		}
	}
	return nil
}

func write(ctx context.Context, t *store.Tx, s g.Session) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx,
		"INSERT INTO sessions (id, school, starts, ends, pattern, date, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON "+
			"CONFLICT (id) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, "+
			"pattern = excluded.pattern, date = excluded.date, body = excluded.body",
		string(s.ID), string(s.School), store.Micros(s.Start), store.Micros(s.End), string(s.Pattern), s.Date,
		string(b))
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// Delete deletes a session with its answers, whose counts the audit log keeps. One with an answer that
// somebody corrected is refused: what people said is not lost. So is one that the timetable has still
// to hold, since it would make it again; one that was edited goes back to the timetable.
func (v View) Delete(ctx context.Context, id g.SessionID) error {
	return v.s.Remove(ctx, g.AttendanceWrite, "sessions", "session", string(id), change.Session,
		sessionBefore(id), func(t *store.Tx) error {
			n := 0
			err := t.Row(ctx, "SELECT COUNT(*) FROM corrections WHERE session = ?", string(id)).Scan(&n)
			if err != nil {
				return fmt.Errorf("count corrections: %w", err)
			}
			if n > 0 {
				return g.Errorf(g.Conflict, "answers of this session were corrected by hand (%d): change the session "+
					"instead, so that nothing of it is lost", n)
			}
			s, err := scanSession(t.Row(ctx, "SELECT body FROM sessions WHERE id = ?", string(id)).Scan)
			if err != nil {
				return err
			}
			if err := v.r.withdraw(ctx, t, s); err != nil {
				return err
			}
			if s.Pattern == "" || !s.Start.After(t.Now) {
				return nil
			}
			if !s.Edited {
				return g.Errorf(g.Conflict, "the timetable makes it: cancel it there for this day")
			}
			t.Change(change.Timetable, s.School, string(s.Pattern))
			return nil
		})
}

// withdraw tells that nobody is missing from a session that is deleted.
func (r *Book) withdraw(ctx context.Context, t *store.Tx, s g.Session) error {
	missed := []g.AttendanceState{g.Absent, g.Late, g.LeftEarly, g.Unknown}
	var events []g.Event
	err := store.Each(ctx, t, "SELECT body FROM attendance WHERE session = ? AND state IN ("+
		store.Marks(len(missed))+") ORDER BY person", append([]any{string(s.ID)}, store.Anys(missed)...),
		func(scan func(...any) error) error {
			var b []byte
			if err := scan(&b); err != nil {
				return err
			}
			var a g.Attendance
			err := json.Unmarshal(b, &a)
			a.Was, a.State, a.Cause, a.Until = a.State, g.NotRequired, g.CauseSession, s.End
			events = append(events, answered(t.Now.UTC(), a))
			return err
		})
	if err != nil {
		return fmt.Errorf("read attendance: %w", err)
	}
	return r.s.Send(ctx, t, events...)
}

// Find returns one session.
func (v View) Find(ctx context.Context, id g.SessionID) (g.Session, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return g.Session{}, err
	}
	s, err := session(ctx, v.s.Reg, in, id)
	if err != nil {
		return g.Session{}, err
	}
	return s, nil
}

// sessionBefore reads a session and how many of each answer it has.
func sessionBefore(id g.SessionID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		s, err := scanSession(t.Row(ctx, "SELECT body FROM sessions WHERE id = ?", string(id)).Scan)
		if err != nil {
			return nil, err
		}
		n, err := counts(ctx, t, id)
		return struct {
			g.Session
			Answers map[g.AttendanceState]int `json:"answers,omitempty"`
		}{s, n}, err
	}
}

// leaveBefore reads person and time of a leave: its reason is personal, and must not be in the
// audit log.
func leaveBefore(id string) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var l struct {
			Person g.PersonID `json:"person"`
			From   time.Time  `json:"from"`
			To     time.Time  `json:"to"`
		}
		var from, to int64
		err := t.Row(ctx, "SELECT person, starts, ends FROM leaves WHERE id = ?", id).Scan(
			&l.Person, &from, &to)
		l.From, l.To = store.Moment(from), store.Moment(to)
		return l, err
	}
}
