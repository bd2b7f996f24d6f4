package rulebook

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// newestAlerts is how many alerts of a rule an explanation shows.
const newestAlerts = 5

// Explain says why a rule fires or does not, for a device if one is named.
func (b *Book) Explain(
	ctx context.Context, v *registry.View, id g.RuleID, device g.DeviceID,
) (api.Explained, error) {
	out := api.Explained{}
	if _, err := b.Find(ctx, v, id); err != nil {
		return out, err
	}
	if device != "" {
		if _, err := v.Fleet.Device(ctx, device); err != nil {
			return out, err
		}
	}
	seen, err := b.sees(ctx, v, "")
	if err != nil {
		return out, err
	}
	err = b.reader.Ask(ctx, func(e *rules.Engine) {
		all, more := e.Standings(id)
		out.Standings, out.More = b.visible(all, seen), more
		if x, ok := e.Explain(id, device); ok {
			out.InForce = true
			if device != "" {
				out.Why = &x
			}
		}
	})
	if err != nil {
		return out, err
	}
	out.Wrong = b.now.Load().broken[id]
	out.Alerts, _, err = v.Alerts.List(ctx, alerts.Filter{
		Rule:   id,
		Device: device,
		Page:   registry.Page{Limit: newestAlerts},
	})
	out.Names = b.names(out)
	return out, err
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
