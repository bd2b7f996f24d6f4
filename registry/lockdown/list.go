package lockdown

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Filter selects lockdowns, newest first.
type Filter struct {
	store.Page
	School g.SchoolID
	Drill  *bool
}

// Standing lists the lockdowns that stand in the scope's schools, or in one of them. Anybody who is
// signed in sees them: it is said to everybody.
func (v View) Standing(ctx context.Context, school g.SchoolID) ([]g.Lockdown, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	w.And("cleared = 0")
	all, err := v.seen(ctx, w.String()+" ORDER BY raised DESC, id DESC", w.Args...)
	return slices.DeleteFunc(all, func(l g.Lockdown) bool { return !l.Cleared.IsZero() }), err
}

// seen lists lockdowns as whoever acts sees them.
func (v View) seen(ctx context.Context, where string, args ...any) ([]g.Lockdown, error) {
	rows, err := v.r.rows(ctx, v.s.Reg, where, args...)
	me, _, _ := strings.Cut(v.s.Actor, " ")
	out := make([]g.Lockdown, len(rows))
	for i := range rows {
		out[i] = rows[i].seenBy(g.UserID(me))
	}
	return out, err
}

// List lists lockdowns and drills, newest first.
func (v View) List(ctx context.Context, f Filter) ([]g.Lockdown, string, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	if f.Drill != nil {
		w.And("drill = ?", store.Flag(*f.Drill))
	}
	at, ok, err := f.After(2)
	if err != nil {
		return nil, "", err
	}
	if ok {
		us, err := store.Number(at[0])
		if err != nil {
			return nil, "", err
		}
		w.And("(raised < ? OR (raised = ? AND id < ?))", us, us, at[1])
	}
	rows, err := v.seen(ctx, w.String()+" ORDER BY raised DESC, id DESC LIMIT ?",
		append(w.Args, f.Size()+1)...)
	if err != nil {
		return nil, "", err
	}
	rows, next := store.Cut(rows, f.Size(), func(l g.Lockdown) string {
		return store.Cursor(store.Digits(store.Micros(l.Raised)), string(l.ID))
	})
	return rows, next, nil
}

// Find returns one lockdown.
func (v View) Find(ctx context.Context, id g.LockdownID) (g.Lockdown, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return g.Lockdown{}, err
	}
	l, err := v.r.find(ctx, v.s.Reg, id)
	if err != nil {
		return g.Lockdown{}, err
	}
	me, _, _ := strings.Cut(v.s.Actor, " ")
	return l.seenBy(g.UserID(me)), in.Owns(l.School, "lockdown", string(id))
}

// Kept returns a lockdown with its level as it was when it was raised; only for system scopes.
func (v View) Kept(ctx context.Context, id g.LockdownID) (g.Lockdown, g.ThreatLevel, error) {
	if err := v.s.OnlySystem(); err != nil {
		return g.Lockdown{}, g.ThreatLevel{}, err
	}
	l, err := v.r.find(ctx, v.s.Reg, id)
	if err != nil {
		return g.Lockdown{}, g.ThreatLevel{}, err
	}
	return l.Lockdown, l.level(), nil
}

// Holding lists every lockdown that stands, of all schools, with its level as it was when it was
// raised; only for system scopes.
func (v View) Holding(ctx context.Context) ([]Held, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	rows, err := v.r.rows(ctx, v.s.Reg, "WHERE cleared = 0 ORDER BY raised DESC, id DESC")
	out := make([]Held, len(rows))
	for i, l := range rows {
		out[i] = Held{l.Lockdown, l.level()}
	}
	return out, err
}

// Held is a lockdown that stands, and its level as it was when it was raised.
type Held struct {
	g.Lockdown
	As g.ThreatLevel
}

// raised is a lockdown as it is kept: with its level as it was when it was raised, so that a change
// of the level meanwhile changes nothing of it.
type raised struct {
	g.Lockdown
	As *g.ThreatLevel `json:"as,omitempty"` // nil: raised by a version that did not keep it

	Feigned []feigned `json:"feigned,omitempty"`
}

// level is what is known of the level.
func (l raised) level() g.ThreatLevel {
	if l.As != nil {
		return *l.As
	}
	return g.ThreatLevel{
		ID:       l.Lockdown.Level,
		School:   l.School,
		Title:    l.Title,
		TitleZH:  l.TitleZH,
		Text:     l.Text,
		TextZH:   l.TextZH,
		Messages: []g.LevelMessage{},
	}
}

// standing returns the lockdown that stands in a school, if any.
func (r *Book) standing(
	ctx context.Context, c store.Conn, school g.SchoolID,
) (l raised, ok bool, err error) {
	all, err := r.rows(ctx, c, "WHERE school = ? AND cleared = 0 ORDER BY raised DESC", string(school))
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	return all[0], true, nil
}

func (r *Book) find(ctx context.Context, c store.Conn, id g.LockdownID) (raised, error) {
	l, err := r.scan(c.Row(ctx, "SELECT id, body_sealed FROM lockdowns WHERE id = ?", string(id)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return l, store.NotFound("lockdown", string(id))
	}
	return l, err
}

func (r *Book) rows(
	ctx context.Context, c store.Conn, where string, args ...any,
) ([]raised, error) {
	var out []raised
	q := "SELECT id, body_sealed FROM lockdowns " + where
	err := store.Each(ctx, c, q, args, func(scan func(...any) error) error {
		l, err := r.scan(scan)
		out = append(out, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list lockdowns: %w", err)
	}
	return out, nil
}

func (r *Book) scan(scan func(...any) error) (l raised, err error) {
	var id string
	var sealed []byte
	if err := scan(&id, &sealed); err != nil {
		return l, err
	}
	b, err := store.Unseal(r.s.Vault.Data, sealed, "lockdown "+id)
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(b, &l)
}
