package attendance

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// clocksFor is how long what is known of the devices' clocks serves the answers of single people;
// everybody's, by which answers become final, are computed from what is known then.
const clocksFor = 30 * time.Second

// mostClocks is how many school days' clocks are remembered; beyond it all are read again.
const mostClocks = 1024

// clockKey is the time by whose live sightings a session's clocks are known: from the beginning of
// its day until its answers are final.
type clockKey struct {
	school   g.SchoolID
	from, to time.Time
}

// knownClocks are how far devices' clocks were ahead, and when that was read.
type knownClocks struct {
	at  time.Time
	off map[g.DeviceID]time.Duration
}

func (d *day) clockKey(s g.Session) clockKey {
	date, _ := g.ParseDate(attend.OperationalDate(s, d.school)) // it has just been formatted
	from := time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, d.school.Location())
	_, final, _ := attend.Boundaries(s, d.school)
	return clockKey{d.school.ID, from.UTC(), final.UTC()}
}

// clocks are how far the devices' clocks are ahead, where they are off.
func (d *day) clocks(ctx context.Context, key clockKey) (map[g.DeviceID]time.Duration, error) {
	if d.all {
		return offsets(punches(d.rows, key)), nil
	}
	c := d.c
	c.mu.Lock()
	known, ok := c.known[key]
	c.mu.Unlock()
	if age := d.now.Sub(known.at); ok && len(d.only) > 0 && age >= 0 && age < clocksFor {
		return known.off, nil
	}
	all, err := c.opt.View.History.Punches(ctx, key.school, key.from, key.to)
	if err != nil {
		return nil, err
	}
	off := offsets(all)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= mostClocks {
		clear(c.known)
	}
	c.known[key] = knownClocks{d.now, off}
	return off, nil
}

// punches are those of a time among a school's sightings, as the history sums them up.
func punches(rows []history.SightingRow, key clockKey) map[g.DeviceID]history.Punches {
	out := map[g.DeviceID]history.Punches{}
	for _, r := range rows {
		if r.Device == "" || r.Replayed && !r.Late || r.Time.Before(key.from) || !r.Time.Before(key.to) {
			continue
		}
		ahead, p := r.Time.Sub(r.Received), out[r.Device]
		if p.N == 0 {
			p.Least, p.Most = ahead, ahead
		}
		out[r.Device] = history.Punches{
			N:     p.N + 1,
			Least: min(p.Least, ahead),
			Most:  max(p.Most, ahead),
		}
	}
	return out
}

func offsets(all map[g.DeviceID]history.Punches) map[g.DeviceID]time.Duration {
	out := map[g.DeviceID]time.Duration{}
	for d, p := range all {
		if off := attend.Punches(p).Offset(); off != 0 {
			out[d] = off
		}
	}
	return out
}
