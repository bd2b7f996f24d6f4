package alerts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// undoFor is how long a batch can be undone.
const undoFor = 30 * time.Second

// facts are what people do to an alert, apart from what its rule finds.
type facts struct {
	State        g.AlertState `json:"state"`
	Handler      g.UserID     `json:"handler,omitempty"`
	HandlerName  string       `json:"handler_name,omitempty"`
	Acknowledged time.Time    `json:"acknowledged,omitzero"`
	AckUntil     time.Time    `json:"ack_until,omitzero"`
	Retold       int          `json:"retold,omitempty"`
	RetoldAt     time.Time    `json:"retold_at,omitzero"`
	RetoldWhy    g.Retelling  `json:"retold_why,omitempty"`
	Assignee     g.UserID     `json:"assignee,omitempty"`
	AssigneeName string       `json:"assignee_name,omitempty"`
	Assigned     time.Time    `json:"assigned,omitzero"`
	Resolver     g.UserID     `json:"resolver,omitempty"`
	ResolverName string       `json:"resolver_name,omitempty"`
	Resolved     time.Time    `json:"resolved,omitzero"`
	Closed       time.Time    `json:"closed,omitzero"`
	Comment      string       `json:"comment,omitempty"`
}

func factsOf(a g.Alert) facts {
	return facts{
		State:        a.State,
		Handler:      a.Handler,
		HandlerName:  a.HandlerName,
		Acknowledged: a.Acknowledged,
		AckUntil:     a.AckUntil,
		Retold:       a.Retold,
		RetoldAt:     a.RetoldAt,
		RetoldWhy:    a.RetoldWhy,
		Assignee:     a.Assignee,
		AssigneeName: a.AssigneeName,
		Assigned:     a.Assigned,
		Resolver:     a.Resolver,
		ResolverName: a.ResolverName,
		Resolved:     a.Resolved,
		Closed:       a.Closed,
		Comment:      a.Comment,
	}
}

// restore sets the facts of an alert that is not closed.
func (f facts) restore(a *g.Alert) {
	a.State = f.State
	a.Handler, a.HandlerName = f.Handler, f.HandlerName
	a.Acknowledged, a.AckUntil = f.Acknowledged, f.AckUntil
	a.Retold, a.RetoldAt, a.RetoldWhy = f.Retold, f.RetoldAt, f.RetoldWhy
	a.Assignee, a.AssigneeName, a.Assigned = f.Assignee, f.AssigneeName, f.Assigned
	a.Resolver, a.ResolverName, a.Resolved = f.Resolver, f.ResolverName, f.Resolved
	a.Comment = f.Comment
}

// same compares facts by what is stored of them.
func (f facts) same(other facts) (bool, error) { return equalJSON(f, other) }

// undoable is one alert of a batch, before and after.
type undoable struct {
	ID  g.AlertID `json:"id"`
	Was facts     `json:"was"`
	Is  facts     `json:"is"`

	Shelf     *shelving `json:"shelf,omitempty"`
	Unshelved *shelving `json:"unshelved,omitempty"`
}

// keepUndo keeps what a batch did for undoFor, and forgets older ones.
func (v View) keepUndo(
	ctx context.Context, t *store.Tx, all []undoable,
) (token string, until time.Time, err error) {
	if _, err := t.Exec(ctx, "DELETE FROM alert_undos WHERE until < ?", store.Micros(t.Now)); err != nil {
		return "", until, fmt.Errorf("forget what cannot be undone: %w", err)
	}
	if len(all) == 0 {
		return "", until, nil
	}
	b, err := json.Marshal(all)
	if err != nil {
		return "", until, fmt.Errorf("keep what can be undone: %w", err)
	}
	token = "und_" + rand.Text()
	until = store.Moment(store.Micros(t.Now.Add(undoFor)))
	key := undoKey(token)
	_, err = t.Exec(ctx,
		"INSERT INTO alert_undos (token, actor, until, body_sealed) VALUES (?, ?, ?, ?)",
		key, v.s.Actor, store.Micros(until), store.Seal(v.r.s.Vault.Data, b, "alert undo "+key))
	if err != nil {
		return "", until, fmt.Errorf("keep what can be undone: %w", err)
	}
	return token, until, nil
}

func undoKey(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// Undo takes back what a batch did, once, within 30 seconds, for who did it. Each alert gets back
// exactly what people had done to it before; one that somebody has changed since is left alone and
// has its reason in the outcome.
func (v View) Undo(ctx context.Context, token string, by g.User) ([]Outcome, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return nil, err
	}
	var out []Outcome
	err = v.s.Write(ctx, func(t *store.Tx) error {
		out = nil
		u, err := access.Acting(ctx, v.access, t, by)
		if err != nil {
			return err
		}
		all, err := v.takeUndo(ctx, t, token)
		if err != nil {
			return err
		}
		touched := touchedBy(all)
		for _, x := range all {
			d := deed{"alert.undo", func(t *store.Tx, l *life) error {
				return v.undo(ctx, t, l, x, touched)
			}}
			one, _, err := v.doOne(ctx, t, in, x.ID, u, d)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		if err := v.openShelves(ctx, t, all, out); err != nil {
			return err
		}
		return v.takeShelvesBack(ctx, t, u, all, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (v View) takeUndo(ctx context.Context, t *store.Tx, token string) ([]undoable, error) {
	key := undoKey(token)
	var actor string
	var until int64
	var sealed []byte
	err := t.Row(ctx, "SELECT actor, until, body_sealed FROM alert_undos WHERE token = ?", key).Scan(
		&actor, &until, &sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && actor != v.s.Actor:
		return nil, g.Errorf(g.NotFound, "there is nothing to undo, or not any more")
	case err != nil:
		return nil, fmt.Errorf("read what can be undone: %w", err)
	case store.Micros(t.Now) > until:
		return nil, g.Errorf(g.Gone, "it was done more than %d seconds ago and stands",
			int(undoFor/time.Second))
	}
	if _, err := t.Exec(ctx, "DELETE FROM alert_undos WHERE token = ?", key); err != nil {
		return nil, fmt.Errorf("forget what was undone: %w", err)
	}
	b, err := store.Unseal(v.r.s.Vault.Data, sealed, "alert undo "+key)
	if err != nil {
		return nil, err
	}
	var all []undoable
	return all, json.Unmarshal(b, &all)
}

func (v View) undo(
	ctx context.Context, t *store.Tx, l *life, x undoable, touched map[g.SuppressionID]bool,
) error {
	same, err := x.Is.same(factsOf(l.Alert))
	if err != nil {
		return err
	}
	if !same {
		return g.Errorf(g.Conflict, "the alert has changed since: it is %s now", l.State)
	}
	if x.Unshelved != nil {
		if err := v.backOnShelf(ctx, t, l, *x.Unshelved); err != nil {
			return err
		}
	}
	x.Was.restore(&l.Alert)
	l.note(Entry{What: WasUndone})
	if x.Shelf != nil {
		if err := v.offShelf(ctx, t, l, *x.Shelf, touched); err != nil {
			return err
		}
	}
	l.settle()
	return nil
}
