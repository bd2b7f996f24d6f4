package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ABI returns the version of this kernel's Landlock interface, from 1; errors are those above. From
// version 3 on truncating files is restricted, from 5 on ioctl on devices, from 6 on signals to the
// gateway.
func ABI() (int, error) {
	n, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0,
		unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EOPNOTSUPP:
		return 0, ErrDisabled
	case unix.EPERM, unix.EACCES:
		return 0, ErrForbidden
	}
	return 0, ErrNone
}

// Sets of Landlock rights.
const (
	readFile uint64 = unix.LANDLOCK_ACCESS_FS_READ_FILE
	read            = readFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	run             = read | unix.LANDLOCK_ACCESS_FS_EXECUTE
	use             = read | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	keep = use&^unix.LANDLOCK_ACCESS_FS_IOCTL_DEV | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR |
		unix.LANDLOCK_ACCESS_FS_REFER
	// all are the rights that are denied unless a rule allows them.
	all = run | keep | use | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK
	// file are the rights that apply to files that are not folders.
	file = readFile | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// known are the rights that a version of the interface can deny.
func known(abi int) uint64 {
	rights := all
	if abi < 2 {
		rights &^= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi < 3 {
		rights &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi < 5 {
		rights &^= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return rights
}

// lock restricts this thread, and what it executes, to the plan.
func lock(p Plan) (abi int, err error) {
	if abi, err = ABI(); err != nil {
		return 0, err
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: known(abi)}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	rules, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET,
		uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return 0, fmt.Errorf("landlock: make a set of rules: %w", errno)
	}
	defer unix.Close(int(rules))
	for _, allowed := range []struct {
		paths  []string
		rights uint64
	}{{p.Run, run}, {p.Read, read}, {p.Use, use}, {p.Keep, keep}} {
		for _, path := range allowed.paths {
			if err := allow(int(rules), path, allowed.rights&known(abi)); err != nil {
				return 0, fmt.Errorf("landlock: allow %s: %w", path, err)
			}
		}
	}
	if _, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0); errno != 0 {
		return 0, fmt.Errorf("landlock: put the rules into force: %w", errno)
	}
	return abi, nil
}

// allow adds a rule for a path. It skips paths that do not exist or that the process cannot reach.
func allow(rules int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) ||
		errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= file
	}
	rule := unix.LandlockPathBeneathAttr{
		Allowed_access: rights,
		Parent_fd:      int32(fd),
	}
	_, _, errno := syscall.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules),
		unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
