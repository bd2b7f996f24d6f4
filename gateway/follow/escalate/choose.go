package escalate

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// chains reads each school's chains once, and what is known of its places.
type chains struct {
	view      *registry.View
	of        map[g.SchoolID][]g.Escalation
	buildings map[g.ZoneID]g.BuildingID
}

func (c *chains) school(ctx context.Context, id g.SchoolID) ([]g.Escalation, error) {
	if all, ok := c.of[id]; ok {
		return all, nil
	}
	all, err := c.view.Oncall.Chains(ctx, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if c.of == nil {
		c.of = map[g.SchoolID][]g.Escalation{}
	}
	c.of[id] = all
	return all, nil
}

// building is where a zone is, "" where the zone is not known.
func (c *chains) building(ctx context.Context, id g.ZoneID) (g.BuildingID, error) {
	if id == "" {
		return "", nil
	}
	if b, ok := c.buildings[id]; ok {
		return b, nil
	}
	z, err := c.view.Places.Zone(ctx, id)
	if err != nil && g.ErrorCode(err) != g.NotFound {
		return "", err
	}
	if c.buildings == nil {
		c.buildings = map[g.ZoneID]g.BuildingID{}
	}
	c.buildings[id] = z.Building
	return z.Building, nil
}

// choose is the chain for an alert; false where there is none.
func (c *chains) choose(ctx context.Context, a g.Alert) (g.Escalation, bool, error) {
	all, err := c.school(ctx, a.School)
	if err != nil || len(all) == 0 {
		return g.Escalation{}, false, err
	}
	building, err := c.building(ctx, a.Zone)
	if err != nil {
		return g.Escalation{}, false, err
	}
	e, ok := rota.Choose(all, rota.Where{
		Severity: a.Severity,
		Building: building,
		Zone:     a.Zone,
	})
	return e, ok, nil
}

// waits says whether nobody has an alert in hand that is on the wall.
func waits(a g.Alert) bool { return a.Unanswered() }

// since is when an alert was told: when it opened, or when it opened again. Its chain counts from
// there, so that one that was in hand for an hour does not race through its steps.
func since(a g.Alert, told time.Time) time.Time {
	if told.After(a.Opened) {
		return told
	}
	return a.Opened
}

// seen is the call of an alert as an event tells it.
func (e *Escalator) seen(
	ctx context.Context, known *chains, a g.Alert, told time.Time,
) (oncall.Call, error) {
	c := oncall.Call{
		Alert:   a.ID,
		School:  a.School,
		State:   oncall.CallAnswered,
		Retold:  a.Retold,
		Version: a.Version,
	}
	if !waits(a) {
		return c, nil
	}
	chain, ok, err := known.choose(ctx, a)
	if err != nil {
		return c, err
	}
	if !ok {
		c.State = oncall.CallNone
		return c, nil
	}
	c.State, c.Chain = oncall.CallDue, chain.ID
	c.Due = rota.Begin(chain, since(a, told)).Due
	return c, nil
}

// Rechoose gives alerts that no chain was for to one that is now. Its steps count from now on.
func (e *Escalator) Rechoose(ctx context.Context) error {
	known := chains{view: e.View}
	left, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallNone,
		"",
		time.Time{},
		most,
	)
	if err != nil {
		return err
	}
	var moves []oncall.Move
	for _, was := range left {
		a, err := e.View.Alerts.Find(ctx, was.Alert)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		now := was
		if err != nil || !waits(a.Alert) {
			now.State = oncall.CallAnswered
		} else {
			chain, ok, err := known.choose(ctx, a.Alert)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			now.State, now.Chain = oncall.CallDue, chain.ID
			now.Due = rota.Begin(chain, e.Now()).Due
		}
		moves = append(moves, oncall.Move{
			Was: was,
			Now: now,
		})
	}
	lost, err := e.leftByTheirChain(ctx)
	if err != nil || len(moves)+len(lost) == 0 {
		return err
	}
	signal(e.kick)
	return e.View.Oncall.Advance(ctx, append(moves, lost...))
}

// leftByTheirChain makes due at once what waits for a step of a chain that is gone or switched off:
// its alert is given to another, or the head is told.
func (e *Escalator) leftByTheirChain(ctx context.Context) (moves []oncall.Move, err error) {
	due, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallDue,
		"",
		time.Time{},
		most,
	)
	if err != nil {
		return nil, err
	}
	gone := map[g.EscalationID]bool{}
	for _, c := range due {
		if _, known := gone[c.Chain]; !known {
			chain, err := e.View.Oncall.Chain(ctx, c.Chain)
			if err != nil && g.ErrorCode(err) != g.NotFound {
				return nil, err
			}
			gone[c.Chain] = err != nil || chain.Disabled
		}
		now := c
		if now.Due = e.Now(); !gone[c.Chain] || !c.Due.After(now.Due) {
			continue
		}
		moves = append(moves, oncall.Move{
			Was: c,
			Now: now,
		})
	}
	return moves, nil
}
