// Package retention removes what was kept long enough: it closes resolved alerts, and
// deletes pictures that nobody keeps after their time, kept ones after their last day,
// unkept ones of schools that take none at once, and old history. It does nothing while the
// gateway's clock is wrong.
package retention

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	lookEvery  = 5 * time.Second // between checks whether a round is due
	every      = time.Hour
	closeAfter = time.Hour // how long a resolved alert stays so before it is closed
)

// Periods are how long things are kept.
type Periods struct {
	Pictures time.Duration // that nobody keeps
	History  time.Duration
}

// Options are what a Keeper works with.
type Options struct {
	View       *registry.View
	Media      *media.Store
	Schools    func() []g.SchoolID
	Allowed    func(g.SchoolID) bool // whether a school keeps pictures
	ClockWrong func(now time.Time) bool
	Now        func() time.Time
	Log        *slog.Logger
}

// Keeper removes what was kept long enough.
type Keeper struct {
	o       Options
	periods atomic.Pointer[Periods]
	last    time.Time // when the last round was; used by Run only
}

// New makes a Keeper, whose Run does the work.
func New(o Options, p Periods) *Keeper {
	k := &Keeper{o: o}
	k.Keep(p)
	return k
}

// Keep changes how long things are kept, from the next round on.
func (k *Keeper) Keep(p Periods) { k.periods.Store(&p) }

// Periods are the current ones.
func (k *Keeper) Periods() Periods { return *k.periods.Load() }

// Run does a round every hour, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		k.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look does a round where it is time for one.
func (k *Keeper) look(ctx context.Context) {
	now := k.o.Now()
	if k.o.ClockWrong(now) || now.Sub(k.last) <= every {
		return
	}
	k.last = now
	k.round(ctx, now)
}

func (k *Keeper) round(ctx context.Context, now time.Time) {
	p := k.Periods()
	if _, err := k.o.View.Alerts.CloseResolved(ctx, now.Add(-closeAfter)); err != nil && ctx.Err() == nil {
		k.o.Log.Error("close resolved alerts", "error", err)
	}
	if err := k.pictures(ctx, now, p.Pictures); err != nil && ctx.Err() == nil {
		k.o.Log.Error("expire pictures", "error", err)
	}
	for _, school := range append(k.o.Schools(), "") {
		_, err := k.o.View.History.Trim(ctx, school, now.Add(-p.History))
		if err != nil && ctx.Err() == nil {
			k.o.Log.Error("trim the history", "school", school, "error", err)
		}
	}
}

// pictures deletes expired pictures: unkept ones after life, kept ones after their last day, and
// all unkept ones of schools that take none.
func (k *Keeper) pictures(ctx context.Context, now time.Time, life time.Duration) error {
	n, err := k.o.Media.Expire(now.Add(-life))
	if err != nil {
		return err
	}
	if n > 0 {
		k.o.Log.Info("expired pictures", "folders", n)
	}
	for _, school := range k.o.Schools() {
		if k.o.Allowed(school) {
			continue
		}
		if err := k.o.Media.Forget(school); err != nil {
			return err
		}
	}
	if _, err := k.o.View.Alerts.LapsePictures(ctx, now); err != nil {
		return err
	}
	kept, err := k.o.View.Alerts.KeptPictures(ctx, "")
	if err != nil {
		return err
	}
	wanted := map[g.MediaID]bool{}
	for _, x := range kept {
		wanted[x.Media] = true
	}
	err = k.o.Media.Sweep(func(_ g.SchoolID, id g.MediaID) bool { return wanted[id] })
	if err != nil {
		return err
	}
	plans, err := k.o.View.Places.Drawings(ctx)
	if err != nil {
		return err
	}
	return k.o.Media.SweepDrawings(plans, now.Add(-every))
}
