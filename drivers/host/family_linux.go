package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// process is one process as /proc shows it (proc_pid_stat(5)). started tells it from a later
// one with the same number.
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
	end := bytes.LastIndexByte(b, ')') // of the program's name, which may hold anything
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

// family finds a program and everything that it started, whatever session or group that gave
// itself: by descent, and by the temporary folder of the run, which its environment names.
// A program with a user of its own has everything that runs as that user.
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

// owns says whether a process is the user's, who has no others.
func owns(user *ownUser, pid int) bool {
	if user == nil || !user.alone {
		return false
	}
	uid, ok := owner(pid)
	return ok && uid == user.uid
}

// marked says whether the process was started with that in its environment; false where we
// may not look.
func marked(pid int, mark []byte) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	return err == nil && (bytes.HasPrefix(b, mark) || bytes.Contains(b, append([]byte{0}, mark...)))
}

// memoryOf is what the processes hold, in bytes.
func memoryOf(ps []process) int64 {
	var sum int64
	for _, p := range ps {
		sum += p.resident
	}
	return sum
}

// killFamily ends what is left of a run: those that were seen in it, and those that are found
// now. Some may be started meanwhile, so that it looks again until there is none.
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
				// ours where it lost its parent and we are init
				_, _ = syscall.Wait4(p.pid, &status, syscall.WNOHANG, nil)
			}
		}
	}
}
