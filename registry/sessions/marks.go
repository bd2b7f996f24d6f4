package sessions

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Mark says what attendance is to be computed again since an input of it has changed. It is written
// with the change, and stays until that is done: no change is without effect, however old what it
// changes, and whatever happens to the gateway meanwhile.
type Mark struct {
	ID      int64
	School  g.SchoolID
	Session g.SessionID // "": those of the school that overlap From <= t < To
	Person  g.PersonID  // "": everybody
	From    time.Time
	To      time.Time
	Cause   g.AttendanceCause
}

func mark(ctx context.Context, t *store.Tx, m Mark) error {
	_, err := t.Exec(ctx, "INSERT INTO attendance_marks (school, session, person, starts, ends, "+
		"cause) VALUES (?, ?, ?, ?, ?, ?)", string(m.School), string(m.Session), string(m.Person),
		store.Micros(m.From), store.Micros(m.To), string(m.Cause))
	if err != nil {
		return fmt.Errorf("mark attendance: %w", err)
	}
	return nil
}

// markLeave marks the time of a leave as it stands in the table; nothing where there is none.
func markLeave(ctx context.Context, t *store.Tx, id string) error {
	_, err := t.Exec(ctx, "INSERT INTO attendance_marks (school, session, person, starts, ends, "+
		"cause) SELECT school, '', person, starts, ends, '"+string(g.CauseLeave)+"' FROM leaves "+
		"WHERE id = ?", id)
	if err != nil {
		return fmt.Errorf("mark attendance: %w", err)
	}
	return nil
}

// Marks are the oldest marks, at most limit; only for system scopes.
func (v View) Marks(ctx context.Context, limit int) ([]Mark, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var out []Mark
	err := store.Each(ctx, v.s.Reg, "SELECT id, school, session, person, starts, ends, cause FROM "+
		"attendance_marks ORDER BY id LIMIT ?", []any{limit}, func(scan func(...any) error) error {
		var m Mark
		var from, to int64
		err := scan(&m.ID, &m.School, &m.Session, &m.Person, &from, &to, &m.Cause)
		m.From, m.To = store.Moment(from), store.Moment(to)
		out = append(out, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read marks of attendance: %w", err)
	}
	return out, nil
}

// Unmark removes the marks up to last, which have been dealt with; only for system scopes.
func (v View) Unmark(ctx context.Context, last int64) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if _, err := t.Exec(ctx, "DELETE FROM attendance_marks WHERE id <= ?", last); err != nil {
			return fmt.Errorf("remove marks of attendance: %w", err)
		}
		return nil
	})
}
