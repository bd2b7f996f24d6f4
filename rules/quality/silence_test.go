package quality_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestSilenceToldTwice: the gateway's own events about two silences of a device come once, and
// again after a crash: the gaps are the same.
func TestSilenceToldTwice(t *testing.T) {
	run := func(twice bool) string {
		s := newStory(t, 1)
		s.silence["gate"] = 2 * time.Minute
		of := func(received, since, id string, state g.DeviceState) {
			s.tell(g.Event{
				ID:       id + "gate",
				Kind:     g.EventStatus,
				School:   school,
				Device:   "gate",
				Time:     s.at(since),
				Received: s.at(received),
				Status:   &g.Status{State: state},
			})
		}
		again := func(received string, silence, heard string) {
			if twice {
				of(received, silence, g.SilentID, g.StateOffline)
				of(received, heard, g.HeardID, g.StateOnline)
				s.counter.Advance(s.at(received))
				s.keep()
				s.restart()
			}
		}
		s.line("08:00:00 gate reads 1")
		of("08:02:01", "08:00:00", g.SilentID, g.StateOffline)
		s.line("08:10:00 gate reads 2")
		of("08:10:01", "08:10:00", g.HeardID, g.StateOnline)
		again("08:10:30", "08:00:00", "08:10:00")
		s.line("08:11:00 gate reads 3")
		again("08:11:30", "08:00:00", "08:10:00")
		of("08:13:01", "08:11:00", g.SilentID, g.StateOffline)
		again("08:14:00", "08:00:00", "08:10:00")
		s.line("08:31:00 gate reads 4")
		return s.report()
	}
	if d := cmp.Diff(run(true), run(false)); d != "" {
		t.Errorf("told twice (-) and once (+)\n%s", d)
	}
}
