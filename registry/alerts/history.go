package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// What is what happened to an alert.
type What string

// What can happen to an alert.
const (
	WasRaised       What = "raised"
	HasFiredAgain   What = "fired_again"
	HasEnded        What = "ended"
	HasRisen        What = "severity"
	WasAcknowledged What = "acknowledged"
	WasWithdrawn    What = "unacknowledged"
	HasRunOut       What = "ack_ran_out"
	WasAssigned     What = "assigned"
	WasReleased     What = "released"
	WasCommented    What = "commented"
	WasResolved     What = "resolved"
	WasSilenced     What = "silenced"
	WasOver         What = "over" // by itself
	WasClosed       What = "closed"
	WasUndone       What = "undone"
	WasGathered     What = "gathered"  // into an incident, by a person
	WasTakenOut     What = "taken_out" // of an incident, by a person
	WasShelved      What = "shelved"
	WasHidden       What = "hidden"   // by a shelf or window that holds
	HasReturned     What = "returned" // what had hidden it holds no more
)

// Whats lists them.
func Whats() []What {
	return []What{
		WasRaised, HasFiredAgain, HasEnded, HasRisen, WasAcknowledged, WasWithdrawn, HasRunOut,
		WasAssigned, WasReleased, WasCommented, WasResolved, WasSilenced, WasOver, WasClosed,
		WasUndone, WasGathered, WasTakenOut, WasShelved, WasHidden, HasReturned,
	}
}

// Entry is one line of an alert's history.
type Entry struct {
	N        int        `json:"n"` // rises with each entry, with gaps
	At       time.Time  `json:"at"`
	What     What       `json:"what"`
	By       g.UserID   `json:"by,omitempty"`
	ByName   string     `json:"by_name,omitempty"`
	Comment  string     `json:"comment,omitempty"`
	To       g.UserID   `json:"to,omitempty"`
	ToName   string     `json:"to_name,omitempty"`
	Until    time.Time  `json:"until,omitzero"`
	From     g.Severity `json:"from_severity,omitempty"`
	Severity g.Severity `json:"severity,omitempty"`
	Count    int        `json:"count,omitempty"`

	Incident g.IncidentID `json:"incident,omitempty"`
	ByLink   bool         `json:"by_link,omitempty"` // of a message, by whoever has the person's messages
}

// perVersion is more than the entries that one change of an alert writes: an entry's number follows
// from the alert's version, so that writing it twice writes it once.
const perVersion = 16

// keepHistory writes the entries of the change that led to a version.
func (r *Book) keepHistory(
	ctx context.Context, t *store.Tx, id g.AlertID, version int, log []Entry,
) error {
	for i, e := range log {
		e.N = version*perVersion + i
		b, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write an alert's history: %w", err)
		}
		_, err = t.Exec(ctx,
			"INSERT INTO alert_history (alert, n, body_sealed) VALUES (?, ?, ?) "+
				"ON CONFLICT (alert, n) DO NOTHING",
			string(id), e.N, store.Seal(r.s.Vault.Data, b, historyLabel(id, e.N)))
		if err != nil {
			return fmt.Errorf("write an alert's history: %w", err)
		}
	}
	return nil
}

func historyLabel(id g.AlertID, n int) string {
	return fmt.Sprintf("alert history %s %d", id, n)
}

// History returns what happened to an alert, oldest first: at most [store.MaxLimit] entries after
// number n. next is the number to go on after, 0 at the end.
func (v View) History(
	ctx context.Context, id g.AlertID, n int,
) (entries []Entry, next int, err error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, 0, err
	}
	a, _, err := v.r.alert(ctx, v.s.Reg, id)
	if err != nil {
		return nil, 0, err
	}
	if err := v.within(in, a); err != nil {
		return nil, 0, err
	}
	entries, err = v.r.history(ctx, v.s.Reg, id, n)
	if len(entries) > store.MaxLimit {
		entries = entries[:store.MaxLimit]
		next = entries[len(entries)-1].N
	}
	return entries, next, err
}

// history reads one entry more than a page.
func (r *Book) history(
	ctx context.Context, c store.Conn, id g.AlertID, after int,
) ([]Entry, error) {
	out := []Entry{}
	err := store.Each(ctx, c,
		"SELECT n, body_sealed FROM alert_history WHERE alert = ? AND n > ? ORDER BY n LIMIT ?",
		[]any{string(id), after, store.MaxLimit + 1}, func(scan func(...any) error) error {
			var n int
			var sealed []byte
			if err := scan(&n, &sealed); err != nil {
				return err
			}
			b, err := store.Unseal(r.s.Vault.Data, sealed, historyLabel(id, n))
			if err != nil {
				return err
			}
			var e Entry
			if err := json.Unmarshal(b, &e); err != nil {
				return err
			}
			out = append(out, e)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read an alert's history: %w", err)
	}
	return out, nil
}
