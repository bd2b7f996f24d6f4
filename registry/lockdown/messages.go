package lockdown

import (
	"context"
	"errors"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// checkMessages refuses messages that tell nobody, and such as name what the school does not have.
func (v View) checkMessages(ctx context.Context, l g.ThreatLevel) error {
	for i, m := range l.Messages {
		at := fmt.Sprintf("messages[%d]", i)
		err := checkMessage(m)
		if err == nil {
			err = v.checkMessagePlaces(ctx, l.School, m)
		}
		if err == nil {
			err = messages.CheckChannels(ctx, v.s.Reg, l.School, m.Channels)
		}
		if e, ok := errors.AsType[*g.Error](err); ok && e.Code == g.Invalid {
			if e.Field == "" {
				return e.At(at)
			}
			return e.At(at + "." + e.Field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkMessage(m g.LevelMessage) error {
	if len(m.Roles)+len(m.Kinds)+len(m.Channels) == 0 {
		return g.FieldErrorf("roles", "the message tells nobody: name a role, a kind of person or a "+
			"channel")
	}
	if max(len(m.Channels), len(m.Buildings), len(m.Zones)) > mostNamed {
		return g.FieldErrorf("channels", "at most %d channels, buildings and zones are named", mostNamed)
	}
	for _, r := range m.Roles {
		if !slices.Contains(g.Roles(), r) {
			return g.FieldErrorf("roles", "%q is no role of a user; use one of %v", r, g.Roles())
		}
	}
	for _, k := range m.Kinds {
		if !slices.Contains(g.PersonKinds(), k) {
			return g.FieldErrorf("kinds", "%q is no kind of person; use some of %v", k, g.PersonKinds())
		}
	}
	return nil
}

func (v View) checkMessagePlaces(
	ctx context.Context, school g.SchoolID, m g.LevelMessage,
) error {
	for i, id := range m.Zones {
		if err := v.checkPlace(ctx, school, g.LevelAction{Zone: id}); err != nil {
			return inField(err, fmt.Sprintf("zones[%d]", i))
		}
	}
	for i, id := range m.Buildings {
		if err := v.checkPlace(ctx, school, g.LevelAction{Building: id}); err != nil {
			return inField(err, fmt.Sprintf("buildings[%d]", i))
		}
	}
	return nil
}

// inField names the field of an error about bad input.
func inField(err error, field string) error {
	if e, ok := errors.AsType[*g.Error](err); ok && e.Code == g.Invalid {
		return e.At(field)
	}
	return err
}
