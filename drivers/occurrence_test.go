package drivers_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// TestAnOccurrenceCrossesTheWire: kind and data arrive as emitted.
func TestAnOccurrenceCrossesTheWire(t *testing.T) {
	want := gatehouse.Occurrence{
		Kind: gatehouse.OccurrenceSale,
		Data: map[string]gatehouse.Value{
			"amount": gatehouse.NumberValue(12.5),
			"what":   gatehouse.StringValue("午餐"),
			"paid":   gatehouse.BoolValue(true),
		},
	}
	g := serve(t, fake{func(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
		if err := emit(ctx, gatehouse.Observation{Sequence: 7, Occurrence: &want}); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}})
	g.connect(t, "till")
	b := g.batch(t)
	g.ack(t, b, nil)
	all := b.GetObservations()
	last := driverpb.ToObservation(all[len(all)-1])
	if last.Sequence != 7 || last.Device != "till" || last.Occurrence == nil {
		t.Fatalf("got %+v, want the occurrence", last)
	}
	if diff := cmp.Diff(*last.Occurrence, want, cmp.AllowUnexported(gatehouse.Value{})); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}
