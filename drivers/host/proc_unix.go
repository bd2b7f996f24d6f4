//go:build unix

package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"syscall"
)

// identity distinguishes a file from a later one with the same name.
func identity(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d %d", st.Dev, st.Ino)
	}
	return ""
}

// ownGroup starts the program in a process group of its own: its children can be killed with it,
// and a terminal's interrupt reaches the gateway only, which then stops it in order.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the program's process group; it is no error if there is none.
func killGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func notExecutable(err error) bool { return errors.Is(err, syscall.ENOEXEC) }
