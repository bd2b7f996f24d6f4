package selfwatch

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

const (
	rivalsOver  = 10 * time.Minute // without another attempt, then the alert ends
	rivalsEvery = 10 * time.Second // between checks for alerts that end
	mostRivals  = 256              // reports that wait
	ruleRivals  = "two-clients"
)

// Rivals raises an alert about each device whose id two MQTT clients use, and
// ends it when only one does.
type Rivals struct {
	Alerts Devices
	Device func(g.DeviceID) (g.Device, bool)
	// Insist tries until it works; false where ctx ended before.
	Insist func(ctx context.Context, part string, f func() error) bool
	Now    func() time.Time
	Log    *slog.Logger

	queue chan mqttfront.Rivals
	last  map[g.DeviceID]time.Time // latest attempt, of devices with an alert
}

// NewRivals completes r.
func NewRivals(r Rivals) *Rivals {
	r.queue = make(chan mqttfront.Rivals, mostRivals)
	r.last = map[g.DeviceID]time.Time{}
	return &r
}

// Note queues the MQTT listener's report of two clients with one id. If the queue is full it is
// dropped: the clients come again.
func (r *Rivals) Note(x mqttfront.Rivals) {
	select {
	case r.queue <- x:
	default:
	}
}

// Run raises and ends alerts until ctx ends. Alerts that the last run left firing go on.
func (r *Rivals) Run(ctx context.Context) error {
	if !r.Insist(ctx, "rivals", func() error { return r.takeUp(ctx) }) {
		return nil
	}
	tick := time.NewTicker(rivalsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case x := <-r.queue:
			r.met(ctx, x)
		case <-tick.C:
			r.end(ctx)
		}
	}
}

func (r *Rivals) takeUp(ctx context.Context) error {
	left, err := r.Alerts.Firing(ctx, ruleRivals)
	for id := range left {
		r.last[id] = r.Now()
	}
	return err
}

// met raises the alert about two clients, unless it fires already.
func (r *Rivals) met(ctx context.Context, x mqttfront.Rivals) {
	at, known := r.last[x.Device]
	r.last[x.Device] = r.Now()
	if known && r.Now().Sub(at) < rivalsOver {
		return
	}
	if err := r.tell(ctx, x); err != nil && ctx.Err() == nil {
		r.Log.Error("that two clients use one id could not be told", "device", x.Device, "error",
			err)
		delete(r.last, x.Device)
	}
}

// end ends the alerts of clients that did not come again.
func (r *Rivals) end(ctx context.Context) {
	for id, at := range r.last {
		if r.Now().Sub(at) < rivalsOver {
			continue
		}
		if err := r.Alerts.End(ctx, id, ruleRivals, r.Now()); err == nil {
			delete(r.last, id)
		}
	}
}

func (r *Rivals) tell(ctx context.Context, x mqttfront.Rivals) error {
	d, ok := r.Device(x.Device)
	if !ok {
		return nil
	}
	told := DeviceAlert{
		Rule:     ruleRivals,
		Severity: g.Warning,
		Title:    "Two clients use the id of " + d.Name,
		TitleZH:  "两个客户端使用同一标识：" + d.Name,
		Text: fmt.Sprintf("They throw each other out. One is connected from %s and stays; the "+
			"other, from %s, is refused. Give each device an id and a password of its own; if "+
			"you do not know the other one, give this device a new password.",
			x.Held, x.Refused),
		TextZH: fmt.Sprintf("两者互相挤下线。来自 %s 的已连接并保留，来自 %s 的被拒绝。请为每台设备使用各自的标识和密码；如不认识另一台，请为本设备更换密码。",
			x.Held, x.Refused),
		Firing: true,
		Since:  r.Now(),
	}
	return r.Alerts.Tell(ctx, told.Alert(d))
}
