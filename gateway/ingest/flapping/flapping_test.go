package flapping_test

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
)

const camera g.DeviceID = "camera"

var (
	on  = g.Status{State: g.StateOnline}
	off = g.Status{State: g.StateOffline, Reason: "the stream ended"}
)

// told records what is passed on of a device: statuses, and turns.
type told struct {
	w    *flapping.Watch
	said []string
}

func (x *told) note(s g.Status) {
	if x.w.Note(camera, s, time.Now()) {
		x.said = append(x.said, string(s.State))
	}
	x.turns()
}

func (x *told) turns() {
	for _, t := range x.w.Due(time.Now()) {
		x.said = append(x.said, string(t.Status.State))
		x.w.Told(t)
	}
}

func (x *told) wants(t *testing.T, want ...string) {
	t.Helper()
	if got := fmt.Sprint(x.said); got != fmt.Sprint(want) {
		t.Errorf("what others are told of the device: %s, want %s", got, fmt.Sprint(want))
	}
	x.said = nil
}

func limits() flapping.Limits {
	return flapping.Limits{Changes: 6, Within: time.Minute, Quiet: 2 * time.Minute}
}

// TestACameraThatDiesEveryFewSeconds: a camera that dies every few seconds is
// reported when flapping begins and when it ends, however long it lasts, and it ends
// only after Quiet without a change.
func TestACameraThatDiesEveryFewSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := told{w: flapping.New(limits())}
		x.note(on)
		x.wants(t, "online")
		for range 3 {
			time.Sleep(4 * time.Second)
			x.note(off)
			time.Sleep(time.Second)
			x.note(on)
		}
		// The first is not a change: the state before it was unknown.
		x.wants(t, "offline", "online", "offline", "online", "offline", "flapping")
		select {
		case <-x.w.Began():
		default:
			t.Error("nobody is woken when it begins")
		}
		for range 1000 {
			time.Sleep(90 * time.Second) // too slow to begin flapping, too fast to end it
			x.note(off)
			time.Sleep(time.Second)
			x.note(on)
		}
		x.wants(t)
		if f := x.w.Flapping()[camera]; f.Changes != 2006 || f.Program {
			t.Errorf("flapping %+v, want 2006 changes, of its own", f)
		}
		time.Sleep(2*time.Minute - time.Second)
		x.turns()
		x.wants(t)
		time.Sleep(time.Second)
		x.turns()
		x.wants(t, "online")
		x.note(off)
		x.wants(t, "offline") // a single outage is reported as usual
	})
}

// TestItEndsAsWhatItIs: a camera that dies for good at last is offline, with the reason.
func TestItEndsAsWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := flapping.New(limits())
		x := told{w: w}
		for range 4 {
			x.note(on)
			x.note(off)
		}
		x.said = nil
		time.Sleep(2 * time.Minute)
		due := w.Due(time.Now())
		if len(due) != 1 || due[0].Begins || !reflect.DeepEqual(due[0].Status, off) {
			t.Fatalf("due: %+v, want the end, as %+v", due, off)
		}
		w.Note(camera, on, time.Now()) // while that is on its way to the disk
		w.Told(due[0])
		x.turns()
		x.wants(t, "flapping") // the end that was put on disk no longer holds
	})
}

func TestSlowChangesAreNoFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := flapping.New(limits())
		for range 50 {
			for _, s := range []g.Status{on, off, {State: g.StateDriverDown}, off} {
				if !w.Note(camera, s, time.Now()) {
					t.Fatal("an outage every 31 s was swallowed")
				}
			}
			time.Sleep(31 * time.Second)
		}
	})
}

// TestAfterARestart: what flapped before flaps on, is not reported again, and ends.
func TestAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := told{w: flapping.New(limits())}
		x.w.Adopt(camera, time.Now())
		x.note(on)
		x.note(off)
		x.wants(t)
		x.w.Adopt(camera, time.Now()) // changes nothing
		time.Sleep(2 * time.Minute)
		x.turns()
		x.wants(t, "offline")
	})
}

// TestSilence: a flapping device that falls silent does not stay online for ever.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := told{w: flapping.New(limits())}
		for range 4 {
			x.note(off)
			x.note(on)
		}
		x.said = nil
		seen := time.Now()
		x.w.Silence(camera, seen, 5*time.Minute, time.Now()) // not yet
		time.Sleep(90 * time.Second)
		x.w.Silence(camera, seen, time.Minute, time.Now())
		x.turns()
		x.wants(t)
		time.Sleep(2 * time.Minute)
		x.turns()
		x.wants(t, "offline")
	})
}

// TestADriversProgramThatComesAndGoes is distinguished from flapping devices:
// all its devices go with it.
func TestADriversProgramThatComesAndGoes(t *testing.T) {
	w := flapping.New(limits())
	now := time.Now()
	for range 4 {
		w.Note(camera, on, now)
		w.Note(camera, g.Status{State: g.StateDriverDown}, now)
	}
	for _, turn := range w.Due(now) {
		w.Told(turn)
	}
	if f := w.Flapping()[camera]; !f.Program {
		t.Errorf("flapping %+v, want that its program comes and goes", f)
	}
	w.Forget(camera)
	if got := w.Flapping(); len(got) != 0 {
		t.Errorf("flapping after it was removed: %v", got)
	}
}

// TestTheClockIsSetBack: times from before the clock was set back do not count.
func TestTheClockIsSetBack(t *testing.T) {
	w := flapping.New(limits())
	now := time.Now()
	for i := range 4 {
		w.Note(camera, []g.Status{on, off}[i%2], now)
	}
	now = now.Add(-time.Hour)
	for i := range 5 {
		if !w.Note(camera, []g.Status{on, off}[i%2], now) {
			t.Fatal("it flaps after 5 changes since the clock was set back")
		}
	}
}
