package app

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

const (
	rivalsOver  = 10 * time.Minute // without another attempt, two clients with one id are one again
	rivalsEvery = 10 * time.Second // between looks whether they are
	ruleRivals  = "two-clients"
)

// noteRivals queues what the MQTT listener tells of two clients with one id. A full queue drops
// it: they come again.
func (a *App) noteRivals(r mqttfront.Rivals) {
	select {
	case a.rivals <- r:
	default:
	}
}

// runRivals raises an alert about each device under whose id two clients come, and ends it when
// there is one again. An alert that the last run left is taken up.
func (a *App) runRivals(ctx context.Context) error {
	last := map[g.DeviceID]time.Time{}
	var left map[g.DeviceID]g.Alert
	took := a.health.Insist(ctx, "rivals", func() (err error) {
		left, err = a.devices().Firing(ctx, ruleRivals)
		return err
	})
	if !took {
		return nil
	}
	for id := range left {
		last[id] = a.now()
	}
	tick := time.NewTicker(rivalsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-a.rivals:
			at, known := last[r.Device]
			if last[r.Device] = a.now(); known && a.now().Sub(at) < rivalsOver {
				continue
			}
			if err := a.tellRivals(ctx, r); err != nil && ctx.Err() == nil {
				a.log.Error("that two clients use one id could not be told", "device", r.Device,
					"error", err)
				delete(last, r.Device)
			}
		case <-tick.C:
			for id, at := range last {
				if a.now().Sub(at) < rivalsOver {
					continue
				}
				if err := a.devices().End(ctx, id, ruleRivals, a.now()); err == nil {
					delete(last, id)
				}
			}
		}
	}
}

func (a *App) tellRivals(ctx context.Context, r mqttfront.Rivals) error {
	e, ok := a.directory.Known(r.Device)
	if !ok {
		return nil
	}
	x := selfwatch.DeviceAlert{
		Rule:     ruleRivals,
		Severity: g.Warning,
		Title:    "Two clients use the id of " + e.Device.Name,
		TitleZH:  "两个客户端使用同一标识：" + e.Device.Name,
		Text: fmt.Sprintf("They throw each other out. One is connected from %s and stays; the "+
			"other, from %s, is refused. Give each device an id and a password of its own; if "+
			"you do not know the other one, give this device a new password.",
			r.Held, r.Refused),
		TextZH: fmt.Sprintf("两者互相挤下线。来自 %s 的已连接并保留，来自 %s 的被拒绝。请为每台设备使用各自的标识和密码；如不认识另一台，请为本设备更换密码。",
			r.Held, r.Refused),
		Firing: true,
		Since:  a.now(),
	}
	return a.devices().Tell(ctx, x.Alert(e.Device))
}
