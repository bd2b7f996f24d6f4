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
	state, reason := g.CommandDelivered, "the device has taken it"
	if o.err != nil {
		state, reason = g.CommandFailed, o.err.Error()
	}
	if err := c.o.View.Fleet.MoveCommand(ctx, o.id, state, reason); err != nil && ctx.Err() == nil {
		c.o.Log.Warn("what became of a command was not kept", "command", o.id, "error", err)
	}
}

// expire expires the commands that no device acknowledged in time, and raises an alert for each. A
// grace lets an acknowledgement of the last moment be recorded first.
func (c *Commands) expire(ctx context.Context) {
	const grace = 2 * time.Second
	gone, err := c.o.View.Fleet.ExpireCommands(ctx, c.o.Now().Add(-grace), c.whyExpired)
	if err != nil && ctx.Err() == nil {
		c.o.Log.Warn("look for commands that no device took", "error", err)
	}
	for _, x := range gone {
		c.o.Log.Warn("a command expired", "device", x.Device, "action", x.Action, "by", x.By,
			"reason", x.Reason)
		c.tell(ctx, x)
	}
}

func (c *Commands) whyExpired(x g.DeviceCommand) string {
	switch {
	case x.Made.Before(c.o.Started):
		return "the gateway restarted meanwhile, and does not know whether the device took it"
	case x.State == g.CommandQueued:
		return "the device did not come within a minute; it will not get it any more"
	}
	return "the device did not acknowledge it within a minute; it may have been done all the same"
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
	if ofRule(x) {
		told.Severity = g.Major
	}
	if err := c.o.Alerts.Tell(ctx, told.Alert(e.Device)); err != nil && ctx.Err() == nil {
		c.o.Log.Error("that a command was not carried out could not be told", "device", x.Device,
			"error", err)
	}
}
