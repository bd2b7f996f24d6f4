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
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// notListening is the reason of an error about an MQTT device that takes no commands.
const notListening = "not_listening"

// Command accepts a command to a device. If the device is there, it is sent and the answer awaited;
// else it waits as the order allows. The error says why it was refused, or why its outcome is
// unknown.
func (c *Commands) Command(
	ctx context.Context, d g.Device, o fleet.DeviceOrder,
) (fleet.CommandResult, error) {
	e, twin, err := c.find(ctx, d)
	if err != nil {
		return fleet.CommandResult{}, err
	}
	now := c.o.Now()
	id := g.NewID("cmd")
	defer c.hold(id)()
	row, err := c.o.View.Lockdown.Accept(ctx, regfleet.Order{
		ID:     id,
		Device: d.ID,
		Action: o.Action,
		Values: o.Values,
		By:     o.By,
		Made:   now,
		Due:    now.Add(o.Wait),
	}, d.School, o.Past)
	if err != nil {
		return fleet.CommandResult{}, err
	}
	if row.State == g.CommandRefused {
		return fleet.CommandResult{
				ID:    id,
				State: row.State,
			},
			g.Errorf(g.Conflict, "the device takes no further command: %s", row.Reason)
	}
	why := c.absent(e, twin)
	if why == nil {
		return c.send(ctx, e, row, o.Values, o.Data, true)
	}
	if why.Code == g.Unavailable && o.Wait > 0 && len(o.Data) == 0 {
		return waiting(row), nil
	}
	c.end(
		ctx,
		id,
		g.CommandRefused,
		why.Say(),
		g.CommandAccepted,
	)
	return fleet.CommandResult{
		ID:    id,
		State: g.CommandRefused,
	}, why
}

// waiting is the answer for a command to a device that is away.
func waiting(row g.DeviceCommand) fleet.CommandResult {
	return fleet.CommandResult{
		ID:    row.ID,
		State: g.CommandAccepted,
		Text:  g.Textf("accepted: the device is away and gets it if it is back in time"),
	}
}

// find returns what is known of a device, and the state in its twin.
func (c *Commands) find(
	ctx context.Context, d g.Device,
) (directory.Entry, g.DeviceState, error) {
	e, ok, err := c.o.Directory.Device(ctx, d.ID)
	if err != nil {
		return e, "", err
	}
	if !ok {
		e.Device = d
	}
	row, err := c.o.View.Fleet.Device(ctx, d.ID)
	return e, row.Twin.State, err
}

// absent returns why nothing can be sent to a device now; Unavailable if it may be there later.
func (c *Commands) absent(e directory.Entry, twin g.DeviceState) *g.Error {
	d := e.Device
	away := g.Errorf(g.Unavailable, "the device is away")
	switch {
	case !d.Enabled:
		return g.Errorf(g.Conflict, "device %q is disabled: nothing is sent to it", d.ID)
	case d.Driver == g.DriverMQTTFront && c.o.Front == nil:
		return g.Errorf(g.NotFound, "the MQTT listener is off: set mqtt.listen")
	case d.Driver == g.DriverMQTTFront:
		if !c.o.Front.Connected(mqttfront.Identity{
			School: d.School,
			Device: d.ID,
		}) {
			return away
		}
		return nil
	}
	if err := c.o.Host.Ready(d.Driver); err != nil {
		if why, ok := errors.AsType[*g.Error](err); ok {
			return why
		}
		return g.Errorf(g.Unavailable, "%v", err)
	}
	if twin == g.StateOffline {
		return away
	}
	return nil
}

// send sends an accepted command and records what came of it. A person waits for the answer of a
// direct one, and nobody for that of others.
func (c *Commands) send(
	ctx context.Context, e directory.Entry, row g.DeviceCommand, values map[string]g.Value,
	data []byte, direct bool,
) (fleet.CommandResult, error) {
	// The record comes first: after a crash in between, the command may have been sent.
	_, ok, err := c.o.View.Fleet.MoveCommand(ctx, row.ID, g.CommandSent, g.Text{},
		g.CommandAccepted)
	if err != nil || !ok {
		return fleet.CommandResult{}, err
	}
	r, err := c.give(ctx, e.Device, row, values, data)
	r.ID = row.ID
	if err == nil {
		if r.State != g.CommandSent {
			c.end(
				ctx,
				row.ID,
				r.State,
				r.Text,
				g.CommandSent,
			)
		}
		return r, nil
	}
	to, why, unsent := c.verdict(ctx, e, row, err, direct)
	r.State = to
	if unsent {
		c.again(ctx, row.ID, why)
		return waiting(row), nil
	}
	moved, ok := c.end(ctx, row.ID, to, why, g.CommandSent)
	if to == g.CommandAccepted {
		return waiting(row), nil
	}
	if ok && !direct {
		c.tell(ctx, moved) // a person gets the error in the response
	}
	return r, err
}

// verdict returns the state of a command after an error, and why; unsent where it waits again and the
// device cannot have got it.
func (c *Commands) verdict(
	ctx context.Context, e directory.Entry, row g.DeviceCommand, err error, direct bool,
) (to g.CommandState, why g.Text, unsent bool) {
	why = g.TextOf(err)
	known, _ := errors.AsType[*g.Error](err)
	inTime := c.o.Now().Before(row.Due)
	switch {
	case known != nil && known.Reason == notListening && direct:
		return g.CommandRefused, why, false
	case known != nil && (known.Reason == g.NotConnected || known.Reason == notListening):
		if inTime {
			return g.CommandAccepted, why, true
		}
		return g.CommandRefused, why, false
	case known != nil && known.Code != g.Unavailable && ctx.Err() == nil:
		return g.CommandRefused, why, false
	case repeatable(row, e.Profile) && inTime:
		return g.CommandAccepted, g.Textf("the answer was lost; it is sent again: %s", why), false
	case ctx.Err() != nil:
		return g.CommandUnknown, g.Textf("no answer in time; it may have been done all the same"), false
	}
	return g.CommandUnknown, g.Textf("%s; it may have been done all the same", why), false
}

// end records a state, even if ctx has ended meanwhile, and reports whether it did.
func (c *Commands) end(
	ctx context.Context, id string, to g.CommandState, why g.Text, from g.CommandState,
) (g.DeviceCommand, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepIn)
	defer cancel()
	row, moved, err := c.o.View.Fleet.MoveCommand(
		ctx,
		id,
		to,
		why,
		from,
	)
	if err != nil {
		c.o.Log.Warn(notKept, "command", id, "error", err)
	}
	return row, moved
}

const (
	keepIn  = 5 * time.Second // how long an outcome may take to be written
	notKept = "what became of a command was not kept"
)

// again has a command wait again that was not sent after all, even if ctx has ended meanwhile.
func (c *Commands) again(ctx context.Context, id string, why g.Text) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepIn)
	defer cancel()
	if _, _, err := c.o.View.Fleet.ReturnCommand(ctx, id, why); err != nil {
		c.o.Log.Warn(notKept, "command", id, "error", err)
	}
}

// give hands the command to the device's driver, or to its connection at the MQTT listener.
func (c *Commands) give(
	ctx context.Context, d g.Device, row g.DeviceCommand, values map[string]g.Value, data []byte,
) (fleet.CommandResult, error) {
	if d.Driver == g.DriverMQTTFront {
		return c.publish(d, row, values)
	}
	got, err := c.o.Host.Command(ctx, d.Driver, drivers.Command{
		ID:     row.ID,
		Device: d.ID,
		Action: row.Action,
		Values: values,
		Data:   data,
	})
	return fleet.CommandResult{
		State:  g.CommandApplied,
		Text:   g.Text{Format: got.Message},
		Values: got.Values,
		Writes: writes(got.Writes),
	}, err
}

// writes are a driver's outcomes of written properties, in the API's type.
func writes(list []drivers.Write) []fleet.Write {
	var out []fleet.Write
	for _, w := range list {
		x := fleet.Write{
			Property: w.Property,
			Outcome:  string(w.Outcome),
		}
		if w.Reason.Code != "" {
			x.Reason = &w.Reason
		}
		out = append(out, x)
	}
	return out
}

// publish sends a command to a device on the gateway's own MQTT listener.
func (c *Commands) publish(
	d g.Device, row g.DeviceCommand, values map[string]g.Value,
) (r fleet.CommandResult, err error) {
	if values == nil {
		values = map[string]g.Value{}
	}
	payload, err := json.Marshal(map[string]any{
		"id":     row.ID,
		"action": row.Action,
		"values": values,
	})
	if err != nil {
		return r, fmt.Errorf("encode command: %w", err)
	}
	topic := mqttfront.Topic(mqttfront.Identity{
		School: d.School,
		Device: d.ID,
	},
		"command/"+row.Action)
	told, err := c.o.Front.Tell(topic, payload, ackIn, func(err error) {
		select {
		case c.outcomes <- outcome{row.ID, err}:
		default: // dropped: the command becomes unknown, which is the safe error
		}
	})
	switch {
	case errors.Is(err, mqttfront.ErrNoSubscriber):
		return r, g.Errorf(g.Unavailable,
			"the device does not listen for commands: it is to subscribe to command/# below its "+
				"prefix").Because(notListening)
	case err != nil:
		return r, g.Errorf(g.Unavailable, "the command was not taken: %v", err)
	case told.There && !told.Answered:
		return fleet.CommandResult{
			State: g.CommandDelivered,
			Text: g.Textf("handed to its connection; the device listens at QoS 0 and " +
				"acknowledges nothing"),
		}, nil
	}
	return fleet.CommandResult{
		State: g.CommandSent,
		Text:  g.Textf("sent; the device has not taken it yet"),
	}, nil
}
