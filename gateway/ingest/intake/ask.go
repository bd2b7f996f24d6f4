package intake

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// Answer decides a device's question whether the holder of a credential may pass, or eat: people of the
// device's school may, if the credential is valid now, and while a threat level stands, whom that
// lets pass. The decision is journalled, but Answer does not wait for that, since somebody stands at
// the door. An error means that there is no decision; the device then does what its profile says.
func (in *Intake) Answer(ctx context.Context, driver g.DriverName, a g.Ask) (g.Answer, error) {
	entry, ok, err := in.Directory.Device(ctx, a.Device)
	if err != nil {
		return g.Answer{}, err
	}
	device := entry.Device
	switch {
	case !ok:
		return g.Answer{}, g.Errorf(g.NotFound, "device %q is not registered", a.Device)
	case device.Driver != driver:
		return g.Answer{}, g.Errorf(g.Forbidden, "device %q belongs to driver %q", a.Device,
			device.Driver)
	case !device.Enabled:
		return g.Answer{}, g.Errorf(g.Forbidden, "device %q is disabled", a.Device)
	}
	if err := a.Check(entry.Profile); err != nil {
		return g.Answer{}, err
	}
	if in.serves(entry) {
		return in.meal(ctx, driver, entry, a)
	}
	held, stands, err := in.standing(ctx, device.School)
	if err != nil {
		return g.Answer{}, fmt.Errorf("look up the threat level: %w", err)
	}
	holder, err := in.Identify.Standing(ctx, device.School, a.Method, a.Credential,
		in.numbers(a.Device))
	if err != nil {
		return g.Answer{}, fmt.Errorf("look up a credential: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return g.Answer{}, err // too late: nothing is journalled
	}
	d := &g.Decision{
		Method:     a.Method,
		Direction:  a.Direction,
		Person:     holder.Person,
		Credential: mask(a.Credential, holder.Person != ""),
	}
	why := holder.Why
	if why == "" {
		why = holder.Held.Refuses(a.Direction)
	}
	d.Allow = why == ""
	if stands {
		d.Level, d.Lockdown, d.Drill = held.Level, held.ID, held.Drill
		d.Allow, why = held.As.Doors.Decide(
			a.Direction,
			holder.Person,
			holder.Kind,
			why,
		)
	}
	if why != "" {
		d.Reason = because(why, held.Lockdown)
	}
	answer := g.Answer{Allow: d.Allow}
	if d.Allow {
		answer.Person = holder.Person
	} else {
		answer.Reason = d.Reason
	}
	if holder.Duress && d.Allow {
		e := in.event(driver, device)
		tellDuress(e, holder.Person, g.OccurrenceID(g.NewID("occ")))
		if err := in.journalled(e, "that somebody is made to pass"); err != nil {
			return g.Answer{}, err
		}
	}
	return answer, in.decided(driver, device, d)
}

// standing returns the threat level that stands in a school.
func (in *Intake) standing(
	ctx context.Context, school g.SchoolID,
) (lockdown.Held, bool, error) {
	if in.Levels == nil {
		return lockdown.Held{}, false, nil
	}
	return in.Levels.InForce(ctx, school)
}

// because gives a reason; a level's carries its name, in both languages where it has two.
func because(why g.ReasonCode, l g.Lockdown) g.Reason {
	switch why {
	case g.ReasonLevelStaff, g.ReasonLevelResponders, g.ReasonLevelFree:
	default:
		return g.Because(why)
	}
	name := l.Title
	if l.TitleZH != "" && l.TitleZH != l.Title {
		name += " " + l.TitleZH
	}
	if l.Drill {
		name = "Drill 演练 · " + name
	}
	return g.Because(why, "level", name)
}

// decided journals a decision. If the journal refuses it there is no answer either, so that nobody
// passes unrecorded.
func (in *Intake) decided(driver g.DriverName, d g.Device, decision *g.Decision) error {
	e := in.event(driver, d)
	e.Kind, e.Decision = g.EventDecision, decision
	return in.journalled(e, "a decision")
}

// event is one of a device, now.
func (in *Intake) event(driver g.DriverName, d g.Device) *g.Event {
	now := in.Now()
	return &g.Event{
		School:   d.School,
		Device:   d.ID,
		Zone:     d.Zone,
		Driver:   driver,
		Time:     now,
		Received: now,
	}
}

// journalled journals an event without waiting for the disk.
func (in *Intake) journalled(e *g.Event, what string) error {
	return in.append(e, func(_ uint64, err error) {
		if err != nil {
			in.Logger.Error("not kept: "+what, "device", e.Device, "error", err)
		}
	})
}
