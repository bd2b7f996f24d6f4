package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const suppressionColumns = "id, version, body_sealed"

// kept is a suppression as it is stored.
type kept struct {
	g.Suppression
	// as it was before it was changed, oldest first: what was found then is judged by it
	Was []g.Suppression `json:"was,omitempty"`
	// Names are those of what a window names, when it was last written, by kind and ID: what is gone
	// later is still told by name.
	Names map[string]string `json:"names,omitempty"`
}

func (r *Book) scanKept(scan func(...any) error) (s kept, err error) {
	var sealed []byte
	if err := scan(&s.ID, &s.Version, &sealed); err != nil {
		return s, err
	}
	b, err := store.Unseal(r.s.Vault.Data, sealed, "suppression "+string(s.ID))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

func (r *Book) scanSuppression(scan func(...any) error) (g.Suppression, error) {
	s, err := r.scanKept(scan)
	return s.Suppression, err
}

func (r *Book) suppression(
	ctx context.Context, c store.Conn, id g.SuppressionID,
) (g.Suppression, error) {
	s, err := r.kept(ctx, c, id)
	return s.Suppression, err
}

func (r *Book) kept(ctx context.Context, c store.Conn, id g.SuppressionID) (kept, error) {
	s, err := r.scanKept(c.Row(ctx,
		"SELECT "+suppressionColumns+" FROM suppressions WHERE id = ?", string(id)).Scan)
	if err != nil {
		return s, store.Missing(err, "suppression", string(id))
	}
	return s, nil
}

// What is kept of earlier versions: findings come late, but not by more than this.
const (
	wasFor  = time.Hour
	wasMost = 20
)

// earlier is what is kept beside a suppression that is about to be written again: the versions that
// findings may still be judged by, and names.
func (r *Book) earlier(
	ctx context.Context, t *store.Tx, id g.SuppressionID, version int,
) (kept, error) {
	if version == 0 {
		return kept{}, nil
	}
	old, err := r.kept(ctx, t, id)
	if err != nil {
		return old, err
	}
	all := append(old.Was, old.Suppression)
	first := max(0, len(all)-wasMost)
	for first < len(all)-1 && all[first+1].Changed.Before(t.Now.Add(-wasFor)) {
		first++
	}
	old.Was = all[first:]
	return old, nil
}

// saveSuppression writes a suppression that somebody changed, whose alerts are then due to be
// looked at.
func (v View) saveSuppression(
	ctx context.Context, t *store.Tx, s g.Suppression,
) (g.Suppression, error) {
	was, err := v.r.earlier(ctx, t, s.ID, s.Version)
	if err != nil {
		return s, err
	}
	names, err := v.keepNames(ctx, t, s, was.Names)
	if err != nil {
		return s, err
	}
	s.Version++
	s.Changed = store.Moment(store.Micros(t.Now))
	for _, empty := range []func(){
		func() { s.Rules = orNone(s.Rules) },
		func() { s.Devices = orNone(s.Devices) },
		func() { s.Zones = orNone(s.Zones) },
		func() { s.Buildings = orNone(s.Buildings) },
		func() { s.Properties = orNone(s.Properties) },
	} {
		empty()
	}
	b, err := json.Marshal(kept{s, was.Was, names})
	if err != nil {
		return s, fmt.Errorf("write suppression: %w", err)
	}
	placed := s.Kind == g.Window && len(s.Zones)+len(s.Buildings) > 0
	now := store.Micros(t.Now)
	_, err = t.Exec(ctx, "INSERT INTO suppressions (id, school, kind, starts, ends, made, due, "+
		"looked, placed, version, body_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "+
		"ON CONFLICT (id) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, "+
		"due = excluded.due, looked = excluded.looked, placed = excluded.placed, "+
		"version = excluded.version, body_sealed = excluded.body_sealed",
		string(s.ID), string(s.School), string(s.Kind), store.Micros(s.From),
		store.Micros(s.End()), store.Micros(s.Made), now, now, store.Flag(placed), s.Version,
		store.Seal(v.r.s.Vault.Data, b, "suppression "+string(s.ID)))
	if err != nil {
		return s, fmt.Errorf("write suppression: %w", err)
	}
	t.Change(change.Suppression, s.School, string(s.ID))
	c, err := v.coverOf(ctx, t, s)
	if err != nil {
		return s, err
	}
	_, _, holds := c.span(store.Moment(now))
	return s, v.r.tellSuppression(ctx, t, s, deedOn(s, holds), "")
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// noteSuppressed keeps which alerts a suppression has hidden.
func noteSuppressed(ctx context.Context, t *store.Tx, a g.Alert) error {
	if a.Hidden.Suppression == "" {
		return nil
	}
	_, err := t.Exec(ctx, "INSERT INTO suppressed (suppression, alert) VALUES (?, ?) "+
		"ON CONFLICT (suppression, alert) DO NOTHING", string(a.Hidden.Suppression), string(a.ID))
	if err != nil {
		return fmt.Errorf("note what is hidden: %w", err)
	}
	return nil
}

// coversOf are the suppressions that may hide an alert from when it was last hidden on, or from a
// time.
func (v View) coversOf(
	ctx context.Context, c store.Conn, a g.Alert, since time.Time,
) (covers, error) {
	if a.Hidden.Suppression != "" {
		since = earliest(since, a.Hidden.Since)
	}
	return v.coversIn(ctx, c, a.School, since, []g.Alert{a})
}

// coversIn are the suppressions of a school that end after since, and where the devices of the
// alerts are, if that decides.
func (v View) coversIn(
	ctx context.Context, c store.Conn, school g.SchoolID, since time.Time, of []g.Alert,
) (out covers, err error) {
	var found []kept
	err = store.Each(ctx, c, "SELECT "+suppressionColumns+" FROM suppressions WHERE school = ? "+
		"AND ends > ? ORDER BY id", []any{string(school), store.Micros(since)},
		func(scan func(...any) error) error {
			s, err := v.r.scanKept(scan)
			found = append(found, s)
			return err
		})
	if err != nil {
		return out, fmt.Errorf("read suppressions: %w", err)
	}
	placed := false
	for _, s := range found {
		one, err := v.coverOf(ctx, c, s.Suppression)
		if err != nil {
			return out, err
		}
		for _, old := range s.Was {
			was, err := v.coverOf(ctx, c, old)
			if err != nil {
				return out, err
			}
			one.was = append(one.was, was)
			placed = placed || was.zones != nil
		}
		out.all = append(out.all, one)
		placed = placed || one.zones != nil
	}
	if !placed {
		return out, nil
	}
	var ids []g.DeviceID
	for _, a := range of {
		if a.Device != "" {
			ids = append(ids, a.Device)
		}
	}
	out.devices, err = fleet.SomeDevices(ctx, c, ids)
	return out, err
}

// coverOf reads what a suppression needs to be decided by.
func (v View) coverOf(ctx context.Context, c store.Conn, s g.Suppression) (cover, error) {
	out := cover{Suppression: s}
	now := v.r.s.Now()
	if s.Kind == g.Shelf && s.From.After(now) && !s.From.After(now.Add(setBack)) {
		out.From = now // the clock was set back a little
	}
	if s.Weekly != nil {
		school, err := places.SchoolRow(ctx, c, s.School)
		if err != nil {
			return out, err
		}
		if out.plan, err = weekly(s, school.Location()); err != nil {
			return out, err
		}
	}
	if s.Kind == g.Shelf || len(s.Zones)+len(s.Buildings) == 0 {
		return out, nil
	}
	out.zones = map[g.ZoneID]bool{}
	for _, z := range s.Zones {
		out.zones[z] = true
	}
	for _, b := range s.Buildings {
		zones, err := places.ZonesOf(ctx, c, b)
		if err != nil {
			return out, err
		}
		for _, z := range zones {
			out.zones[z] = true
		}
	}
	return out, nil
}

// SuppressionFilter selects suppressions, newest first.
type SuppressionFilter struct {
	store.Page
	School g.SchoolID
	Kind   g.SuppressionKind
	State  SuppressionState
	Device g.DeviceID // that name the device, or a place where it is
}

// SuppressionState says whether a suppression has begun.
type SuppressionState string

// The states.
const (
	Planned SuppressionState = "planned"
	Active  SuppressionState = "active"
	Over    SuppressionState = "over"
)

// SuppressionStates lists them.
func SuppressionStates() []SuppressionState { return []SuppressionState{Planned, Active, Over} }

// SuppressionRow is a suppression, what it is now, and how many alerts it hides.
type SuppressionRow struct {
	g.Suppression
	State SuppressionState `json:"state"`
	// until when it holds now; absent: it does not
	HoldsUntil time.Time `json:"holds_until,omitzero"`
	// when it holds next, of one that does not; absent: never
	HoldsNext time.Time `json:"holds_next,omitzero"`
	Hides     int       `json:"hides"`
	Hid       int       `json:"hid"` // how many it has hidden, with those that it hides
	// Gone is what a window names and the school does not have any more.
	Gone []Named `json:"gone" nullable:"false"`

	Names map[string]string `json:"-"` // as kept
}

// Suppressions lists shelves and maintenance windows, newest first.
func (v View) Suppressions(
	ctx context.Context, f SuppressionFilter,
) ([]SuppressionRow, string, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	store.Eq(&w, "kind", f.Kind)
	now := store.Micros(v.r.s.Now())
	switch f.State {
	case "":
	case Planned:
		w.And("starts > ? AND ends > starts", now)
	case Active:
		w.And("starts <= ? AND ends > ?", now, now)
	case Over:
		w.And("(ends <= ? OR ends <= starts)", now)
	default:
		return nil, "", g.FieldErrorf("state", "%q is no state; use one of %v", f.State,
			SuppressionStates())
	}
	if err := newestFirst(&w, f.Page, "made", "id"); err != nil {
		return nil, "", err
	}
	keep, err := v.ofDevice(ctx, f.Device)
	if err != nil {
		return nil, "", err
	}
	rows := []SuppressionRow{}
	err = store.Each(ctx, v.s.Reg, "SELECT "+suppressionColumns+" FROM suppressions"+w.String()+
		" ORDER BY made DESC, id DESC LIMIT ?", append(w.Args, f.Size()+1),
		func(scan func(...any) error) error {
			s, err := v.r.scanKept(scan)
			rows = append(rows, SuppressionRow{Suppression: s.Suppression, Names: s.Names})
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list suppressions: %w", err)
	}
	rows, next := store.Cut(rows, f.Size(), func(s SuppressionRow) string {
		return store.Cursor(store.Digits(store.Micros(s.Made)), string(s.ID))
	})
	rows = slices.DeleteFunc(rows, func(s SuppressionRow) bool { return !keep(s.Suppression) })
	return rows, next, v.tellOf(ctx, rows)
}

// ofDevice keeps the windows that name a device or where it is; all, without a device.
func (v View) ofDevice(
	ctx context.Context, id g.DeviceID,
) (func(g.Suppression) bool, error) {
	if id == "" {
		return func(g.Suppression) bool { return true }, nil
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, []g.DeviceID{id})
	if err != nil {
		return nil, err
	}
	d := devices[id]
	var building g.BuildingID
	if d.Zone != "" {
		z, err := places.ZoneRow(ctx, v.s.Reg, d.Zone)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, err
		}
		building = z.Building
	}
	return func(s g.Suppression) bool {
		return slices.Contains(s.Devices, id) || len(s.Devices) == 0 && s.School == d.School &&
			(slices.Contains(s.Zones, d.Zone) || slices.Contains(s.Buildings, building))
	}, nil
}

// Suppression returns one shelf or window.
func (v View) Suppression(ctx context.Context, id g.SuppressionID) (SuppressionRow, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return SuppressionRow{}, err
	}
	s, err := v.r.kept(ctx, v.s.Reg, id)
	if err != nil {
		return SuppressionRow{}, err
	}
	if err := in.Owns(s.School, "suppression", string(id)); err != nil {
		return SuppressionRow{}, err
	}
	rows := []SuppressionRow{{Suppression: s.Suppression, Names: s.Names}}
	err = v.tellOf(ctx, rows)
	return rows[0], err
}

// tellOf sets what suppressions are now and how many alerts they hide.
func (v View) tellOf(ctx context.Context, rows []SuppressionRow) error {
	now := v.r.s.Now()
	var ids []g.SuppressionID
	for i := range rows {
		x := &rows[i]
		ids = append(ids, x.ID)
		c, err := v.coverOf(ctx, v.s.Reg, x.Suppression)
		if err != nil {
			return err
		}
		if x.Gone, err = v.gone(ctx, x.Suppression, x.Names); err != nil {
			return err
		}
		_, until, holds := c.span(now)
		switch {
		case holds:
			x.State, x.HoldsUntil = Active, until
		case !x.End().After(x.From) || !now.Before(x.End()):
			x.State = Over
		case now.Before(x.From):
			x.State, x.HoldsNext = Planned, c.next(now)
		default:
			x.State, x.HoldsNext = Active, c.next(now)
		}
	}
	hides, err := v.counts(ctx, "SELECT hidden, COUNT(*) FROM alerts WHERE state IN "+
		"('open', 'acknowledged') AND hidden IN (", "hidden", ids)
	if err != nil {
		return err
	}
	hid, err := v.counts(ctx, "SELECT suppression, COUNT(*) FROM suppressed WHERE suppression IN (",
		"suppression", ids)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Hides, rows[i].Hid = hides[rows[i].ID], hid[rows[i].ID]
	}
	return nil
}

// counts reads numbers by suppression.
func (v View) counts(
	ctx context.Context, q, column string, ids []g.SuppressionID,
) (map[g.SuppressionID]int, error) {
	out := map[g.SuppressionID]int{}
	for part := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, v.s.Reg, q+store.Marks(len(part))+") GROUP BY "+column,
			store.Anys(part), func(scan func(...any) error) error {
				var id g.SuppressionID
				n := 0
				err := scan(&id, &n)
				out[id] = n
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("count what is hidden: %w", err)
		}
	}
	return out, nil
}

// Hiding lists all shelves and windows that hide an alert such as this at a time; the one that does
// it for an alert that is kept stands in its Hidden. The alert need not exist: a rule that would
// raise one asks with its id, school, severity, device, zone and values.
func (v View) Hiding(ctx context.Context, a g.Alert, at time.Time) ([]SuppressionRow, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(a.School, "school", string(a.School)); err != nil {
		return nil, err
	}
	all, err := v.coversIn(ctx, v.s.Reg, a.School, at, []g.Alert{a})
	if err != nil {
		return nil, err
	}
	out := []SuppressionRow{}
	for _, c := range all.all {
		if _, _, holds := c.span(at); holds && all.fits(c, a) {
			out = append(out, SuppressionRow{Suppression: c.Suppression})
		}
	}
	slices.SortFunc(out, func(a, b SuppressionRow) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, v.tellOf(ctx, out)
}
