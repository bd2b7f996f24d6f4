package rules_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// TestSilenceToldTwice: the gateway's own events about a silence are journalled again after a
// crash. The device has been heard since, so no rule may consider it silent or, once it is silent
// again, heard. The first time they have their usual effect.
func TestSilenceToldTwice(t *testing.T) {
	const text = `rules:
  - id: silent
    title: Silent
    per: device
    when: {status: [offline]}
    severity: warning
`
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(mustParse(t, text), nil)}
	firing, told := false, 0
	tell := func(effects []rules.Effect) {
		for _, e := range effects {
			if e.Alert != nil {
				firing = e.Alert.Firing
				told++
			}
		}
	}
	of := func(received, since float64, id string, s g.DeviceState) {
		e := w.event(received, "lab-1")
		e.ID, e.Kind, e.Time, e.Status = id+"lab-1", g.EventStatus, morning(since), &g.Status{
			State: s,
		}
		tell(w.engine.Observe(e, w.town))
	}
	read := func(second float64) { tell(w.read(second, "lab-1", "temperature", 20)) }
	want := func(what string, wantFiring bool, wantTold int) {
		t.Helper()
		if firing != wantFiring || told != wantTold {
			t.Fatalf("%s: got firing %t, told %d times; want %t, %d", what, firing, told,
				wantFiring, wantTold)
		}
	}
	restart := func() {
		tell(w.engine.Tick(morning(0)))
		b, err := w.engine.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		w.engine = rules.New(mustParse(t, text), nil)
		if err := w.engine.Restore(b); err != nil {
			t.Fatal(err)
		}
	}
	read(0)
	tell(w.engine.Tick(morning(30).Add(time.Millisecond)))
	of(31, 0, g.SilentID, g.StateOffline)
	want("the silence", true, 1)
	of(32, 0, g.SilentID, g.StateOffline)
	want("the silence once more", true, 1)
	read(40)
	want("heard", false, 2)
	of(41, 40, g.HeardID, g.StateOnline)
	want("told that it is heard", false, 2)
	restart()
	of(42, 0, g.SilentID, g.StateOffline)
	want("the silence once more, after it is over", false, 2)
	of(43, 40, g.HeardID, g.StateOnline)
	of(80, 40, g.SilentID, g.StateOffline)
	want("a new silence", true, 3)
	restart()
	of(81, 0, g.SilentID, g.StateOffline)
	of(82, 40, g.HeardID, g.StateOnline)
	want("told once more that it is heard, while it is silent anew", true, 3)
	read(90)
	want("heard again", false, 4)
}
