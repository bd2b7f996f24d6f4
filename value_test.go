package gatehouse_test

import (
	"math"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

func TestValueOf(t *testing.T) {
	for _, x := range []any{
		math.NaN(),
		math.Inf(1),
		[]int{1},
		map[string]any{},
		string(make([]byte, g.MaxStringValue+1)),
	} {
		if v, err := g.ValueOf(x); err == nil {
			t.Errorf("ValueOf(%T) = %v, want an error", x, v)
		}
	}
	if v, err := g.ValueOf(21); err != nil || v != g.NumberValue(21) {
		t.Errorf("ValueOf(21) = %v, %v; want 21", v, err)
	}
}
