//go:build unix

package listen

import (
	"math"
	"syscall"
)

// Descriptors is how many files and sockets this process may have open; 0 where nobody says.
func Descriptors() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return int(min(l.Cur, math.MaxInt32))
}
