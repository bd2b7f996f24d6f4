//go:build unix

package listen

import (
	"math"
	"syscall"
)

// Descriptors is the most files and sockets that this process may have open; 0 if unknown.
func Descriptors() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return int(min(l.Cur, math.MaxInt32))
}
