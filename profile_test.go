package gatehouse_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
)

// Values that drivers send over gRPC have not passed ValueOf, so Check must enforce the limits of a
// Value.
func TestCheckHoldsValuesToTheirBounds(t *testing.T) {
	number, text := gatehouse.Property{Type: "number"}, gatehouse.Property{Type: "string"}
	for _, c := range []struct {
		property gatehouse.Property
		value    gatehouse.Value
		want     string
	}{
		{number, gatehouse.NumberValue(math.NaN()), "NaN is not a finite number"},
		{number, gatehouse.NumberValue(math.Inf(1)), "+Inf is not a finite number"},
		{
			text,
			gatehouse.StringValue(strings.Repeat("x", gatehouse.MaxStringValue+1)),
			"the text has 1025 characters; at most 1024 are kept",
		},
	} {
		if err := c.property.Check(c.value); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if err := text.Check(gatehouse.StringValue(strings.Repeat("x", gatehouse.MaxStringValue))); err != nil {
		t.Errorf("got %v, want nil at the bound", err)
	}
}
