package fleet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// The gateway's own events about a device's silence have an ID derived from the device and the time
// it was last heard, and a reason of their own.
const (
	silentReason = "silent for more than "
	maxStale     = 1000 // devices in one transaction
)

// silent reports whether the device is offline because nothing was heard of it, rather than because
// it or its driver reported so.
func silent(tw *g.Twin) bool {
	if tw.State != g.StateOffline {
		return false
	}
	for _, c := range tw.Causes {
		return c.Code == g.ReasonSilent
	}
	return strings.HasPrefix(tw.Reason, silentReason) // from before there were codes
}

// MarkStale changes devices that have been silent for longer than their profile allows from online
// to offline, and returns them, at most 1,000 per call; only for system scopes. The event is added
// to the outbox in the same transaction, so that it is never missing or early. Its time is when the
// device was last heard.
func (v View) MarkStale(ctx context.Context, now time.Time) ([]g.DeviceID, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	after := "CASE WHEN p.offline_after > 0 THEN p.offline_after ELSE " +
		strconv.Itoa(g.DefaultOfflineAfter) + " END"
	q := "SELECT d.id, d.school, d.zone, d.driver, t.last_seen, " + after +
		" FROM twins t JOIN devices d ON d.id = t.device JOIN profiles p ON p.id = d.profile " +
		"WHERE t.state IN ('online', 'fault') AND d.enabled = 1 AND t.last_seen < ? - 1000000 * (" +
		after + ") ORDER BY d.id LIMIT ?"
	var stale []g.DeviceID
	err := v.s.Write(ctx, func(t *store.Tx) error {
		stale = nil
		var found []g.Event
		err := store.Each(ctx, t, q, []any{store.Micros(now), maxStale},
			func(scan func(...any) error) error {
				e := g.Event{
					Kind:     g.EventStatus,
					Received: now.UTC(),
					Status:   &g.Status{State: g.StateOffline},
				}
				var seen int64
				limit := 0
				err := scan(
					&e.Device,
					&e.School,
					&e.Zone,
					&e.Driver,
					&seen,
					&limit,
				)
				e.ID, e.Time = fmt.Sprint(g.SilentID, e.Device, "_", seen), store.Moment(seen)
				why := g.Because(g.ReasonSilent, "seconds", limit)
				e.Status.Reason, e.Status.Causes = why.String(), []g.Reason{why}
				found = append(found, e)
				return err
			})
		if err != nil {
			return fmt.Errorf("find silent devices: %w", err)
		}
		for _, e := range found {
			if _, err := t.Exec(ctx,
				"UPDATE twins SET state = 'offline', reason = ?, causes = ? WHERE device = ?",
				e.Status.Reason, CausesJSON(e.Status.Causes), string(e.Device)); err != nil {
				return fmt.Errorf("mark silent devices: %w", err)
			}
			if err := v.s.Send(ctx, t, e); err != nil {
				return err
			}
			stale = append(stale, e.Device)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return stale, nil
}

// sendHeard queues the event that a silent device was heard again.
func (r *Book) sendHeard(ctx context.Context, t *store.Tx, heard g.Event) error {
	heardAgain := g.Because(g.ReasonHeardAgain)
	e := g.Event{
		ID:       fmt.Sprint(g.HeardID, heard.Device, "_", heard.Seq),
		Kind:     g.EventStatus,
		Device:   heard.Device,
		Time:     heard.Received,
		Received: heard.Received,
		Status: &g.Status{
			State:  g.StateOnline,
			Reason: heardAgain.String(),
			Causes: []g.Reason{heardAgain},
		},
	}
	if err := t.Row(ctx, "SELECT school, zone, driver FROM devices WHERE id = ?",
		string(heard.Device)).Scan(&e.School, &e.Zone, &e.Driver); err != nil {
		return fmt.Errorf("read device: %w", err)
	}
	return r.s.Send(ctx, t, e)
}
