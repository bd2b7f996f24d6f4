package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Raise stores an alert in the caller's transaction, with its event.
func Raise(ctx context.Context, v View, t *store.Tx, a g.Alert) error {
	return v.applyAlert(ctx, t, 0, a)
}

// End resolves an alert in the caller's transaction, because what it reports is over. An alert that
// is no longer kept is passed over.
func End(
	ctx context.Context, v View, t *store.Tx, id g.AlertID, by g.UserID, name string,
) error {
	a, seq, err := v.r.alert(ctx, t, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	l := &life{
		Alert: a,
		who:   g.User{ID: by, FullName: name},
		now:   store.Moment(store.Micros(t.Now)),
	}
	if l.Firing {
		l.Firing, l.Ended = false, l.now
		l.note(Entry{What: HasEnded})
	}
	if l.Unresolved() {
		l.Resolver, l.ResolverName = by, name
		l.Resolved, l.AckUntil = l.now, time.Time{}
		l.restate()
		l.note(Entry{What: WasResolved})
	}
	if err := endFeints(ctx, t, id); err != nil {
		return err
	}
	return v.r.saveLife(ctx, t, seq, l)
}

// Occasion is why an incident begins that no rule opens and nobody by hand.
type Occasion struct {
	By        g.User        // who answers for it; empty: a device's button, and FullName is its name
	Procedure g.ProcedureID // to begin with, if the school has it
	After     g.AlertID     // goes on in the incident of this alert, unless that is over
}

// OpenFor opens an incident for an alert that is about to be raised, in the caller's transaction, or
// has the one that goes on take it. It returns which.
func OpenFor(
	ctx context.Context, v View, t *store.Tx, a g.Alert, o Occasion,
) (g.IncidentID, error) {
	what := g.Incident{
		School:    a.School,
		Title:     a.Title,
		TitleZH:   a.TitleZH,
		Severity:  a.Severity,
		Alerts:    []g.AlertID{a.ID},
		Procedure: o.Procedure,
		Drill:     a.Drill,
		Zone:      a.Zone,
		Opened:    a.Opened,
		Latest:    a.Opened,
	}
	f, err := v.goesOn(ctx, t, o.After, a.Drill)
	if err != nil {
		return "", err
	}
	if f != nil {
		f.who = o.By
		f.takeIn(what)
		return f.ID, v.r.saveFile(ctx, t, f)
	}
	what.ID = g.IncidentID(g.NewID("inc"))
	f = &file{
		Incident: newIncident(what),
		who:      o.By,
		now:      store.Moment(store.Micros(t.Now)),
	}
	if err := v.proceed(ctx, t, f, f.now); err != nil {
		return "", err
	}
	if f.ProcedureVersion == 0 { // the school has none by that name
		f.Procedure = ""
	}
	f.note(IncidentEntry{
		What:   g.IncidentBegan,
		Alerts: f.Alerts,
	})
	return f.ID, v.r.saveFile(ctx, t, f)
}

// goesOn is the incident of an alert, if it can take another one; nil: it cannot, or there is none.
func (v View) goesOn(ctx context.Context, t *store.Tx, id g.AlertID, drill bool) (*file, error) {
	if id == "" {
		return nil, nil
	}
	a, _, err := v.r.alert(ctx, t, id)
	if g.ErrorCode(err) == g.NotFound || err == nil && a.Incident == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i, seq, err := v.r.incident(ctx, t, a.Incident)
	if g.ErrorCode(err) == g.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	over := i.State == g.IncidentClosed || i.MergedInto != ""
	if over || i.Drill != drill || len(i.Alerts) >= MaxIncidentAlerts {
		return nil, nil
	}
	return &file{
		Incident: i,
		seq:      seq,
		now:      store.Moment(store.Micros(t.Now)),
	}, nil
}
