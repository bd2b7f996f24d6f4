package sessions

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// syncMost is the most sessions that one transaction of Sync writes or removes, which limits how
// long other writers wait.
const syncMost = 500

// soonMost is how long before its start attendance may have been computed for a session.
const soonMost = 2 * time.Minute

// Synced is what Sync did.
type Synced struct {
	Written int  `json:"written"`
	Removed int  `json:"removed"`
	Refused int  `json:"refused"` // runs that are no session
	More    bool `json:"-"`       // not all was done: call it again
}

// Sync makes the sessions of a school's days, from one to another, those of runs, each of which has
// Pattern and Date; only for system scopes. It writes what differs and removes what does not run any
// more, a bounded part in one transaction. It leaves alone what has begun, what somebody has edited,
// and what somebody made. A run that has begun is written only where its session stands and has not:
// it was moved to a time that is over.
func (v View) Sync(
	ctx context.Context, school g.SchoolID, from, to g.Date, runs []g.Session,
) (n Synced, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return n, err
	}
	want := map[g.SessionID]g.Session{}
	for _, s := range runs {
		if checkSession(s) != nil || s.School != school || s.Pattern == "" {
			n.Refused++
			continue
		}
		want[s.ID] = s
	}
	have := map[g.SessionID]g.Session{}
	err = store.Each(ctx, v.s.Reg, "SELECT body FROM sessions WHERE school = ? AND date >= ? AND date <= ?",
		[]any{string(school), from.String(), to.String()}, func(scan func(...any) error) error {
			s, err := scanSession(scan)
			have[s.ID] = s
			return err
		})
	if err != nil {
		return n, fmt.Errorf("read sessions: %w", err)
	}
	var ids []g.SessionID
	for id, s := range want {
		if differs(have[id], s) {
			ids = append(ids, id)
		}
	}
	for id := range have {
		if _, runs := want[id]; !runs {
			ids = append(ids, id)
		}
	}
	now := v.r.s.Now()
	ids = slices.DeleteFunc(ids, func(id g.SessionID) bool { return !mayTouch(have[id], want[id], now) })
	if len(ids) == 0 {
		return n, nil // no write for nothing
	}
	slices.SortFunc(ids, func(a, b g.SessionID) int { // what begins first is written first
		return cmp.Or(cmp.Or(want[a].Start, have[a].Start).Compare(cmp.Or(want[b].Start, have[b].Start)),
			cmp.Compare(a, b))
	})
	n.More = len(ids) > syncMost
	ids = ids[:min(len(ids), syncMost)]
	err = v.s.Write(store.Patient(ctx), func(t *store.Tx) error {
		n.Written, n.Removed = 0, 0
		for _, id := range ids {
			if err := sync(ctx, t, id, want, &n); err != nil {
				return err
			}
		}
		if n.Written+n.Removed == 0 {
			return nil
		}
		return v.s.AuditChanges(ctx, t, school, "timetable.sync", string(school), nil, n)
	})
	return n, err
}

// mayTouch says whether Sync may write or remove a session: it is the timetable's, nobody has edited
// it, and it has not begun.
func mayTouch(had, run g.Session, now time.Time) bool {
	if had.ID == "" {
		return run.Start.After(now)
	}
	return had.Pattern != "" && !had.Edited && had.Start.After(now)
}

// differs compares what is said of two sessions, times as instants.
func differs(had, run g.Session) bool {
	if !had.Start.Equal(run.Start) || !had.Due.Equal(run.Due) || !had.End.Equal(run.End) {
		return true
	}
	had.Start, had.Due, had.End = run.Start, run.Due, run.End
	a, err1 := json.Marshal(had)
	b, err2 := json.Marshal(run)
	return err1 != nil || err2 != nil || !bytes.Equal(a, b)
}

// sync writes or removes one session, as it stands within the transaction.
func sync(
	ctx context.Context, t *store.Tx, id g.SessionID, want map[g.SessionID]g.Session, n *Synced,
) error {
	had, err := scanSession(t.Row(ctx, "SELECT body FROM sessions WHERE id = ?", string(id)).Scan)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read session: %w", err)
	}
	run, runs := want[id]
	if !mayTouch(had, run, t.Now) || runs && !differs(had, run) || !runs && had.ID == "" {
		return nil
	}
	school := cmp.Or(run.School, had.School)
	if runs {
		n.Written++
		err = write(ctx, t, run)
	} else {
		n.Removed++
		_, err = t.Exec(ctx, "DELETE FROM sessions WHERE id = ?", string(id))
	}
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	// Attendance is computed when a session begins. What is near to it may have been.
	if runs && run.Start.Before(t.Now.Add(soonMost)) {
		if err := mark(ctx, t, Mark{
			School:  school,
			Session: id,
			Cause:   g.CauseSession,
		}); err != nil {
			return err
		}
	}
	t.Change(change.Session, school, string(id))
	return nil
}
