// Package command sends devices what people, rules and lockdowns command, and records what became
// of it. Commands are kept in the registry: one for a device that is away is sent when it is back,
// until it expires; one whose answer was lost is unknown, and is sent again only where the profile
// says that its action is idempotent. The package refuses to send a command after its time, since a
// late command is worse than none, and to decide who may give one.
package command

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const (
	answerIn  = 10 * time.Second // how long a waiting command's device has to answer
	ackIn     = time.Minute      // how long an MQTT device has to acknowledge one
	lookEvery = time.Second      // between looks for commands to send and to expire
	most      = 16               // commands that are sent at a time; one of a device
	// that wait to be recorded; a further one is dropped, and its command becomes unknown
	mostOutcomes = 1024
	longestPause = 30 * time.Second // between two tries of an idempotent command
)

// Options are what commands are sent and recorded with.
type Options struct {
	View      *registry.View
	Directory *directory.Directory
	Host      *host.Host
	Front     *mqttfront.Front // nil: the MQTT listener is off
	Alerts    selfwatch.Devices
	Started   time.Time // of this run; what was sent before has lost its answer
	Now       func() time.Time
	Log       *slog.Logger
}

// Commands is safe for concurrent use.
type Commands struct {
	o        Options
	outcomes chan outcome
	wake     chan struct{}

	mu     sync.Mutex
	direct map[string]bool     // commands that Command itself sends
	busy   map[g.DeviceID]bool // devices to which Run sends one
}

// New makes Commands, which Run executes.
func New(o Options) *Commands {
	return &Commands{
		o:        o,
		outcomes: make(chan outcome, mostOutcomes),
		wake:     make(chan struct{}, 1),
		direct:   map[string]bool{},
		busy:     map[g.DeviceID]bool{},
	}
}

// Wake has Run look for commands at once: one was accepted, or a device came. It does not block.
func (c *Commands) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run sends the accepted commands and records the outcome of every command, until ctx ends; it
// waits for those that are being sent.
func (c *Commands) Run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	c.expire(ctx)
	for {
		c.sendWaiting(ctx, &sending)
		select {
		case <-ctx.Done():
			return nil
		case o := <-c.outcomes:
			c.keep(ctx, o)
		case <-tick.C:
			c.expire(ctx)
		case <-c.wake:
		}
	}
}

// sendWaiting starts sending the accepted commands whose devices are there: at most one to a device
// and most in all, the oldest first; a device gets its commands in the order in which they were
// given.
func (c *Commands) sendWaiting(ctx context.Context, sending *sync.WaitGroup) {
	waiting, err := c.o.View.Fleet.WaitingCommands(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.o.Log.Warn("look for commands to send", "error", err)
		}
		return
	}
	held := map[g.DeviceID]bool{} // whose older command waits: what is newer must not overtake it
	for _, w := range waiting {
		e, ok := c.o.Directory.Known(w.Device)
		if !ok || held[w.Device] || !c.o.Now().Before(w.Due) {
			continue
		}
		if !c.due(w) {
			held[w.Device] = true
			continue
		}
		if why := c.absent(e, w.Twin); why != nil {
			if why.Code == g.Unavailable {
				continue
			}
			if row, ok := c.end(
				ctx,
				w.ID,
				g.CommandRefused,
				why.Say(),
				g.CommandAccepted,
			); ok {
				c.tell(ctx, row)
			}
			continue
		}
		if !c.begin(w.Device) {
			continue
		}
		sending.Go(func() {
			defer c.Wake()
			defer c.done(w.Device)
			limited, cancel := context.WithTimeout(ctx, answerIn)
			defer cancel()
			values, err := w.Values()
			if err != nil {
				c.o.Log.Error("a command cannot be read", "command", w.ID, "error", err)
				return
			}
			if _, err := c.send(
				limited,
				e,
				w.DeviceCommand,
				values,
				nil,
				false,
			); err != nil {
				c.o.Log.Warn("a command failed", "device", w.Device, "action", w.Action, "by", w.By,
					"error", err)
			}
		})
	}
}

// due reports whether a waiting command is to be sent now: not one that Command sends itself, and
// one that was sent before only after a pause.
func (c *Commands) due(w regfleet.WaitingCommand) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.o.Now()
	if c.direct[w.ID] {
		return false
	}
	pause := min(time.Second<<min(w.Tries, 10), longestPause)
	return w.Tries == 0 || now.Sub(w.Changed) >= pause
}

// begin takes the turn of a device; false: it has one, or most are being sent.
func (c *Commands) begin(id g.DeviceID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy[id] || len(c.busy) >= most {
		return false
	}
	c.busy[id] = true
	return true
}

func (c *Commands) done(id g.DeviceID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.busy, id)
}

// hold keeps Run from sending a command until it is released.
func (c *Commands) hold(id string) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.direct[id] = true
	return func() {
		c.mu.Lock()
		delete(c.direct, id)
		c.mu.Unlock()
		c.Wake()
	}
}

// repeatable reports whether a command is sent again where its answer was lost: its action is
// idempotent, or a threat level commands it, which is to hold until the all-clear, and the profile
// does not call it irreversible.
func repeatable(x g.DeviceCommand, p g.Profile) bool {
	a := p.Actions[x.Action]
	return a.Idempotent || x.Lockdown != "" && !a.Irreversible
}

// automatic reports whether no person waits for the answer: a rule or a lockdown gave the command.
func automatic(c g.DeviceCommand) bool {
	return c.Lockdown != "" || strings.HasPrefix(c.By, g.ByRule)
}
