package history

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Punches sums up a device's live sightings: how many there were, and the least and the most that
// their times were ahead of when they were received.
type Punches struct {
	N           int
	Least, Most time.Duration
}

// Punches are the live sightings of a school's devices with from <= time < to; only for system
// scopes.
func (v View) Punches(
	ctx context.Context, school g.SchoolID, from, to time.Time,
) (map[g.DeviceID]Punches, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("school = ?", string(school))
	between(&w, "time", from, to)
	w.And("replayed <> 1 AND device <> ''")
	out := map[g.DeviceID]Punches{}
	err := store.Each(ctx, v.s.Hist, "SELECT device, COUNT(*), MIN(time - received), "+
		"MAX(time - received) FROM sightings"+w.String()+" GROUP BY device", w.Args,
		func(scan func(...any) error) error {
			var d g.DeviceID
			var n int
			var least, most int64
			err := scan(&d, &n, &least, &most)
			out[d] = Punches{
				N:     n,
				Least: time.Duration(least) * time.Microsecond,
				Most:  time.Duration(most) * time.Microsecond,
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the devices' clocks: %w", err)
	}
	return out, nil
}

// Delivered reports whether a device has delivered, at or after to, a sighting of from <= time < to:
// it keeps what it cannot send; only for system scopes.
func (v View) Delivered(
	ctx context.Context, device g.DeviceID, from, to time.Time,
) (bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return false, err
	}
	n := 0
	err := v.s.Hist.Row(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM sightings WHERE device = ? AND "+
		"time >= ? AND time < ? AND received >= ? LIMIT 1) AS one",
		string(device), store.Micros(from), store.Micros(to),
		store.Micros(to)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read what a device has delivered: %w", err)
	}
	return n > 0, nil
}

// Refused is when the first and the last passage of a device were refused.
type Refused struct{ First, Last time.Time }

// Refused are the devices of a school that had passages refused with from <= time < to, by when they
// were received; only for system scopes.
func (v View) Refused(
	ctx context.Context, school g.SchoolID, from, to time.Time,
) (map[g.DeviceID]Refused, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("school = ?", string(school))
	between(&w, "time", from, to)
	w.And("partial = 0 AND device <> '' AND code IN (?, ?, ?)", string(g.RejectedClockAhead),
		string(g.RejectedClockBehind), string(g.RejectedSighting))
	out := map[g.DeviceID]Refused{}
	err := store.Each(ctx, v.s.Hist, "SELECT device, MIN(time), MAX(time) FROM rejections"+
		w.String()+" GROUP BY device", w.Args, func(scan func(...any) error) error {
		var d g.DeviceID
		var first, last int64
		err := scan(&d, &first, &last)
		out[d] = Refused{store.Moment(first), store.Moment(last)}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read refused passages: %w", err)
	}
	return out, nil
}
