package fleet

import (
	"context"
	"encoding/base64"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

type probeInput struct {
	Body struct {
		Driver  g.DriverName      `json:"driver" minLength:"1" maxLength:"64" doc:"The driver to try it with." example:"modbus"`
		Profile profileRef        `json:"profile"`
		Address map[string]string `json:"address,omitempty" doc:"What the driver needs to find the device."`
		Secret  map[string]string `json:"secret,omitempty" doc:"Passwords and keys that the driver needs."`
		Serial  string            `json:"serial,omitempty" maxLength:"200" doc:"The maker's serial number."`
	}
}

// ProbeResult is what a probe found.
type ProbeResult struct {
	OK       bool               `json:"ok" doc:"The device answered."`
	Message  string             `json:"message" doc:"What was found, or why it was not."`
	Values   map[string]g.Value `json:"values,omitempty" doc:"First values, where there are any."`
	Snapshot string             `json:"snapshot,omitempty" doc:"A camera's picture, as a data URI."`

	Registered *fleet.Namesake `json:"registered,omitempty" doc:"The device that has this address already: it cannot be registered once more."`
}

const (
	usualWait = time.Minute      // how long a command waits for a device that is away
	answerIn  = 30 * time.Second // how long its answer is awaited
)

type commandInput struct {
	gate.ByID
	Body struct {
		Action string             `json:"action" minLength:"1" maxLength:"64" doc:"An action of the device's profile." example:"open"`
		Values map[string]g.Value `json:"values,omitempty" doc:"The action's input."`
		Data   []byte             `json:"data,omitempty" maxLength:"11184812" doc:"Bytes for the action, base64, e.g. a photograph; such a command does not wait."`
		Wait   *int               `json:"wait,omitempty" minimum:"0" maximum:"86400" doc:"For how many seconds it waits for a device that is away; 0: it is refused at once. Absent: 60."`

		Override string `json:"override,omitempty" maxLength:"500" doc:"Why it is to be done although a threat level that stands holds the device: without it such a command is refused with the reason level_holds. It takes lockdown:clear, is audited and shown at the level." example:"firefighters are in the stairwell"`
	}
}

type desiredInput struct {
	gate.ByID
	Property string `path:"property" maxLength:"64" doc:"A writable property of the device's profile."`
	Body     struct {
		Value g.Value `json:"value" doc:"What it should be."`
	}
}

func (s *area) registerDeviceUse() {
	const tag = "Devices"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/devices/probe",
		ID:          "probe-device",
		Tag:         tag,
		Perm:        g.DevicesWrite,
		Unavailable: true,
		Max:         256 << 10,
		Summary:     "Try a device out before it is registered",
		Doc: "A device that cannot be reached is an answer with ok false and the reason, not an " +
			"error. Each trial is written to the audit log. The picture of a camera is shown to " +
			"who adds it, so that it can be aimed; of one that is registered already only with " +
			"camera:view.",
	}, s.probe)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/devices/{id}/commands",
		ID:          "command-device",
		Tag:         tag,
		Perm:        g.DevicesWrite,
		Unavailable: true,
		Max:         12 << 20,
		Summary:     "Tell a device to do something",
	}, s.command)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices/{id}/commands",
		ID:      "list-commands",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "What a device was last told to do, and what became of it",
		Doc: "The newest 50, and all that wait. A command to a device that is away is accepted, " +
			"and sent once it is back; where that is too late it expires, which is an alert. " +
			"delivered says that the device has taken it, applied that its driver calls it done, " +
			"unknown that it was sent and the answer was lost: only actions that the profile " +
			"calls idempotent are then sent again. Each state's time is in `times`.",
	},
		func(ctx context.Context, in *struct {
			gate.ByID
			gate.Paged
		}) (*gate.Body[gate.Page[g.DeviceCommand]], error) {
			all, err := s.View(ctx).Fleet.Commands(ctx, g.DeviceID(in.ID))
			for i := range all {
				all[i].Reason = gate.LanguageOf(ctx).Kept(all[i].Said, all[i].Reason)
			}
			return gate.PageOf(s.Gate, all, in.Paged, err,
				func(c g.DeviceCommand) string { return c.ID })
		})
	s.registerCommands()
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "PUT",
		Path:        "/v1/devices/{id}/desired/{property}",
		ID:          "set-desired",
		Tag:         tag,
		Perm:        g.DevicesWrite,
		Unavailable: true,
		Max:         8 << 10,
		Summary:     "Set a property of a device",
		Doc: "The value is written through to the device (by its driver, or as the command " +
			"`write` of a device that speaks MQTT to the gateway), and kept in the twin as " +
			"desired once that was taken. What no driver can write, or a device that cannot be " +
			"told now, is an error and changes nothing. `reported` shows the value that the " +
			"device has.",
	}, s.setDesired)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/devices/{id}/snapshot",
		ID:          "device-snapshot",
		Screen:      true,
		Tag:         tag,
		Perm:        g.CameraView,
		Unavailable: true,
		Raw:         "image/jpeg",
		Summary:     "A camera's picture now",
		Doc: "Looking is audited, once in ten minutes for each viewer and camera. The picture is " +
			"not kept.",
	}, s.snapshot)
}

func (s *area) probe(ctx context.Context, in *probeInput) (*gate.Body[ProbeResult], error) {
	if s.fleet == nil {
		return nil, gate.Missing("drivers")
	}
	p, err := s.profile(ctx, in.Body.Profile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	d := g.Device{
		ID:      g.DeviceID(g.NewID("probe")),
		School:  gate.SchoolOf(ctx, ""),
		Profile: p.ID,
		Driver:  in.Body.Driver,
		Serial:  in.Body.Serial,
		Address: in.Body.Address,
		Enabled: true,
	}
	if d.Address, err = s.addressed(d, nil, in.Body.Secret, true); err != nil {
		return nil, err
	}
	if err := s.mayProbe(ctx, d); err != nil {
		return nil, err
	}
	if err := s.mayReach(ctx, d); err != nil {
		return nil, err
	}
	same, err := s.View(ctx).Fleet.Registered(ctx, d)
	if err != nil {
		return nil, err
	}
	found, err := s.fleet.Probe(
		ctx,
		in.Body.Driver,
		d,
		p,
		in.Body.Secret,
	)
	if err != nil {
		if ctx.Err() != nil {
			err = g.Errorf(g.Unavailable, "no answer within 20 s")
		}
		said := gate.LanguageOf(ctx).Error(err)
		return gate.Answer(ProbeResult{
			Message:    said,
			Registered: same,
		}, nil)
	}
	r := ProbeResult{
		OK:         true,
		Message:    found.Message,
		Values:     found.Values,
		Registered: same,
	}
	if len(found.Snapshot) > 0 && mayAim(ctx, same) {
		r.Snapshot = "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(found.Snapshot)
	}
	return gate.Answer(r, nil)
}

// mayAim says whether the picture of a probe is shown: to callers who may look through cameras, and
// to those who add one, so that it can be aimed. A camera that is registered already is no longer
// being added. The probe itself is in the audit log.
func mayAim(ctx context.Context, same *fleet.Namesake) bool {
	return same == nil || slices.Contains(gate.CallerOf(ctx).Scope.Permissions, g.CameraView)
}

func (s *area) command(ctx context.Context, in *commandInput) (*gate.Body[CommandResult], error) {
	if s.fleet == nil {
		return nil, gate.Missing("drivers")
	}
	d, err := s.View(ctx).Fleet.MayCommand(ctx, g.DeviceID(in.ID), in.Body.Action, in.Body.Values)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	wait := usualWait
	if in.Body.Wait != nil {
		wait = time.Duration(*in.Body.Wait) * time.Second
	}
	var past g.LockdownID
	if in.Body.Override != "" {
		past, err = s.View(ctx).Lockdown.Override(
			ctx,
			d,
			in.Body.Action,
			in.Body.Values,
			in.Body.Override,
			gate.CallerOf(ctx).By(),
		)
		if err != nil {
			return nil, err
		}
	}
	r, err := s.fleet.Command(ctx, d, DeviceOrder{
		Past:   past,
		Action: in.Body.Action,
		Values: in.Body.Values,
		Data:   in.Body.Data,
		By:     gate.CallerOf(ctx).Name(),
		Wait:   wait,
	})
	return gate.Answer(r.said(ctx), err)
}

// setDesired sends the value to the device before storing it: one that
// cannot be sent is not stored.
func (s *area) setDesired(
	ctx context.Context, in *desiredInput,
) (*gate.Body[CommandResult], error) {
	if s.fleet == nil {
		return nil, gate.Missing("drivers")
	}
	limited, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	var r CommandResult
	send := func(d g.Device) (err error) {
		r, err = s.fleet.Command(limited, d, DeviceOrder{
			Action: ActionWrite,
			Values: map[string]g.Value{in.Property: in.Body.Value},
			By:     gate.CallerOf(ctx).Name(),
			Wait:   usualWait,
		})
		return err
	}
	err := s.View(ctx).Fleet.WriteDesired(
		ctx,
		g.DeviceID(in.ID),
		in.Property,
		in.Body.Value,
		send,
	)
	return gate.Answer(r.said(ctx), err)
}

func (s *area) snapshot(ctx context.Context, in *gate.ByID) (*gate.JPEG, error) {
	// Whoever may look through a camera need not be allowed to read the rest of the fleet.
	scope := gate.CallerOf(ctx).Scope
	scope.Permissions = []g.Permission{g.DevicesRead, g.CameraView}
	row, err := s.In(scope).Fleet.Device(ctx, g.DeviceID(in.ID))
	if err != nil {
		return nil, err
	}
	if row.Type != g.TypeCamera {
		return nil, g.Errorf(g.Invalid, "device %q is no camera", in.ID)
	}
	if s.fleet == nil {
		return nil, gate.Missing("drivers")
	}
	if name := gate.CallerOf(ctx).Name() + " " + in.ID; !s.viewed.seen(name, s.Now()) {
		if err := s.View(ctx).Deeds.Record(ctx, "camera.view", in.ID); err != nil {
			return nil, g.Errorf(g.Unavailable,
				"looking through a camera must be audited, and the audit log cannot be written")
		}
		s.viewed.note(name, s.Now())
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return gate.Picture(s.fleet.Snapshot(ctx, row.Device))
}

// lately remembers up to max names for a while. When it is full it forgets everything, so
// that at worst something is noted twice.
type lately struct {
	span time.Duration
	max  int
	mu   sync.Mutex
	at   map[string]time.Time
}

func newLately(span time.Duration, max int) *lately {
	return &lately{
		span: span,
		max:  max,
		at:   map[string]time.Time{},
	}
}

func (l *lately) seen(name string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.at[name]
	return ok && now.Sub(at) < l.span
}

func (l *lately) note(name string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.at) >= l.max {
		clear(l.at)
	}
	l.at[name] = now
}
