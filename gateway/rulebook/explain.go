package rulebook

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// newestAlerts is how many alerts of a rule an explanation shows.
const newestAlerts = 5

// Explain says why a rule fires or does not, for a device or a room if one is named.
func (b *Book) Explain(
	ctx context.Context, v *registry.View, id g.RuleID, about api.About,
) (api.Explained, error) {
	out := api.Explained{}
	if _, err := b.Find(ctx, v, id); err != nil {
		return out, err
	}
	seen, err := b.sees(ctx, v, "")
	if err != nil {
		return out, err
	}
	devices, a, err := b.about(ctx, v, about, seen)
	if err != nil {
		return out, err
	}
	err = b.reader.Ask(ctx, func(e *rules.Engine) {
		if device := b.judge(e, id, devices, seen, &out); out.Why != nil {
			a.Device, a.ID = device, out.Why.Alert
		}
	})
	if err != nil {
		return out, err
	}
	out.Wrong = b.now.Load().broken[id]
	if a.School != "" {
		if out.Hiding, err = v.Alerts.Hiding(ctx, b.wouldBe(a, id), b.opt.Now()); err != nil {
			return out, err
		}
	}
	out.Alerts, _, err = v.Alerts.List(ctx, alerts.Filter{
		Rule:   id,
		Device: about.Device,
		Zone:   about.Zone,
		Page:   registry.Page{Limit: newestAlerts},
	})
	out.Names = b.names(out)
	return out, err
}

// judge says what an engine makes of a rule, and of the device where most has come of it, which it
// returns.
func (b *Book) judge(
	e *rules.Engine, id g.RuleID, devices []g.DeviceID, seen []g.SchoolID, out *api.Explained,
) (most g.DeviceID) {
	all, more := e.Standings(id)
	out.Standings, out.More = b.visible(all, seen), more
	_, out.InForce = e.Explain(id, "")
	for _, device := range devices {
		x, ok := e.Explain(id, device)
		if ok && (out.Why == nil || telling(x.Phase) > telling(out.Why.Phase)) {
			out.Why, most = &x, device
		}
	}
	return most
}

// about are the devices that a question is about, and the place of an alert about them.
func (b *Book) about(
	ctx context.Context, v *registry.View, about api.About, seen []g.SchoolID,
) ([]g.DeviceID, g.Alert, error) {
	if about.Device != "" {
		d, err := v.Fleet.Device(ctx, about.Device)
		return []g.DeviceID{about.Device}, g.Alert{
			School: d.School,
			Zone:   d.Zone,
		}, err
	}
	if about.Zone == "" {
		return nil, g.Alert{}, nil
	}
	z, ok := b.opt.Directory.Zone(about.Zone)
	if !ok || !slices.Contains(seen, z.School) {
		return nil, g.Alert{}, g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("zone"), about.Zone)
	}
	var out []g.DeviceID
	for _, e := range b.opt.Directory.InZone(about.Zone) {
		out = append(out, e.Device.ID)
	}
	slices.Sort(out)
	return out, g.Alert{
		School: z.School,
		Zone:   z.ID,
	}, nil
}

// telling orders phases by how much they say about a room.
func telling(phase string) int {
	return slices.Index([]string{
		rules.PhaseUnheard, rules.PhaseOutside, rules.PhaseQuiet, rules.PhaseWaiting, rules.PhaseMuted,
		rules.PhaseFiring,
	}, phase)
}

// wouldBe is an alert as the rule would raise it at the place of a.
func (b *Book) wouldBe(a g.Alert, id g.RuleID) g.Alert {
	a.Rule = id
	for _, r := range b.InForce().Rules {
		if r.ID != id {
			continue
		}
		a.Severity, a.Values = r.Severity, map[string]g.Value{}
		for _, p := range r.Properties() {
			a.Values[p] = g.BoolValue(true)
		}
	}
	return a
}

// visible are the standings about devices of schools that the caller sees.
func (b *Book) visible(all []rules.Watched, seen []g.SchoolID) []rules.Watched {
	var out []rules.Watched
	for _, s := range all {
		e, ok := b.opt.Directory.Known(s.Device)
		for _, id := range seen {
			if ok && e.Device.School == id {
				out = append(out, s)
			}
		}
	}
	return out
}

// names are those of the devices and zones in an explanation.
func (b *Book) names(x api.Explained) map[string]string {
	out := map[string]string{}
	add := func(id string) {
		if e, ok := b.opt.Directory.Known(g.DeviceID(id)); ok {
			out[id] = e.Device.Name
		} else if z, ok := b.opt.Directory.Zone(g.ZoneID(id)); ok {
			out[id] = z.Name
		}
	}
	for _, s := range x.Standings {
		add(s.Key)
		add(string(s.Device))
	}
	var walk func(r *rules.Ground)
	walk = func(r *rules.Ground) {
		if r == nil {
			return
		}
		for _, s := range r.Seen {
			add(string(s.Device))
		}
		for i := range r.Of {
			walk(&r.Of[i])
		}
	}
	if x.Why != nil {
		add(x.Why.Key)
		walk(x.Why.When)
		walk(x.Why.Clear)
	}
	return out
}
