//go:build !unix

package mqttfront

import "net"

// ended is not implemented where sockets are not files.
func ended(net.Conn) bool { return false }
