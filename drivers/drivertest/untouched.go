package drivertest

import (
	"net"
	"testing"
)

// Untouched is an address on this machine where something listens until the test ends, and where
// nobody may connect meanwhile: the test of a driver whose device may not lead there fails.
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
		// Connections are accepted in the order in which they were made: whoever was there before
		// this one is seen first.
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
