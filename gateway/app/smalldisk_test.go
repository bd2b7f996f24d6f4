package app_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

// smallDiskEnv names the folder on which the test mounts a file system, in a process with
// namespaces of its own.
const smallDiskEnv = "APP_TEST_SMALL_DISK"

// TestRealDiskThatIsFull fills a real file system of 400 MiB under the whole gateway, twice: so
// far that the journal finds no room for its next file, and at one stroke to the last byte,
// where the registry finds it full first. Mounting takes a user name space, or root.
func TestRealDiskThatIsFull(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(smallDiskEnv)
	if dir == "" {
		inNameSpace(t)
		return
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=400m"); err != nil {
		t.Skip("NOT RUN: nothing can be mounted here: ", err)
	}
	ok(t, os.Setenv("TMPDIR", dir)) // this process runs nothing else
	s := newSchool(t)
	ballast := filepath.Join(dir, "ballast")
	clear := func() { ok(t, os.Remove(ballast)) }
	real := app.Options{FreeBytes: func(dir string) (uint64, error) { return free(t, dir), nil }}

	// Its shard has a file with room after the first message; the other has none yet.
	fullDisk(t, s, s.runOver(t, configOf(s.dir), real), func() {
		take(t, ballast, 40<<20)
	}, clear)

	r := s.runOver(t, configOf(s.dir), real)
	r.send(t, "sensor-0", 1)
	take(t, ballast, 0)
	a := r.raised(t, "disk", g.Critical)
	if free(t, dir) == 0 {
		t.Error("the reserve was not given up")
	}
	clear()
	r.over(t, "disk", a.ID)
	r.told(t, a.ID)
}

// inNameSpace runs this test again in namespaces of its own, where it may mount.
func inNameSpace(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	ok(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), smallDiskEnv+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Skip("NOT RUN: this machine gives no user name space: ", err)
	}
	switch {
	case err != nil:
		t.Error(string(out))
	case strings.Contains(string(out), "NOT RUN"):
		t.Skip(string(out))
	}
}

// take fills the disk until about stay bytes are free.
func take(t *testing.T, file string, stay uint64) {
	t.Helper()
	f, err := os.Create(file)
	ok(t, err)
	defer f.Close()
	size := int64(0)
	// others may take space meanwhile
	for step := int64(free(t, filepath.Dir(file)) - stay); step > 0; {
		err := unix.Fallocate(int(f.Fd()), 0, size, step)
		if err == nil {
			size += step
		} else if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
		if step = min(step/2, int64(free(t, filepath.Dir(file)))-int64(stay)); step < 4096 {
			break
		}
	}
}

func free(t *testing.T, dir string) uint64 {
	t.Helper()
	var fs unix.Statfs_t
	ok(t, unix.Statfs(dir, &fs))
	return fs.Bavail * uint64(fs.Bsize)
}
