//go:build unix

package mqttfront

import (
	"crypto/tls"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// ended says whether the other side of a connection has closed it, or it is broken, though this
// side has not come to read that yet. It takes nothing out of the connection and never waits.
func ended(c net.Conn) bool {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	over := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch err {
		case nil:
			over = n == 0
		case unix.EAGAIN, unix.EINTR:
		default:
			over = true
		}
	})
	return over || err != nil
}
