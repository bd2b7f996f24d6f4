package host_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// A program's settings, defaults included, are checked before it gets them.
func TestSettingsAreLookedAt(t *testing.T) {
	look := func(_ gatehouse.DriverName, fields []drivers.Field, settings map[string]string) error {
		if len(fields) == 2 && settings["greeting"] == "hello" { // the default
			return gatehouse.FieldErrorf("settings.greeting", "it may not say hello")
		}
		return nil
	}
	h, _ := start(t, host.Options{Settings: look}, spec("steady"))
	st := wait(t, h, "steady", host.Running, host.Refused)
	if st.State != host.Refused || !strings.Contains(st.Reason, "it may not say hello") {
		t.Errorf("got %s %q, want it refused for its default", st.State, st.Reason)
	}
}

func TestRefusesPrograms(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	with := func(s host.Spec, change func(*host.Spec)) host.Spec { change(&s); return s }
	for _, c := range []struct {
		name    string
		spec    host.Spec
		options host.Options
		want    string
	}{
		{
			"missing file",
			host.Spec{Path: filepath.Join(dir, "none")},
			host.Options{},
			"there is no file " + dir,
		},
		{"folder", host.Spec{Path: dir}, host.Options{}, "no program but a folder"},
		{
			"not executable",
			host.Spec{Path: write("plain", "x", 0o644)},
			host.Options{},
			"run chmod +x",
		},
		{
			"not a program",
			host.Spec{Path: write("text", "just text", 0o755)},
			host.Options{},
			"is it built for this machine?",
		},
		{
			"no interpreter",
			host.Spec{Path: write("script", "#!/no/such/shell\n", 0o755)},
			host.Options{},
			"is it built for this machine?",
		},
		{"wrong checksum", with(spec("steady"), func(s *host.Spec) {
			s.SHA256 = strings.Repeat("ab", 32)
		}), host.Options{}, "and not abab"},
		{"checksum asked for", spec("steady"), host.Options{RequireSHA256: true}, "set sha256 to "},
		{
			"newer contract",
			spec("newer"),
			host.Options{},
			"version 3 of the driver contract and this gateway versions 1 to 2",
		},
		{
			"prints first",
			spec("chatter"),
			host.Options{},
			`log to standard error instead: "hello, I am a driver"`,
		},
		{"wrong setting", with(spec("steady"), func(s *host.Spec) {
			s.Settings = map[string]string{"mode": "wrong"}
		}), host.Options{}, `mode: "wrong" is no mode; leave it out`},
		{"unknown setting", with(spec("steady"), func(s *host.Spec) {
			s.Settings = map[string]string{"mood": "x"}
		}), host.Options{},
			`settings.mood: the driver has no such setting; it has ["greeting" "mode"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Name = "it"
			s := newSink()
			c.options.Sink = s
			h, _ := start(t, c.options, c.spec)
			st := wait(t, h, "it", host.Refused)
			if !strings.Contains(st.Reason, c.want) || st.LastError != st.Reason || st.PID != 0 ||
				st.Pinned {
				t.Errorf("got %+v, want a reason with %q", st, c.want)
			}
			put(t, h, "it", device("dev_1", ""))
			s.wait(t, "driver_down of a device put while refused",
				hasStates("dev_1", gatehouse.StateDriverDown))
		})
	}
}

func TestPinnedProgram(t *testing.T) {
	h, _ := start(t, host.Options{}, spec("steady"))
	sum := wait(t, h, "steady").SHA256
	pinned := spec("steady")
	pinned.SHA256 = strings.ToUpper(sum)
	h, _ = start(t, host.Options{RequireSHA256: true}, pinned)
	if st := wait(t, h, "steady"); !st.Pinned || st.SHA256 != sum {
		t.Errorf("got pinned %v and %s, want true and %s", st.Pinned, st.SHA256, sum)
	}
}

func TestRestartLooksAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "driver")
	sp := spec("steady")
	real := sp.Path
	sp.Path = path
	h, _ := start(t, host.Options{}, sp)
	wait(t, h, "steady", host.Refused)
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	if err := h.Restart("steady"); err != nil {
		t.Fatal(err)
	}
	wait(t, h, "steady")
}

func TestCrashingProgramIsQuarantined(t *testing.T) {
	for kind, want := range map[string]string{
		"crash": "it ended 3 times within 10m0s and is tried again only now and then; the last " +
			"time it ended before it greeted the gateway (it ended (exit status 2)): panic: out " +
			"of cheese",
		"exit": "it ended 3 times within 10m0s and is tried again only now and then; the last " +
			"time it ended at once and did not greet the gateway: it is no driver, or its main " +
			"does not call drivers.Serve",
	} {
		t.Run(kind, func(t *testing.T) {
			s := newSink()
			h, stop := start(t, host.Options{Sink: s, Crashes: 3}, spec(kind))
			put(t, h, gatehouse.DriverName(kind), device("dev_1", ""))
			st := wait(t, h, gatehouse.DriverName(kind), host.Quarantined)
			if st.Reason != want || st.Restarts != 2 {
				t.Errorf("got %d restarts and %q, want 2 and %q", st.Restarts, st.Reason, want)
			}
			if err := h.Restart(gatehouse.DriverName(kind)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			for st.Restarts < 5 || st.State != host.Quarantined { // three more
				changed := h.Changed()
				if st, _ = h.Driver(gatehouse.DriverName(kind)); st.Restarts >= 5 &&
					st.State == host.Quarantined {
					break
				}
				select {
				case <-changed:
				case <-ctx.Done():
					t.Fatalf("got %+v, want a second quarantine after 5 restarts", st)
				}
			}
			put(t, h, gatehouse.DriverName(kind), device("dev_2", ""))
			s.wait(t, "dev_2 down", hasStates("dev_2", gatehouse.StateDriverDown))
			stop()
			if got := states(s.got, "dev_1"); !slices.Equal(got,
				[]gatehouse.DeviceState{gatehouse.StateDriverDown}) {
				t.Errorf("dev_1: got %v, want one driver_down for all its crashes", got)
			}
		})
	}
}

func TestContractBreachesEndTheProgram(t *testing.T) {
	for kind, want := range map[string]string{
		"flood": "more than 1024 observations ahead of their acknowledgement",
		"hog":   "MiB ahead of their acknowledgement",
		"bytes": "a message of more than 16 MiB",
		"empty": "a batch without observations",
	} {
		t.Run(kind, func(t *testing.T) {
			s := newSink()
			s.block = make(chan struct{}) // nothing is acknowledged
			defer close(s.block)
			h, _ := start(t, host.Options{Sink: s, Crashes: 1}, spec(kind))
			st := wait(t, h, gatehouse.DriverName(kind), host.Quarantined)
			if !strings.Contains(st.Reason, want) {
				t.Errorf("got %q, want %q in it", st.Reason, want)
			}
		})
	}
}

// A driver that cannot start now, because its port is taken, is retried and never quarantined.
func TestBusySettingsAreTriedAgain(t *testing.T) {
	sp := spec("steady")
	sp.Settings = map[string]string{"mode": "busy"}
	h, _ := start(t, host.Options{Crashes: 2, LastPause: 20 * time.Millisecond}, sp)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		changed := h.Changed()
		st, _ := h.Driver("steady")
		if st.State == host.Quarantined {
			t.Fatalf("got %+v, want no quarantine", st)
		}
		if st.Restarts >= 4 && st.State == host.Backoff {
			if want := "it does not take its settings: listen tcp :8081: bind: address already " +
				"in use"; st.Reason != want {
				t.Errorf("got %q, want %q", st.Reason, want)
			}
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("got %+v, want a fourth restart", st)
		}
	}
}

func TestSpecsAreChecked(t *testing.T) {
	good := spec("steady")
	for _, c := range []struct {
		specs []host.Spec
		want  string
	}{
		{
			[]host.Spec{good, {Name: "a b", Path: "/x"}},
			`drivers[1].name: "a b" is no name; give 1 to 64 letters, digits, '-', '_' or '.'`,
		},
		{
			[]host.Spec{good, good},
			`drivers[1].name: "steady" is there twice; give each driver a name of its own`,
		},
		{[]host.Spec{{Name: "a"}}, "drivers[0].path: give the path of the driver's program"},
		{
			[]host.Spec{{Name: "a", Path: "/x", SHA256: "12"}},
			"drivers[0].sha256: give the 64 hexadecimal digits that sha256sum prints, or leave " +
				"it out",
		},
	} {
		err := host.New(host.Options{Sink: newSink()}).Run(t.Context(), c.specs)
		if err == nil || err.Error() != c.want || gatehouse.ErrorCode(err) != gatehouse.Invalid {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// A device whose driver is not configured is reported, with a reason.
func TestUnconfiguredDriver(t *testing.T) {
	s := newSink()
	h := host.New(host.Options{Sink: s, Logger: slog.New(slog.DiscardHandler)})
	put(t, h, "forgotten", device("dev_1", ""))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx, nil) }()
	st := wait(t, h, "forgotten", host.Refused)
	if want := "devices name this driver and the configuration does not"; !strings.HasPrefix(
		st.Reason, want) ||
		st.Devices != 1 {
		t.Errorf("got %+v, want %q and one device", st, want)
	}
	s.wait(t, "driver_down", hasStates("dev_1", gatehouse.StateDriverDown))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
