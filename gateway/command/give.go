package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// Command sends a command to a device and records its progress. The error says why it failed, or
// why its outcome is unknown.
func (c *Commands) Command(
	ctx context.Context, d g.Device, o fleet.DeviceOrder,
) (fleet.CommandResult, error) {
	row := c.row(d, o)
	if err := c.o.View.Fleet.SaveCommand(ctx, row); err != nil {
		return fleet.CommandResult{}, err
	}
	r, err := c.give(ctx, d, row, o)
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
		if err := c.o.View.Fleet.MoveCommand(ctx, row.ID, state, reason); err != nil {
			c.o.Log.Warn("what became of a command was not kept", "device", d.ID, "action",
				o.Action, "error", err)
		}
	}
	if row.State, row.Reason = state, reason; state == g.CommandFailed && ofRule(row) {
		c.tell(ctx, row) // a person gets the error in the response
	}
	return r, err
}

// give hands the command to the device's driver, or to its connection at the MQTT listener.
func (c *Commands) give(
	ctx context.Context, d g.Device, row g.DeviceCommand, o fleet.DeviceOrder,
) (fleet.CommandResult, error) {
	if d.Driver == g.DriverMQTTFront {
		return c.publish(d, row, o)
	}
	got, err := c.o.Host.Command(ctx, d.Driver, drivers.Command{
		ID:     row.ID,
		Device: d.ID,
		Action: o.Action,
		Values: o.Values,
		Data:   o.Data,
	})
	return fleet.CommandResult{
		State:   g.CommandConfirmed,
		Message: got.Message,
		Values:  got.Values,
		Writes:  writes(got.Writes),
	}, err
}

// writes are a driver's outcomes of written properties, in the API's type.
func writes(list []drivers.Write) []fleet.Write {
	var out []fleet.Write
	for _, w := range list {
		x := fleet.Write{Property: w.Property, Outcome: string(w.Outcome)}
		if w.Reason.Code != "" {
			x.Reason = &w.Reason
		}
		out = append(out, x)
	}
	return out
}

// publish sends a command to a device on the gateway's own MQTT listener.
func (c *Commands) publish(
	d g.Device, row g.DeviceCommand, o fleet.DeviceOrder,
) (r fleet.CommandResult, err error) {
	if c.o.Front == nil {
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
	told, err := c.o.Front.Tell(topic, payload, maxAge, func(err error) {
		select {
		case c.outcomes <- outcome{row.ID, err}:
		default: // dropped: the command expires as not acknowledged, which is the safe error
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
		return fleet.CommandResult{
			State:   g.CommandQueued,
			Message: "queued: the device is away and gets it if it comes back within a minute",
		}, nil
	case !told.Answered:
		return fleet.CommandResult{
			State: g.CommandDelivered,
			Message: "handed to its connection; the device listens at QoS 0 and acknowledges " +
				"nothing",
		}, nil
	}
	return fleet.CommandResult{
		State:   g.CommandSent,
		Message: "sent; the device has not taken it yet",
	}, nil
}
