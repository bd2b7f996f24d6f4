package confine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const maxPlan = 4 << 20 // bytes

// Become is the main function of the launcher: it reads the plan, confines the process and executes
// the program in its place. It returns only on failure, which it has reported to the host.
func Become() error {
	runtime.LockOSThread() // the restrictions apply to this thread only
	for _, fd := range []int{planFile, reportFile, programFile} {
		syscall.CloseOnExec(fd)
	}
	err := become()
	if err != nil {
		var start startError
		tell(Report{
			Error: err.Error(),
			Start: errors.As(err, &start),
		})
	}
	return err
}

func become() error {
	b, err := io.ReadAll(io.LimitReader(os.NewFile(planFile, "plan"), maxPlan))
	if err != nil {
		return fmt.Errorf("this is started by the gateway alone, and for its drivers: %w", err)
	}
	var p Plan
	if err := json.Unmarshal(b, &p); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	args := append([]string{p.Path}, p.Args...)
	start, err := starter(p.Path, args, os.Environ())
	if err != nil {
		return err
	}
	if err := limit(p); err != nil {
		return err
	}
	dropRights()
	if err := unix.Prctl(
		unix.PR_SET_NO_NEW_PRIVS,
		1,
		0,
		0,
		0,
	); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	var done Report
	if !p.NoLock {
		if done.Landlock, err = lock(p); err != nil && p.Must {
			return err
		}
		if err != nil {
			done.Open = err.Error()
		}
	}
	tell(done)
	if err := start(); err != nil {
		return startError{err}
	}
	return nil
}

// startError is the system's refusal to execute the program.
type startError struct{ error }

// dropRights removes from the bounding set the capabilities that make root more than the owner of
// all files: to trace, to mount, to load kernel modules. It has no effect for other users.
func dropRights() {
	for right := 0; right <= unix.CAP_LAST_CAP; right++ {
		switch right {
		case unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_NET_BIND_SERVICE:
		default:
			// only root can have them, and only root may drop them
			_ = unix.Prctl(
				unix.PR_CAPBSET_DROP,
				uintptr(right),
				0,
				0,
				0,
			)
		}
	}
}

// limit sets the resource limits of the plan. It disables core dumps, which would contain the
// devices' passwords.
func limit(p Plan) error {
	for _, l := range []struct {
		what int
		n    uint64
		soft uint64
	}{
		{unix.RLIMIT_CORE, 0, 0},
		// Go programs raise the soft limit themselves; others may rely on a low one
		{unix.RLIMIT_NOFILE, p.Files, 1024},
		{unix.RLIMIT_NPROC, p.Tasks, p.Tasks},
	} {
		if l.n == 0 && l.what != unix.RLIMIT_CORE {
			continue
		}
		var now syscall.Rlimit
		if err := syscall.Getrlimit(l.what, &now); err != nil {
			return fmt.Errorf("read a limit: %w", err)
		}
		most := min(l.n, now.Max)
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{
			Cur: min(l.soft, most),
			Max: most,
		}); err != nil {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	return nil
}

func tell(r Report) {
	b, _ := json.Marshal(r)
	_, _ = unix.Write(reportFile, b) // fails only if the gateway is gone
}

// starter prepares the execution of the open program, so that after the restrictions nothing needs
// to be opened or allocated.
func starter(path string, args, env []string) (func() error, error) {
	var head [2]byte
	if _, err := unix.Pread(programFile, head[:], 0); err != nil {
		return nil, fmt.Errorf("read the program: %w", err)
	}
	argv, err := syscall.SlicePtrFromStrings(args)
	if err != nil {
		return nil, fmt.Errorf("the program's arguments: %w", err)
	}
	envv, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return nil, fmt.Errorf("the program's environment: %w", err)
	}
	name := ""
	fd, flags := programFile, unix.AT_EMPTY_PATH
	if string(head[:]) == "#!" { // the interpreter opens the script by its path
		name = path
		fd = unix.AT_FDCWD
		flags = 0
	}
	file, err := syscall.BytePtrFromString(name)
	if err != nil {
		return nil, fmt.Errorf("the program's path: %w", err)
	}
	return func() error {
		_, _, errno := syscall.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd),
			uintptr(unsafe.Pointer(file)),
			uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])), uintptr(flags), 0)
		runtime.KeepAlive(argv)
		runtime.KeepAlive(envv)
		return errno
	}, nil
}
