package host_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// thief is a driver that attempts forbidden things: Probe does what the address names, and its
// message says "done" or the error.
type thief struct{ testDriver }

func (thief) Describe() drivers.Description {
	d := testDriver{}.Describe()
	d.Name = "thief"
	d.Settings = []drivers.Field{
		{Key: "models", Title: "Models", Kind: drivers.FieldPath},
		{Key: "key", Title: "Key", Kind: drivers.FieldPath},
		{Key: "model", Title: "Model, in the folder of models", Kind: drivers.FieldPath},
	}
	d.Address = append(d.Address,
		drivers.Field{Key: "ca", Title: "Authority", Kind: drivers.FieldPath},
		drivers.Field{Key: "deed"}, drivers.Field{Key: "at"})
	for i := range d.Address {
		d.Address[i].Title = d.Address[i].Key
	}
	return d
}

func (thief) Configure(context.Context, map[string]string) error { return nil }

func (thief) Probe(_ context.Context, d drivers.Device) (drivers.Probe, error) {
	if err := deed(d.Address["deed"], d.Address["at"]); err != nil {
		return drivers.Probe{Message: err.Error()}, nil
	}
	return drivers.Probe{Message: "done"}, nil
}

func deed(what, at string) error {
	pid, _ := strconv.Atoi(at)
	switch what {
	case "read":
		f, err := os.Open(at)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Read(make([]byte, 1))
		return err
	case "list":
		_, err := os.ReadDir(at)
		return err
	case "write":
		return os.WriteFile(at, []byte("x"), 0o600)
	case "truncate":
		return os.Truncate(at, 0)
	case "remove":
		return os.Remove(at)
	case "link": // a secret into its own folder, where it may read
		return os.Link(at, filepath.Join(os.TempDir(), "stolen"))
	case "temporary":
		return os.WriteFile(filepath.Join(os.TempDir(), at), []byte("x"), 0o600)
	case "signal":
		return syscall.Kill(pid, 0)
	case "trace":
		return unix.PtraceSeize(pid)
	case "line": // drives a serial line
		f, err := os.OpenFile(at, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		return err
	case "start":
		return exec.Command(at).Run()
	case "privileges":
		n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
		if err == nil && n != 1 {
			return fmt.Errorf("new privileges may be had")
		}
		return err
	case "user":
		if got := strconv.Itoa(os.Geteuid()); got != at {
			return fmt.Errorf("runs as %s", got)
		}
		return nil
	}
	return gatehouse.Errorf(gatehouse.Invalid, "no such deed")
}
