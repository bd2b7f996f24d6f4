// Package pace applies the MQTT listener's rate limits to driver programs, and names the senders
// over their limits. It refuses to drop observations: a sender over its limit waits. Only
// questions, which cannot wait, are then not answered.
package pace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

const (
	paceBurst  = 10               // seconds of the rate as burst, as on the MQTT listener
	heldLately = 90 * time.Second // for so long a sender counts as over its limit
	maxBuckets = 50_000           // devices, drivers and schools whose rate is remembered
	mostHeld   = 1000             // that are remembered as held back
)

// Pacer applies rate limits to driver programs, with token buckets: Rates.Device observations a
// second for a device, Rates.School for a school and for a program. A sender over its limit waits,
// and nothing is lost. Replayed observations do not count against the device's limit, or a terminal
// could not upload what it stored over a summer. It is a host.Sink, and safe for concurrent use.
type Pacer struct {
	next      host.Sink
	directory *directory.Directory
	now       func() time.Time
	wait      func(context.Context, time.Duration) bool

	mu           sync.Mutex
	device, many rate.Limit // 0: no bound
	buckets      map[sender]*rate.Limiter
	held         map[sender]time.Time // when a sender was last held back
}

// sender is who sends: a device, a driver or a school.
type sender struct {
	kind string // device, driver or school
	id   string
}

// Rates are the observations that are accepted a second; 0: no limit.
type Rates struct {
	Device int // of one device
	School int // of a school, and of a driver program
}

// New makes a Pacer in front of next.
func New(next host.Sink, d *directory.Directory, r Rates, now func() time.Time) *Pacer {
	return &Pacer{
		next:      next,
		directory: d,
		device:    rate.Limit(r.Device),
		many:      rate.Limit(r.School),
		now:       now,
		wait:      follow.Rest,
		buckets:   map[sender]*rate.Limiter{},
		held:      map[sender]time.Time{},
	}
}

// SetRates changes the limits; every bucket starts full again.
func (p *Pacer) SetRates(r Rates) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.device, p.many = rate.Limit(r.Device), rate.Limit(r.School)
	clear(p.buckets)
}

// Accept waits until all of the observations are due, and hands them on.
func (p *Pacer) Accept(ctx context.Context, driver g.DriverName, obs []g.Observation) error {
	if d := p.due(driver, obs); d > 0 && !p.wait(ctx, d) {
		return ctx.Err()
	}
	return p.next.Accept(ctx, driver, obs)
}

// due takes a token for each observation, and says in how long the last of them is due.
func (p *Pacer) due(driver g.DriverName, obs []g.Observation) time.Duration {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	var longest time.Duration
	take := func(s sender, limit rate.Limit) {
		if limit <= 0 {
			return
		}
		if d := p.bucket(s, limit).ReserveN(now, 1).DelayFrom(now); d > 0 {
			p.note(s, now)
			longest = max(longest, d)
		}
	}
	for i := range obs {
		e, ok := p.directory.Known(obs[i].Device)
		id := string(obs[i].Device)
		if !ok || e.Device.Driver != driver {
			id = "of " + string(driver) // devices that are not the driver's share one bucket
		}
		if !obs[i].Replayed {
			take(sender{"device", id}, p.device)
		}
		take(sender{"driver", string(driver)}, p.many)
		if ok {
			take(sender{"school", string(e.Device.School)}, p.many)
		}
	}
	return longest
}

// Answerer answers a device's question.
type Answerer func(context.Context, g.DriverName, g.Ask) (g.Answer, error)

// Answering passes questions within the limits on to next. A question is never delayed: one over a
// limit is not answered.
func (p *Pacer) Answering(next Answerer) Answerer {
	return func(ctx context.Context, driver g.DriverName, a g.Ask) (g.Answer, error) {
		if !p.mayAsk(driver, a.Device) {
			return g.Answer{}, errTooMany
		}
		return next(ctx, driver, a)
	}
}

var errTooMany = errors.New("it asks more often than mqtt.device_rate or mqtt.school_rate allow")

// mayAsk takes a token for the device and one for the program, if there are both. Questions have
// buckets of their own, so that a device that sends too much does not keep doors shut. Questions
// about devices that are not the driver's share one bucket.
func (p *Pacer) mayAsk(driver g.DriverName, device g.DeviceID) bool {
	now := p.now()
	if e, ok := p.directory.Known(device); !ok || e.Device.Driver != driver {
		device = g.DeviceID("of " + string(driver))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range []struct {
		sender
		limit rate.Limit
	}{
		{sender{"device", string(device)}, p.device},
		{sender{"driver", string(driver)}, p.many},
	} {
		own := sender{"questions of " + x.kind, x.id}
		if x.limit > 0 && !p.bucket(own, x.limit).AllowN(now, 1) {
			p.note(x.sender, now)
			return false
		}
	}
	return true
}

// bucket is the sender's token bucket. At maxBuckets the full ones are dropped first: they are
// equal to new ones.
func (p *Pacer) bucket(s sender, limit rate.Limit) *rate.Limiter {
	if b := p.buckets[s]; b != nil {
		return b
	}
	if len(p.buckets) >= maxBuckets {
		now := p.now()
		for s, b := range p.buckets {
			if b.TokensAt(now) >= float64(b.Burst()) {
				delete(p.buckets, s)
			}
		}
	}
	b := rate.NewLimiter(limit, int(limit)*paceBurst)
	p.buckets[s] = b
	return b
}

func (p *Pacer) note(s sender, now time.Time) {
	if _, ok := p.held[s]; ok || len(p.held) < mostHeld {
		p.held[s] = now
	}
}

// Held notes that the MQTT listener held back a device, or a school if id names no device.
func (p *Pacer) Held(id mqttfront.Identity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := sender{"device", string(id.Device)}
	if id.Device == "" {
		s = sender{"school", string(id.School)}
	}
	p.note(s, p.now())
}

// lately lists the senders held back within heldLately, sorted.
func (p *Pacer) lately(now time.Time) []sender {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []sender
	for s, at := range p.held {
		if now.Sub(at).Abs() > heldLately {
			delete(p.held, s)
			continue
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b sender) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	return out
}

// mostTold limits the alerts about senders; the status page counts the rest.
const mostTold = 20

// Subject reports the senders over their limits to the gateway's watch of itself.
func (p *Pacer) Subject() selfwatch.Subject {
	return selfwatch.Subject{
		Check:    p.check,
		Troubles: p.troubles,
	}
}

// troubles has one trouble for each sender over its limit, mostTold at most.
func (p *Pacer) troubles(now time.Time, _ selfwatch.Told) []selfwatch.Trouble {
	var out []selfwatch.Trouble
	for _, s := range p.lately(now) {
		if len(out) == mostTold {
			break
		}
		en, zh := p.senderName(s)
		out = append(out, selfwatch.Trouble{
			Rule:     g.RuleID(g.GatewayRule + "rate-" + s.kind + "-" + s.id),
			Severity: g.Warning,
			Title:    "Sends too much: " + en,
			TitleZH:  "发送过快：" + zh,
			Text: "It is held back to mqtt.device_rate and mqtt.school_rate (messages a " +
				"second); nothing of it is lost, and what it sends may come late. Look whether " +
				"it is in order: its page shows what it sends. If it is meant to send so much, " +
				"raise the bound.",
			TextZH: "已按 mqtt.device_rate 和 " +
				"mqtt.school_rate（每秒消息数）限速；数据不会丢失，但可能延迟。请在其页面查看发送内容是否正常；如确需如此频率，请调高上限。",
		})
	}
	return out
}

// senderName names a sender for people, in English and Chinese.
func (p *Pacer) senderName(s sender) (en, zh string) {
	switch s.kind {
	case "driver":
		return "driver " + s.id, "驱动 " + s.id
	case "school":
		name := cmp.Or(p.directory.School(g.SchoolID(s.id)).Name, s.id)
		return "school " + name, "学校 " + name
	}
	e, ok := p.directory.Known(g.DeviceID(s.id))
	if !ok {
		return "devices that are not registered, " + s.id, "未登记的设备，" + s.id
	}
	return fmt.Sprintf("device %s (%s, driver %s)", e.Device.Name, s.id, e.Device.Driver), fmt.Sprintf(
		"设备 %s（%s，驱动 %s）", e.Device.Name, s.id, e.Device.Driver)
}

// check names the senders over their limits on the status page.
func (p *Pacer) check(_ context.Context, now time.Time, _ *api.Status) api.Check {
	held := p.lately(now)
	if len(held) == 0 {
		return selfwatch.Line("rates", "ok", "Nobody sends more than is taken at once.",
			"没有发送过快的设备、驱动或学校。")
	}
	const shown = 5
	var en, zh []string
	for _, s := range held[:min(len(held), shown)] {
		e, z := p.senderName(s)
		en, zh = append(en, e), append(zh, z)
	}
	more, moreZH := "", ""
	if n := len(held) - shown; n > 0 {
		more, moreZH = fmt.Sprintf(", and %d others", n), fmt.Sprintf("，以及另外 %d 个", n)
	}
	return selfwatch.Line("rates", "warning",
		"Held back, since they send too much: "+strings.Join(en, ", ")+more+".",
		"因发送过快而被限速："+strings.Join(zh, "，")+moreZH+"。")
}
