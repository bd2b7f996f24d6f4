package views

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Audit lists the audit log, newest first.
func (v View) Audit(ctx context.Context, f AuditFilter) ([]g.AuditEntry, string, error) {
	in, err := v.s.Reach(ctx, g.AuditRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	f.narrow(&w)
	// Who gave an all-clear under duress does not read that here: nobody at their side shall.
	me, _, _ := strings.Cut(v.s.Actor, " ")
	w.And(`NOT (deed = 'lockdown.duress' AND actor LIKE ? ESCAPE '\')`, store.Literal(me)+" %")
	w.And("NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.id = audit.object AND alerts.rule = ?)",
		string(g.DuressRule(g.UserID(me)))) // nor what the others do about it
	if err := store.Falling(&w, f.Page, "seq"); err != nil {
		return nil, "", err
	}
	out := []g.AuditEntry{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+store.AuditColumns+" FROM audit"+w.String()+" ORDER BY seq DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			e, err := v.s.ScanAudit(scan)
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list the audit log: %w", err)
	}
	out, next := store.Cut(out, f.Size(), func(e g.AuditEntry) string {
		return store.Cursor(store.Digits(e.Seq))
	})
	return out, next, v.namesBeside(ctx, out)
}

// narrow selects the entries of a filter. Actor is a part of an ID or a name; Deed an action or its
// first words ("person" for person.open and person.create); Object a part of the object.
func (f AuditFilter) narrow(w *store.Where) {
	if f.Actor != "" {
		w.And(`LOWER(actor) LIKE ? ESCAPE '\'`, store.Containing(f.Actor))
	}
	if f.Deed != "" {
		w.And(`(deed = ? OR deed LIKE ? ESCAPE '\')`, f.Deed, store.Literal(f.Deed)+".%")
	}
	if f.Object != "" {
		w.And(`LOWER(object) LIKE ? ESCAPE '\'`, store.Containing(f.Object))
	}
	words := strings.Fields(f.Query)
	for _, word := range words[:min(len(words), store.MaxWords)] {
		like := store.Containing(word)
		w.And(`(LOWER(actor) LIKE ? ESCAPE '\' OR LOWER(deed) LIKE ? ESCAPE '\' OR LOWER(object) LIKE ? ESCAPE '\')`,
			like, like, like)
	}
	if !f.From.IsZero() {
		w.And("time >= ?", store.Micros(f.From))
	}
	if !f.To.IsZero() {
		w.And("time < ?", store.Micros(f.To))
	}
}

// AuditFilter selects audit entries, newest first.
type AuditFilter struct {
	store.Page
	School g.SchoolID
	Actor  string // a part of an ID or a name
	Deed   string // an action, or a prefix up to a full stop
	Object string // a part of it
	Query  string // words, in any order, in actor, deed or object

	From, To time.Time // zero: no limit
}

var idInReason = regexp.MustCompile(`\{(per_[A-Za-z0-9_.-]{1,60})\}`)

// namesBeside adds the names of the people in each entry's reason, for callers who may see them.
// The reason itself is unchanged, since the hash covers it.
func (v View) namesBeside(ctx context.Context, entries []g.AuditEntry) error {
	var ids []g.PersonID
	of := map[int][]g.PersonID{}
	for i, e := range entries {
		for _, m := range idInReason.FindAllStringSubmatch(e.Reason, -1) {
			of[i] = append(of[i], g.PersonID(m[1]))
		}
		ids = append(ids, of[i]...)
	}
	names, err := people.Named(ctx, v.people, ids)
	if err != nil {
		return err
	}
	for i, in := range of {
		for _, id := range in {
			name, ok := names[id]
			if !ok {
				continue
			}
			if entries[i].People == nil {
				entries[i].People = map[g.PersonID]string{}
			}
			entries[i].People[id] = name
		}
	}
	return nil
}
