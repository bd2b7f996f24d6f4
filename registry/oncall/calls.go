package oncall

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const callColumns = "alert, school, state, chain, step, round, due, told, retold, version, logged, " +
	"head"

func scanCall(scan func(...any) error) (c Call, err error) {
	var due int64
	err = scan(&c.Alert, &c.School, &c.State, &c.Chain, &c.Step, &c.Round, &due, &c.Told, &c.Retold,
		&c.Version, &c.Logged, &c.Head)
	c.Due = store.Moment(due)
	return c, err
}

func callRow(ctx context.Context, c store.Conn, id g.AlertID) (Call, error) {
	return scanCall(c.Row(ctx, "SELECT "+callColumns+" FROM calls WHERE alert = ?", string(id)).Scan)
}

func (v View) saveCall(ctx context.Context, t *store.Tx, c Call) error {
	_, err := t.Exec(ctx, "INSERT INTO calls ("+callColumns+", changed) VALUES (?, ?, ?, ?, ?, ?, "+
		"?, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert) DO UPDATE SET state = excluded.state, chain = "+
		"excluded.chain, step = excluded.step, round = excluded.round, due = excluded.due, told = "+
		"excluded.told, retold = excluded.retold, version = excluded.version, logged = "+
		"excluded.logged, head = excluded.head, changed = excluded.changed",
		string(c.Alert), string(c.School), string(c.State), string(c.Chain), c.Step, c.Round,
		store.Micros(c.Due), store.Flag(c.Told), c.Retold, c.Version, c.Logged, string(c.Head),
		store.Micros(t.Now))
	if err != nil {
		return fmt.Errorf("write call: %w", err)
	}
	t.Change(change.Call, c.School, string(c.Alert))
	return nil
}

// Note notes what was seen of alerts: those that wait for an answer with their first step (states
// due and none), and those that do not (answered); only for system scopes. It returns the calls
// that this ended. What was seen of an older version of an alert, or of the same, changes nothing;
// a call that goes on begins anew only where the alert is told again.
func (v View) Note(ctx context.Context, seen []Call) (ended []Call, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	for part := range slices.Chunk(seen, store.Chunk) {
		err := v.s.Write(ctx, func(t *store.Tx) error {
			for _, c := range part {
				was, err := v.note(ctx, t, c)
				if err != nil {
					return err
				}
				if was.Alert != "" {
					ended = append(ended, was)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// note writes one of Note; ended is the call as it was before it ended.
func (v View) note(ctx context.Context, t *store.Tx, c Call) (ended Call, err error) {
	old, err := callRow(ctx, t, c.Alert)
	if errors.Is(err, sql.ErrNoRows) {
		if c.State == CallAnswered {
			return Call{}, nil
		}
		return Call{}, v.saveCall(ctx, t, c)
	}
	if err != nil {
		return Call{}, fmt.Errorf("read call: %w", err)
	}
	if c.Version <= old.Version {
		return Call{}, nil
	}
	next := old
	next.Version = c.Version
	switch {
	case c.State == CallAnswered:
		if old.State != CallAnswered {
			ended = old
		}
		next.State, next.Due, next.Head = CallAnswered, time.Time{}, ""
	case c.Retold > old.Retold || old.State == CallAnswered:
		next = c
		next.Logged = old.Logged
		if old.Head != "" {
			ended = old
		}
	}
	return ended, v.saveCall(ctx, t, next)
}

// Move is a call, what it becomes, and what was done.
type Move struct {
	Was, Now Call
	Done     []CallEntry
}

// Advance replaces calls by what they became, with what was done, in one transaction; only for
// system scopes. A call that has changed meanwhile stays as it is.
func (v View) Advance(ctx context.Context, moves []Move) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		for _, m := range moves {
			if err := v.advance(ctx, t, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v View) advance(ctx context.Context, t *store.Tx, m Move) error {
	c, err := callRow(ctx, t, m.Was.Alert)
	if err != nil {
		return store.Missing(err, "alert", string(m.Was.Alert))
	}
	if c.State != m.Was.State || c.Chain != m.Was.Chain || c.Step != m.Was.Step ||
		c.Round != m.Was.Round || c.Retold != m.Was.Retold {
		return nil
	}
	m.Now.Version, m.Now.Logged = max(c.Version, m.Now.Version), c.Logged
	for _, e := range m.Done {
		m.Now.Logged++
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx, "INSERT INTO call_log (alert, n, body) VALUES (?, ?, ?)",
			string(c.Alert), m.Now.Logged, string(b))
		if err != nil {
			return fmt.Errorf("write what was called: %w", err)
		}
	}
	return v.saveCall(ctx, t, m.Now)
}

// Calls lists the calls in a state, of a school or of all, by when they are due; only for system
// scopes. Those due after until are left out, where it is given.
func (v View) Calls(
	ctx context.Context, state CallState, school g.SchoolID, until time.Time, limit int,
) ([]Call, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("state = ?", string(state))
	store.Eq(&w, "school", school)
	if !until.IsZero() {
		w.And("due <= ?", store.Micros(until))
	}
	out := []Call{}
	err := store.Each(ctx, v.s.Reg,
		"SELECT "+callColumns+" FROM calls"+w.String()+" ORDER BY due, alert LIMIT ?",
		append(w.Args, limit), func(scan func(...any) error) error {
			c, err := scanCall(scan)
			out = append(out, c)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return out, nil
}

// CallOf is how far an alert's chain has come and what was done of it, the newest last. It finds
// nothing where no chain was begun.
func (v View) CallOf(ctx context.Context, id g.AlertID) (Call, []CallEntry, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return Call{}, nil, err
	}
	c, err := callRow(ctx, v.s.Reg, id)
	if err != nil {
		return Call{}, nil, store.Missing(err, "alert", string(id))
	}
	if err := in.Owns(c.School, "alert", string(id)); err != nil {
		return Call{}, nil, err
	}
	log := []CallEntry{}
	err = store.Each(ctx, v.s.Reg, "SELECT body FROM call_log WHERE alert = ? ORDER BY n",
		[]any{string(id)}, func(scan func(...any) error) error {
			e, err := scanBody[CallEntry](scan)
			log = append(log, e)
			return err
		})
	if err != nil {
		return Call{}, nil, fmt.Errorf("read what was called: %w", err)
	}
	if err := v.cameOf(ctx, log); err != nil {
		return Call{}, nil, err
	}
	return c, log, v.nameEntries(ctx, c.School, log)
}

// Beside lists the alerts that are still to be answered and of which a user was told by the same
// messages as of this one, or as the head by the same alert; only for system scopes.
func (v View) Beside(ctx context.Context, id g.AlertID, user g.UserID) ([]g.AlertID, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	c, err := callRow(ctx, v.s.Reg, id)
	if err != nil {
		return nil, store.Missing(err, "alert", string(id))
	}
	mine := map[string]bool{}
	found := map[g.AlertID][]string{} // the messages of each open alert to this user
	err = store.Each(ctx, v.s.Reg, "SELECT l.alert, c.head, l.body FROM call_log l JOIN calls c ON c.alert = l.alert "+
		"WHERE c.school = ? AND (c.state IN (?, ?) OR c.alert = ?) ORDER BY l.alert, l.n",
		[]any{string(c.School), string(CallDue), string(CallUnanswered), string(id)},
		func(scan func(...any) error) error {
			var alert, head g.AlertID
			var body []byte
			if err := scan(&alert, &head, &body); err != nil {
				return err
			}
			var e CallEntry
			if err := json.Unmarshal(body, &e); err != nil {
				return err
			}
			if e.User == user && e.What == CallRanOut && head != "" {
				e.Message = "head " + string(head) // each letter of it names all of them
			}
			switch {
			case e.User != user || e.Message == "":
			case alert == id:
				mine[e.Message] = true
			default:
				found[alert] = append(found[alert], e.Message)
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read what was called: %w", err)
	}
	out := []g.AlertID{}
	for alert, messages := range found {
		if slices.ContainsFunc(messages, func(m string) bool { return mine[m] }) {
			out = append(out, alert)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Spent lists the messages that told of alerts of a school, and of none that still waits for an
// answer; only for system scopes.
func (v View) Spent(
	ctx context.Context, school g.SchoolID, ended []g.AlertID,
) ([]string, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	over := map[g.AlertID]bool{}
	spent, kept := map[string]bool{}, map[string]bool{}
	note := func(scan func(...any) error) error {
		var alert g.AlertID
		var body []byte
		if err := scan(&alert, &body); err != nil {
			return err
		}
		var e CallEntry
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		switch {
		case e.Message == "":
		case over[alert]:
			spent[e.Message] = true
		default:
			kept[e.Message] = true
		}
		return nil
	}
	for part := range slices.Chunk(ended, store.Chunk) {
		for _, id := range part {
			over[id] = true
		}
		err := store.Each(ctx, v.s.Reg,
			"SELECT alert, body FROM call_log WHERE alert IN ("+store.Marks(len(part))+")",
			store.Anys(part), note)
		if err != nil {
			return nil, fmt.Errorf("read what was called: %w", err)
		}
	}
	err := store.Each(ctx, v.s.Reg, "SELECT l.alert, l.body FROM call_log l JOIN calls c "+
		"ON c.alert = l.alert WHERE c.school = ? AND c.state IN (?, ?)",
		[]any{string(school), string(CallDue), string(CallUnanswered)}, note)
	if err != nil {
		return nil, fmt.Errorf("read what was called: %w", err)
	}
	maps.DeleteFunc(spent, func(id string, _ bool) bool { return kept[id] })
	return slices.Sorted(maps.Keys(spent)), nil
}

// nameEntries sets the names of the users in a log.
func (v View) nameEntries(ctx context.Context, school g.SchoolID, log []CallEntry) error {
	staff, err := access.Staff(ctx, v.r.access, v.s.Reg, school)
	if err != nil {
		return err
	}
	for i := range log {
		for _, u := range staff {
			if u.ID == log[i].User {
				log[i].Name = u.FullName
				if log[i].Name == "" {
					log[i].Name = u.Name
				}
			}
		}
	}
	return nil
}

// ForgetCalls deletes calls that ended before a time, with their logs, at most 1000 per call; only
// for system scopes.
func (v View) ForgetCalls(ctx context.Context, before time.Time) (n int64, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		n, err = t.Exec(ctx, "DELETE FROM calls WHERE alert IN (SELECT alert FROM calls WHERE "+
			"state = ? AND changed < ? LIMIT ?)",
			string(CallAnswered), store.Micros(before), store.MaxLimit)
		if err != nil {
			return fmt.Errorf("forget calls: %w", err)
		}
		return nil
	})
	return n, err
}
