package fleet

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

const (
	knockWait = 3 * time.Second // for all drivers together
	mostKnock = 1024
)

// Knocks lists equipment that contacts the drivers and is not registered. A driver without
// discovery, or one that does not run, lists none.
func (f *Fleet) Knocks(ctx context.Context) []api.Knock {
	ctx, cancel := context.WithTimeout(ctx, knockWait)
	defer cancel()
	out := []api.Knock{}
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

func knock(driver g.DriverName, c drivers.Candidate) api.Knock {
	return api.Knock{
		Driver:  driver,
		Serial:  c.Serial,
		Title:   c.Title,
		Address: c.Address,
		Profile: c.Profile,
	}
}
