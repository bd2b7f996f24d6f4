package states

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// TakeUp runs at the start: devices that flapped when the gateway stopped count as flapping until
// they have been stable.
func TakeUp(
	ctx context.Context, view *registry.View, watch *flapping.Watch, now time.Time,
) error {
	left, err := view.Fleet.FlappingDevices(ctx)
	if err != nil {
		return err
	}
	for _, d := range left {
		watch.Adopt(d.ID, now)
	}
	return nil
}
