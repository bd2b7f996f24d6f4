package host_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// named is the same program as a driver of another name.
func named(name string, args ...string) host.Spec {
	s := spec("steady")
	s.Name = gatehouse.DriverName(name)
	s.Args = append(s.Args, args...)
	return s
}

// TestReloadTouchesOnlyWhatIsAnother: a driver with an unchanged spec keeps its process and its
// device; a changed one gets a new process and serves its device again; a new one runs; a removed
// one ends, or is refused with a reason while it has devices.
func TestReloadTouchesOnlyWhatIsAnother(t *testing.T) {
	s := newSink()
	h, stop := start(t, host.Options{Sink: s}, named("same"), named("other"), named("idle"),
		named("left"))
	before := map[string]int{}
	for _, name := range []string{"same", "other", "idle", "left"} {
		before[name] = wait(t, h, gatehouse.DriverName(name)).PID
	}
	for _, name := range []string{"same", "other", "left"} {
		put(t, h, gatehouse.DriverName(name), device(gatehouse.DeviceID("dev_"+name), ""))
	}
	for _, name := range []string{"same", "other", "left"} {
		s.wait(t, name+" online", hasStates(gatehouse.DeviceID("dev_"+name), gatehouse.StateOnline))
	}

	if err := h.Reload([]host.Spec{named("other", "again"), named("same"), named("new")}, 7); err != nil {
		t.Fatal(err)
	}
	if st := wait(t, h, "same"); st.PID != before["same"] {
		t.Errorf("process %d serves what did not change, want %d", st.PID, before["same"])
	}
	if st := wait(t, h, "other"); st.PID == before["other"] || st.Devices != 1 || st.Restarts != 1 {
		t.Errorf("got %+v of what changed, want another process with its device, restarted once",
			st)
	}
	wait(t, h, "new")
	if st := wait(t, h, "left", host.Refused); !strings.Contains(st.Reason,
		"the configuration does not") {
		t.Errorf("got reason %q of a driver that is gone and has a device", st.Reason)
	}
	s.wait(t, "the device of the changed driver online again",
		func(got []gatehouse.Observation) bool {
			return readings("dev_other", 3)(got) &&
				states(got, "dev_other")[0] == gatehouse.StateOnline
		})
	s.wait(t, "the device of no driver down",
		hasStates("dev_left", gatehouse.StateOnline, gatehouse.StateDriverDown))
	if _, err := h.Driver("idle"); gatehouse.ErrorCode(err) != gatehouse.NotFound {
		t.Errorf("a driver without devices that is gone: got %v, want that there is none", err)
	}
	var names []string
	for _, st := range h.Status() {
		names = append(names, string(st.Name))
	}
	if want := []string{"other", "same", "new", "left"}; !slices.Equal(names, want) {
		t.Errorf("got drivers %v, want %v", names, want)
	}
	stop()
	if got := states(s.got, "dev_same"); !slices.Equal(got,
		[]gatehouse.DeviceState{gatehouse.StateOnline}) {
		t.Errorf("states of the device whose driver did not change: got %v, want it online all "+
			"the time",
			got)
	}
	if err := h.Reload(nil, 0); gatehouse.ErrorCode(err) != gatehouse.Conflict {
		t.Errorf("after the stop: got %v, want a conflict", err)
	}
}

// TestReloadOfWrongSpecsChangesNothing; Check reports beforehand what would be refused.
func TestReloadOfWrongSpecsChangesNothing(t *testing.T) {
	h, _ := start(t, host.Options{}, named("one"))
	pid := wait(t, h, "one").PID
	if err := h.Reload([]host.Spec{named("two"), named("two")}, 0); err == nil {
		t.Error("two drivers of one name are taken")
	}
	if st := wait(t, h, "one"); st.PID != pid {
		t.Errorf("process %d after a refused reload, want %d", st.PID, pid)
	}
	missing := named("one")
	missing.Path = "/nowhere/driver"
	unknown := named("one")
	unknown.Settings = map[string]string{"no such setting": "1"}
	pinned := named("one")
	pinned.SHA256 = strings.Repeat("0", 64)
	for _, bad := range []host.Spec{missing, unknown, pinned} {
		if err := h.Check(bad); err == nil {
			t.Errorf("%+v: nothing is said against it", bad)
		}
	}
	if err := h.Check(named("one")); err != nil {
		t.Error(err)
	}
}

// TestDevicesOfADriverThatNothingConfigures: after a start without the driver it is listed as
// refused with the mend, and its devices are down, as after a reload that takes it away.
func TestDevicesOfADriverThatNothingConfigures(t *testing.T) {
	s := newSink()
	h, stop := start(t, host.Options{Sink: s}, named("same"))
	wait(t, h, "same")
	put(t, h, "left", device("dev_left", ""))
	if st := wait(t, h, "left", host.Refused); !strings.Contains(st.Reason,
		"the configuration does not") {
		t.Errorf("got reason %q of a driver that nothing configures", st.Reason)
	}
	s.wait(t, "its device down", hasStates("dev_left", gatehouse.StateDriverDown))
	if err := h.Reload([]host.Spec{named("same"), named("left")}, 7); err != nil {
		t.Fatal(err)
	}
	s.wait(t, "its device online once the driver is there",
		hasStates("dev_left", gatehouse.StateDriverDown, gatehouse.StateOnline))
	stop()
}
