package drivers_test

import (
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestTheErrorOfWrites names what was written and why the rest was not.
func TestTheErrorOfWrites(t *testing.T) {
	busy := gatehouse.Because("busy")
	done := drivers.Write{Property: "a", Outcome: drivers.WriteDone}
	refused := drivers.Write{Property: "b", Outcome: drivers.WriteRefused, Reason: busy}
	unsaid := drivers.Write{Property: "c", Outcome: drivers.WriteUnconfirmed}
	left := drivers.Write{Property: "d", Outcome: drivers.WriteNotTried}
	const nobodyKnows = "it was sent, and the device has not said what came of it"
	for _, c := range []struct {
		name   string
		writes []drivers.Write
		code   gatehouse.Code
		want   string
	}{
		{"none", nil, "", ""},
		{"all", []drivers.Write{done, done}, "", ""},
		{"the only one", []drivers.Write{refused}, gatehouse.Invalid, "busy"},
		{"after one", []drivers.Write{done, refused}, gatehouse.Invalid, "after writing a: b: busy"},
		{"before one", []drivers.Write{refused, done}, gatehouse.Invalid, "after writing a: b: busy"},
		{
			"without words",
			[]drivers.Write{unsaid, left},
			gatehouse.Unavailable,
			"c: " + nobodyKnows + "; d: it was not tried, since what came before it failed",
		},
	} {
		err := drivers.Result{Writes: c.writes}.Err()
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: got %v, want none", c.name, err)
			}
			continue
		}
		if err == nil || err.Error() != c.want || gatehouse.ErrorCode(err) != c.code {
			t.Errorf("%s: got %v, want %s: %s", c.name, err, c.code, c.want)
		}
	}
	if err := (drivers.Result{Writes: []drivers.Write{done, refused}}).Err(); gatehouse.ReasonOf(err).Code != "busy" {
		t.Errorf("got %+v, want the reason of what was refused", gatehouse.ReasonOf(err))
	}
}
