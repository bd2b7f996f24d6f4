package alerts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// StandingSuppression is a shelf or a maintenance window that hides alerts now, or will within a
// day.
type StandingSuppression struct {
	ID     g.SuppressionID   `json:"id"`
	Kind   g.SuppressionKind `json:"kind"`
	Reason string            `json:"reason"`
	ByName string            `json:"by_name,omitempty"`
	Holds  bool              `json:"holds"` // now
	// until when it holds, where it does; else when it begins next
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	Hides int       `json:"hides"` // alerts, now
	// of a shelf: the alert's title, and where that is
	Title   string `json:"title,omitempty"`
	TitleZH string `json:"title_zh,omitempty"`
	// what it covers: names of buildings, rooms and devices, and ids of rules; empty: everything
	Covers []string `json:"covers" nullable:"false"`
}

// soon is how long before a maintenance window begins the shift is told of it.
const soon = 24 * time.Hour

// standingHidden lists what hides alerts of a school now or soon: what holds first, then by when
// that changes.
func (v View) standingHidden(
	ctx context.Context, c store.Conn, school g.SchoolID, now time.Time,
) (out []StandingSuppression, n int, err error) {
	all, err := v.coversIn(ctx, c, school, now, nil)
	if err != nil {
		return nil, 0, err
	}
	of := map[g.SuppressionID]g.Suppression{}
	out = []StandingSuppression{}
	for _, one := range all.all {
		x := StandingSuppression{
			ID:     one.ID,
			Kind:   one.Kind,
			Reason: one.Reason,
			ByName: one.ByName,
		}
		if _, x.Until, x.Holds = one.span(now); !x.Holds {
			x.From, x.Until = one.next(now), time.Time{}
			if x.From.IsZero() || x.From.After(now.Add(soon)) || !x.From.Before(one.End()) {
				continue
			}
		}
		of[x.ID] = one.Suppression
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b StandingSuppression) int {
		if a.Holds != b.Holds {
			return cmp.Compare(store.Flag(b.Holds), store.Flag(a.Holds))
		}
		return cmp.Or(a.From.Compare(b.From), a.Until.Compare(b.Until))
	})
	n = len(out)
	out = out[:min(n, listed)]
	for i := range out {
		if err := v.nameHidden(ctx, c, of[out[i].ID], &out[i]); err != nil {
			return nil, 0, err
		}
	}
	return out, n, nil
}

// nameHidden says what a suppression covers, and how many alerts it hides.
func (v View) nameHidden(
	ctx context.Context, c store.Conn, s g.Suppression, x *StandingSuppression,
) error {
	err := c.Row(ctx, "SELECT COUNT(*) FROM alerts WHERE hidden = ? AND state IN (?, ?)",
		string(s.ID), string(g.AlertOpen), string(g.AlertAcknowledged)).Scan(&x.Hides)
	if err != nil {
		return fmt.Errorf("count what is hidden: %w", err)
	}
	zones := slices.Clone(s.Zones)
	devices := slices.Clone(s.Devices)
	if s.Alert != "" {
		a, _, err := v.r.alert(ctx, c, s.Alert)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		x.Title, x.TitleZH = a.Title, a.TitleZH
		zones, devices = nil, nil
		if a.Zone != "" {
			zones = append(zones, a.Zone)
		}
		if a.Device != "" {
			devices = append(devices, a.Device)
		}
	}
	x.Covers = []string{}
	for _, id := range s.Buildings {
		name, err := places.BuildingName(ctx, c, id)
		if err != nil {
			return err
		}
		x.Covers = append(x.Covers, name)
	}
	rooms, err := places.ZoneNames(ctx, c, zones)
	if err != nil {
		return err
	}
	for _, id := range zones {
		x.Covers = append(x.Covers, cmp.Or(rooms[id], string(id)))
	}
	found, err := fleet.SomeDevices(ctx, c, devices)
	if err != nil {
		return err
	}
	for _, id := range devices {
		x.Covers = append(x.Covers, cmp.Or(found[id].Name, string(id)))
	}
	if s.Alert == "" {
		for _, id := range s.Rules {
			x.Covers = append(x.Covers, string(id))
		}
	}
	return nil
}
