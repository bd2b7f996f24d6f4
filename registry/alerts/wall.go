package alerts

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// WallFilter selects unresolved alerts. Place and school also restrict the counts.
type WallFilter struct {
	School   g.SchoolID
	Building g.BuildingID
	Zone     g.ZoneID
	State    g.AlertState // open or acknowledged; "": both
	Severity g.Severity   // "": all
	Limit    int          // rows; 0: 100; at most [store.MaxLimit]
	Group    Grouping     // with Key: only the alerts of this group; without: see Groups
	Key      string
}

// Tally is a number of alerts by severity.
type Tally struct {
	Critical int `json:"critical"`
	Major    int `json:"major"`
	Warning  int `json:"warning"`
	Info     int `json:"info"`
}

func (t *Tally) add(s g.Severity, n int) {
	switch s {
	case g.Critical:
		t.Critical += n
	case g.Major:
		t.Major += n
	case g.Warning:
		t.Warning += n
	default:
		t.Info += n
	}
}

// Wall holds the most urgent unresolved alerts and the number of all.
type Wall struct {
	Items        []AlertRow `json:"items" nullable:"false"`
	Open         Tally      `json:"open"`
	Acknowledged Tally      `json:"acknowledged"`
	Groups       []Group    `json:"groups,omitempty"`
	// how many groups there are, whether they are in Groups or not
	GroupCount int    `json:"group_count,omitempty"`
	Hidden     Hidden `json:"hidden"`
}

// Hidden counts what the wall does not show although it is not over.
type Hidden struct {
	Shelf    Tally `json:"shelf"`
	Window   Tally `json:"window"`
	Silenced Tally `json:"silenced"` // resolved by somebody although it fires
}

// byUrgency orders alerts by severity, then what is over last, then unacknowledged ones first, then
// newest first.
const byUrgency = ` ORDER BY
	CASE severity WHEN 'critical' THEN 0 WHEN 'major' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
	ended, CASE state WHEN 'open' THEN 0 ELSE 1 END, opened DESC, id DESC`

// Wall returns the most urgent open and acknowledged alerts, and counts all of them.
func (v View) Wall(ctx context.Context, f WallFilter) (Wall, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return Wall{}, err
	}
	place, err := v.wallWhere(ctx, in, f)
	if err != nil {
		return Wall{}, err
	}
	w := place.onWall()
	out, err := v.tallies(ctx, w)
	if err != nil {
		return Wall{}, err
	}
	if out.Hidden, err = v.hiddenTallies(ctx, place); err != nil {
		return Wall{}, err
	}
	store.Eq(&w, "state", f.State)
	store.Eq(&w, "severity", f.Severity)
	if f.Group != "" {
		var all []Group
		if all, w, err = v.groups(ctx, w, f); err != nil {
			return Wall{}, err
		}
		if f.Key == "" {
			out.GroupCount = len(all)
			out.Groups, err = v.show(ctx, all, store.Page{Limit: f.Limit}.Size())
			return out, err
		}
	}
	// The inner query sorts without reading the sealed columns.
	q := "SELECT " + alertColumns + " FROM alerts WHERE id IN (SELECT id FROM alerts" + w.String() +
		byUrgency + " LIMIT ?)" + byUrgency
	args := append(w.Args, store.Page{Limit: f.Limit}.Size())
	err = store.Each(ctx, v.s.Reg, q, args, func(scan func(...any) error) error {
		a, _, err := v.r.scanAlert(scan)
		out.Items = append(out.Items, AlertRow{Alert: a})
		return err
	})
	if err != nil {
		return Wall{}, fmt.Errorf("read the wall: %w", err)
	}
	return out, v.nameAlerts(ctx, out.Items)
}

// place selects the alerts of a wall's place, whatever their state.
type place struct{ store.Where }

// but is the place with a further condition.
func (p place) but(cond string, args ...any) store.Where {
	w := p.Clone()
	w.And(cond, args...)
	return w
}

func (p place) onWall() store.Where {
	return p.but("hidden = '' AND state IN (?, ?)", string(g.AlertOpen),
		string(g.AlertAcknowledged))
}

// wallWhere selects the alerts at the filter's place.
func (v View) wallWhere(ctx context.Context, in store.Reach, f WallFilter) (w place, err error) {
	if err := in.Within(&w.Where, "school", f.School); err != nil {
		return w, err
	}
	v.unseen(&w.Where)
	v.notFeigned(&w.Where)
	if f.Zone != "" {
		w.And("zone IN (?, '')", string(f.Zone)) // what has no place is everywhere
	}
	if f.Building == "" {
		return w, nil
	}
	zones, err := places.ZonesOf(ctx, v.s.Reg, f.Building)
	if err != nil {
		return w, err
	}
	if len(zones) == 0 {
		w.And("1 = 0")
		return w, nil
	}
	zones = append(zones, "") // what has no place is everywhere
	w.And("zone IN ("+store.Marks(len(zones))+")", store.Anys(zones)...)
	return w, nil
}

// tallies counts the selected alerts.
func (v View) tallies(ctx context.Context, w store.Where) (Wall, error) {
	out := Wall{Items: []AlertRow{}}
	q := "SELECT state, severity, COUNT(*) FROM alerts" + w.String() + " GROUP BY state, severity"
	err := store.Each(ctx, v.s.Reg, q, w.Args, func(scan func(...any) error) error {
		var state g.AlertState
		var severity g.Severity
		n := 0
		if err := scan(&state, &severity, &n); err != nil {
			return err
		}
		if state == g.AlertOpen {
			out.Open.add(severity, n)
		} else {
			out.Acknowledged.add(severity, n)
		}
		return nil
	})
	if err != nil {
		return Wall{}, fmt.Errorf("count the wall: %w", err)
	}
	return out, nil
}

// hiddenTallies counts what is hidden at a place.
func (v View) hiddenTallies(ctx context.Context, p place) (out Hidden, err error) {
	w := p.but("hidden <> '' AND state IN (?, ?)", string(g.AlertOpen), string(g.AlertAcknowledged))
	err = store.Each(ctx, v.s.Reg, "SELECT hidden_kind, severity, COUNT(*) FROM alerts"+w.String()+
		" GROUP BY hidden_kind, severity", w.Args, func(scan func(...any) error) error {
		var kind g.SuppressionKind
		var severity g.Severity
		n := 0
		if err := scan(&kind, &severity, &n); err != nil {
			return err
		}
		if kind == g.Shelf {
			out.Shelf.add(severity, n)
		} else {
			out.Window.add(severity, n)
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("count what is hidden: %w", err)
	}
	w = p.but("firing = 1 AND state IN (?, ?)", string(g.AlertResolved), string(g.AlertClosed))
	err = store.Each(ctx, v.s.Reg, "SELECT severity, COUNT(*) FROM alerts"+w.String()+
		" GROUP BY severity", w.Args, func(scan func(...any) error) error {
		var severity g.Severity
		n := 0
		err := scan(&severity, &n)
		out.Silenced.add(severity, n)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("count what is silenced: %w", err)
	}
	return out, nil
}
