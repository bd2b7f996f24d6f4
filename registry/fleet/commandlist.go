package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const commandColumns = "id, school, device, action, state, reason, said, maker, made, due, changed, " +
	"times, alert, lockdown, drill, tries"

// mostListed is how many waiting commands are looked at.
const mostListed = 20_000

// CommandFilter selects commands, newest first.
type CommandFilter struct {
	store.Page
	School   g.SchoolID
	Device   g.DeviceID
	Alert    g.AlertID
	Lockdown g.LockdownID
	State    g.CommandState
	Drill    *bool
}

// DeviceCommandRow is a command with the name of its device.
type DeviceCommandRow struct {
	g.DeviceCommand
	DeviceName string `json:"device_name,omitempty"`
}

// Commands lists a device's last commands, newest first.
func (v View) Commands(ctx context.Context, id g.DeviceID) ([]g.DeviceCommand, error) {
	if _, err := v.Device(ctx, id); err != nil {
		return nil, err
	}
	return listCommands(ctx, v.s.Reg, "WHERE device = ? ORDER BY made DESC, id DESC", string(id))
}

// CommandsOf lists commands, newest first.
func (v View) CommandsOf(ctx context.Context, f CommandFilter) ([]DeviceCommandRow, string, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "device", f.Device)
	store.Eq(&w, "alert", f.Alert)
	store.Eq(&w, "lockdown", f.Lockdown)
	store.Eq(&w, "state", f.State)
	if f.Drill != nil {
		w.And("drill = ?", store.Flag(*f.Drill))
	}
	if at, ok, err := f.After(2); err != nil {
		return nil, "", err
	} else if ok {
		us, err := store.Number(at[0])
		if err != nil {
			return nil, "", err
		}
		w.And("(made < ? OR (made = ? AND id < ?))", us, us, at[1])
	}
	found, err := listCommands(ctx, v.s.Reg, w.String()+" ORDER BY made DESC, id DESC LIMIT ?",
		append(w.Args, f.Size()+1)...)
	if err != nil {
		return nil, "", err
	}
	found, next := store.Cut(found, f.Size(), func(c g.DeviceCommand) string {
		return store.Cursor(store.Digits(store.Micros(c.Made)), c.ID)
	})
	rows, err := nameCommands(ctx, v.s.Reg, found)
	return rows, next, err
}

// CommandsOfAlerts returns the commands that were given for alerts; the caller has checked that the
// scope may see them.
func CommandsOfAlerts(
	ctx context.Context, c store.Conn, ids []g.AlertID,
) (map[g.AlertID][]DeviceCommandRow, error) {
	out := map[g.AlertID][]DeviceCommandRow{}
	for len(ids) > 0 {
		part := ids[:min(store.Chunk, len(ids))]
		ids = ids[len(part):]
		found, err := listCommands(ctx, c, "WHERE alert IN ("+store.Marks(len(part))+
			") ORDER BY made, id", store.Anys(part)...)
		if err != nil {
			return nil, err
		}
		rows, err := nameCommands(ctx, c, found)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.Alert] = append(out[r.Alert], r)
		}
	}
	return out, nil
}

func nameCommands(
	ctx context.Context, c store.Conn, found []g.DeviceCommand,
) ([]DeviceCommandRow, error) {
	var ids []g.DeviceID
	for _, x := range found {
		ids = append(ids, x.Device)
	}
	devices, err := SomeDevices(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]DeviceCommandRow, 0, len(found))
	for _, x := range found {
		rows = append(rows, DeviceCommandRow{x, devices[x.Device].Name})
	}
	return rows, nil
}

// WaitingCommand is a command that is to be sent.
type WaitingCommand struct {
	g.DeviceCommand
	Twin   g.DeviceState                      // of its device
	Values func() (map[string]g.Value, error) // what it says to the device
}

// WaitingCommands lists the accepted commands, oldest first, at most mostListed; only for system
// scopes. Later ones wait until the first are sent or have expired.
func (v View) WaitingCommands(ctx context.Context) ([]WaitingCommand, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var out []WaitingCommand
	q := "SELECT " + commandColumns + ", order_sealed, COALESCE((SELECT t.state FROM twins t WHERE " +
		"t.device = commands.device), 'unknown') FROM commands WHERE state = 'accepted' " +
		"ORDER BY made, id LIMIT ?"
	err := store.Each(ctx, v.s.Reg, q, []any{mostListed}, func(scan func(...any) error) error {
		var w WaitingCommand
		var sealed []byte
		if err := scanCommand(scan, &w.DeviceCommand, &sealed, &w.Twin); err != nil {
			return err
		}
		w.Values = func() (map[string]g.Value, error) {
			order, err := store.Unseal(v.s.Vault.Data, sealed, "command "+w.ID)
			if err != nil {
				return nil, err
			}
			var values map[string]g.Value
			err = json.Unmarshal(order, &values)
			return values, err
		}
		out = append(out, w)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list waiting commands: %w", err)
	}
	return out, nil
}

func listCommands(
	ctx context.Context, c store.Conn, where string, args ...any,
) ([]g.DeviceCommand, error) {
	out := []g.DeviceCommand{}
	q := "SELECT " + commandColumns + " FROM commands " + where
	err := store.Each(ctx, c, q, args, func(scan func(...any) error) error {
		var x g.DeviceCommand
		err := scanCommand(scan, &x)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list commands: %w", err)
	}
	return out, nil
}

// scanCommand scans commandColumns into c and further columns into more.
func scanCommand(scan func(...any) error, c *g.DeviceCommand, more ...any) error {
	var made, due, changed int64
	var said string
	var times []byte
	dst := []any{
		&c.ID, &c.School, &c.Device, &c.Action, &c.State, &c.Reason, &said, &c.By, &made, &due,
		&changed, &times, &c.Alert, &c.Lockdown, &c.Drill, &c.Tries,
	}
	if err := scan(append(dst, more...)...); err != nil {
		return err
	}
	c.Made, c.Due, c.Changed = store.Moment(made), store.Moment(due), store.Moment(changed)
	if said != "" {
		c.Said = []byte(said)
	}
	return store.FromJSON(times, &c.Times)
}

// ToldBy lists the actions that a lockdown commanded a device and that were neither refused nor too
// late. It does not check the scope: the caller must.
func ToldBy(
	ctx context.Context, c store.Conn, of g.LockdownID, device g.DeviceID,
) ([]string, error) {
	found, err := listCommands(ctx, c, "WHERE lockdown = ? AND device = ? AND "+
		"state NOT IN ('refused', 'expired')", string(of), string(device))
	out := make([]string, 0, len(found))
	for _, x := range found {
		out = append(out, x.Action)
	}
	return out, err
}
