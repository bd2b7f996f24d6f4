package fleet

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	apifleet "github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

const (
	knockWait = 3 * time.Second // for all drivers together
	mostKnock = 1024
)

// Knocks lists equipment that contacts the drivers and is not registered. A driver without
// discovery, or one that does not run, lists none.
func (f *Fleet) Knocks(ctx context.Context) []apifleet.Knock {
	ctx, cancel := context.WithTimeout(ctx, knockWait)
	defer cancel()
	out := []apifleet.Knock{}
	for _, s := range f.o.Host.Status() {
		err := f.o.Host.Discover(ctx, s.Name, func(c drivers.Candidate) {
			if len(out) < mostKnock {
				out = append(out, knock(s.Name, c))
			}
		})
		if err != nil {
			f.o.Log.Debug("a driver does not say who calls it", "driver", s.Name, "error", err)
		}
	}
	return out
}

func knock(driver g.DriverName, c drivers.Candidate) apifleet.Knock {
	return apifleet.Knock{
		Driver:  driver,
		Serial:  c.Serial,
		Title:   c.Title,
		Address: c.Address,
		Profile: c.Profile,
	}
}
