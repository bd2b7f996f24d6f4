package oncall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Chains lists the chains of a school, or of all in scope, by name.
func (v View) Chains(ctx context.Context, school g.SchoolID) ([]g.Escalation, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	out := []g.Escalation{}
	err = store.Each(ctx, v.s.Reg, "SELECT body FROM escalations"+w.String()+" ORDER BY name, id",
		w.Args, func(scan func(...any) error) error {
			x, err := scanBody[g.Escalation](scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	return out, nil
}

func chainsOf(ctx context.Context, c store.Conn, school g.SchoolID) ([]g.Escalation, error) {
	out := []g.Escalation{}
	err := store.Each(ctx, c, "SELECT body FROM escalations WHERE school = ?",
		[]any{string(school)}, func(scan func(...any) error) error {
			x, err := scanBody[g.Escalation](scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	return out, nil
}

// chainNames refuses where a chain names a place or a channel.
func chainNames(ctx context.Context, c store.Conn, school g.SchoolID, id string) error {
	chains, err := chainsOf(ctx, c, school)
	if err != nil {
		return err
	}
	for _, x := range chains {
		named := slices.Contains(x.Zones, g.ZoneID(id)) || slices.Contains(x.Buildings, g.BuildingID(id))
		for _, s := range x.Steps {
			named = named || slices.Contains(s.Channels, id)
		}
		if named {
			return g.Errorf(g.Conflict, "the chain %q names it: take it out there before", x.Name)
		}
	}
	return nil
}

func chainRow(ctx context.Context, c store.Conn, id g.EscalationID) (g.Escalation, error) {
	x, err := scanBody[g.Escalation](
		c.Row(ctx, "SELECT body FROM escalations WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "chain", string(id))
	}
	return x, nil
}

// Chain returns one chain.
func (v View) Chain(ctx context.Context, id g.EscalationID) (g.Escalation, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return g.Escalation{}, err
	}
	x, err := chainRow(ctx, v.s.Reg, id)
	if err != nil {
		return g.Escalation{}, err
	}
	return x, in.Owns(x.School, "chain", string(id))
}

func chainBefore(id g.EscalationID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) { return chainRow(ctx, t, id) }
}

// rewait gives the calls that wait under a chain its waits as they are now.
func (v View) rewait(ctx context.Context, t *store.Tx, was, now g.Escalation) error {
	var waiting []Call
	err := store.Each(ctx, t,
		"SELECT "+callColumns+" FROM calls WHERE state = ? AND due > ? AND chain = ?",
		[]any{string(CallDue), store.Micros(t.Now), string(now.ID)},
		func(scan func(...any) error) error {
			c, err := scanCall(scan)
			waiting = append(waiting, c)
			return err
		})
	if err != nil {
		return fmt.Errorf("read calls: %w", err)
	}
	for _, c := range waiting {
		due := rota.Call{
			Step:  c.Step,
			Round: c.Round,
			Due:   c.Due,
		}.Under(was, now).Due
		if due.Equal(c.Due) {
			continue
		}
		c.Due = due
		if err := v.saveCall(ctx, t, c); err != nil {
			return err
		}
	}
	return nil
}

// PutChain writes a chain; an empty ID creates one. Alerts that are on their way through it take
// its next step from what is written now.
func (v View) PutChain(ctx context.Context, x g.Escalation) (g.Escalation, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return g.Escalation{}, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return g.Escalation{}, err
	}
	if x.ID == "" {
		x.ID = g.EscalationID(g.NewID("esc"))
	}
	if err := named(string(x.ID), x.Name, x.NameZH); err != nil {
		return g.Escalation{}, err
	}
	if err := rota.CheckChain(x); err != nil {
		return g.Escalation{}, err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return g.Escalation{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		had, err := store.SchoolOf(ctx, t, "escalations", "chain", string(x.ID))
		if err := mayPut(
			had,
			err,
			x.School,
			"chain",
			string(x.ID),
		); err != nil {
			return err
		}
		if err := v.standing(ctx, t, x); err != nil {
			return err
		}
		if err := v.apart(ctx, t, x); err != nil {
			return err
		}
		var before any
		if had != "" {
			was, err := chainRow(ctx, t, x.ID)
			if err != nil {
				return err
			}
			if err := v.rewait(ctx, t, was, x); err != nil {
				return err
			}
			before = was
		} else if err := room(ctx, t, "SELECT COUNT(*) FROM escalations WHERE school = ?",
			x.School, MaxChains); err != nil {
			return err
		}
		_, err = t.Exec(ctx, "INSERT INTO escalations (id, school, name, body) VALUES (?, ?, ?, ?) "+
			"ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
			string(x.ID), string(x.School), x.Name, string(b))
		if err != nil {
			return fmt.Errorf("write chain: %w", err)
		}
		t.Change(change.Escalation, x.School, string(x.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			x.School,
			"chain.put",
			string(x.ID),
			before,
			x,
		)
	})
	if err != nil {
		return g.Escalation{}, err
	}
	return x, nil
}

// apart refuses a chain for alerts that another one is for already with the same right: one of them
// would never be followed, and nobody would know which.
func (v View) apart(ctx context.Context, t *store.Tx, x g.Escalation) error {
	all, err := chainsOf(ctx, t, x.School)
	if err != nil {
		return err
	}
	for _, other := range all {
		if s, same := rota.Overlap(x, other); same {
			what := string(s)
			if what == "" {
				what = "*"
			}
			return g.FieldErrorf("severities", "the chain %q is for the same alerts already (%s): only "+
				"one of them would be followed; name other severities or places, or change that one",
				other.Name, what)
		}
	}
	return nil
}

// standing refuses a chain that names what the school does not have.
func (v View) standing(ctx context.Context, t *store.Tx, x g.Escalation) error {
	for i, id := range x.Zones {
		z, err := places.ZoneRow(ctx, t, id)
		if g.ErrorCode(err) == g.NotFound || err == nil && z.School != x.School {
			return g.FieldErrorf(fmt.Sprintf("zones[%d]", i), "the school has no zone %q", id)
		}
		if err != nil {
			return err
		}
	}
	for i, id := range x.Buildings {
		ok, err := places.HasBuilding(ctx, t, x.School, id)
		if err != nil {
			return err
		}
		if !ok {
			return g.FieldErrorf(fmt.Sprintf("buildings[%d]", i), "the school has no building %q", id)
		}
	}
	staff, err := access.Staff(ctx, v.r.access, t, x.School)
	if err != nil {
		return err
	}
	for i, s := range x.Steps {
		for k, id := range s.Rotas {
			r, err := rotaRow(ctx, t, id)
			if g.ErrorCode(err) == g.NotFound || err == nil && r.School != x.School {
				return g.FieldErrorf(fmt.Sprintf("steps[%d].rotas[%d]", i, k),
					"the school has no rota %q", id)
			}
			if err != nil {
				return err
			}
		}
		if err := known(staff, s.Users, fmt.Sprintf("steps[%d].users", i)); err != nil {
			return err
		}
		if err := hasChannels(ctx, t, x.School, s.Channels); err != nil {
			return within(err, fmt.Sprintf("steps[%d].", i))
		}
	}
	return nil
}

func hasChannels(
	ctx context.Context, t *store.Tx, school g.SchoolID, ids []string,
) error {
	var channels []g.ChannelID
	for _, id := range ids {
		channels = append(channels, g.ChannelID(id))
	}
	return messages.CheckChannels(ctx, t, school, channels)
}

// within puts where something is before the field of an error about bad input.
func within(err error, at string) error {
	if e, ok := errors.AsType[*g.Error](err); ok && e.Code == g.Invalid {
		return e.At(at + e.Field)
	}
	return err
}

// DeleteChain deletes a chain. Alerts that are on their way through it go on with the one that fits
// them now, from its first step.
func (v View) DeleteChain(ctx context.Context, id g.EscalationID) error {
	return v.s.Remove(ctx, g.SettingsWrite, "escalations", "chain", string(id), change.Escalation,
		chainBefore(id), nil)
}
