package intake_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// deaf absorbs every status, as if every device flapped.
type deaf struct{ noted []g.DeviceState }

func (d *deaf) Note(_ g.DeviceID, s g.Status, _ time.Time) bool {
	d.noted = append(d.noted, s.State)
	return false
}

// TestStatesOfADeviceThatFlapsGoNoFurther: the states of a device that flaps are not journalled,
// but acknowledged all the same, for a driver's batch and for a named MQTT message. Replayed states
// and everything else are journalled as usual.
func TestStatesOfADeviceThatFlapsGoNoFurther(t *testing.T) {
	s := open(t)
	states := &deaf{}
	s.States = states
	off := &g.Status{State: g.StateOffline, Reason: "gone"}
	must(t,
		s.Accept(t.Context(), g.DriverMQTTFront, []g.Observation{{Device: "reader", Status: off}}))
	acknowledged := make(chan error, 1)
	must(t,
		s.Message(t.Context(), "reader", "status", []byte(`{"state":"online"}`), "once",
			func(err error) { acknowledged <- err }))
	must(t, <-acknowledged)
	if got := s.journalled(); len(got) != 0 {
		t.Errorf("journalled: %+v, want nothing", got)
	}
	if len(states.noted) != 2 {
		t.Errorf("noted: %v, want both", states.noted)
	}
	s.see(g.DriverMQTTFront, "reader", g.Sighting{Method: g.ByCard, Credential: "0004711"})
}
