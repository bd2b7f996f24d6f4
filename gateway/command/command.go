// Package command sends devices the commands of people and rules, and records the outcome of each:
// delivered, failed or expired. It refuses to execute a command older than a minute, since a late
// command is worse than none, to retry one, and to decide who may give one.
package command

import (
	"context"
	"log/slog"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	maxAge      = time.Minute      // how old a command may be and still be carried out
	answerIn    = 10 * time.Second // how long a rule's command waits for its device
	expireEvery = 5 * time.Second  // between checks for expired commands
	mostOrders  = 256              // commands of rules that wait
	// that wait to be recorded; a further one is dropped, and its command expires
	mostOutcomes = 1024
	byRule       = "rule " // prefix of DeviceCommand.By for a rule's command
)

// Options are what commands are sent and recorded with.
type Options struct {
	View      *registry.View
	Directory *directory.Directory
	Host      *host.Host
	Front     *mqttfront.Front // nil: the MQTT listener is off
	Alerts    selfwatch.Devices
	Started   time.Time // of this run; an earlier command is another run's
	Now       func() time.Time
	Log       *slog.Logger
}

// Commands is safe for concurrent use.
type Commands struct {
	o        Options
	orders   chan order
	outcomes chan outcome
}

// order is a rule's command, and when the rule decided on it.
type order struct {
	rules.CommandEffect
	at time.Time
}

// New makes Commands, which Run executes.
func New(o Options) *Commands {
	return &Commands{
		o:        o,
		orders:   make(chan order, mostOrders),
		outcomes: make(chan outcome, mostOutcomes),
	}
}

// Enqueue queues a rule's command; false if the queue is full.
func (c *Commands) Enqueue(e rules.CommandEffect, at time.Time) bool {
	select {
	case c.orders <- order{e, at}:
		return true
	default:
		return false
	}
}

// Run executes the commands of rules and records the outcome of every command, until ctx ends. The
// queue is bounded: a command that finds it full, or that waited longer than maxAge behind slow
// devices or a stopped gateway, is dropped with an alert.
func (c *Commands) Run(ctx context.Context) error {
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-c.outcomes:
			c.keep(ctx, o)
		case <-tick.C:
			c.expire(ctx)
		case o := <-c.orders:
			c.carryOut(ctx, o)
		}
	}
}

// carryOut sends a device a rule's command, unless it is too old.
func (c *Commands) carryOut(ctx context.Context, o order) {
	log := c.o.Log.With("rule", o.Rule, "device", o.Device)
	e, ok := c.o.Directory.Known(o.Device)
	if !ok {
		log.Warn("a rule commands a device that is not there")
		return
	}
	asked := fleet.DeviceOrder{
		Action: o.Action,
		Values: o.Values,
		By:     byRule + string(o.Rule),
	}
	if age := c.o.Now().Sub(o.at); age > maxAge {
		log.Warn("a rule's command was dropped: it is too old", "action", o.Action, "age",
			age.Round(time.Second))
		c.dropped(ctx, c.row(e.Device, asked))
		return
	}
	limited, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	if _, err := c.Command(limited, e.Device, asked); err != nil {
		log.Warn("a rule's command failed", "action", o.Action, "error", err)
	}
}

// dropped records that a rule's command expired before it was sent, and raises an alert.
func (c *Commands) dropped(ctx context.Context, row g.DeviceCommand) {
	row.State = g.CommandExpired
	row.Reason = "it waited in the gateway for more than a minute, behind other commands or while " +
		"the gateway did not run"
	if err := c.o.View.Fleet.SaveCommand(ctx, row); err == nil {
		c.tell(ctx, row)
	}
}

// row is a command's record before it is sent.
func (c *Commands) row(d g.Device, o fleet.DeviceOrder) g.DeviceCommand {
	now := c.o.Now()
	return g.DeviceCommand{
		ID:      g.NewID("cmd"),
		Device:  d.ID,
		Action:  o.Action,
		State:   g.CommandSent,
		By:      o.By,
		Made:    now,
		Due:     now.Add(maxAge),
		Changed: now,
	}
}

func ofRule(c g.DeviceCommand) bool { return strings.HasPrefix(c.By, byRule) }
