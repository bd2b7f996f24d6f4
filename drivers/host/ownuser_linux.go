package host

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// User IDs for programs: the range of systemd's dynamic users (see its uid-gid documentation).
const (
	firstUser = 61_184
	users     = 4_336
)

// ownUser is the user that a program runs as instead of the gateway's.
type ownUser struct {
	name   string
	uid    uint32
	gid    uint32
	groups []uint32
	alone  bool // nothing else runs as this user
}

// ownUser finds a user for the program, if the gateway may switch users; otherwise why says why
// not.
func (s *supervisor) ownUser(g grants) (u *ownUser, why string) {
	if os.Geteuid() != 0 ||
		!capable(unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_CHOWN, unix.CAP_KILL) {
		return nil, "only a gateway that runs as root can give it one"
	}
	if s.spec.User != "" {
		if u, why = namedUser(s.spec.User); u == nil {
			return nil, why
		}
	} else if u = freeUser(s.salt()); u == nil {
		return nil, "all users for drivers are taken"
	}
	for _, p := range g.paths(mayUse) {
		if st := statOf(p); st != nil && st.Mode&syscall.S_IFMT == syscall.S_IFCHR && st.Gid != 0 {
			u.groups = append(u.groups, st.Gid) // groups of serial lines, mostly dialout
		}
	}
	for _, p := range s.must(g) {
		if !reaches(u, p) {
			return nil, fmt.Sprintf("others than root cannot read %s, which it needs", p)
		}
	}
	for _, p := range []string{s.host.options.Confine.Launcher[0], s.path()} {
		if st := statOf(p); st != nil && !allowed(u, st, 1) {
			return nil, fmt.Sprintf("others than root cannot start %s", real(p))
		}
	}
	return u, ""
}

// must lists the paths without which the program does not work.
func (s *supervisor) must(g grants) []string {
	out := []string{s.path()}
	if dir := s.host.options.TempDir; dir != "" {
		out = append(out, dir)
	} else {
		out = append(out, os.TempDir())
	}
	n := s.known()
	out = append(out, s.settingPaths(n)...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.devices {
		for _, key := range n.fileKeys {
			if p := e.device.Address[key]; p != "" {
				out = append(out, p)
			}
		}
	}
	return append(out, s.spec.Read...)
}

// salt distinguishes drivers, and gateways on the same machine.
func (s *supervisor) salt() string {
	return string(s.spec.Name) + "\x00" + strings.Join(s.host.options.Confine.Secrets, "\x00")
}

func freeUser(salt string) *ownUser {
	h := fnv.New32a()
	_, _ = h.Write([]byte(salt))
	for i := range uint32(users) {
		id := firstUser + (h.Sum32()+i)%users
		text := strconv.FormatUint(uint64(id), 10)
		if _, err := user.LookupId(text); err == nil {
			continue
		}
		if _, err := os.Stat("/run/systemd/dynamic-uid/" + text); err == nil {
			continue
		}
		return &ownUser{
			name:  text,
			uid:   id,
			gid:   id,
			alone: true,
		}
	}
	return nil
}

func namedUser(name string) (*ownUser, string) {
	x, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Sprintf("there is no user %s on this machine", name)
	}
	uid, err := strconv.ParseUint(x.Uid, 10, 32)
	if err != nil || uid == 0 {
		return nil, fmt.Sprintf("%s is root", name)
	}
	gid, err := strconv.ParseUint(x.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Sprintf("the group of %s has no number", name)
	}
	return &ownUser{
		name: name,
		uid:  uint32(uid),
		gid:  uint32(gid),
	}, ""
}

// reaches reports whether the user can read a path and traverse its parents. A path that does not
// exist counts as reachable: the program itself will report it.
func reaches(u *ownUser, path string) bool {
	path = real(path)
	st := statOf(path)
	if st == nil {
		return true
	}
	bits := uint32(4)
	if st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		bits = 5
	}
	if !allowed(u, st, bits) {
		return false
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if st := statOf(dir); st != nil && !allowed(u, st, 1) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// allowed checks the mode bits only: 4 to read, 1 to traverse or execute.
func allowed(u *ownUser, st *syscall.Stat_t, bits uint32) bool {
	mode := st.Mode & 7
	if st.Uid == u.uid {
		mode = st.Mode >> 6 & 7
	} else if st.Gid == u.gid {
		mode = st.Mode >> 3 & 7
	}
	return mode&bits == bits
}

func statOf(path string) *syscall.Stat_t {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	st, _ := info.Sys().(*syscall.Stat_t)
	return st
}

// runAs makes the command run as the user. If the gateway may bind ports below 1024, the program
// keeps that capability.
func runAs(cmd *exec.Cmd, u *ownUser) {
	cmd.SysProcAttr.Credential = &syscall.Credential{
		Uid:    u.uid,
		Gid:    u.gid,
		Groups: u.groups,
	}
	if capable(unix.CAP_NET_BIND_SERVICE) {
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_BIND_SERVICE}
	}
}

// capable reports whether this process has all of these capabilities.
func capable(caps ...int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	for _, c := range caps {
		if data[c/32].Effective&(1<<(c%32)) == 0 {
			return false
		}
	}
	return true
}

// owner is the user of a process; ok is false if it is unknown.
func owner(pid int) (uid uint32, ok bool) {
	st := statOf("/proc/" + strconv.Itoa(pid))
	if st == nil {
		return 0, false
	}
	return st.Uid, true
}
