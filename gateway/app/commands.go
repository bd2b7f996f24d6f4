package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// command is what a rule commands, and when it decided so.
type command struct {
	rules.CommandEffect
	at time.Time
}

const (
	commandAge  = time.Minute     // how old a command may be and still be carried out
	expireEvery = 5 * time.Second // between looks for commands that no device took
	// that wait to be written; one more is found expired, with its reason
	mostOutcomes = 1024
	byRule       = "rule " // begins the maker of a rule's command
)

// outcome is that a device has taken a command, or not.
type outcome struct {
	id  string
	err error
}

// runCommands carries out what rules command, and keeps what became of every command. The
// queue is bounded: a command that finds it full, or that waited too long behind devices that
// do not answer or a gateway that did not run, is dropped and told as an alert, since an old
// command is worse than none.
func (a *App) runCommands(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("commands"))
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-a.outcomes:
			a.keepOutcome(ctx, o)
		case <-tick.C:
			a.expireCommands(ctx)
		case c := <-a.commands:
			e, ok := a.directory.Known(c.Device)
			if !ok {
				a.log.Warn("a rule commands a device that is not there", "rule", c.Rule, "device",
					c.Device)
				continue
			}
			order := api.DeviceOrder{
				Action: c.Action,
				Values: c.Values,
				By:     byRule + string(c.Rule),
			}
			if age := a.now().Sub(c.at); age > commandAge {
				a.log.Warn("a rule's command was dropped: it is too old", "rule", c.Rule, "device",
					c.Device, "action", c.Action, "age", age.Round(time.Second))
				row := a.newCommand(e.Device, order)
				row.State, row.Reason = g.CommandExpired, "it waited in the gateway for more "+
					"than a minute, behind other commands or while the gateway did not run"
				if err := view.Fleet.SaveCommand(ctx, row); err == nil {
					a.tellCommand(ctx, row)
				}
				continue
			}
			limited, cancel := context.WithTimeout(ctx, 10*time.Second)
			_, err := fleet{a}.Command(limited, e.Device, order)
			cancel()
			if err != nil {
				a.log.Warn("a rule's command failed", "rule", c.Rule, "device", c.Device, "action",
					c.Action, "error", err)
			}
		}
	}
}

func (a *App) newCommand(d g.Device, o api.DeviceOrder) g.DeviceCommand {
	now := a.now()
	return g.DeviceCommand{
		ID:      g.NewID("cmd"),
		Device:  d.ID,
		Action:  o.Action,
		State:   g.CommandSent,
		By:      o.By,
		Made:    now,
		Due:     now.Add(commandAge),
		Changed: now,
	}
}

// Command tells a device to do something, and keeps how far that has come. The error is the
// reason why it was not done, or is not known to be.
func (f fleet) Command(
	ctx context.Context, d g.Device, o api.DeviceOrder,
) (api.CommandResult, error) {
	a, row := f.a, f.a.newCommand(d, o)
	view := a.reg.In(g.SystemScope("commands"))
	if err := view.Fleet.SaveCommand(ctx, row); err != nil {
		return api.CommandResult{}, err
	}
	var r api.CommandResult
	var err error
	if d.Driver == g.DriverMQTTFront {
		r, err = a.publish(d, row, o)
	} else {
		r, err = a.drive(ctx, d, row, o)
	}
	state, reason := r.State, r.Message
	if err != nil {
		state, reason = g.CommandFailed, err.Error()
		if ctx.Err() != nil {
			reason = "no answer in time; it may have been done all the same"
		}
	}
	r.ID = row.ID
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if state != row.State {
		if err := view.Fleet.MoveCommand(ctx, row.ID, state, reason); err != nil {
			a.log.Warn("what became of a command was not kept", "device", d.ID, "action", o.Action,
				"error", err)
		}
	}
	if row.State, row.Reason = state, reason; state == g.CommandFailed && byARule(row) {
		a.tellCommand(ctx, row) // a person is told by the answer
	}
	return r, err
}

func (a *App) drive(
	ctx context.Context, d g.Device, row g.DeviceCommand, o api.DeviceOrder,
) (api.CommandResult, error) {
	got, err := a.host.Command(ctx, d.Driver, drivers.Command{
		ID:     row.ID,
		Device: d.ID,
		Action: o.Action,
		Values: o.Values,
		Data:   o.Data,
	})
	return api.CommandResult{State: g.CommandConfirmed, Message: got.Message, Values: got.Values}, err
}

// publish sends a command to a device on the gateway's own MQTT listener.
func (a *App) publish(
	d g.Device, row g.DeviceCommand, o api.DeviceOrder,
) (r api.CommandResult, err error) {
	if a.front == nil {
		return r, g.Errorf(g.Unavailable, "the MQTT listener is off: set mqtt.listen")
	}
	values := o.Values
	if values == nil {
		values = map[string]g.Value{}
	}
	payload, err := json.Marshal(map[string]any{"id": row.ID, "action": o.Action, "values": values})
	if err != nil {
		return r, fmt.Errorf("encode command: %w", err)
	}
	topic := mqttfront.Topic(mqttfront.Identity{School: d.School, Device: d.ID},
		"command/"+o.Action)
	told, err := a.front.Tell(topic, payload, commandAge, func(err error) {
		select {
		case a.outcomes <- outcome{row.ID, err}:
		default: // it is found not to have been taken, which is the safe error
		}
	})
	switch {
	case errors.Is(err, mqttfront.ErrNoSubscriber):
		return r, g.Errorf(g.Unavailable,
			"the device does not listen for commands: it is to subscribe to command/# below its "+
				"prefix")
	case err != nil:
		return r, g.Errorf(g.Unavailable, "the command was not taken: %v", err)
	case !told.There:
		return api.CommandResult{
			State:   g.CommandQueued,
			Message: "queued: the device is away and gets it if it comes back within a minute",
		}, nil
	case !told.Answered:
		return api.CommandResult{
			State: g.CommandDelivered,
			Message: "handed to its connection; the device listens at QoS 0 and acknowledges " +
				"nothing",
		}, nil
	}
	return api.CommandResult{
		State:   g.CommandSent,
		Message: "sent; the device has not taken it yet",
	}, nil
}

// keepOutcome writes that a device has taken a command.
func (a *App) keepOutcome(ctx context.Context, o outcome) {
	state, reason := g.CommandDelivered, "the device has taken it"
	if o.err != nil {
		state, reason = g.CommandFailed, o.err.Error()
	}
	if err := a.reg.In(g.SystemScope("commands")).Fleet.MoveCommand(ctx, o.id, state, reason); err != nil &&
		ctx.Err() == nil {
		a.log.Warn("what became of a command was not kept", "command", o.id, "error", err)
	}
}

// expireCommands ends what no device took, and tells of it. A moment's grace lets an
// acknowledgement at the last instant be written first.
func (a *App) expireCommands(ctx context.Context) {
	const grace = 2 * time.Second
	gone, err := a.reg.In(g.SystemScope("commands")).Fleet.ExpireCommands(ctx, a.now().Add(-grace),
		func(c g.DeviceCommand) string {
			switch {
			case c.Made.Before(a.started):
				return "the gateway restarted meanwhile, and does not know whether the device " +
					"took it"
			case c.State == g.CommandQueued:
				return "the device did not come within a minute; it will not get it any more"
			}
			return "the device did not acknowledge it within a minute; it may have been done all " +
				"the " +
				"same"
		})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("look for commands that no device took", "error", err)
	}
	for _, c := range gone {
		a.log.Warn("a command expired", "device", c.Device, "action", c.Action, "by", c.By,
			"reason", c.Reason)
		a.tellCommand(ctx, c)
	}
}

func byARule(c g.DeviceCommand) bool { return strings.HasPrefix(c.By, byRule) }

// tellCommand says on the wall that a command did not reach its device. That of a rule may
// have been to open doors in a fire: it is graver than that of a person who looks on.
func (a *App) tellCommand(ctx context.Context, c g.DeviceCommand) {
	e, ok := a.directory.Known(c.Device)
	if !ok {
		return
	}
	x := selfwatch.DeviceAlert{
		Rule:     "command",
		Severity: g.Warning,
		Title:    fmt.Sprintf("Not carried out: %s, %s", c.Action, e.Device.Name),
		TitleZH:  fmt.Sprintf("命令未执行：%s，%s", c.Action, e.Device.Name),
		Text: fmt.Sprintf("%s (by %s): %s. Look whether the device is as it should be, and do it "+
			"by hand or once more.",
			c.Action, c.By, c.Reason),
		TextZH: fmt.Sprintf("命令 %s（来自 %s）未送达或未确认：%s。请检查设备状态，手动处理或重新下发。", c.Action, c.By,
			c.Reason),
		Since: c.Made,
		Apart: c.ID,
	}
	if byARule(c) {
		x.Severity = g.Major
	}
	if err := a.devices().Tell(ctx, x.Alert(e.Device)); err != nil && ctx.Err() == nil {
		a.log.Error("that a command was not carried out could not be told", "device", c.Device,
			"error", err)
	}
}
