//go:build soak

package host_test

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// TestMemoryStaysFlatOverKills kills a driver 200 times and compares the host's heap,
// goroutines and open files after 50 kills and at the end.
func TestMemoryStaysFlatOverKills(t *testing.T) {
	s := newSink()
	h, _ := start(t, host.Options{Sink: s, Crashes: 1000, LastPause: 10 * time.Millisecond},
		spec("steady"))
	put(t, h, "steady", device("dev_1", ""))
	var heap, goroutines, files [2]int
	var longest time.Duration
	for k := range 200 {
		s.wait(t, "a reading", readings("dev_1", 1))
		st := wait(t, h, "steady")
		begun := time.Now()
		if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		wait(t, h, "steady", host.Backoff, host.Starting)
		s.set(func(s *sink) { s.got = nil })
		wait(t, h, "steady")
		longest = max(longest, time.Since(begun))
		if k == 49 || k == 199 {
			s.wait(t, "a reading", readings("dev_1", 1))
			heap[k/199], goroutines[k/199], files[k/199] = measure()
		}
	}
	t.Logf("after 50 and 200 kills: heap %v KiB, goroutines %v, files %v; longest way back %s",
		heap, goroutines, files, longest)
	if heap[1] > heap[0]+1024 || goroutines[1] > goroutines[0]+5 || files[1] > files[0]+5 {
		t.Errorf("the host grew: heap %v KiB, goroutines %v, files %v", heap, goroutines, files)
	}
}

// TestStoppedProgramIsNoticed stops a program with SIGSTOP, as a debugger would.
func TestStoppedProgramIsNoticed(t *testing.T) {
	s := newSink()
	h, _ := start(t, host.Options{Sink: s}, spec("steady"))
	put(t, h, "steady", device("dev_1", ""))
	st := wait(t, h, "steady")
	begun := time.Now()
	if err := syscall.Kill(st.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for st.Restarts == 0 || st.State != host.Running {
		changed := h.Changed()
		if st, _ = h.Driver("steady"); st.Restarts > 0 && st.State == host.Running {
			break
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.Fatalf("got %+v a minute after the program stood still", st)
		}
	}
	t.Logf("running again after %s", time.Since(begun))
	s.wait(t, "online again", func(got []gatehouse.Observation) bool {
		return len(states(got, "dev_1")) >= 2
	})
}

func measure() (heapKiB, goroutines, files int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fds, _ := os.ReadDir("/proc/self/fd")
	return int(m.HeapAlloc >> 10), runtime.NumGoroutine(), len(fds)
}
