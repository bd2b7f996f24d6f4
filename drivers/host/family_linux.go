package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// process is one process as /proc shows it (proc_pid_stat(5)). started distinguishes it from a
// later process with the same ID.
type process struct {
	pid, parent int
	started     uint64
	resident    int64 // bytes
}

func readProcess(pid int) (process, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	end := bytes.LastIndexByte(b, ')') // ends the program's name, which may contain anything
	if end < 0 {
		return process{}, false
	}
	fields := bytes.Fields(b[end+1:])
	if len(fields) < 22 || fields[0][0] == 'Z' {
		return process{}, false
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(string(fields[i]), 10, 64)
		return n
	}
	return process{
		pid:      pid,
		parent:   int(number(1)),
		started:  uint64(number(19)),
		resident: number(21) * int64(os.Getpagesize()),
	}, true
}

// family finds a program and all processes that it started, in whatever session or group: the
// descendants, those whose environment names the run's temporary folder and, for a program with a
// user of its own, all processes of that user.
func family(root int, dir string, user *ownUser) []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := map[int][]process{}
	var out []process
	in := map[int]bool{}
	add := func(p process) {
		if !in[p.pid] && p.pid != os.Getpid() {
			in[p.pid] = true
			out = append(out, p)
		}
	}
	mark := []byte("TMPDIR=" + dir + "\x00")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, ok := readProcess(pid)
		if !ok {
			continue
		}
		children[p.parent] = append(children[p.parent], p)
		if pid == root || marked(pid, mark) || owns(user, pid) {
			add(p)
		}
	}
	for i := 0; i < len(out); i++ {
		for _, p := range children[out[i].pid] {
			add(p)
		}
	}
	return out
}

// owns reports whether a process runs as user, if that user is used by this program only.
func owns(user *ownUser, pid int) bool {
	if user == nil || !user.alone {
		return false
	}
	uid, ok := owner(pid)
	return ok && uid == user.uid
}

// marked reports whether a process's environment contains mark; false if it cannot be read.
func marked(pid int, mark []byte) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	return err == nil && (bytes.HasPrefix(b, mark) || bytes.Contains(b, append([]byte{0}, mark...)))
}

// memoryOf is the resident memory of the processes, in bytes.
func memoryOf(ps []process) int64 {
	var sum int64
	for _, p := range ps {
		sum += p.resident
	}
	return sum
}

// killFamily kills what is left of a run: the processes seen earlier and those found now. It
// repeats this up to 20 times, since more may be started meanwhile.
func killFamily(root int, dir string, user *ownUser, seen []process) {
	const rounds = 20
	for range rounds {
		left := family(root, dir, user)
		for _, p := range seen {
			if now, ok := readProcess(p.pid); ok && now.started == p.started {
				left = append(left, now)
			}
		}
		if len(left) == 0 {
			return
		}
		for _, p := range left {
			if err := syscall.Kill(p.pid, syscall.SIGKILL); err == nil ||
				errors.Is(err, syscall.ESRCH) {
				var status syscall.WaitStatus
				// reaps it if it was orphaned and we are init
				_, _ = syscall.Wait4(p.pid, &status, syscall.WNOHANG, nil)
			}
		}
	}
}
