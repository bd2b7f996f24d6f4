package host_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// A program that hangs, as under a debugger or in a deadlock, is reported differently from one that
// was killed, and is restarted.
func TestHungProgramIsToldAsSuch(t *testing.T) {
	t.Parallel()
	s := newSink()
	h, _ := start(t, host.Options{Sink: s}, spec("steady"))
	put(t, h, "steady", device("dev_1", ""))
	st := wait(t, h, "steady")
	if err := syscall.Kill(st.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, h, "steady", "a second program", func(now host.Status) bool {
		return now.State == host.Running && now.PID != st.PID
	})
	now, err := h.Driver("steady")
	if err != nil {
		t.Fatal(err)
	}
	if want := "it hung: it gave no sign for 8s, and was ended"; now.LastError != want {
		t.Errorf("got %q, want %q", now.LastError, want)
	}
}

// await blocks until a driver's status satisfies ok.
func await(t *testing.T, h *host.Host, driver string, what string, ok func(host.Status) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		changed := h.Changed()
		for _, st := range h.Status() {
			if string(st.Name) == driver && ok(st) {
				return
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("waited for %s; got %+v", what, h.Status())
		}
	}
}

// Quarantine ends by itself: the program is retried, and the quarantine is over once a run has
// lasted long enough.
func TestQuarantineEndsByItself(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "well")
	sp := spec("until")
	sp.Args = append(sp.Args, mark)
	h, _ := start(t, host.Options{
		Crashes:         2,
		LastPause:       10 * time.Millisecond,
		QuarantinePause: 20 * time.Millisecond,
		QuarantineMax:   20 * time.Millisecond,
		SteadyAfter:     time.Second,
	}, sp)
	await(t, h, "until", "three tries in quarantine", func(st host.Status) bool {
		return st.Restarts >= 5 && !st.Quarantine.IsZero()
	})
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, h, "until", "it to run, still in quarantine", func(st host.Status) bool {
		return st.State == host.Running && !st.Quarantine.IsZero()
	})
	await(t, h, "until", "the end of its quarantine", func(st host.Status) bool {
		return st.State == host.Running && st.Quarantine.IsZero()
	})
}

// A program whose start takes longer than SteadyAfter leaves quarantine as well.
func TestQuarantineOfASlowStarter(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "well")
	sp := spec("until")
	sp.Args = append(sp.Args, mark)
	h, _ := start(t, host.Options{
		Crashes:         2,
		LastPause:       10 * time.Millisecond,
		QuarantinePause: 20 * time.Millisecond,
		QuarantineMax:   20 * time.Millisecond,
		SteadyAfter:     time.Millisecond, // shorter than any start
	}, sp)
	await(t, h, "until", "its quarantine", func(st host.Status) bool { return !st.Quarantine.IsZero() })
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, h, "until", "the end of its quarantine", func(st host.Status) bool {
		return st.State == host.Running && st.Quarantine.IsZero()
	})
}

// Child processes end with the driver, whatever their session and parent.
func TestChildrenInTheirOwnSessionEndToo(t *testing.T) {
	for _, kind := range []string{"session", "orphan"} {
		t.Run(kind, func(t *testing.T) {
			s := newSink()
			temp := t.TempDir()
			h, stop := start(t, host.Options{Sink: s, Crashes: 100, TempDir: temp}, spec("steady"))
			st := wait(t, h, "steady")
			put(t, h, "steady", device("dev_1", kind))
			s.wait(t, "a reading", readings("dev_1", 1))
			if n := len(withTemp(t, temp)); n < 2 {
				t.Fatalf("got %d processes of the driver, want it and its child", n)
			}
			if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			wait(t, h, "steady", host.Backoff)
			h.Drop("dev_1")
			stop()
			if left := withTemp(t, temp); len(left) != 0 {
				t.Errorf("alive: %q, want none", left)
			}
		})
	}
}

// withTemp lists the processes whose temporary folder is below temp.
func withTemp(t *testing.T, temp string) []string {
	t.Helper()
	var out []string
	names, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		env, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(env), "TMPDIR="+temp) {
			out = append(out, name)
		}
	}
	return out
}

// A program that exceeds its memory limit is ended, and the reason says so.
func TestMemoryIsBounded(t *testing.T) {
	s := newSink()
	sp := spec("steady")
	sp.Memory = 256 << 20
	h, _ := start(t, host.Options{Sink: s, Crashes: 1}, sp)
	wait(t, h, "steady")
	put(t, h, "steady", device("dev_1", "leak"))
	st := wait(t, h, "steady", host.Quarantined)
	var held, most int
	if _, err := fmt.Sscanf(st.Reason[strings.Index(st.Reason, "it held"):],
		"it held %d MiB of memory, and at most %d MiB are allowed", &held,
		&most); err != nil || held <= 256 || most != 256 {
		t.Errorf("got %q, want what it held and its bound of 256 MiB", st.Reason)
	}
}

// A program's description is limited in size, since the registry keeps it.
func TestDescriptionIsBounded(t *testing.T) {
	h, _ := start(t, host.Options{}, spec("wordy"))
	st := wait(t, h, "wordy", host.Refused)
	if want := "its description is refused: it has 5000 profiles; at most 100 are taken"; st.Reason != want {
		t.Errorf("got %q, want %q", st.Reason, want)
	}
}
