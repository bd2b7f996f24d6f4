package app

import (
	"context"
	"fmt"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// silence holds the devices that were journalled as silent, with the sequence of that event:
// what is heard of them after it ends the silence, and is journalled too.
type silence struct {
	mu    sync.Mutex
	since map[g.DeviceID]uint64
}

// twinsCurrent says whether the twins know what was heard lately. Where they are behind,
// every device looks silent.
func (a *App) twinsCurrent() bool {
	a.health.mu.Lock()
	held := a.health.cursors["twin"] != ""
	a.health.mu.Unlock()
	for _, c := range a.journal.Stat().Cursors {
		if c.Name == "twin" {
			return !held && c.Lag <= batch
		}
	}
	return false
}

// noteSilent journals that devices fell silent, so that rules and history know, and answers
// those that it could not journal. A device was silent from when it was last heard.
func (a *App) noteSilent(ctx context.Context, view *registry.View, silent []g.DeviceID) []g.DeviceID {
	for i, id := range silent {
		if err := a.noteOneSilent(ctx, view, id); err != nil {
			if ctx.Err() == nil {
				a.log.Error("journal silent devices; it is tried again", "devices", len(silent)-i, "error", err)
			}
			return silent[i:]
		}
	}
	return nil
}

func (a *App) noteOneSilent(ctx context.Context, view *registry.View, id g.DeviceID) error {
	e, ok := a.directory.Known(id)
	if !ok {
		return nil
	}
	row, err := view.Device(ctx, id)
	if g.ErrorCode(err) == g.NotFound || err == nil && row.Twin.State != g.StateOffline {
		return nil // it is gone, or was heard meanwhile
	}
	if err != nil {
		return err
	}
	seq, err := a.intake.Record(ctx, &g.Event{Kind: g.EventStatus, School: e.Device.School, Device: id, Zone: e.Device.Zone, Driver: e.Device.Driver,
		Time: row.Twin.LastSeen, Received: a.now(), Status: &g.Status{State: g.StateOffline, Reason: "fell silent"}})
	if err != nil {
		return fmt.Errorf("device %s: %w", id, err)
	}
	a.silence.mu.Lock()
	defer a.silence.mu.Unlock()
	a.silence.since[id] = seq
	return nil
}

// noteHeard journals that devices which had fallen silent were heard again. Without it the
// log of their states would call them offline until they next connect.
func (a *App) noteHeard(ctx context.Context, events []g.Event) {
	heard := map[g.DriverName][]g.Observation{}
	a.silence.mu.Lock()
	for i := range events {
		e := &events[i]
		since, ok := a.silence.since[e.Device]
		if !ok || e.Seq <= since || e.Replayed || e.Reading == nil && e.Sighting == nil && e.Status == nil {
			continue
		}
		delete(a.silence.since, e.Device)
		if e.Status == nil { // a status says it itself
			heard[e.Driver] = append(heard[e.Driver], g.Observation{Device: e.Device, Status: &g.Status{State: g.StateOnline, Reason: "heard again"}})
		}
	}
	a.silence.mu.Unlock()
	for driver, obs := range heard {
		if err := a.intake.Accept(ctx, driver, obs); err != nil && ctx.Err() == nil {
			a.log.Warn("devices that were heard again are not journalled as online", "devices", len(obs), "error", err)
			a.silence.mu.Lock()
			for _, o := range obs {
				a.silence.since[o.Device] = 0 // the next that is heard of them tries again
			}
			a.silence.mu.Unlock()
		}
	}
}
