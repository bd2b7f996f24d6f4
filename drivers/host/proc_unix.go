//go:build unix

package host

import (
	"errors"
	"os/exec"
	"syscall"
)

// ownGroup has the program begin a process group of its own: what it starts can be ended
// with it, and a terminal's interrupt reaches the gateway alone, which stops it in order.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the program and all that it started; none there is no matter.
func killGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func notExecutable(err error) bool { return errors.Is(err, syscall.ENOEXEC) }
