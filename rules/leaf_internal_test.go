package rules

import (
	"fmt"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestOneOfMany: a long list, which is looked up in a set, answers as a short one does.
func TestOneOfMany(t *testing.T) {
	for _, n := range []int{1, 8, 9, 5000} {
		var c Compare
		for i := range n {
			c.OneOf = append(c.OneOf, g.StringValue(fmt.Sprint("card ", i)))
		}
		test := c.test()
		for v, want := range map[g.Value]tri{
			g.StringValue("card 0"):                 yes,
			g.StringValue(fmt.Sprint("card ", n-1)): yes,
			g.StringValue(fmt.Sprint("card ", n)):   no,
			g.NumberValue(0):                        no,
			{}:                                      unknown,
		} {
			if got := test(v); got != want {
				t.Errorf("%q among %d: got %v, want %v", v, n, got, want)
			}
		}
	}
}
