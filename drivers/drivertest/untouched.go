package drivertest

import (
	"net"
	"testing"
)

// Untouched returns an address on this machine with a listener that fails the test if anybody
// connects to it before the test ends. It is for drivers that must not connect there.
func Untouched(t *testing.T) (address string) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan net.Addr)
	go func() {
		defer close(came)
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			c.Close()
			came <- c.RemoteAddr()
		}
	}()
	t.Cleanup(func() {
		defer lis.Close()
		// Connections are accepted in order: any earlier one is seen before this one.
		last, err := net.Dial("tcp", lis.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer last.Close()
		for who := range came {
			if who.String() == last.LocalAddr().String() {
				return
			}
			t.Error("somebody has connected to where the device may not lead")
		}
	})
	return lis.Addr().String()
}
