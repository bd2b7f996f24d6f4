package drivers_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// TestWhyADeviceIsAway: an error of Connect is reported as a sentence and as its reason; an error
// without a reason gets one that holds its text.
func TestWhyADeviceIsAway(t *testing.T) {
	away := gatehouse.Because(gatehouse.ReasonNameUnknown, "address", "nowhere")
	g := serve(t, fake{func(_ context.Context, d drivers.Device, _ drivers.Emit) error {
		switch d.ID {
		case "named":
			return fmt.Errorf("connect: %w", away.Err(gatehouse.Unavailable))
		case "panics":
			panic("no such device\nand a second line")
		}
		return errors.New("the door is stuck")
	}})
	want := map[gatehouse.DeviceID]gatehouse.Status{
		"named": {
			Reason: "connect: " + away.String(),
			Causes: []gatehouse.Reason{away},
		},
		"words": {
			Reason: "the door is stuck",
			Causes: []gatehouse.Reason{
				gatehouse.Because(gatehouse.ReasonOther, "text", "the door is stuck"),
			},
		},
		"panics": {
			Reason: `the driver panicked in Connect of device "panics": no such device`,
			Causes: []gatehouse.Reason{
				gatehouse.Because(gatehouse.ReasonPanicked, "where", `Connect of device "panics"`,
					"detail", "no such device"),
			},
		},
	}
	g.connect(t, "named", "words", "panics")
	got := map[gatehouse.DeviceID]gatehouse.Status{}
	for len(got) < len(want) {
		b := g.batch(t)
		for _, w := range b.GetObservations() {
			o := driverpb.ToObservation(w)
			o.Status.State = ""
			got[o.Device] = *o.Status
		}
		g.ack(t, b, nil)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}
