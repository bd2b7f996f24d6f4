//go:build unix

package mqttfront

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// nonblocking writes to a socket what it takes at once.
type nonblocking struct {
	b  []byte
	n  int
	fn func(fd uintptr) bool
}

func (w *nonblocking) init() {
	w.fn = func(fd uintptr) bool {
		for w.n < len(w.b) {
			n, err := unix.Write(int(fd), w.b[w.n:])
			if err == unix.EINTR {
				continue
			}
			if err != nil || n <= 0 {
				break // full or broken: a blocking write finds out which
			}
			w.n += n
		}
		return true
	}
}

func (w *nonblocking) try(raw syscall.RawConn, b []byte) int {
	w.b, w.n = b, 0
	if err := raw.Write(w.fn); err != nil {
		return 0
	}
	w.b = nil
	return w.n
}
