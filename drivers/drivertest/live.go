package drivertest

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// looked is how many pictures each viewer looks at.
const looked = 3

// viewer watches a device until close.
type viewer struct {
	pictures *drivers.Pictures
	close    func() // waits for the end of the watch
}

// open begins to watch. The time within which pictures have to come is not the watch's: its end would
// reach the driver as well, and whichever end came first would be told.
func (b *bench) open(ctx context.Context, id gatehouse.DeviceID) *viewer {
	ctx, cancel := context.WithCancel(ctx)
	v := &viewer{pictures: drivers.NewPictures()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.host.Watch(ctx, id, v.pictures) // Next returns its error
	}()
	v.close = func() {
		cancel()
		<-done
	}
	return v
}

// looks takes pictures as a viewer does. That they can be decoded and fit the limits, the host has
// checked.
func (v *viewer) looks(ctx context.Context) error {
	stamps := map[int64]bool{}
	for n := range looked {
		p, err := v.pictures.Next(ctx)
		switch {
		case ctx.Err() != nil && n == 0:
			return fmt.Errorf("no key picture came")
		case ctx.Err() != nil:
			return fmt.Errorf("%d of %d pictures came", n, looked)
		case err != nil:
			return err
		}
		stamps[p.Stamp] = true
	}
	if len(stamps) < looked {
		return fmt.Errorf("of %d pictures in a row only %d have stamps of their own", looked, len(stamps))
	}
	return nil
}

// watched has as many viewers watch the device at once as are allowed, and another after they have
// gone.
func (b *bench) watched(ctx context.Context) error {
	if !b.f.Watch {
		return skipped("the fixture's device is no camera to Watch")
	}
	if st, _ := b.host.Driver(name); !st.Watches {
		return fmt.Errorf("the driver has no Watch")
	}
	crowdCtx, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	var crowd []*viewer
	for range drivers.MaxWatches {
		v := b.open(ctx, b.f.Device.ID)
		defer v.close()
		crowd = append(crowd, v)
	}
	for i, v := range crowd {
		if err := v.looks(crowdCtx); err != nil {
			return fmt.Errorf("viewer %d of %d at once: %w", i+1, len(crowd), err)
		}
	}
	for _, v := range crowd {
		v.close()
	}
	return b.watchedAgain(ctx)
}

// watchedAgain watches once more, until the viewers before no longer count.
func (b *bench) watchedAgain(ctx context.Context) error {
	waits, cancel := context.WithTimeout(ctx, b.f.Patience)
	defer cancel()
	for {
		v := b.open(ctx, b.f.Device.ID)
		err := v.looks(waits)
		v.close()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-waits.Done():
			return fmt.Errorf("a viewer after %d have gone (does Watch return when its context ends?): %w",
				drivers.MaxWatches, err)
		}
	}
}
