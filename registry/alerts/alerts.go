package alerts

import (
	"context"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
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
	if len(f.States) > 0 {
		w.And("state IN ("+store.Marks(len(f.States))+")", store.Anys(f.States)...)
	}
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
	if err := in.Owns(a.School, "alert", string(id)); err != nil {
		return AlertRow{}, err
	}
	rows := []AlertRow{{Alert: a}}
	return rows[0], v.nameAlerts(ctx, rows)
}

// nameAlerts sets the names of devices, zones and, with people:read, persons.
func (v View) nameAlerts(ctx context.Context, rows []AlertRow) error {
	var deviceIDs []g.DeviceID
	for _, a := range rows {
		if a.Device != "" {
			deviceIDs = append(deviceIDs, a.Device)
		}
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, deviceIDs)
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

// answer changes an alert for an operator: in scope, at the version that the operator saw, with the
// outbox row and the audit entry in the same transaction.
func (v View) answer(
	ctx context.Context, id g.AlertID, version int, by g.User, deed string,
	change func(a *g.Alert, u g.User, now time.Time) error,
) (g.Alert, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Alert{}, err
	}
	var a g.Alert
	err = v.s.Write(ctx, func(t *store.Tx) error {
		var seq uint64
		if a, seq, err = v.r.alert(ctx, t, id); err != nil {
			return err
		}
		if err := in.Owns(a.School, "alert", string(id)); err != nil {
			return err
		}
		if a.Version != version {
			return g.Errorf(g.Conflict,
				"the alert has changed meanwhile: it is %s now, at version %d; look at it again",
				a.State, a.Version).At("version")
		}
		u, err := access.Acting(ctx, v.access, t, by)
		if err != nil {
			return err
		}
		if err := change(&a, u, store.Moment(store.Micros(t.Now))); err != nil {
			return err
		}
		if err := v.r.saveAlert(ctx, t, seq, a, false); err != nil {
			return err
		}
		a.Version++
		return v.s.Audit(ctx, t, a.School, deed, string(id))
	})
	if err != nil {
		return g.Alert{}, err
	}
	return a, nil
}

// Acknowledge records who handles an open alert.
func (v View) Acknowledge(
	ctx context.Context, id g.AlertID, version int, by g.User,
) (g.Alert, error) {
	return v.answer(ctx, id, version, by, "alert.acknowledge",
		func(a *g.Alert, u g.User, now time.Time) error {
			if a.State != g.AlertOpen {
				return g.Errorf(g.Conflict, "the alert is %s: only an open one is acknowledged",
					a.State)
			}
			a.State = g.AlertAcknowledged
			a.Handler = u.ID
			a.HandlerName = u.FullName
			a.Acknowledged = now
			return nil
		})
}

// Resolve ends an open or acknowledged alert with a comment on what it was. If the condition still
// holds that is an error: use Silence if the cause is known.
func (v View) Resolve(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	return v.resolve(ctx, id, version, by, "alert.resolve", comment,
		func(a *g.Alert) error {
			if !a.Firing {
				return nil
			}
			return g.Errorf(g.Conflict, "what the alert reports still holds: acknowledge it, or "+
				"silence it until it ends").Because("still_holds")
		})
}

// Silence resolves an alert although its condition may still hold: it stays silent until the
// condition has ended. If the condition holds again after that, a new alert is raised.
func (v View) Silence(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	return v.resolve(ctx, id, version, by, "alert.silence", comment,
		func(*g.Alert) error { return nil })
}

func (v View) resolve(
	ctx context.Context, id g.AlertID, version int, by g.User, deed, comment string,
	allowed func(*g.Alert) error,
) (g.Alert, error) {
	if err := comments(comment, true); err != nil {
		return g.Alert{}, err
	}
	return v.answer(ctx, id, version, by, deed,
		func(a *g.Alert, u g.User, now time.Time) error {
			if a.State != g.AlertOpen && a.State != g.AlertAcknowledged {
				return g.Errorf(g.Conflict, "the alert is %s already", a.State)
			}
			if err := allowed(a); err != nil {
				return err
			}
			if a.Handler == "" && a.HandlerName == "" {
				a.Handler, a.HandlerName = u.ID, u.FullName
			}
			a.State = g.AlertResolved
			a.Resolver = u.ID
			a.ResolverName = u.FullName
			a.Resolved = now
			a.Comment = comment
			return nil
		})
}

// Close closes a resolved alert. A comment is appended to that of the resolution.
func (v View) Close(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, false); err != nil {
		return g.Alert{}, err
	}
	return v.answer(ctx, id, version, by, "alert.close",
		func(a *g.Alert, u g.User, now time.Time) error {
			if a.State != g.AlertResolved {
				return g.Errorf(g.Conflict, "the alert is %s: only a resolved one is closed",
					a.State)
			}
			a.State = g.AlertClosed
			a.Closer = u.ID
			a.CloserName = u.FullName
			a.Closed = now
			a.Comment = joined(a.Comment, comment)
			return nil
		})
}

// joined appends a comment to an existing one.
func joined(old, comment string) string {
	if old == "" || comment == "" {
		return old + comment
	}
	return old + "\n" + comment
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
			a.State, a.Closed = g.AlertClosed, store.Moment(store.Micros(t.Now))
			if err := v.r.saveAlert(ctx, t, a.seq, a.Alert, false); err != nil {
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
