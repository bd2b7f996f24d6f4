package sessions

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
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
	if err := people.Traced(
		ctx,
		v.people,
		in,
		f.Person,
		"person.attendance",
	); err != nil {
		return nil, "", err
	}
	w, err := f.where(ctx, v.people, in)
	if err != nil {
		return nil, "", err
	}
	out := []AttendanceRow{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT body FROM attendance"+w.String()+" ORDER BY date DESC, session, person LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			var row AttendanceRow
			var b []byte
			if err := scan(&b); err != nil {
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
	return out, next, v.label(ctx, out)
}

// where returns the SQL condition of the filter.
func (f AttendanceFilter) where(
	ctx context.Context, who people.View, in store.Reach,
) (w store.Where, err error) {
	if err := in.Within(&w, "school", f.School); err != nil {
		return w, err
	}
	store.Eq(&w, "session", f.Session)
	store.Eq(&w, "person", f.Person)
	store.Eq(&w, "state", f.State)
	if f.Date != "" {
		if _, err := g.ParseDate(f.Date); err != nil {
			return w, g.FieldErrorf("date", "%v", err)
		}
		w.And("date = ?", f.Date)
	}
	at, ok, err := f.After(3)
	if err != nil {
		return w, err
	}
	if ok {
		w.And("(date < ? OR (date = ? AND (session > ? OR (session = ? AND person > ?))))",
			at[0], at[0], at[1], at[1], at[2])
	}
	if f.Class == "" {
		return w, nil
	}
	class, err := people.OfClass(
		ctx,
		who,
		in,
		f.School,
		f.Class,
	)
	if err != nil {
		return w, err
	}
	if len(class) == 0 {
		w.And("1 = 0")
		return w, nil
	}
	w.And("person IN ("+store.Marks(len(class))+")", store.Anys(class)...)
	return w, nil
}

// label adds names and classes to the rows.
func (v View) label(ctx context.Context, rows []AttendanceRow) error {
	ids := make([]g.PersonID, len(rows))
	for i, row := range rows {
		ids[i] = row.Person
	}
	labels, err := people.Labels(ctx, v.people, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		label := labels[rows[i].Person]
		rows[i].Name, rows[i].Class = label.Name, label.Class
	}
	return nil
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
	return counts(ctx, v.s.Reg, id)
}

func counts(ctx context.Context, c store.Conn, id g.SessionID) (map[g.AttendanceState]int, error) {
	out := map[g.AttendanceState]int{}
	err := store.Each(ctx, c, "SELECT state, COUNT(*) FROM attendance WHERE session = ? GROUP BY state",
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

// answersAtOnce is the most results written in one transaction, which limits how long other writers
// wait.
const answersAtOnce = store.Chunk

// Finished reports whether a session has answers and all of them are final; only for system scopes.
func (v View) Finished(ctx context.Context, id g.SessionID) (bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return false, err
	}
	n, final := 0, 0
	err := v.s.Reg.Row(ctx, "SELECT COUNT(*), COALESCE(SUM(CASE WHEN body LIKE '%\"final\":true%' THEN 1 "+
		"ELSE 0 END), 0) FROM attendance WHERE session = ?", string(id)).Scan(&n, &final)
	if err != nil {
		return false, fmt.Errorf("read attendance: %w", err)
	}
	return n > 0 && n == final, nil
}

// PutAttendance writes computed results, some at a time; only for system scopes. It is idempotent:
// results with the stored input hash and state are skipped. Each other one gets an outbox event,
// which says what the state was and what has changed it, whose ID is derived from session, person,
// input hash and time; it is returned in changed. Results for deleted people or sessions are ignored.
func (v View) PutAttendance(
	ctx context.Context, rows []g.Attendance, cause g.AttendanceCause,
) (changed []g.Attendance, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	for some := range slices.Chunk(rows, answersAtOnce) {
		some, err := encoded(some)
		if err != nil {
			return nil, err
		}
		var written []g.Attendance
		err = v.s.Write(store.Patient(ctx), func(t *store.Tx) (err error) {
			written, err = v.putAnswers(ctx, t, some, cause)
			return err
		})
		if err != nil {
			return nil, err
		}
		changed = append(changed, written...)
	}
	return changed, nil
}

// answer is a result with its JSON.
type answer struct {
	g.Attendance
	body string
}

// encoded encodes results before it is their writer's turn: others write meanwhile.
func encoded(rows []g.Attendance) ([]answer, error) {
	out := make([]answer, len(rows))
	for i, a := range rows {
		b, err := json.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("write attendance: %w", err)
		}
		out[i] = answer{a, string(b)}
	}
	return out, nil
}

func (v View) putAnswers(
	ctx context.Context, t *store.Tx, rows []answer, cause g.AttendanceCause,
) (changed []g.Attendance, err error) {
	fresh, was, err := others(ctx, t, rows)
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	w, err := newAnswers(ctx, t, fresh)
	if err != nil {
		return nil, err
	}
	defer w.stmt.Close()
	events := make([]g.Event, 0, len(fresh))
	for _, a := range fresh {
		written, err := w.write(ctx, a)
		if err != nil {
			return nil, err
		}
		if !written {
			continue
		}
		changed = append(changed, a.Attendance)
		a.Was, a.Cause = was[answerKey{a.Session, a.Person}], cause
		a.Until = w.sessions[a.Session].ends
		events = append(events, answered(t.Now.UTC(), a.Attendance))
	}
	return changed, v.r.s.Send(ctx, t, events...)
}

// answerKey is whose answer it is.
type answerKey struct {
	session g.SessionID
	person  g.PersonID
}

// others returns the rows that differ from the stored ones and from earlier rows of the same call,
// and the states that stand.
func others(
	ctx context.Context, c store.Conn, rows []answer,
) (fresh []answer, was map[answerKey]g.AttendanceState, err error) {
	of := map[g.SessionID][]g.PersonID{}
	for _, a := range rows {
		of[a.Session] = append(of[a.Session], a.Person)
	}
	stand := map[answerKey]standing{}
	was = map[answerKey]g.AttendanceState{}
	for s, persons := range of {
		have, err := answers(ctx, c, []g.SessionID{s}, persons)
		if err != nil {
			return nil, nil, err
		}
		for p, a := range have[s] {
			stand[answerKey{s, p}], was[answerKey{s, p}] = a, a.state
		}
	}
	for _, a := range rows {
		key, now := answerKey{a.Session, a.Person}, standing{a.InputHash, a.State}
		if stand[key] == now {
			continue
		}
		stand[key] = now
		fresh = append(fresh, a)
	}
	return fresh, was, nil
}

// answerWriter writes rows whose person and session exist and belong to the same school.
type answerWriter struct {
	people map[g.PersonID]people.Keyed
	// zero if the session does not exist
	sessions map[g.SessionID]sessionFacts
	stmt     *store.Stmt
}

type sessionFacts struct {
	school g.SchoolID
	ends   time.Time
}

func newAnswers(ctx context.Context, t *store.Tx, rows []answer) (*answerWriter, error) {
	w := &answerWriter{sessions: map[g.SessionID]sessionFacts{}}
	ids := make([]g.PersonID, len(rows))
	for i, a := range rows {
		ids[i] = a.Person
		if _, known := w.sessions[a.Session]; known {
			continue
		}
		var s sessionFacts
		var ends int64
		err := t.Row(ctx, "SELECT school, ends FROM sessions WHERE id = ?", string(a.Session)).
			Scan(&s.school, &ends)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("read session: %w", err)
		}
		s.ends = store.Moment(ends)
		w.sessions[a.Session] = s
	}
	var err error
	if w.people, err = people.Whose(ctx, t, ids); err != nil {
		return nil, err
	}
	w.stmt, err = t.Prepare(ctx,
		`INSERT INTO attendance (session, person, school, date, state, input_hash, body)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, person) DO UPDATE SET date = excluded.date,
		state = excluded.state, input_hash = excluded.input_hash, body = excluded.body`)
	if err != nil {
		return nil, fmt.Errorf("write attendance: %w", err)
	}
	return w, nil
}

func (w *answerWriter) write(ctx context.Context, a answer) (written bool, err error) {
	p, ok := w.people[a.Person]
	if !ok || p.School != w.sessions[a.Session].school {
		return false, nil
	}
	_, err = w.stmt.Exec(ctx, string(a.Session), string(a.Person), string(p.School), a.Date,
		string(a.State), a.InputHash, a.body)
	if err != nil {
		return false, fmt.Errorf("write attendance: %w", err)
	}
	return true, nil
}

// answered is the event of an answer.
func answered(now time.Time, a g.Attendance) g.Event {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%d",
		a.Session, a.Person, a.InputHash, a.State, store.Micros(now)))
	return g.Event{
		ID:         "evt_" + hex.EncodeToString(h[:12]),
		Kind:       g.EventAttendance,
		School:     a.School,
		Zone:       a.Zone,
		Time:       now,
		Received:   now,
		Attendance: &a,
	}
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
	if !slices.Contains(g.AttendanceStates(), c.State) {
		return g.FieldErrorf("state", "%q is no state; use one of %v", c.State,
			g.AttendanceStates())
	}
	if err := store.Line("reason", c.Reason, store.MaxReason); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		s, err := session(ctx, t, in, c.Session)
		if err != nil {
			return err
		}
		return v.correct(ctx, t, in, s, c)
	})
}

// correct writes a correction of a session's answer.
func (v View) correct(
	ctx context.Context, t *store.Tx, in store.Reach, s g.Session, c Correction,
) error {
	p, err := people.Person(
		ctx,
		v.r.people,
		t,
		in,
		c.Person,
	)
	if err != nil {
		return err
	}
	if s.School != p.School {
		return store.NotFound("session", string(c.Session))
	}
	before, err := corrigible(ctx, t, s, p)
	if err != nil {
		return err
	}
	if c.At.IsZero() {
		c.At = t.Now
	}
	b, err := json.Marshal(correctionBody{
		State:  c.State,
		Reason: c.Reason,
		Actor:  v.s.Actor,
	})
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
	if err := mark(ctx, t, Mark{
		School:  p.School,
		Session: c.Session,
		Person:  c.Person,
		Cause:   g.CauseCorrection,
	}); err != nil {
		return err
	}
	t.Change(change.Session, p.School, string(c.Session))
	// The reason is personal, and stays out of the audit log.
	return v.s.AuditChanges(ctx, t, p.School, "attendance.correct",
		string(c.Session)+" "+string(c.Person), before, answerState{c.State})
}

// answerState is what the audit log says of a correction.
type answerState struct {
	State g.AttendanceState `json:"state,omitempty"`
}

// corrigible returns the answer that stands, if there is one. It refuses the correction of somebody
// whom the session does not expect and who has no answer: nobody would ever see it.
func corrigible(
	ctx context.Context, t *store.Tx, s g.Session, p people.Keyed,
) (was answerState, err error) {
	have, err := answers(ctx, t, []g.SessionID{s.ID}, []g.PersonID{p.ID})
	if err != nil {
		return was, err
	}
	if a, ok := have[s.ID][p.ID]; ok {
		return answerState{a.state}, nil
	}
	home, err := places.SchoolRow(ctx, t, p.School)
	if err != nil {
		return was, err
	}
	_, member, expected := expects(s, home, p)
	switch {
	case expected:
		return was, nil
	case !member:
		return was, g.FieldErrorf("person", "was not of the school then, so there is nothing to correct")
	default:
		return was, g.FieldErrorf("person",
			"is not expected at this session: name the person in its list of people first")
	}
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
	return v.corrections(ctx, []g.SessionID{id})
}

// CorrectionsOf are the corrections of some sessions, oldest first; only for system scopes.
func (v View) CorrectionsOf(ctx context.Context, of []g.SessionID) ([]Correction, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var out []Correction
	for some := range slices.Chunk(of, store.Chunk) {
		one, err := v.corrections(ctx, some)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

func (v View) corrections(ctx context.Context, of []g.SessionID) ([]Correction, error) {
	var sealed []sealedCorrection
	err := store.Each(ctx, v.s.Reg,
		"SELECT session, person, at, body_sealed FROM corrections WHERE session IN ("+
			store.Marks(len(of))+") ORDER BY id",
		store.Anys(of), func(scan func(...any) error) error {
			var c sealedCorrection
			err := scan(&c.session, &c.person, &c.at, &c.body)
			sealed = append(sealed, c)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list corrections: %w", err)
	}
	return v.openCorrections(ctx, sealed)
}

// sealedCorrection is a correction as stored.
type sealedCorrection struct {
	session g.SessionID
	person  g.PersonID
	at      int64
	body    []byte
}

// openCorrections decrypts corrections; those of people deleted meanwhile are left out.
func (v View) openCorrections(
	ctx context.Context, sealed []sealedCorrection,
) ([]Correction, error) {
	ids := make([]g.PersonID, len(sealed))
	for i, c := range sealed {
		ids[i] = c.person
	}
	whose, err := people.Whose(ctx, v.s.Reg, ids)
	if err != nil {
		return nil, err
	}
	out := []Correction{}
	for _, c := range sealed {
		p, ok := whose[c.person]
		if !ok {
			continue
		}
		plain, err := people.UnsealPersonal(v.r.people, p, c.body, "correction "+string(c.session))
		if err != nil {
			return nil, fmt.Errorf("list corrections: %w", err)
		}
		var b correctionBody
		if err := json.Unmarshal(plain, &b); err != nil {
			return nil, fmt.Errorf("list corrections: %w", err)
		}
		out = append(out, Correction{
			Session: c.session,
			Person:  p.ID,
			State:   b.State,
			Reason:  b.Reason,
			Actor:   b.Actor,
			At:      store.Moment(c.at),
		})
	}
	return out, nil
}
