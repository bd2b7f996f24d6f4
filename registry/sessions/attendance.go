package sessions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Attendance lists results, by descending operational day, session and person.
func (v View) Attendance(ctx context.Context, f AttendanceFilter) ([]AttendanceRow, string, error) {
	if f.asks() {
		return v.searchAttendance(ctx, f)
	}
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, "", err
	}
	if err := people.Traced(ctx, v.people, in, f.Person, "person.attendance"); err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "a.school", f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "a.session", f.Session)
	store.Eq(&w, "a.person", f.Person)
	store.Eq(&w, "a.state", f.State)
	store.Eq(&w, "p.class", f.Class)
	if f.Date != "" {
		if _, err := g.ParseDate(f.Date); err != nil {
			return nil, "", g.FieldErrorf("date", "%v", err)
		}
		w.And("a.date = ?", f.Date)
	}
	at, ok, err := f.After(3)
	if err != nil {
		return nil, "", err
	}
	if ok {
		w.And("(a.date < ? OR (a.date = ? AND (a.session > ? OR (a.session = ? AND a.person > ?))))",
			at[0], at[0], at[1], at[1], at[2])
	}
	out := []AttendanceRow{}
	var ids []g.PersonID
	err = store.Each(ctx, v.s.Reg,
		"SELECT a.body, p.class FROM attendance a JOIN persons p ON p.id = a.person"+w.String()+
			" ORDER BY a.date DESC, a.session, a.person LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			var row AttendanceRow
			var b []byte
			if err := scan(&b, &row.Class); err != nil {
				return err
			}
			err := json.Unmarshal(b, &row.Attendance)
			out = append(out, row)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list attendance: %w", err)
	}
	out, next := store.Cut(out, f.Size(), attendanceCursor)
	for _, row := range out {
		ids = append(ids, row.Person)
	}
	names, err := people.Named(ctx, v.people, ids)
	if err != nil {
		return nil, "", err
	}
	for i := range out {
		out[i].Name = names[out[i].Person]
	}
	return out, next, nil
}

// AttendanceSummary counts a session's results by state.
func (v View) AttendanceSummary(
	ctx context.Context, id g.SessionID,
) (map[g.AttendanceState]int, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if _, err := session(ctx, v.s.Reg, in, id); err != nil {
		return nil, err
	}
	out := map[g.AttendanceState]int{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT state, COUNT(*) FROM attendance WHERE session = ? GROUP BY state",
		[]any{string(id)}, func(scan func(...any) error) error {
			var s g.AttendanceState
			n := 0
			err := scan(&s, &n)
			out[s] = n
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("count attendance: %w", err)
	}
	return out, nil
}

// PutAttendance writes computed results, in one transaction; only for system scopes. It is
// idempotent: results with the stored input hash and state are skipped. Each other one gets an
// outbox event, whose ID is derived from session, person and input hash, and is returned in
// changed. Results for deleted people or sessions are ignored.
func (v View) PutAttendance(
	ctx context.Context, rows []g.Attendance,
) (changed []g.Attendance, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		changed = nil
		standing := map[g.SessionID]map[g.PersonID]string{}
		for _, a := range rows {
			if standing[a.Session] != nil {
				continue
			}
			have, err := answers(ctx, t, a.Session)
			if err != nil {
				return err
			}
			standing[a.Session] = have
		}
		stmt, err := t.Prepare(ctx,
			`INSERT INTO attendance (session, person, school, date, state, input_hash, body)
			SELECT s.id, p.id, p.school, ?, ?, ?, ? FROM sessions s JOIN persons p ON p.school = s.school WHERE s.id = ? AND p.id = ?
			ON CONFLICT (session, person) DO UPDATE SET date = excluded.date, state = excluded.state, input_hash = excluded.input_hash, body = excluded.body`)
		if err != nil {
			return fmt.Errorf("write attendance: %w", err)
		}
		defer stmt.Close()
		for _, a := range rows {
			now := a.InputHash + " " + string(a.State)
			if standing[a.Session][a.Person] == now {
				continue
			}
			b, err := json.Marshal(a)
			if err != nil {
				return fmt.Errorf("write attendance: %w", err)
			}
			n, err := stmt.Exec(ctx, a.Date, string(a.State), a.InputHash, string(b),
				string(a.Session), string(a.Person))
			if err != nil {
				return fmt.Errorf("write attendance: %w", err)
			}
			if n == 0 {
				continue
			}
			standing[a.Session][a.Person] = now
			if err := v.r.sendAttendance(ctx, t, a); err != nil {
				return err
			}
			changed = append(changed, a)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// answers maps persons to the stored input hashes and states of a session.
func answers(ctx context.Context, t *store.Tx, id g.SessionID) (map[g.PersonID]string, error) {
	have := map[g.PersonID]string{}
	err := store.Each(ctx, t, "SELECT person, input_hash, state FROM attendance WHERE session = ?",
		[]any{string(id)}, func(scan func(...any) error) error {
			var p g.PersonID
			var hash, state string
			err := scan(&p, &hash, &state)
			have[p] = hash + " " + state
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read attendance: %w", err)
	}
	return have, nil
}

func (r *Book) sendAttendance(ctx context.Context, t *store.Tx, a g.Attendance) error {
	h := sha256.Sum256([]byte(strings.Join(
		[]string{string(a.Session), string(a.Person), a.InputHash, string(a.State)}, "\x00")))
	return r.s.Send(ctx, t, g.Event{
		ID:         "evt_" + hex.EncodeToString(h[:12]),
		Kind:       g.EventAttendance,
		School:     a.School,
		Zone:       a.Zone,
		Time:       t.Now.UTC(),
		Received:   t.Now.UTC(),
		Attendance: &a,
	})
}

// correctionBody is the part of a correction that is encrypted under the person's key.
type correctionBody struct {
	State  g.AttendanceState `json:"state"`
	Reason string            `json:"reason"`
	Actor  string            `json:"actor"`
}

// Correct records a manual correction of the computed result; the newest one counts when attendance
// is computed again. Actor is set from the scope; a zero At means now.
func (v View) Correct(ctx context.Context, c Correction) error {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return err
	}
	states := []g.AttendanceState{
		g.Expected, g.Arrived, g.Late, g.LeftEarly, g.Absent, g.Excused, g.OffsiteApproved,
		g.Unknown, g.NotRequired,
	}
	if !slices.Contains(states, c.State) {
		return g.FieldErrorf("state", "%q is no state; use one of %v", c.State, states)
	}
	if err := store.Line("reason", c.Reason, store.MaxReason); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		p, err := people.Person(ctx, v.r.people, t, in, c.Person)
		if err != nil {
			return err
		}
		s, err := session(ctx, t, in, c.Session)
		if err != nil {
			return err
		}
		if s.School != p.School {
			return store.NotFound("session", string(c.Session))
		}
		if c.At.IsZero() {
			c.At = t.Now
		}
		b, err := json.Marshal(correctionBody{State: c.State, Reason: c.Reason, Actor: v.s.Actor})
		if err != nil {
			return err
		}
		sealed, err := people.SealPersonal(v.r.people, p, b, "correction "+string(c.Session))
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx,
			"INSERT INTO corrections (session, person, at, body_sealed) VALUES (?, ?, ?, ?)",
			string(c.Session), string(c.Person), store.Micros(c.At), sealed); err != nil {
			return fmt.Errorf("write correction: %w", err)
		}
		t.Change("session", p.School, string(c.Session))
		return v.s.Audit(ctx, t, p.School, "attendance.correct",
			string(c.Session)+" "+string(c.Person))
	})
}

// Corrections are the session's corrections, oldest first.
func (v View) Corrections(ctx context.Context, id g.SessionID) ([]Correction, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if _, err := session(ctx, v.s.Reg, in, id); err != nil {
		return nil, err
	}
	out := []Correction{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT c.at, c.body_sealed, p.id, p.key_sealed FROM corrections c JOIN persons p ON "+
			"p.id = c.person WHERE c.session = ? ORDER BY c.id",
		[]any{string(id)}, func(scan func(...any) error) error {
			var at int64
			var p people.Keyed
			var sealed []byte
			if err := scan(&at, &sealed, &p.ID, &p.Key); err != nil {
				return err
			}
			plain, err1 := people.UnsealPersonal(v.r.people, p, sealed, "correction "+string(id))
			if err1 != nil {
				return err1
			}
			var b correctionBody
			err := json.Unmarshal(plain, &b)
			out = append(out, Correction{
				Session: id,
				Person:  p.ID,
				State:   b.State,
				Reason:  b.Reason,
				Actor:   b.Actor,
				At:      store.Moment(at),
			})
			return errors.Join(err)
		})
	if err != nil {
		return nil, fmt.Errorf("list corrections: %w", err)
	}
	return out, nil
}
