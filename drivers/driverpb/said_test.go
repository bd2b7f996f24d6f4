package driverpb_test

import (
	"errors"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// TestWhatAnErrorIsMadeFromCrosses: format and arguments are sent, so that the gateway can
// translate the message. A format that does not produce the message is dropped, and messages of
// other programs stay as they are.
func TestWhatAnErrorIsMadeFromCrosses(t *testing.T) {
	in := gatehouse.FieldErrorf("unit", "%q is no unit id; use %d to %d", "x", 1, 247)
	for _, err := range []error{
		driverpb.ToError(driverpb.FromError(in)),
		driverpb.CallError("driver", driverpb.StatusError(in)),
	} {
		var out *gatehouse.Error
		if !errors.As(err, &out) || out.Text == nil || out.Text.Format != in.Text.Format ||
			out.Text.String() != in.Message || out.Field != "unit" {
			t.Errorf("got %+v, want the format %q", out, in.Text.Format)
		}
	}
	other := driverpb.FromError(in)
	other.Message = "something else"
	foreign := &driverpb.Error{Code: "invalid", Message: "their words", Said: []byte("{{{")}
	for _, w := range []*driverpb.Error{other, foreign} {
		var out *gatehouse.Error
		if !errors.As(driverpb.ToError(w), &out) || out.Text != nil || out.Message != w.Message {
			t.Errorf("got %+v, want the words %q alone", out, w.Message)
		}
	}
}
