package fleet

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// keptCommands is how many commands of a device are kept; the oldest are deleted.
const keptCommands = 50

// SaveCommand stores a new command; only for system scopes.
func (v View) SaveCommand(ctx context.Context, c g.DeviceCommand) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		var school g.SchoolID
		if err := t.Row(ctx, "SELECT school FROM devices WHERE id = ?", string(c.Device)).Scan(&school); err != nil {
			return store.Missing(err, "device", string(c.Device))
		}
		_, err := t.Exec(ctx,
			"INSERT INTO commands (id, device, action, state, reason, maker, made, due, changed) "+
				"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			c.ID, string(c.Device), store.Clean(c.Action), string(c.State), store.Clean(c.Reason),
			store.Clean(c.By), store.Micros(c.Made), store.Micros(c.Due),
			store.Micros(c.Changed))
		if err != nil {
			return fmt.Errorf("keep command: %w", err)
		}
		_, err = t.Exec(ctx,
			"DELETE FROM commands WHERE device = ? AND id NOT IN (SELECT id FROM commands WHERE "+
				"device = ? ORDER BY made DESC, id DESC LIMIT ?)",
			string(c.Device), string(c.Device), keptCommands)
		if err != nil {
			return fmt.Errorf("keep command: %w", err)
		}
		t.Change(change.Command, school, string(c.Device))
		return nil
	})
}

// MoveCommand updates a command's state; only for system scopes. Final states do not change, and
// commands that are no longer kept are ignored.
func (v View) MoveCommand(ctx context.Context, id string, to g.CommandState, reason string) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx,
			"UPDATE commands SET state = ?, reason = ?, changed = ? WHERE id = ? AND state IN "+
				"('queued', 'sent')",
			string(to), store.Clean(reason), store.Micros(t.Now), id)
		if err != nil {
			return fmt.Errorf("move command: %w", err)
		}
		return nil
	})
}

// ExpireCommands expires the commands that no device received in time, and returns them; only for
// system scopes. reason explains it for a command in its former state.
func (v View) ExpireCommands(
	ctx context.Context, now time.Time, reason func(g.DeviceCommand) string,
) ([]g.DeviceCommand, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	late, err := v.commands(ctx,
		"WHERE state IN ('queued', 'sent') AND due < ? ORDER BY due, id LIMIT 500",
		store.Micros(now))
	if err != nil || len(late) == 0 {
		return nil, err
	}
	var out []g.DeviceCommand
	err = v.s.Write(ctx, func(t *store.Tx) error {
		out = out[:0]
		for _, c := range late {
			c.Reason = reason(c)
			n, err := t.Exec(ctx,
				"UPDATE commands SET state = 'expired', reason = ?, changed = ? WHERE id = ? AND "+
					"state = ?",
				store.Clean(c.Reason), store.Micros(t.Now), c.ID, string(c.State))
			if err != nil {
				return fmt.Errorf("expire commands: %w", err)
			}
			if n > 0 {
				c.State, c.Changed = g.CommandExpired, store.Moment(store.Micros(t.Now))
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

// Commands lists a device's last commands, newest first.
func (v View) Commands(ctx context.Context, id g.DeviceID) ([]g.DeviceCommand, error) {
	if _, err := v.Device(ctx, id); err != nil {
		return nil, err
	}
	return v.commands(ctx, "WHERE device = ? ORDER BY made DESC, id DESC", string(id))
}

func (v View) commands(ctx context.Context, where string, args ...any) ([]g.DeviceCommand, error) {
	out := []g.DeviceCommand{}
	q := "SELECT id, device, action, state, reason, maker, made, due, changed FROM commands " +
		where
	err := store.Each(ctx, v.s.Reg, q, args, func(scan func(...any) error) error {
		var c g.DeviceCommand
		var made, due, changed int64
		err := scan(&c.ID, &c.Device, &c.Action, &c.State, &c.Reason, &c.By, &made, &due, &changed)
		c.Made, c.Due, c.Changed = store.Moment(made), store.Moment(due), store.Moment(changed)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list commands: %w", err)
	}
	return out, nil
}
