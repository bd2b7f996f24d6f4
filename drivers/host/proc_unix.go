//go:build unix

package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"syscall"
)

// identity tells a file from another one that has its name later.
func identity(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d %d", st.Dev, st.Ino)
	}
	return ""
}

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
