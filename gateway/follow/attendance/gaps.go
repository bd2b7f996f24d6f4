package attendance

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// shortGap is the shortest outage that counts: across a reconnect devices keep what they saw.
const shortGap = time.Minute

// span is a time.
type span struct{ from, to time.Time }

// outages are what is known of when devices were out of reach on the day.
type outages struct {
	of      map[g.DeviceID][]span
	refused bool // some device had passages refused
	known   bool
}

// gaps are the times within the session at which a device that sees people in its zones was out of
// reach, or its passages were refused: a person who was not seen then is unknown, not absent. An
// outage ends as a gap when the device has delivered what it saw meanwhile.
func (d *day) gaps(ctx context.Context, s g.Session) (out []attend.Gap, err error) {
	kinds := s.ZoneKinds
	if len(s.Zones) == 0 && len(kinds) == 0 {
		kinds = []g.ZoneKind{s.Kind.UsualZone()}
	}
	to := earlier(d.now, s.End)
	refused, err := d.refused(ctx, span{s.Start, to})
	if err != nil {
		return nil, err
	}
	for id, z := range d.zones {
		if !slices.Contains(s.Zones, id) && !slices.Contains(kinds, z.Kind) {
			continue
		}
		for _, e := range d.c.opt.Directory.InZone(id) {
			if len(e.Profile.Sightings) == 0 || !e.Device.Enabled {
				continue
			}
			away, err := d.away(ctx, e.Device)
			if err != nil {
				return nil, err
			}
			for _, x := range away {
				x.from, x.to = later(x.from, s.Start), earlier(x.to, to)
				if x.to.Sub(x.from) < shortGap {
					continue
				}
				kept, err := d.delivered(ctx, e.Device.ID, x)
				if err != nil {
					return nil, err
				}
				if !kept {
					out = append(out, attend.Gap{
						Zone: id,
						From: x.from,
						To:   x.to,
					})
				}
			}
			if r, ok := refused[e.Device.ID]; ok {
				out = append(out, attend.Gap{
					Zone: id,
					From: r.from,
					To:   r.to.Add(time.Second),
				})
			}
		}
	}
	return out, nil
}

// delivered reports whether a device has delivered, after an outage, what it saw in it.
func (d *day) delivered(ctx context.Context, id g.DeviceID, x span) (bool, error) {
	if !d.all {
		return d.c.opt.View.History.Delivered(ctx, id, x.from, x.to)
	}
	return slices.ContainsFunc(d.rows, func(r history.SightingRow) bool {
		return r.Device == id && !r.Time.Before(x.from) && r.Time.Before(x.to) && !r.Received.Before(x.to)
	}), nil
}

// time is that of all sessions, until now.
func (d *day) time() span {
	all := span{d.list[0].Start, d.list[0].End}
	for _, s := range d.list {
		all.from, all.to = earlier(all.from, s.Start), later(all.to, s.End)
	}
	return span{all.from, earlier(all.to, d.now)}
}

// refused are the devices that had passages refused, from the first to the last of them.
func (d *day) refused(ctx context.Context, at span) (map[g.DeviceID]span, error) {
	view := d.c.opt.View.History
	if !d.outages.known {
		all := d.time()
		some, err := view.Refused(ctx, d.school.ID, all.from, all.to)
		if err != nil {
			return nil, err
		}
		d.outages = outages{
			of:      map[g.DeviceID][]span{},
			refused: len(some) > 0,
			known:   true,
		}
	}
	if !d.outages.refused {
		return nil, nil
	}
	some, err := view.Refused(ctx, d.school.ID, at.from, at.to)
	out := map[g.DeviceID]span{}
	for id, r := range some {
		out[id] = span{r.First, r.Last}
	}
	return out, err
}

// away is when a device was out of reach in the time of all sessions.
func (d *day) away(ctx context.Context, dev g.Device) ([]span, error) {
	if known, ok := d.outages.of[dev.ID]; ok {
		return known, nil
	}
	all := d.time()
	out, err := outagesOf(ctx, d.c.opt.View, dev, all.from, all.to)
	if err == nil {
		d.outages.of[dev.ID] = out
	}
	return out, err
}

// outagesOf walks the device's status log from the newest entry back to from. A device that was
// never heard of sees nobody, from when it was registered.
func outagesOf(
	ctx context.Context, view *registry.View, d g.Device, from, to time.Time,
) (out []span, err error) {
	from = later(from, d.Created)
	end, last, page := to, g.DeviceState(""), registry.Page{Limit: 1000}
	for {
		rows, next, err := view.History.StatusLog(ctx, d.ID, page)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !reachable(r.State) {
				out = append(out, span{later(r.Time, from), end})
			}
			if !r.Time.After(from) {
				return out, nil
			}
			end, last = earlier(end, r.Time), r.State
		}
		if next == "" {
			break
		}
		page.Cursor = next
	}
	away := reachable(last) // before the oldest entry the state was its opposite
	if last == "" {         // no entry: never heard of, or well for longer than the log is kept
		row, err := view.Fleet.Device(ctx, d.ID)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, err
		}
		away = !reachable(row.Twin.State)
	}
	if away {
		out = append(out, span{from, end})
	}
	return out, nil
}

// reachable says whether what a device in this state sees arrives here.
func reachable(s g.DeviceState) bool { return s == g.StateOnline || s == g.StateFault }
