package alerts

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// comments validates an operator's comment: several lines, at most 2000 characters.
func comments(s string, required bool) error {
	if required && strings.TrimSpace(s) == "" {
		return g.FieldErrorf("comment", "say what it was: a comment is needed")
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return g.FieldErrorf("comment", "the comment is not UTF-8 text")
	}
	if n := utf8.RuneCountInString(s); n > 2000 {
		return g.FieldErrorf("comment", "the comment has %d characters; at most 2000 are kept", n)
	}
	return nil
}

// Incidents lists incidents, newest first.
func (v View) Incidents(ctx context.Context, f IncidentFilter) ([]g.Incident, string, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	if len(f.States) > 0 {
		w.And("state IN ("+store.Marks(len(f.States))+")", store.Anys(f.States)...)
	}
	if f.Drill != nil {
		w.And("drill = ?", store.Flag(*f.Drill))
	}
	if err := newestFirst(&w, f.Page, "opened", "id"); err != nil {
		return nil, "", err
	}
	out := []g.Incident{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, effect_seq, body_sealed FROM incidents"+w.String()+
			" ORDER BY opened DESC, id DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			i, _, err := v.r.scanIncident(scan)
			out = append(out, i)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list incidents: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(i g.Incident) string {
		return store.Cursor(store.Digits(store.Micros(i.Opened)), string(i.ID))
	})
	return out, next, nil
}

// Incident returns one incident.
func (v View) Incident(ctx context.Context, id g.IncidentID) (g.Incident, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return g.Incident{}, err
	}
	i, _, err := v.r.incident(ctx, v.s.Reg, id)
	if err != nil {
		return g.Incident{}, err
	}
	if err := in.Owns(i.School, "incident", string(id)); err != nil {
		return g.Incident{}, err
	}
	return i, nil
}

// Log returns what happened to an incident, oldest first: at most [store.MaxLimit] entries after
// number n. next is the number to go on after, 0 at the end. The log of an incident that was opened
// by an earlier version begins with the first change since.
func (v View) Log(
	ctx context.Context, id g.IncidentID, n int,
) (entries []IncidentEntry, next int, err error) {
	if _, err := v.Incident(ctx, id); err != nil {
		return nil, 0, err
	}
	entries, err = v.r.incidentLog(ctx, v.s.Reg, id, n)
	if len(entries) > store.MaxLimit {
		entries = entries[:store.MaxLimit]
		next = entries[len(entries)-1].N
	}
	return entries, next, err
}
