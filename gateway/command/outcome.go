package command

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

// outcome says that a device acknowledged a command, or why not.
type outcome struct {
	id  string
	err error
}

// keep records whether a device acknowledged a command.
func (c *Commands) keep(ctx context.Context, o outcome) {
	if o.err == nil {
		c.end(
			ctx,
			o.id,
			g.CommandDelivered,
			g.Textf("the device has taken it"),
			g.CommandSent,
		)
		return
	}
	if row, ok := c.end(
		ctx,
		o.id,
		g.CommandRefused,
		g.TextOf(o.err),
		g.CommandSent,
	); ok {
		c.tell(ctx, row)
	}
}

// expire expires the commands that could not be sent in time, gives up those that no device
// answered, and raises an alert for each. A grace lets an answer of the last moment be recorded
// first.
func (c *Commands) expire(ctx context.Context) {
	const grace = 2 * time.Second
	now := c.o.Now()
	gone, err := c.o.View.Fleet.ExpireCommands(ctx, now.Add(-grace), now, func(
		x g.DeviceCommand,
	) (g.CommandState, g.Text) {
		return c.overdue(x, now.Add(-grace-ackIn))
	})
	if err != nil && ctx.Err() == nil {
		c.o.Log.Warn("look for commands that no device took", "error", err)
	}
	for _, x := range gone {
		if !x.State.Final() {
			continue // it is sent again
		}
		c.o.Log.Warn("a command was given up", "device", x.Device, "action", x.Action, "by", x.By,
			"state", x.State, "reason", x.Reason)
		c.tell(ctx, x)
	}
}

// overdue decides on a command that was not sent before its time, or that was sent; lost is when the
// latest that is given up was sent.
func (c *Commands) overdue(x g.DeviceCommand, lost time.Time) (g.CommandState, g.Text) {
	if x.State == g.CommandAccepted {
		if x.Reason != "" {
			return g.CommandExpired, g.Textf("it could not be sent in time; at last: %s", x.Reason)
		}
		return g.CommandExpired,
			g.Textf("the device did not come in time; it will not get it any more")
	}
	restarted := x.Changed.Before(c.o.Started)
	if !restarted && x.Changed.After(lost) {
		return "", g.Text{}
	}
	e, _ := c.o.Directory.Known(x.Device)
	if repeatable(x, e.Profile) && c.o.Now().Before(x.Due) {
		return g.CommandAccepted, g.Textf("the answer was lost; it is sent again")
	}
	if restarted {
		return g.CommandUnknown, g.Textf("the gateway restarted meanwhile, and does not know whether " +
			"the device took it; it may have been done all the same")
	}
	return g.CommandUnknown, g.Textf("the device did not acknowledge it within a minute; it may have " +
		"been done all the same")
}

// tell raises an alert about a command that did not reach its device. It is more severe for a
// rule's command, which may have been to open doors in a fire, than for a person's.
func (c *Commands) tell(ctx context.Context, x g.DeviceCommand) {
	e, ok := c.o.Directory.Known(x.Device)
	if !ok {
		return
	}
	told := selfwatch.DeviceAlert{
		Rule:     "command",
		Severity: g.Warning,
		Title:    fmt.Sprintf("Not carried out: %s, %s", x.Action, e.Device.Name),
		TitleZH:  fmt.Sprintf("命令未执行：%s，%s", x.Action, e.Device.Name),
		Text: fmt.Sprintf("%s (by %s): %s. Look whether the device is as it should be, and do it "+
			"by hand or once more.",
			x.Action, x.By, x.Reason),
		TextZH: fmt.Sprintf("命令 %s（来自 %s）未送达或未确认：%s。请检查设备状态，手动处理或重新下发。", x.Action, x.By,
			x.Reason),
		Since: x.Made,
		Apart: x.ID,
	}
	if automatic(x) {
		told.Severity = g.Major
	}
	if err := c.o.Alerts.Tell(ctx, told.Alert(e.Device)); err != nil && ctx.Err() == nil {
		c.o.Log.Error("that a command was not carried out could not be told", "device", x.Device,
			"error", err)
	}
}
