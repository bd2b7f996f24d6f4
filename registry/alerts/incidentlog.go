package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// IncidentEntry is one line of an incident's log.
type IncidentEntry struct {
	N       int               `json:"n"` // rises with each entry, with gaps
	At      time.Time         `json:"at"`
	What    g.IncidentWhat    `json:"what"`
	By      g.UserID          `json:"by,omitempty"`
	ByName  string            `json:"by_name,omitempty"`
	Comment string            `json:"comment,omitempty"`
	Step    *int              `json:"step,omitempty"` // from 0
	Answer  string            `json:"answer,omitempty"`
	Alerts  []g.AlertID       `json:"alerts,omitempty"`
	Other   g.IncidentID      `json:"other,omitempty"`
	To      g.UserID          `json:"to,omitempty"`
	ToName  string            `json:"to_name,omitempty"`
	Outcome g.IncidentOutcome `json:"outcome,omitempty"`
	// of how many of its alerts the condition held when it was contained or closed
	Firing int `json:"firing,omitempty"`
}

// file is an incident while it changes, with what its log is to say of that.
type file struct {
	g.Incident
	seq uint64 // of the newest effect applied to it
	who g.User // the person who acts; zero: a rule or the gateway
	now time.Time
	log []IncidentEntry
}

// note adds an entry to the log.
func (f *file) note(e IncidentEntry) {
	if e.At.IsZero() {
		e.At = f.now
	}
	e.By, e.ByName = f.who.ID, f.who.FullName
	f.log = append(f.log, e)
}

// reopen opens an incident that is contained or closed.
func (f *file) reopen(at time.Time) {
	if f.State == g.IncidentClosed {
		f.Reopened++
		f.ReopenedAt = at
	}
	f.State = g.IncidentOpen
	f.Contained, f.ContainedBy = time.Time{}, ""
	f.Closed, f.ClosedBy, f.Outcome, f.Conclusion = time.Time{}, "", "", ""
}

// saveFile writes an incident that changed, with its log, and queues the event.
func (r *Book) saveFile(ctx context.Context, t *store.Tx, f *file) error {
	f.Happened = nil
	for _, e := range f.log {
		f.Happened = append(f.Happened, e.What)
	}
	err := r.saveIncident(
		ctx,
		t,
		f.seq,
		f.Incident,
		false,
	)
	f.Happened = nil
	if err != nil {
		return err
	}
	f.Version++
	for i, e := range f.log {
		e.N = f.Version*perVersion + i
		b, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write an incident's log: %w", err)
		}
		_, err = t.Exec(ctx,
			"INSERT INTO incident_log (incident, n, body_sealed) VALUES (?, ?, ?) "+
				"ON CONFLICT (incident, n) DO NOTHING",
			string(f.ID), e.N, store.Seal(r.s.Vault.Data, b, incidentLabel(f.ID, e.N)))
		if err != nil {
			return fmt.Errorf("write an incident's log: %w", err)
		}
	}
	return nil
}

func incidentLabel(id g.IncidentID, n int) string {
	return fmt.Sprintf("incident log %s %d", id, n)
}

// incidentLog reads one entry more than a page.
func (r *Book) incidentLog(
	ctx context.Context, c store.Conn, id g.IncidentID, after int,
) ([]IncidentEntry, error) {
	out := []IncidentEntry{}
	err := store.Each(ctx, c,
		"SELECT n, body_sealed FROM incident_log WHERE incident = ? AND n > ? ORDER BY n LIMIT ?",
		[]any{string(id), after, store.MaxLimit + 1}, func(scan func(...any) error) error {
			var n int
			var sealed []byte
			if err := scan(&n, &sealed); err != nil {
				return err
			}
			b, err := store.Unseal(r.s.Vault.Data, sealed, incidentLabel(id, n))
			if err != nil {
				return err
			}
			var e IncidentEntry
			err = json.Unmarshal(b, &e)
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read an incident's log: %w", err)
	}
	return out, nil
}
