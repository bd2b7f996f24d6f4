package host_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/confine"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// house is a gateway's data folder with secrets and with files that a driver needs.
type house struct {
	dir, data, models, ca, line string
}

func newHouse(t *testing.T, dir string) house {
	t.Helper()
	h := house{
		dir:    dir,
		data:   filepath.Join(dir, "data"),
		models: filepath.Join(dir, "models"),
		ca:     filepath.Join(dir, "etc", "ca.pem"),
	}
	for _, name := range []string{
		"data/keys/master.key", "data/registry.db", "models/face.onnx", "etc/ca.pem",
		"etc/tls/key.pem", "home/notes",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h.line = pseudoTerminal(t)
	return h
}

// pseudoTerminal returns the path of a pseudo-terminal that serves as serial line.
func pseudoTerminal(t *testing.T) string {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return "/dev/pts/" + strconv.Itoa(n)
}

func (h house) confinement(exe string) host.Confinement {
	return host.Confinement{
		Mode:     host.ConfineTry,
		Launcher: []string{exe, "drive=confine"},
		Secrets:  []string{h.data, filepath.Join(h.dir, "etc/tls/key.pem")},
		Files:    []string{filepath.Join(h.dir, "etc")},
		Serial:   []string{"/dev/pts/"},
	}
}

func (h house) thief(exe string) host.Spec {
	sp := spec("thief")
	sp.Path = exe
	sp.Settings = map[string]string{"models": h.models, "model": "face.onnx"}
	return sp
}

func try(t *testing.T, h *host.Host, what, at string) string {
	t.Helper()
	d := device("dev_1", "")
	d.Address = map[string]string{"deed": what, "at": at}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := h.Probe(ctx, "thief", d)
	if err != nil {
		t.Fatalf("%s %s: %v", what, at, err)
	}
	return p.Message
}

func needsLandlock(t *testing.T) int {
	t.Helper()
	abi, err := confine.ABI()
	if err != nil {
		t.Skipf("no Landlock here: %v", err)
	}
	return abi
}

// A driver can do what its description needs, and the rest of the machine is inaccessible.
func TestDriversAreConfined(t *testing.T) {
	abi := needsLandlock(t)
	y := newHouse(t, t.TempDir())
	exe := spec("thief").Path
	other := t.TempDir() // stands for another driver's temporary folder
	h, _ := start(t, host.Options{Confine: y.confinement(exe)}, y.thief(exe))
	st := wait(t, h, "thief")
	if st.Confined.Landlock != abi || st.Confined.Why != "" || !st.Confined.Held() {
		t.Errorf("got %+v, want Landlock %d", st.Confined, abi)
	}
	for _, c := range []struct{ what, at string }{
		{"read", filepath.Join(y.data, "keys/master.key")},
		{"read", filepath.Join(y.data, "registry.db")},
		{"list", y.data},
		{"list", other},
		{"write", filepath.Join(other, "x")},
		{"write", filepath.Join(y.data, "rules.yaml")},
		{"write", filepath.Join(y.models, "face.onnx")},
		{"write", "/usr/lib/x"},
		{"write", "/tmp/gatehouse-thief"},
		{"truncate", filepath.Join(y.models, "face.onnx")},
		{"remove", filepath.Join(y.data, "registry.db")},
		{"link", filepath.Join(y.data, "keys/master.key")},
		{"read", filepath.Join(y.dir, "home/notes")},
		{"read", filepath.Join(y.dir, "etc/tls/key.pem")},
		{"read", fmt.Sprintf("/proc/%d/environ", os.Getpid())},
		{"read", fmt.Sprintf("/proc/%d/mem", os.Getpid())},
		{"read", fmt.Sprintf("/proc/%d/root%s/registry.db", os.Getpid(), y.data)},
		{"trace", strconv.Itoa(os.Getpid())},
		{"signal", strconv.Itoa(os.Getpid())},
		{"start", filepath.Join(y.models, "face.onnx")},
	} {
		if c.what == "signal" && abi < 6 || c.what == "truncate" && abi < 3 {
			continue // this kernel cannot deny it
		}
		if got := try(t, h, c.what, c.at); !strings.Contains(got, "denied") &&
			!strings.Contains(got, "not permitted") && !strings.Contains(got, "cross-device") {
			t.Errorf("%s %s: got %q, want a refusal", c.what, c.at, got)
		}
	}
	for _, c := range []struct{ what, at string }{
		{"read", filepath.Join(y.models, "face.onnx")},
		{"read", y.ca},
		{"read", "/etc/hosts"},
		{"temporary", "own"},
		{"line", y.line},
		{"start", "/bin/true"},
		{"privileges", ""},
	} {
		if got := try(t, h, c.what, c.at); got != "done" {
			t.Errorf("%s %s: got %q, want it done", c.what, c.at, got)
		}
	}
}

// Paths of the configuration are honoured: allowing a folder that contains the data folder does not
// allow the data folder, and a secret of the gateway is readable if the driver's settings name it.
func TestConfinedDriversMayReadWhatIsSaid(t *testing.T) {
	needsLandlock(t)
	y := newHouse(t, t.TempDir())
	sp := y.thief(spec("thief").Path)
	sp.Read, sp.Write = []string{y.dir}, []string{filepath.Join(y.dir, "home")}
	key := filepath.Join(y.dir, "etc/tls/key.pem")
	sp.Settings["key"] = key
	h, _ := start(t, host.Options{Confine: y.confinement(sp.Path)}, sp)
	wait(t, h, "thief")
	for _, c := range []struct {
		what, at string
		done     bool
	}{
		{"read", filepath.Join(y.dir, "home/notes"), true},
		{"write", filepath.Join(y.dir, "home/new"), true},
		{"read", key, true},
		{"read", filepath.Join(y.data, "keys/master.key"), false},
		{"list", y.data, false},
		{"write", filepath.Join(y.dir, "new"), false},
	} {
		if got := try(t, h, c.what, c.at); (got == "done") != c.done {
			t.Errorf("%s %s: got %q, want it done: %v", c.what, c.at, got, c.done)
		}
	}
}

// A gateway that runs as root gives each driver a user of its own.
func TestDriversOfRootHaveTheirOwnUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a driver a user of its own")
	}
	dir, err := os.MkdirTemp("", "gatehouse-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "driver")
	copyProgram(t, spec("thief").Path, exe)
	y := newHouse(t, dir)
	s := newSink()
	h, stop := start(t, host.Options{Sink: s, Confine: y.confinement(exe), Crashes: 100},
		y.thief(exe))
	st := wait(t, h, "thief")
	if st.Confined.User == "" || st.Confined.User == "0" {
		t.Fatalf("got %+v, want a user of its own", st.Confined)
	}
	if got := try(t, h, "user", st.Confined.User); got != "done" {
		t.Errorf("the driver %s, want %s", got, st.Confined.User)
	}
	for what, at := range map[string]string{
		"signal": strconv.Itoa(os.Getpid()),
		"read":   filepath.Join(y.data, "keys/master.key"),
	} {
		if got := try(t, h, what, at); got == "done" {
			t.Errorf("%s %s: got it done, want a refusal", what, at)
		}
	}
	if got := try(t, h, "temporary", "own"); got != "done" {
		t.Errorf("a temporary file: got %q, want it done", got)
	}
	put(t, h, "thief", device("dev_1", "orphan"))
	s.wait(t, "a reading", readings("dev_1", 1))
	stop()
	uid, err := strconv.Atoi(st.Confined.User)
	if err != nil {
		t.Fatal(err)
	}
	if left := processesOf(t, uid); len(left) > 0 {
		t.Errorf("processes of user %d: got %q, want none", uid, left)
	}
}

func processesOf(t *testing.T, uid int) []string {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		var st unix.Stat_t
		stat, err := os.ReadFile(filepath.Join(name, "stat"))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			continue // a zombie that its parent has not reaped
		}
		if unix.Stat(name, &st) == nil && int(st.Uid) == uid {
			out = append(out, name)
		}
	}
	return out
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	// A process that is forked meanwhile would keep the copy open, and nobody could start it.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// A program that cannot be confined runs and is reported as unconfined, or is refused if the
// configuration requires confinement.
func TestUnconfinedIsSaid(t *testing.T) {
	for _, c := range []struct {
		mode  host.ConfineMode
		state host.State
		why   host.WhyOpen
	}{
		{host.ConfineOff, host.Running, host.OpenOff},
		{host.ConfineTry, host.Running, host.OpenPlatform},
		{host.ConfineRequire, host.Refused, ""},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			h, _ := start(t, host.Options{Confine: host.Confinement{Mode: c.mode}}, spec("steady"))
			st := wait(t, h, "steady", host.Running, host.Refused)
			if st.State != c.state || st.Confined.Why != c.why || st.Confined.Held() {
				t.Errorf("got %s %+v, want %s %q", st.State, st.Confined, c.state, c.why)
			}
			if c.state == host.Refused && !strings.Contains(st.Reason, "confine.mode: require") {
				t.Errorf("got %q, want the key to change", st.Reason)
			}
		})
	}
}

// The file whose checksum was compared is what runs, confined or not.
func TestConfinedProgramIsTheOneOfTheChecksum(t *testing.T) {
	needsLandlock(t)
	y := newHouse(t, t.TempDir())
	exe := spec("thief").Path
	sp := y.thief(exe)
	sp.SHA256 = strings.Repeat("ab", 32)
	h, _ := start(t, host.Options{Confine: y.confinement(exe)}, sp)
	st := wait(t, h, "thief", host.Refused, host.Running)
	if st.State != host.Refused || !strings.Contains(st.Reason, "its checksum is") {
		t.Errorf("got %s %q, want the checksum refused", st.State, st.Reason)
	}
}

// A script, a program for another machine and one that ends at once are reported as without
// confinement.
func TestConfinedProgramsThatDoNotStart(t *testing.T) {
	needsLandlock(t)
	y := newHouse(t, t.TempDir())
	exe := spec("thief").Path
	for name, c := range map[string]struct{ text, want string }{
		"script": {
			"#!/bin/sh\necho hello >&2\n",
			"it ended at once and did not greet the gateway",
		},
		"foreign": {
			"\x7fELF\x02\x01\x01\x00nothing of this machine",
			"the operating system does not start it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sp := spec("thief")
			sp.Path = filepath.Join(y.dir, name)
			if err := os.WriteFile(sp.Path, []byte(c.text), 0o755); err != nil {
				t.Fatal(err)
			}
			h, _ := start(t, host.Options{Confine: y.confinement(exe), Crashes: 1}, sp)
			st := wait(t, h, "thief", host.Refused, host.Quarantined, host.Running)
			if !strings.Contains(st.Reason, c.want) {
				t.Errorf("got %s %q, want %q", st.State, st.Reason, c.want)
			}
		})
	}
}

// Nothing of the gateway's environment reaches a confined driver, and processes that it left in
// another session end with it.
func TestConfinedDriverKeepsToItself(t *testing.T) {
	needsLandlock(t)
	t.Setenv("GATEHOUSE_TELEMETRY_TOKEN", "s3cret-token")
	y := newHouse(t, t.TempDir())
	temp := t.TempDir()
	s := newSink()
	var log bytes.Buffer
	h, stop := start(t, host.Options{
		Sink: s, Confine: y.confinement(spec("steady").Path), TempDir: temp, Crashes: 100,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}, spec("steady"))
	wait(t, h, "steady")
	p, err := h.Probe(context.Background(), "steady",
		drivers.Device{ID: "dev_1", Address: map[string]string{"behave": "environment"}})
	if err != nil || strings.Contains(p.Message, "GATEHOUSE_TELEMETRY") ||
		strings.Contains(p.Message, "s3cret") {
		t.Errorf("got environment %q (%v), want nothing of the gateway's", p.Message, err)
	}
	put(t, h, "steady", device("dev_1", "orphan"))
	s.wait(t, "a reading", readings("dev_1", 1))
	if n := len(withTemp(t, temp)); n < 2 {
		t.Fatalf("got %d processes of the driver, want it and its child", n)
	}
	stop()
	if left := withTemp(t, temp); len(left) != 0 {
		t.Errorf("alive: %q, want none", left)
	}
	if strings.Contains(log.String(), "not confined") {
		t.Errorf("got the log %q, want nothing about a driver that is not confined", log.String())
	}
}
