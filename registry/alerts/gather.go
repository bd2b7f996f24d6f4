package alerts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/procedures"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxIncidentAlerts is the most alerts of one incident. What a rule finds beyond begins another.
const MaxIncidentAlerts = 1000

// look is how many of the newest incidents of a cause may take a further alert in.
const look = 8

// applyIncident writes an incident that a rule opens, with the alert that it is about, and returns
// the incident that the alert is part of: one with the same cause whose latest alert is not longer
// ago than the rule says takes it in. The times are those of the effects, so that a replay decides
// the same.
func (v View) applyIncident(
	ctx context.Context, t *store.Tx, seq uint64, i g.Incident, about g.Alert,
) (g.IncidentID, error) {
	if i.ID == "" || i.School == "" {
		return "", g.Errorf(g.Invalid, "an incident has no id or no school")
	}
	old, was, err := v.r.incident(ctx, t, i.ID)
	if err == nil {
		return i.ID, v.applyAgain(ctx, t, seq, was, old, i)
	}
	if g.ErrorCode(err) != g.NotFound {
		return "", err
	}
	alias, err := aliasOf(ctx, t, i.ID)
	if err != nil || alias != "" {
		return alias, err
	}
	into, err := v.taker(ctx, t, i, about)
	if err != nil {
		return "", err
	}
	if into == nil {
		return i.ID, v.begin(ctx, t, seq, i)
	}
	into.seq = max(into.seq, seq)
	into.takeIn(i)
	if err := v.r.saveFile(ctx, t, into); err != nil {
		return "", err
	}
	_, err = t.Exec(ctx, "INSERT INTO incident_aliases (id, incident) VALUES (?, ?)", string(i.ID),
		string(into.ID))
	if err != nil {
		return "", fmt.Errorf("write an incident's alias: %w", err)
	}
	return into.ID, nil
}

// aliasOf is the incident that gathered what a rule would have opened; "" if there is none.
func aliasOf(
	ctx context.Context, c store.Conn, id g.IncidentID,
) (alias g.IncidentID, err error) {
	err = c.Row(ctx, "SELECT incident FROM incident_aliases WHERE id = ?", string(id)).Scan(&alias)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read an incident's alias: %w", err)
	}
	return alias, nil
}

// begin writes a new incident with the procedure that holds for its school now. Where none is kept
// the steps are those of the rule's.
func (v View) begin(ctx context.Context, t *store.Tx, seq uint64, i g.Incident) error {
	f := &file{
		Incident: newIncident(i),
		seq:      seq,
		now:      store.Moment(store.Micros(t.Now)),
	}
	f.Latest = i.Opened
	if err := v.proceed(ctx, t, f, i.Opened); err != nil {
		return err
	}
	f.note(IncidentEntry{
		What:   g.IncidentBegan,
		At:     i.Opened,
		Alerts: i.Alerts,
	})
	return v.r.saveFile(ctx, t, f)
}

// proceed gives an incident the steps of its procedure, as it holds for the school now.
func (v View) proceed(ctx context.Context, t *store.Tx, f *file, at time.Time) error {
	if f.Procedure == "" {
		return nil
	}
	p, err := procedures.Holds(ctx, t, f.School, f.Procedure)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	f.ProcedureVersion, f.ProcedureSchool = p.Version, p.School
	f.Steps = p.Begin(at)
	return nil
}

// applyAgain merges a later effect of the rule that opened an incident.
func (v View) applyAgain(
	ctx context.Context, t *store.Tx, seq, was uint64, old, i g.Incident,
) error {
	if seq < was {
		return nil
	}
	elsewhere, err := v.elsewhere(ctx, t, i)
	if err != nil {
		return err
	}
	i.Alerts = slices.DeleteFunc(slices.Clone(i.Alerts), func(id g.AlertID) bool {
		return slices.Contains(elsewhere, id)
	})
	merged := mergeIncident(old, i)
	same, err := equalJSON(old, merged)
	switch {
	case err != nil:
		return err
	case same && seq == was:
		return nil
	case same:
		return v.r.saveIncident(
			ctx,
			t,
			seq,
			merged,
			true,
		)
	}
	f := &file{
		Incident: merged,
		seq:      seq,
		now:      store.Moment(store.Micros(t.Now)),
	}
	f.note(IncidentEntry{
		What:   g.IncidentGathered,
		Alerts: merged.Alerts[len(old.Alerts):],
	})
	return v.r.saveFile(ctx, t, f)
}

// elsewhere lists the alerts of an effect that people have moved out of its incident.
func (v View) elsewhere(
	ctx context.Context, t *store.Tx, i g.Incident,
) (out []g.AlertID, err error) {
	for _, id := range i.Alerts {
		a, _, err := v.r.alert(ctx, t, id)
		switch {
		case g.ErrorCode(err) == g.NotFound:
		case err != nil:
			return nil, err
		case a.Incident != i.ID:
			out = append(out, id)
		}
	}
	return out, nil
}

// taker finds the incident that takes a rule's new one in; nil if there is none.
func (v View) taker(
	ctx context.Context, t *store.Tx, i g.Incident, about g.Alert,
) (*file, error) {
	if i.Cause == "" {
		return nil, nil
	}
	var all []*file
	err := store.Each(ctx, t,
		"SELECT id, effect_seq, body_sealed FROM incidents WHERE school = ? AND cause = ? AND "+
			"cause <> '' AND drill = ? ORDER BY latest DESC, id DESC LIMIT ?",
		[]any{string(i.School), i.Cause, store.Flag(i.Drill), look},
		func(scan func(...any) error) error {
			x, seq, err := v.r.scanIncident(scan)
			all = append(all, &file{
				Incident: x,
				seq:      seq,
				now:      store.Moment(store.Micros(t.Now)),
			})
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find an incident's like: %w", err)
	}
	for _, f := range all {
		into, err := v.takes(ctx, t, f, i, about)
		if err != nil || into != nil {
			return into, err
		}
	}
	return nil, nil
}

// takes is the incident that takes a new one in because of f: f itself, or what f was merged into.
func (v View) takes(
	ctx context.Context, t *store.Tx, f *file, i g.Incident, about g.Alert,
) (*file, error) {
	latest := f.Latest
	if f.MergedInto != "" {
		x, seq, err := v.r.incident(ctx, t, f.MergedInto)
		if err != nil {
			return nil, err
		}
		f = &file{
			Incident: x,
			seq:      seq,
			now:      f.now,
		}
		if x.Latest.After(latest) {
			latest = x.Latest
		}
	}
	if len(f.Alerts) >= MaxIncidentAlerts || f.MergedInto != "" {
		return nil, nil
	}
	if f.State != g.IncidentClosed {
		apart := i.Opened.Sub(latest).Abs()
		if apart > time.Duration(i.Within)*time.Second {
			return nil, nil
		}
		return f, nil
	}
	if i.Opened.Sub(f.Closed) > g.ReopenAlike {
		return nil, nil
	}
	alike, err := v.alike(ctx, t, f.Alerts, about)
	if err != nil || !alike {
		return nil, err
	}
	return f, nil
}

// alike reports whether one of the alerts is of the same rule and room as another one.
func (v View) alike(
	ctx context.Context, t *store.Tx, ids []g.AlertID, about g.Alert,
) (bool, error) {
	for part := range slices.Chunk(ids, store.Chunk) {
		n := 0
		err := t.Row(ctx, "SELECT COUNT(*) FROM alerts WHERE rule = ? AND zone = ? AND id IN ("+
			store.Marks(len(part))+")",
			append([]any{string(about.Rule), string(about.Zone)}, store.Anys(part)...)...).Scan(&n)
		if err != nil {
			return false, fmt.Errorf("find alike alerts: %w", err)
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// takeIn gathers the alerts of what a rule would have opened.
func (f *file) takeIn(i g.Incident) {
	if f.State != g.IncidentOpen {
		f.reopen(i.Opened)
		f.note(IncidentEntry{
			What:   g.IncidentAgain,
			At:     i.Opened,
			Alerts: i.Alerts,
		})
	}
	f.Alerts = withAlerts(f.Alerts, i.Alerts)
	if i.Severity.AtLeast(f.Severity) {
		f.Severity = i.Severity
	}
	if i.Opened.After(f.Latest) {
		f.Latest = i.Opened
	}
	if i.Handover.Requested && !f.Handover.Requested {
		f.Handover = newIncident(i).Handover
	}
	f.note(IncidentEntry{
		What:   g.IncidentGathered,
		At:     i.Opened,
		Alerts: i.Alerts,
	})
}

func withAlerts(ids, more []g.AlertID) []g.AlertID {
	out := slices.Clone(ids)
	for _, id := range more {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// firesAgain opens the incident of an alert whose condition holds again after it was over, unless
// it was closed too long before.
func (v View) firesAgain(ctx context.Context, t *store.Tx, a g.Alert) error {
	if a.Incident == "" {
		return nil
	}
	i, seq, err := v.r.incident(ctx, t, a.Incident)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	late := i.State == g.IncidentClosed && a.LastFired.Sub(i.Closed) > g.ReopenSame
	if i.State == g.IncidentOpen || i.MergedInto != "" || late {
		return nil
	}
	f := &file{
		Incident: i,
		seq:      seq,
		now:      store.Moment(store.Micros(t.Now)),
	}
	f.reopen(a.LastFired)
	f.note(IncidentEntry{
		What:   g.IncidentAgain,
		At:     a.LastFired,
		Alerts: []g.AlertID{a.ID},
	})
	return v.r.saveFile(ctx, t, f)
}

const linkOff = "the police link is off: nothing was sent"

// newIncident sets an incident's initial state: a hand-over requested by the rule waits for
// approval.
func newIncident(i g.Incident) g.Incident {
	i.State = g.IncidentOpen
	i.Version = 0
	i.Closed = time.Time{}
	h := &i.Handover
	if h.Link == "" {
		h.Link = "off"
	}
	h.Sent = false
	h.By = ""
	h.At = time.Time{}
	h.Comment = ""
	h.Approval = ""
	if h.Requested {
		h.Approval = "waiting"
		if h.ApproverRole == "" {
			h.ApproverRole = g.RoleAdmin
		}
	}
	if h.Link == "off" {
		h.Note = linkOff
	}
	return i
}

// mergeIncident adds the rule's findings; steps, approval and closing are kept.
func mergeIncident(old, i g.Incident) g.Incident {
	m := old
	m.Title, m.TitleZH = i.Title, i.TitleZH
	if i.Severity.AtLeast(old.Severity) {
		m.Severity = i.Severity
	}
	m.Alerts = withAlerts(old.Alerts, i.Alerts)
	if len(old.Steps) == 0 {
		m.Steps = i.Steps
	}
	if i.Handover.Requested && !old.Handover.Requested {
		m.Handover = newIncident(i).Handover
	}
	return m
}

func (r *Book) incident(
	ctx context.Context, c store.Conn, id g.IncidentID,
) (i g.Incident, seq uint64, err error) {
	i, seq, err = r.scanIncident(
		c.Row(ctx, "SELECT id, effect_seq, body_sealed FROM incidents WHERE id = ?", string(id)).Scan)
	if err != nil {
		return i, 0, store.Missing(err, "incident", string(id))
	}
	return i, seq, nil
}

func (r *Book) scanIncident(scan func(...any) error) (i g.Incident, seq uint64, err error) {
	var id string
	var sealed []byte
	if err := scan(&id, &seq, &sealed); err != nil {
		return i, 0, err
	}
	b, err := store.Unseal(r.s.Vault.Data, sealed, "incident "+id)
	if err != nil {
		return i, 0, err
	}
	return i, seq, json.Unmarshal(b, &i)
}

// saveIncident writes an incident. Unless quiet, it increments the version and queues the event.
func (r *Book) saveIncident(
	ctx context.Context, t *store.Tx, seq uint64, i g.Incident, quiet bool,
) error {
	if !quiet {
		i.Version++
	}
	kept := i
	kept.Happened = nil
	b, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write incident: %w", err)
	}
	_, err = t.Exec(ctx,
		`INSERT INTO incidents (id, school, state, opened, effect_seq, version, cause, latest, drill, body_sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, effect_seq = excluded.effect_seq,
			version = excluded.version, latest = excluded.latest, body_sealed = excluded.body_sealed`,
		string(i.ID), string(i.School), string(i.State), store.Micros(i.Opened), int64(seq),
		i.Version, i.Cause, store.Micros(i.Latest), store.Flag(i.Drill),
		store.Seal(r.s.Vault.Data, b, "incident "+string(i.ID)))
	if err != nil {
		return fmt.Errorf("write incident: %w", err)
	}
	if quiet {
		return nil
	}
	return r.s.Send(ctx, t, g.Event{
		ID:       fmt.Sprintf("evt_%s_%d", i.ID, i.Version),
		Kind:     g.EventIncident,
		School:   i.School,
		Time:     t.Now.UTC(),
		Received: t.Now.UTC(),
		Incident: &i,
	})
}
