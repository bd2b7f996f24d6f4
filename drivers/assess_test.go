package drivers_test

import (
	"context"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// judge is a driver with an Assess method.
type judge struct{ fake }

func (judge) Assess(d drivers.Device) gatehouse.Weakness {
	switch {
	case d.ID == "panics":
		panic("no such device")
	case d.Secret["password"] == "":
		return gatehouse.WeakNoPassword
	}
	return gatehouse.WeakNone
}

// TestWeaknessIsSaidWithEachConnect: the weakness goes with the online report, goes again when the
// device gets a password while online, and does not replace one that the driver reports itself.
func TestWeaknessIsSaidWithEachConnect(t *testing.T) {
	found := make(chan gatehouse.Weakness, 1)
	g := serve(t, judge{fake{func(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
		if err := emit(ctx, reading(1)); err != nil {
			return err
		}
		select {
		case w := <-found:
			if err := emit(ctx,
				gatehouse.Observation{
					Status: &gatehouse.Status{State: gatehouse.StateFault, Weak: w},
				}); err != nil {
				return err
			}
		case <-ctx.Done():
		}
		<-ctx.Done() // returning would report the device offline
		return nil
	}}})
	next := func(state, weak string) {
		t.Helper()
		b := g.batch(t)
		got := b.GetObservations()[0].GetStatus()
		if got.GetState() != state || got.GetWeak() != weak {
			t.Errorf("got %v, want %s, %s", got, state, weak)
		}
		g.ack(t, b, nil)
	}
	send := func(d *driverpb.Device) {
		t.Helper()
		if err := g.stream.Send(&driverpb.FromHost{Message: &driverpb.FromHost_Connect{Connect: d}}); err != nil {
			t.Fatal(err)
		}
	}
	send(&driverpb.Device{Id: "d"})
	next("online", "no_password")
	send(&driverpb.Device{Id: "d", Secret: map[string]string{"password": "x"}})
	next("online", "none")
	found <- gatehouse.WeakPlainText
	next("fault", "plain_text")
	send(&driverpb.Device{Id: "d"})
	next("online", "no_password")
	send(&driverpb.Device{Id: "panics"})
	next("online", "")
}

func TestThisMachine(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true,
		"127.8.0.1": true,
		"::1":       true, "[::1]": true, "LOCALHOST": true, "localhost.": true,
		"::ffff:127.0.0.1": true,
		"10.0.0.1":         false,
		"camera":           false, "": false, "localhost.example": false, "0.0.0.0": false,
	} {
		if got := drivers.ThisMachine(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}
