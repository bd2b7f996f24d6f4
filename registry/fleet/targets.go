package fleet

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Target is a device that a threat level's action commands.
type Target struct {
	Device       g.DeviceID
	Name         string
	Irreversible bool // its profile calls the action so
	Away         bool // it gets the command when it is back
}

// Targets lists the enabled devices of a school that an action commands; zones are those of its
// building, and nil without one. It does not check the scope: the caller must.
func Targets(
	ctx context.Context, c store.Conn, school g.SchoolID, a g.LevelAction, zones []g.ZoneID,
) ([]Target, error) {
	var w store.Where
	w.And("d.enabled = 1")
	store.Eq(&w, "d.school", school)
	store.Eq(&w, "d.id", a.Device)
	store.Eq(&w, "d.zone", a.Zone)
	store.Eq(&w, "d.profile", a.Profile)
	store.Eq(&w, "p.type", a.Type)
	if zones != nil {
		w.And("d.zone IN ("+store.Marks(len(zones))+")", store.Anys(zones)...)
	}
	var out []Target
	err := store.Each(ctx, c, "SELECT d.id, d.name, COALESCE(t.state, ''), p.body FROM devices d "+
		"JOIN profiles p ON p.id = d.profile LEFT JOIN twins t ON t.device = d.id"+
		w.String()+" ORDER BY d.id", w.Args, func(scan func(...any) error) error {
		var x Target
		var state g.DeviceState
		p, err := scanProfile(func(dst ...any) error {
			return scan(append([]any{&x.Device, &x.Name, &state}, dst...)...)
		})
		if err != nil {
			return err
		}
		if p.CheckAction(a.Action, a.Values) == nil {
			x.Irreversible = p.Actions[a.Action].Irreversible
			x.Away = state == g.StateOffline
			out = append(out, x)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the devices of an action: %w", err)
	}
	return out, nil
}

// CheckActions refuses an action that no profile takes, or not the one that it names.
func CheckActions(ctx context.Context, c store.Conn, a g.LevelAction) error {
	if a.Profile != "" {
		p, err := profile(ctx, c, a.Profile)
		if g.ErrorCode(err) == g.NotFound {
			return g.FieldErrorf("profile", "there is no profile %q", a.Profile)
		}
		if err != nil {
			return err
		}
		return p.CheckAction(a.Action, a.Values)
	}
	why := g.FieldErrorf("action", "no profile has an action %q", a.Action)
	err := store.Each(ctx, c, "SELECT body FROM profiles ORDER BY id", nil,
		func(scan func(...any) error) error {
			p, err := scanProfile(scan)
			if err != nil {
				return err
			}
			if why == nil {
				return nil
			}
			if _, ok := p.Actions[a.Action]; !ok {
				return nil
			}
			if err := p.CheckAction(a.Action, a.Values); err != nil {
				why, _ = err.(*g.Error)
				return nil
			}
			why = nil
			return nil
		})
	if err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	if why == nil {
		return nil
	}
	return why
}

// CheckEvent refuses an occurrence that no profile's devices report; those that mean the same in
// every profile are known.
func CheckEvent(ctx context.Context, c store.Conn, kind g.OccurrenceKind) error {
	switch kind {
	case g.OccurrenceAlarm, g.OccurrenceDoor, g.OccurrenceSale, g.OccurrenceTamper, g.OccurrenceUnanswered:
		return nil
	}
	known := false
	err := store.Each(ctx, c, "SELECT body FROM profiles ORDER BY id", nil,
		func(scan func(...any) error) error {
			p, err := scanProfile(scan)
			if err != nil {
				return err
			}
			_, has := p.Events[string(kind)]
			known = known || has
			return nil
		})
	if err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	if !known {
		return g.FieldErrorf("kind", "no profile has an event %q", kind)
	}
	return nil
}
