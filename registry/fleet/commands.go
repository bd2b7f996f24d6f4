package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const (
	keptCommands = 50 // of a device; the oldest final ones are deleted
	mostWaiting  = 50 // of a device, accepted or sent; a further one is refused
	turnCommands = 500
)

// Order is a command that the gateway is to accept.
type Order struct {
	ID       string // "": a new one; an ID that exists already changes nothing
	Device   g.DeviceID
	Action   string
	Values   map[string]g.Value
	By       string
	Alert    g.AlertID
	Lockdown g.LockdownID
	Drill    bool
	Made     time.Time
	Due      time.Time // expires then, unless it was sent
}

// Accept stores an order in the caller's transaction, with the event; the gateway then sends it. A
// device with mostWaiting commands refuses it, as its state says.
func Accept(ctx context.Context, s *store.Store, t *store.Tx, o Order) (g.DeviceCommand, error) {
	c := g.DeviceCommand{
		ID:       o.ID,
		Device:   o.Device,
		Action:   store.Clean(o.Action),
		State:    g.CommandAccepted,
		By:       store.Clean(o.By),
		Made:     store.Moment(store.Micros(o.Made)),
		Due:      store.Moment(store.Micros(o.Due)),
		Alert:    o.Alert,
		Lockdown: o.Lockdown,
		Drill:    o.Drill,
	}
	if c.ID == "" {
		c.ID = g.NewID("cmd")
	}
	err := t.Row(ctx, "SELECT school FROM devices WHERE id = ?", string(c.Device)).Scan(&c.School)
	if err != nil {
		return c, store.Missing(err, "device", string(c.Device))
	}
	waiting := 0
	err = t.Row(ctx, "SELECT COUNT(*) FROM commands WHERE device = ? AND state IN ('accepted', 'sent')",
		string(c.Device)).Scan(&waiting)
	if err != nil {
		return c, fmt.Errorf("accept command: %w", err)
	}
	if waiting >= mostWaiting {
		c.State = g.CommandRefused
		say(&c, g.Textf("%d commands wait for the device already", waiting))
	}
	c.Changed = store.Moment(store.Micros(t.Now))
	c.Times = []g.CommandTime{{
		State: c.State,
		At:    c.Changed,
	}}
	fresh, err := insertCommand(ctx, s, t, c, o.Values)
	if err != nil || !fresh {
		return c, err
	}
	_, err = t.Exec(ctx,
		"DELETE FROM commands WHERE device = ? AND state NOT IN ('accepted', 'sent') AND id NOT IN "+
			"(SELECT id FROM commands WHERE device = ? ORDER BY made DESC, id DESC LIMIT ?)",
		string(c.Device), string(c.Device), keptCommands)
	if err != nil {
		return c, fmt.Errorf("accept command: %w", err)
	}
	return c, tellCommand(ctx, s, t, c)
}

func insertCommand(
	ctx context.Context, s *store.Store, t *store.Tx, c g.DeviceCommand, values map[string]g.Value,
) (fresh bool, err error) {
	order, err := json.Marshal(values)
	if err != nil {
		return false, fmt.Errorf("accept command: %w", err)
	}
	times, err := json.Marshal(c.Times)
	if err != nil {
		return false, fmt.Errorf("accept command: %w", err)
	}
	n, err := t.Exec(ctx,
		"INSERT INTO commands (id, school, device, action, state, reason, said, maker, made, due, "+
			"changed, times, alert, lockdown, drill, tries, order_sealed) "+
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING",
		c.ID, string(c.School), string(c.Device), c.Action, string(c.State), c.Reason,
		string(c.Said), c.By, store.Micros(c.Made), store.Micros(c.Due), store.Micros(c.Changed),
		string(times), string(c.Alert), string(c.Lockdown), store.Flag(c.Drill),
		store.Seal(s.Vault.Data, order, "command "+c.ID))
	if err != nil {
		return false, fmt.Errorf("accept command: %w", err)
	}
	return n > 0, nil
}

// say sets a command's reason.
func say(c *g.DeviceCommand, why g.Text) {
	c.Reason, c.Said = store.Clean(why.String()), why.Keep()
}

// tellCommand queues the event of a command's state, and reports the change.
func tellCommand(ctx context.Context, s *store.Store, t *store.Tx, c g.DeviceCommand) error {
	t.Change(change.Command, c.School, string(c.Device))
	return s.Send(ctx, t, g.Event{
		ID:       fmt.Sprintf("evt_%s_%d", c.ID, len(c.Times)),
		Kind:     g.EventCommand,
		School:   c.School,
		Device:   c.Device,
		Time:     t.Now.UTC(),
		Received: t.Now.UTC(),
		Command:  &c,
	})
}

// MoveCommand moves a command to a state if it is in another of the given ones, and reports whether
// it was; only for system scopes. Final states do not change. In a final state, what the command
// said to the device is destroyed. One that was sent and is accepted again is lost, see
// g.CommandTime; it is never refused or expired by the gateway after that, but unknown.
func (v View) MoveCommand(
	ctx context.Context, id string, to g.CommandState, why g.Text, from ...g.CommandState,
) (c g.DeviceCommand, moved bool, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return c, false, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) (err error) {
		c, moved, err = moveCommand(ctx, v.s.Store, t, id, to, why, from...)
		return err
	})
	return c, moved, err
}

// ReturnCommand has a command wait again that was not sent after all; only for system scopes.
func (v View) ReturnCommand(
	ctx context.Context, id string, why g.Text,
) (c g.DeviceCommand, moved bool, err error) {
	return v.MoveCommand(ctx, id, unsent, why, g.CommandSent)
}

// unsent is accepted, of a command that the device cannot have got.
const unsent g.CommandState = "unsent"

func moveCommand(
	ctx context.Context, s *store.Store, t *store.Tx, id string, to g.CommandState, why g.Text,
	from ...g.CommandState,
) (c g.DeviceCommand, moved bool, err error) {
	found, err := listCommands(ctx, t, "WHERE id = ?", id)
	if err != nil || len(found) == 0 {
		return c, false, err
	}
	c = found[0]
	if !within(c.State, from) {
		return c, false, nil
	}
	lost := c.State == g.CommandSent && to == g.CommandAccepted
	switch {
	case to == unsent:
		to = g.CommandAccepted
	case c.State == g.CommandAccepted && c.Lost() &&
		(to == g.CommandRefused || to == g.CommandExpired):
		to, why = g.CommandUnknown, g.Textf("%s; it may have been done all the same", why)
	}
	c.State, c.Changed = to, store.Moment(store.Micros(t.Now))
	c.Times = append(c.Times, g.CommandTime{
		State: to,
		At:    c.Changed,
		Lost:  lost,
	})
	say(&c, why)
	if to == g.CommandSent {
		c.Tries++
	}
	times, err := json.Marshal(c.Times)
	if err != nil {
		return c, false, fmt.Errorf("move command: %w", err)
	}
	_, err = t.Exec(ctx, "UPDATE commands SET state = ?, reason = ?, said = ?, changed = ?, "+
		"times = ?, tries = ? WHERE id = ?", string(to), c.Reason, string(c.Said),
		store.Micros(c.Changed), string(times), c.Tries, id)
	if err != nil {
		return c, false, fmt.Errorf("move command: %w", err)
	}
	if to.Final() {
		if _, err := t.Exec(ctx, "UPDATE commands SET order_sealed = NULL WHERE id = ?", id); err != nil {
			return c, false, fmt.Errorf("move command: %w", err)
		}
	}
	return c, true, tellCommand(ctx, s, t, c)
}

// within reports whether a state is one of list, or not final if list is empty.
func within(s g.CommandState, list []g.CommandState) bool {
	if s.Final() {
		return false
	}
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return len(list) == 0
}

// Verdict says what becomes of a command that waited too long; an empty state leaves it as it is.
type Verdict func(g.DeviceCommand) (to g.CommandState, why g.Text)

// ExpireCommands moves the commands that were accepted and are due before a time, and those that
// were sent before another one, as the verdict says, and returns them; only for system scopes. It
// moves at most turnCommands at a time.
func (v View) ExpireCommands(
	ctx context.Context, due, sent time.Time, verdict Verdict,
) ([]g.DeviceCommand, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	late, err := listCommands(ctx, v.s.Reg, "WHERE (state = 'accepted' AND due < ?) OR "+
		"(state = 'sent' AND changed < ?) ORDER BY due, id LIMIT ?",
		store.Micros(due), store.Micros(sent), turnCommands)
	if err != nil || len(late) == 0 {
		return nil, err
	}
	var out []g.DeviceCommand
	err = v.s.Write(ctx, func(t *store.Tx) error {
		out = out[:0]
		for _, c := range late {
			to, why := verdict(c)
			if to == "" {
				continue
			}
			c, moved, err := moveCommand(
				ctx,
				v.s.Store,
				t,
				c.ID,
				to,
				why,
				c.State,
			)
			if err != nil {
				return err
			}
			if moved {
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

// Recall refuses what a lockdown commanded and no device was sent yet, in the caller's transaction.
// What is on its way is not sent again, whatever comes of it.
func Recall(
	ctx context.Context, s *store.Store, t *store.Tx, of g.LockdownID, why g.Text,
) error {
	_, err := t.Exec(ctx, "UPDATE commands SET due = ? WHERE lockdown = ? AND state = 'sent' AND due > ?",
		store.Micros(t.Now), string(of), store.Micros(t.Now))
	if err != nil {
		return fmt.Errorf("recall commands: %w", err)
	}
	return recall(
		ctx,
		s,
		t,
		why,
		"WHERE lockdown = ? AND state = 'accepted'",
		string(of),
	)
}

// RecallFrom refuses what earlier lockdowns commanded a device that was not sent it yet, since a
// later one commands it now; in the caller's transaction.
func RecallFrom(
	ctx context.Context, s *store.Store, t *store.Tx, id g.DeviceID, later g.LockdownID, why g.Text,
) error {
	_, err := t.Exec(ctx, "UPDATE commands SET due = ? WHERE device = ? AND state = 'sent' AND "+
		"lockdown <> '' AND lockdown <> ? AND due > ?",
		store.Micros(t.Now), string(id), string(later), store.Micros(t.Now))
	if err != nil {
		return fmt.Errorf("recall commands: %w", err)
	}
	return recall(
		ctx,
		s,
		t,
		why,
		"WHERE device = ? AND lockdown <> '' AND lockdown <> ? AND state = 'accepted'",
		string(id),
		string(later),
	)
}

func recall(
	ctx context.Context, s *store.Store, t *store.Tx, why g.Text, where string, args ...any,
) error {
	waiting, err := listCommands(ctx, t, where, args...)
	if err != nil {
		return err
	}
	for _, c := range waiting {
		if _, _, err := moveCommand(
			ctx,
			s,
			t,
			c.ID,
			g.CommandRefused,
			why,
		); err != nil {
			return err
		}
	}
	return nil
}
