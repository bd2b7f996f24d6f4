package messages

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Outcome is what came of sending a letter once.
type Outcome struct {
	Letter Letter
	State  State     // Queued: it is tried again at Next
	Next   time.Time // with Queued
	Code   string    // of a failure
	Error  string    // what the other side said, in English
	Peer   string    // how the other side names it; its reports come under this
	Lost   bool      // the address is gone: it is not used again
}

// Settle writes what came of letters of one lane; only for system scopes. Of a recipient to whom nothing can be
// sent any more by this step, the next one is due.
func (v View) Settle(ctx context.Context, all []Outcome) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	if len(all) == 0 {
		return nil
	}
	return v.s.Write(paced(ctx, all[0].Letter.Lane), func(t *store.Tx) error {
		told := map[g.MessageID]bool{}
		for _, o := range all {
			if err := settle(ctx, t, o); err != nil {
				return fmt.Errorf("settle message %s: %w", o.Letter.Message, err)
			}
			if !told[o.Letter.Message] {
				told[o.Letter.Message] = true
				t.Change(change.Message, o.Letter.School, string(o.Letter.Message), "state")
			}
		}
		return nil
	})
}

func settle(ctx context.Context, t *store.Tx, o Outcome) error {
	attempt, next, sent := o.Letter.Attempt, time.Time{}, time.Time{}
	switch o.State {
	case Sent, Delivered:
		sent = t.Now
		attempt++
	case Queued:
		next = o.Next
		attempt++
	}
	var delivered time.Time
	if o.State == Delivered {
		delivered = t.Now
	}
	n, err := t.Exec(ctx,
		"UPDATE sendings SET state = ?, attempt = ?, next = ?, code = ?, error = ?, peer = ?, sent = ?, "+
			"delivered = ? WHERE id = ? AND state = 'queued'",
		string(o.State), attempt, store.Micros(next), o.Code, store.Clean(store.Short(o.Error)), o.Peer,
		store.Micros(sent), store.Micros(delivered), o.Letter.Sending)
	if err != nil || n == 0 {
		return err // it was stopped meanwhile
	}
	if o.Lost && o.Letter.address != "" && o.Letter.address != phone {
		if _, err := t.Exec(ctx, "UPDATE addresses SET lost = ? WHERE id = ?",
			store.Clean(store.Short(o.Error)), string(o.Letter.address)); err != nil {
			return err
		}
	}
	if o.Letter.Kind == digestKind && (o.State == Sent || o.State == Delivered) {
		if err := gathered(ctx, t, o.Letter.Message, o.State, o.Code); err != nil {
			return err
		}
	}
	return rise(ctx, t, o.Letter.Recipient, o.State)
}

// rise takes what came of one sending over into its recipient's state.
func rise(ctx context.Context, t *store.Tx, recipient int64, s State) (err error) {
	switch s {
	case Sent:
		_, err = t.Exec(ctx, "UPDATE recipients SET state = 'sent' WHERE id = ? AND state = 'waiting'",
			recipient)
	case Delivered:
		_, err = t.Exec(ctx,
			"UPDATE recipients SET state = 'delivered' WHERE id = ? AND state IN ('waiting', 'sent')",
			recipient)
	case Failed:
		_, err = t.Exec(ctx,
			"UPDATE recipients SET next = ?, state = 'waiting' WHERE id = ? AND "+
				"state IN ('waiting', 'sent') AND NOT EXISTS (SELECT 1 FROM sendings s WHERE "+
				"s.recipient = recipients.id AND s.state IN ('queued', 'sent', 'delivered'))",
			store.Micros(t.Now), recipient)
	}
	return err
}

// Read notes that a recipient has read a message, or answered it: nothing further is sent to it.
func (v View) Read(ctx context.Context, id g.MessageID, to To) error {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		school, err := store.SchoolOf(ctx, t, "messages", "message", string(id))
		if err != nil {
			return err
		}
		if err := in.Owns(school, "message", string(id)); err != nil {
			return err
		}
		var recipient int64
		err = t.Row(ctx, "SELECT id FROM recipients WHERE message = ? AND who = ?", string(id),
			to.who()).Scan(&recipient)
		if err != nil {
			return store.Missing(err, "recipient", to.who())
		}
		return read(
			ctx,
			t,
			school,
			id,
			recipient,
			0,
		)
	})
}

// read notes that a recipient has read a message, by a sending where that is known.
func read(
	ctx context.Context, t *store.Tx, school g.SchoolID, id g.MessageID, recipient, sending int64,
) error {
	if _, err := t.Exec(ctx,
		"UPDATE sendings SET state = 'read', next = 0 WHERE id = ? AND recipient = ? AND "+
			"state IN ('queued', 'sent', 'delivered')", sending, recipient); err != nil {
		return fmt.Errorf("note by what it was read: %w", err)
	}
	n, err := t.Exec(ctx,
		"UPDATE recipients SET state = 'read', read = ?, next = 0 WHERE id = ? AND read = 0",
		store.Micros(t.Now), recipient)
	if err != nil || n == 0 {
		return err
	}
	if _, err := t.Exec(ctx,
		"UPDATE sendings SET state = 'stopped', next = 0 WHERE recipient = ? AND "+
			"(next > 0 OR digest <> '' AND state = 'queued')",
		recipient); err != nil {
		return fmt.Errorf("end what was still to be sent: %w", err)
	}
	t.Change(change.Message, school, string(id), "state")
	return readBefore(ctx, t, school, recipient)
}

// readBefore notes the same of the message that a recipient's repeats, where it repeats one.
func readBefore(ctx context.Context, t *store.Tx, school g.SchoolID, recipient int64) error {
	var before g.MessageID
	var same int64
	err := t.Row(ctx, "SELECT m.again, b.id FROM recipients r JOIN messages m ON m.id = r.message "+
		"JOIN recipients b ON b.message = m.again AND b.who = r.who WHERE r.id = ?", recipient).
		Scan(&before, &same)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the message that was repeated: %w", err)
	}
	return read(ctx, t, school, before, same, 0)
}

// Trim deletes messages created before a time with all that came of them, at most limit at once, and
// returns how many; only for system scopes.
func (v View) Trim(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	err = v.s.Write(store.Patient(ctx), func(t *store.Tx) error {
		n, err = t.Exec(ctx, "DELETE FROM messages WHERE id IN "+
			"(SELECT id FROM messages WHERE created < ? ORDER BY created LIMIT ?)",
			store.Micros(before), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("trim messages: %w", err)
	}
	return n, nil
}
