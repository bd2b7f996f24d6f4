package drivertest

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// Credentials shown to the fixture's device.
const (
	knownCard   = "47110001" // the bench allows it
	unknownCard = "47110002" // the bench refuses it
	silentCard  = "47110003" // the bench gives no answer
)

// Answer implements the gateway's side of Ask.
func (b *bench) Answer(
	ctx context.Context, _ gatehouse.DriverName, a gatehouse.Ask,
) (gatehouse.Answer, error) {
	b.mu.Lock()
	b.asked = append(b.asked, a)
	if a.Device != b.f.Device.ID {
		b.wrong = append(b.wrong,
			fmt.Errorf("a question is of device %q, which was shown nothing", a.Device))
	} else if err := a.Check(b.f.Device.Profile); err != nil {
		b.wrong = append(b.wrong, fmt.Errorf("a question is none: %w", err))
	}
	b.mu.Unlock()
	switch a.Credential {
	case knownCard:
		return gatehouse.Answer{
			Allow:  true,
			Person: "conformance-person",
		}, nil
	case silentCard:
		<-ctx.Done()
		return gatehouse.Answer{}, ctx.Err()
	}
	return gatehouse.Answer{Reason: gatehouse.Because(gatehouse.ReasonNobody)}, nil
}

// occurs triggers an event at the device and waits for its occurrence.
func (b *bench) occurs(ctx context.Context) error {
	if b.f.Happen == nil {
		return skipped("the fixture has nothing Happen at its device")
	}
	b.forget()
	if err := b.f.Happen(); err != nil {
		return err
	}
	if err := b.wait(ctx, "an occurrence of the device",
		func(seen []gatehouse.Observation) bool {
			return slices.ContainsFunc(seen, func(o gatehouse.Observation) bool {
				return o.Device == b.f.Device.ID && o.Occurrence != nil
			})
		}); err != nil {
		return err
	}
	return b.refused()
}

// asks shows the device three credentials: one that the bench allows, one that it refuses and one
// that it does not answer.
func (b *bench) asks(ctx context.Context) error {
	if b.f.Show == nil {
		return skipped("the fixture does not Show its device anything")
	}
	for _, c := range []struct {
		name, card string
		passes     bool
	}{
		{"a credential that the gateway allows", knownCard, true},
		{"a credential that the gateway refuses", unknownCard, false},
		{
			"a credential about which the gateway is silent",
			silentCard,
			b.f.Device.Profile.Unanswered().Allow,
		},
	} {
		if err := b.shows(ctx, c.card, c.passes); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return b.refused()
}

// shows shows the device a credential until the outcome is as expected, at most Patience: on a
// loaded machine a single answer may be late.
func (b *bench) shows(ctx context.Context, card string, passes bool) error {
	ctx, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	for {
		passed, err := b.f.Show(ctx, card)
		switch {
		case !b.wasAsked(card):
			return fmt.Errorf("the gateway was not asked (%v)", err)
		case ctx.Err() != nil:
			return fmt.Errorf("for %s it passed is %v, want %v", b.f.Patience, !passes, passes)
		case err != nil:
			return err
		case passed == passes:
			return nil
		}
	}
}

func (b *bench) wasAsked(card string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.asked,
		func(a gatehouse.Ask) bool { return a.Credential == card })
}

// writes sets valid properties, and one that the device does not have.
func (b *bench) writes(ctx context.Context) error {
	if st, _ := b.host.Driver(name); !st.Commands || len(b.f.Write) == 0 {
		return skipped("the driver has no Command, or the fixture has nothing to Write")
	}
	ctx, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	write := drivers.Command{
		ID:     "conformance-write",
		Device: b.f.Device.ID,
		Action: "write",
		Values: b.f.Write,
	}
	r, err := b.host.Command(ctx, name, write)
	if err != nil {
		return fmt.Errorf("writing what the device takes: %w", err)
	}
	for property := range b.f.Write {
		if !slices.ContainsFunc(r.Writes, func(w drivers.Write) bool {
			return w.Property == property && w.Outcome == drivers.WriteDone
		}) {
			return fmt.Errorf("the result does not say what came of %q: its Writes are %v", property,
				r.Writes)
		}
	}
	write.ID = "conformance-odd-write"
	write.Values = map[string]gatehouse.Value{"no-such-property": gatehouse.NumberValue(1)}
	if r, err = b.host.Command(ctx, name, write); err == nil {
		return fmt.Errorf("writing a property that the device does not have succeeds: %q", r.Message)
	}
	return nil
}
