package alerts

import (
	"context"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// newestFirst continues and orders a list by descending time and ID.
func newestFirst(w *store.Where, p store.Page, at, id string) error {
	parts, ok, err := p.After(2)
	if err != nil || !ok {
		return err
	}
	us, err := store.Number(parts[0])
	if err != nil {
		return err
	}
	w.And("("+at+" < ? OR ("+at+" = ? AND "+id+" < ?))", us, us, parts[1])
	return nil
}

// List lists alerts, newest first.
func (v View) List(ctx context.Context, f Filter) ([]AlertRow, string, error) {
	if strings.TrimSpace(f.Query) != "" {
		return v.searchAlerts(ctx, f)
	}
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	v.unseen(&w)
	v.inStates(&w, f.States)
	store.Eq(&w, "severity", f.Severity)
	store.Eq(&w, "rule", f.Rule)
	if f.Drill != nil {
		w.And("drill = ?", store.Flag(*f.Drill))
	}
	if f.RulePrefix != "" {
		w.And("rule LIKE ?", f.RulePrefix+"%")
	}
	store.Eq(&w, "zone", f.Zone)
	store.Eq(&w, "device", f.Device)
	if err := f.hidden(&w); err != nil {
		return nil, "", err
	}
	if err := newestFirst(&w, f.Page, "opened", "id"); err != nil {
		return nil, "", err
	}
	out := []AlertRow{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+alertColumns+" FROM alerts"+w.String()+" ORDER BY opened DESC, id DESC LIMIT ?",
		append(w.Args, f.Size()+1), func(scan func(...any) error) error {
			a, _, err := v.r.scanAlert(scan)
			out = append(out, AlertRow{Alert: a})
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list alerts: %w", err)
	}
	out, next := store.Cut(out, f.Size(), alertCursor)
	return out, next, v.nameAlerts(ctx, out)
}

// hidden narrows the list to what is hidden, or was.
func (f Filter) hidden(w *store.Where) error {
	switch f.Hidden {
	case "":
	case ByNothing:
		w.And("hidden = ''")
	case ByAnything:
		w.And("hidden <> ''")
	case ByShelf, ByWindow:
		w.And("hidden <> '' AND hidden_kind = ?", string(f.Hidden))
	default:
		return g.FieldErrorf("hidden", "%q is none of %v", f.Hidden, HiddenBys())
	}
	if f.Suppression != "" {
		w.And("id IN (SELECT alert FROM suppressed WHERE suppression = ?)", string(f.Suppression))
	}
	return nil
}

func alertCursor(a AlertRow) string {
	return store.Cursor(store.Digits(store.Micros(a.Opened)), string(a.ID))
}

// Find returns one alert.
func (v View) Find(ctx context.Context, id g.AlertID) (AlertRow, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return AlertRow{}, err
	}
	a, _, err := v.r.alert(ctx, v.s.Reg, id)
	if err != nil {
		return AlertRow{}, err
	}
	if err := v.within(in, a); err != nil {
		return AlertRow{}, err
	}
	rows := []AlertRow{{Alert: a}}
	return rows[0], v.nameAlerts(ctx, rows)
}

// nameAlerts sets the names of devices, zones and, with people:read, persons.
func (v View) nameAlerts(ctx context.Context, rows []AlertRow) error {
	if err := v.feign(ctx, rows); err != nil {
		return err
	}
	var deviceIDs, firing []g.DeviceID
	for _, a := range rows {
		if a.Device != "" {
			deviceIDs = append(deviceIDs, a.Device)
		}
		if a.Device != "" && a.Firing {
			firing = append(firing, a.Device)
		}
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, deviceIDs)
	if err != nil {
		return err
	}
	unheard, err := fleet.Unheard(ctx, v.s.Reg, firing)
	if err != nil {
		return err
	}
	movedSince(rows, devices)
	var zoneIDs []g.ZoneID
	var persons []g.PersonID
	for _, a := range rows {
		if a.Zone != "" {
			zoneIDs = append(zoneIDs, a.Zone)
		}
		if a.MovedTo != "" {
			zoneIDs = append(zoneIDs, a.MovedTo)
		}
		if a.Person != "" {
			persons = append(persons, a.Person)
		}
	}
	zones, err := places.ZoneNames(ctx, v.s.Reg, zoneIDs)
	if err != nil {
		return err
	}
	names, err := people.Named(ctx, v.people, persons)
	if err != nil {
		return err
	}
	kept, err := v.r.keptUntil(ctx, rows)
	if err != nil {
		return err
	}
	commands, err := v.commandsOf(ctx, rows)
	if err != nil {
		return err
	}
	for i := range rows {
		a := &rows[i]
		a.PictureUntil = kept[a.Media]
		a.Commands = commands[a.ID]
		a.MovedToName = zones[a.MovedTo]
		a.DeviceName = devices[a.Device].Name
		a.ZoneName = zones[a.Zone]
		a.PersonName = names[a.Person]
		if a.Firing {
			a.LastHeard = unheard[a.Device]
		}
	}
	return nil
}

// commandsOf returns what devices were told to do because of the alerts.
func (v View) commandsOf(
	ctx context.Context, rows []AlertRow,
) (map[g.AlertID][]fleet.DeviceCommandRow, error) {
	if !v.s.Can(g.DevicesRead) {
		return nil, nil
	}
	var ids []g.AlertID
	for _, a := range rows {
		ids = append(ids, a.ID)
	}
	return fleet.CommandsOfAlerts(ctx, v.s.Reg, ids)
}

// CloseResolved closes alerts that were resolved before a time and no longer fire, at most 1000 per
// call, and returns their IDs; only for system scopes.
func (v View) CloseResolved(ctx context.Context, before time.Time) ([]g.AlertID, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var closed []g.AlertID
	err := v.s.Write(ctx, func(t *store.Tx) error {
		closed = nil
		type found struct {
			g.Alert
			seq uint64
		}
		var due []found
		err := store.Each(ctx, t,
			"SELECT "+alertColumns+
				" FROM alerts WHERE state = ? AND resolved < ? ORDER BY opened, id LIMIT ?",
			[]any{string(g.AlertResolved), store.Micros(before), store.MaxLimit},
			func(scan func(...any) error) error {
				a, seq, err := v.r.scanAlert(scan)
				due = append(due, found{a, seq})
				return err
			})
		if err != nil {
			return fmt.Errorf("find resolved alerts: %w", err)
		}
		for _, a := range due {
			if a.Firing {
				continue
			}
			l := &life{
				Alert: a.Alert,
				now:   store.Moment(store.Micros(t.Now)),
			}
			l.Closed = l.now
			l.restate()
			l.note(Entry{What: WasClosed})
			if err := v.r.saveLife(ctx, t, a.seq, l); err != nil {
				return err
			}
			closed = append(closed, a.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return closed, nil
}
