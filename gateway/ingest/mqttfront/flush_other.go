//go:build !unix

package mqttfront

import "syscall"

// nonblocking leaves all writing to the drain where sockets are not files.
type nonblocking struct{}

func (*nonblocking) init() {}

func (*nonblocking) try(syscall.RawConn, []byte) int { return 0 }
