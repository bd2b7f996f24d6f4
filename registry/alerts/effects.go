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
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Apply writes the rules engine's effects, in one transaction with the outbox rows and the engine's
// snapshot or delta; only for system scopes. It is idempotent: alerts and incidents have
// deterministic IDs, unchanged ones are not written, and operators' changes are kept. Effects older
// than those already applied to an alert are ignored.
func (v View) Apply(ctx context.Context, e Effects) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		part, err := v.applyIncidents(ctx, t, e)
		if err != nil {
			return err
		}
		for _, a := range e.Alerts {
			if into := part[a.Incident]; into != "" {
				a.Incident = into
			}
			if err := v.applyAlert(ctx, t, e.Seq, a); err != nil {
				return err
			}
		}
		for _, o := range e.Commands {
			_, err := fleet.Accept(ctx, v.s.Store, t, o)
			if err != nil && g.ErrorCode(err) != g.NotFound { // the device may be gone
				return err
			}
		}
		return v.r.saveRulesState(ctx, t, e)
	})
}

// applyIncidents writes the incidents and maps what the rules opened to what the alerts are part of.
func (v View) applyIncidents(
	ctx context.Context, t *store.Tx, e Effects,
) (map[g.IncidentID]g.IncidentID, error) {
	part := map[g.IncidentID]g.IncidentID{}
	for _, i := range e.Incidents {
		var about g.Alert
		for _, a := range e.Alerts {
			if a.Incident == i.ID {
				about = a
			}
		}
		into, err := v.applyIncident(ctx, t, e.Seq, i, about)
		if err != nil {
			return nil, err
		}
		part[i.ID] = into
	}
	return part, nil
}

// saveRulesState writes a snapshot, which replaces earlier deltas, or another delta. It ignores
// state older than the stored one.
func (r *Book) saveRulesState(ctx context.Context, t *store.Tx, e Effects) error {
	if e.State == nil && e.Changes == nil {
		return nil
	}
	n, newest, err := changesOf(ctx, t)
	if err != nil || newest > e.Seq {
		return err
	}
	if e.State == nil {
		_, err := t.Exec(ctx, "INSERT INTO rules_changes (n, seq, change_sealed) VALUES (?, ?, ?)",
			n+1, int64(e.Seq), store.Seal(r.s.Vault.Data, e.Changes, changeLabel(n+1)))
		if err != nil {
			return fmt.Errorf("write the rules' changes: %w", err)
		}
		return nil
	}
	saved, err := t.Exec(ctx, `INSERT INTO rules_state (id, seq, state_sealed) VALUES (1, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state_sealed = excluded.state_sealed WHERE rules_state.seq <= excluded.seq`,
		int64(e.Seq), store.Seal(r.s.Vault.Data, e.State, "rules state"))
	if err != nil {
		return fmt.Errorf("write the rules' state: %w", err)
	}
	if saved == 0 {
		return nil
	}
	if _, err := t.Exec(ctx, "DELETE FROM rules_changes"); err != nil {
		return fmt.Errorf("end the rules' changes: %w", err)
	}
	return nil
}

// changesOf is the number of deltas after the snapshot, and the journal position of the newest.
func changesOf(ctx context.Context, c store.Conn) (n int64, seq uint64, err error) {
	err = c.Row(ctx, "SELECT n, seq FROM rules_changes ORDER BY n DESC LIMIT 1").Scan(&n, &seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("read the rules' changes: %w", err)
	}
	return n, seq, nil
}

func changeLabel(n int64) string { return "rules change " + store.Digits(n) }

// RulesState is the newest snapshot, the deltas after it in order, and the journal position of the
// result; 0 and nil if there is none. Only for system scopes.
func (v View) RulesState(
	ctx context.Context,
) (seq uint64, state []byte, changes [][]byte, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, nil, nil, err
	}
	var sealed []byte
	err = v.s.Reg.Row(ctx, "SELECT seq, state_sealed FROM rules_state WHERE id = 1").Scan(&seq,
		&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil, nil
	}
	if err != nil {
		return 0, nil, nil, fmt.Errorf("read the rules' state: %w", err)
	}
	if state, err = store.Unseal(v.s.Vault.Data, sealed, "rules state"); err != nil {
		return 0, nil, nil, err
	}
	err = store.Each(ctx, v.s.Reg, "SELECT n, seq, change_sealed FROM rules_changes ORDER BY n",
		nil, func(scan func(...any) error) error {
			var n int64
			var at uint64
			if err := scan(&n, &at, &sealed); err != nil {
				return err
			}
			change, err := store.Unseal(v.s.Vault.Data, sealed, changeLabel(n))
			seq, changes = max(seq, at), append(changes, change)
			return err
		})
	if err != nil {
		return 0, nil, nil, fmt.Errorf("read the rules' changes: %w", err)
	}
	return seq, state, changes, nil
}

func (v View) applyAlert(ctx context.Context, t *store.Tx, seq uint64, a g.Alert) error {
	if a.ID == "" || a.School == "" {
		return g.Errorf(g.Invalid, "an alert of rule %q has no id or no school", a.Rule)
	}
	old, was, err := v.r.alert(ctx, t, a.ID)
	now := store.Moment(store.Micros(t.Now))
	missing := g.ErrorCode(err) == g.NotFound
	switch {
	case err != nil && !missing:
		return err
	case !missing && (seq < was || again(old, a)):
		return nil
	}
	about := a
	about.Hidden = old.Hidden
	all, err := v.coversOf(ctx, t, about, momentOf(a))
	if err != nil {
		return err
	}
	if missing {
		return v.r.saveLife(ctx, t, seq, raised(a, now, all))
	}
	if old, err = v.catchUp(ctx, t, was, old, all, momentOf(a)); err != nil {
		return err
	}
	l := found(old, a, now, all)
	same, err := equalJSON(old, l.Alert)
	if err != nil {
		return err
	}
	if same && seq == was {
		return nil
	}
	if same {
		return v.r.saveAlert(ctx, t, seq, l.Alert, true)
	}
	if err := v.r.saveLife(ctx, t, seq, l); err != nil {
		return err
	}
	if l.Retold > old.Retold && l.RetoldWhy == g.FiredAgain {
		return v.firesAgain(ctx, t, l.Alert)
	}
	return nil
}

// mergeAlert takes the rule's findings from the effect, and everything that people did from the
// stored alert. The state only moves forward.
func mergeAlert(old, a g.Alert) g.Alert {
	m := a
	m.School, m.Rule, m.Opened, m.Seq, m.Version = old.School, old.Rule, old.Opened, old.Seq, old.Version
	m.State = later(old.State, a.State)
	m.Handler, m.HandlerName, m.Acknowledged = old.Handler, old.HandlerName, old.Acknowledged
	m.AckUntil = old.AckUntil
	m.Retold, m.RetoldAt, m.RetoldWhy = old.Retold, old.RetoldAt, old.RetoldWhy
	m.Hidden, m.Returned = old.Hidden, old.Returned
	m.Assignee, m.AssigneeName, m.Assigned = old.Assignee, old.AssigneeName, old.Assigned
	m.Resolver, m.ResolverName = old.Resolver, old.ResolverName
	m.Closer, m.CloserName, m.Closed = old.Closer, old.CloserName, old.Closed
	if !old.Resolved.IsZero() {
		m.Resolved = old.Resolved
	}
	if old.Comment != "" {
		m.Comment = old.Comment
	}
	m.Incident = old.Incident // a rule names it when it raises the alert, and people may move it
	if m.Media == "" {
		m.Media = old.Media
	}
	if old.Device != "" && old.Device == a.Device && old.Zone != "" {
		m.Zone = old.Zone // where it was raised; see MovedTo for the device's current zone
	}
	m.Count = max(old.Count, a.Count)
	if old.LastFired.After(a.LastFired) {
		m.LastFired = old.LastFired
	}
	m.Ended = time.Time{}
	if !a.Firing {
		m.Ended = old.Ended
	}
	return m
}

func later(a, b g.AlertState) g.AlertState {
	order := g.AlertStates()
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

func equalJSON(a, b any) (bool, error) {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return string(x) == string(y), errors.Join(err1, err2)
}

// alert reads an alert and the position of the newest effect applied to it.
func (r *Book) alert(
	ctx context.Context, c store.Conn, id g.AlertID,
) (a g.Alert, seq uint64, err error) {
	a, seq, err = r.scanAlert(
		c.Row(ctx, "SELECT "+alertColumns+" FROM alerts WHERE id = ?", string(id)).Scan)
	if err != nil {
		return a, 0, store.Missing(err, "alert", string(id))
	}
	return a, seq, nil
}

const alertColumns = "id, effect_seq, body_sealed"

func (r *Book) scanAlert(scan func(...any) error) (a g.Alert, seq uint64, err error) {
	var id string
	var sealed []byte
	if err := scan(&id, &seq, &sealed); err != nil {
		return a, 0, err
	}
	b, err := store.Unseal(r.s.Vault.Data, sealed, "alert "+id)
	if err != nil {
		return a, 0, err
	}
	return a, seq, json.Unmarshal(b, &a)
}

// saveLife writes an alert that changed, and its history.
func (r *Book) saveLife(ctx context.Context, t *store.Tx, seq uint64, l *life) error {
	if err := r.saveAlert(
		ctx,
		t,
		seq,
		l.Alert,
		false,
	); err != nil {
		return err
	}
	return r.keepHistory(ctx, t, l.ID, l.Version+1, l.log)
}

// saveAlert writes an alert. Unless quiet, it increments the version and queues the event.
func (r *Book) saveAlert(
	ctx context.Context, t *store.Tx, seq uint64, a g.Alert, quiet bool,
) error {
	if !quiet {
		a.Version++
	}
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write alert: %w", err)
	}
	_, err = t.Exec(ctx,
		`INSERT INTO alerts (id, school, rule, severity, state, device, zone, opened, resolved, effect_seq, version, drill, body_sealed,
			firing, acked, ack_until, handler, assignee, cause, hidden, hidden_kind, ended)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, state = excluded.state, device = excluded.device,
			zone = excluded.zone, resolved = excluded.resolved, effect_seq = excluded.effect_seq, version = excluded.version,
			body_sealed = excluded.body_sealed, firing = excluded.firing, acked = excluded.acked,
			ack_until = excluded.ack_until, handler = excluded.handler, assignee = excluded.assignee, cause = excluded.cause,
			hidden = excluded.hidden, hidden_kind = excluded.hidden_kind, ended = excluded.ended`,
		string(a.ID), string(a.School), string(a.Rule), string(a.Severity), string(a.State),
		string(a.Device), string(a.Zone), store.Micros(a.Opened), store.Micros(a.Resolved),
		int64(seq), a.Version, store.Flag(a.Drill), store.Seal(r.s.Vault.Data, b, "alert "+string(a.ID)),
		store.Flag(a.Firing), store.Micros(a.Acknowledged), store.Micros(a.AckUntil),
		string(a.Handler), string(a.Assignee), causeOf(a), string(a.Hidden.Suppression),
		string(a.Hidden.Kind), store.Flag(!a.Firing && !a.Ended.IsZero()))
	if err != nil {
		return fmt.Errorf("write alert: %w", err)
	}
	if err := noteSuppressed(ctx, t, a); err != nil {
		return err
	}
	if quiet {
		return nil
	}
	return r.s.Send(ctx, t, g.Event{
		ID:       fmt.Sprintf("evt_%s_%d", a.ID, a.Version),
		Kind:     g.EventAlert,
		School:   a.School,
		Device:   a.Device,
		Zone:     a.Zone,
		Time:     t.Now.UTC(),
		Received: t.Now.UTC(),
		Alert:    &a,
	})
}
