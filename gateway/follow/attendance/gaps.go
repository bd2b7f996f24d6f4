package attendance

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// gaps are the times within the session at which a device that sees people in its zones was out of
// reach, or its passages were refused: a person who was not seen then is unknown, not absent. An
// outage ends as a gap when the device has delivered what it saw meanwhile.
func (c *Computer) gaps(ctx context.Context, s g.Session, now time.Time) ([]attend.Gap, error) {
	kinds := s.ZoneKinds
	if len(s.Zones) == 0 && len(kinds) == 0 {
		kinds = []g.ZoneKind{s.Kind.UsualZone()}
	}
	to := earlier(now, s.End)
	refused, err := c.opt.View.History.Refused(ctx, s.School, s.Start, to)
	if err != nil {
		return nil, err
	}
	var out []attend.Gap
	for id, z := range c.opt.Directory.Zones(s.School) {
		if !slices.Contains(s.Zones, id) && !slices.Contains(kinds, z.Kind) {
			continue
		}
		for _, e := range c.opt.Directory.InZone(id) {
			if len(e.Profile.Sightings) == 0 || !e.Device.Enabled {
				continue
			}
			gaps, err := deviceGaps(ctx, c.opt.View, e.Device, s.Start, to)
			if err != nil {
				return nil, err
			}
			for _, x := range gaps {
				kept, err := c.opt.View.History.Delivered(ctx, e.Device.ID, x.From, x.To)
				if err != nil {
					return nil, err
				}
				if !kept {
					out = append(out, x)
				}
			}
			if r, ok := refused[e.Device.ID]; ok {
				out = append(out, attend.Gap{
					Zone: id,
					From: r.First,
					To:   r.Last.Add(time.Second),
				})
			}
		}
	}
	return out, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// shortGap is the shortest outage that counts: across a reconnect devices keep what they saw.
const shortGap = time.Minute

// deviceGaps walks the device's status log from the newest entry back to the session's start.
// A device that was never heard of sees nobody, from when it was registered.
func deviceGaps(
	ctx context.Context, view *registry.View, d g.Device, from, to time.Time,
) ([]attend.Gap, error) {
	if from.Before(d.Created) {
		from = d.Created
	}
	var out []attend.Gap
	gap := func(begin, end time.Time) {
		if begin.Before(from) {
			begin = from
		}
		if end.Sub(begin) >= shortGap {
			out = append(out, attend.Gap{
				Zone: d.Zone,
				From: begin,
				To:   end,
			})
		}
	}
	end, last, page := to, g.DeviceState(""), registry.Page{Limit: 1000}
	for {
		rows, next, err := view.History.StatusLog(ctx, d.ID, page)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !reachable(r.State) {
				gap(r.Time, end)
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
		gap(from, end)
	}
	return out, nil
}

// reachable says whether what a device in this state sees arrives here.
func reachable(s g.DeviceState) bool { return s == g.StateOnline || s == g.StateFault }
