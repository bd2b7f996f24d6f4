package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestSilentAddressLeavesRoomForTerminals: an address that opens connections and sends no request
// is limited, and a terminal at another address is served.
func TestSilentAddressLeavesRoomForTerminals(t *testing.T) {
	d, base := listen(t)
	b := &inbox{}
	dev := device(d, "A1")
	stop := connect(t, d, dev, drivers.Emit(b.emit))
	defer stop()
	addr := strings.TrimPrefix(base, "http://")
	for range maxPerAddress + 5 {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
		c, err := from.DialContext(t.Context(), "tcp", addr)
		if errors.Is(err, syscall.ECONNRESET) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "POST /iclock/cdata?SN=A1 HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n")
	}
	if got := call(t, "GET", base+"/iclock/ping?SN=A1", ""); got != "200 OK" {
		t.Errorf("got %q, want 200 OK", got)
	}
	if s := d.bound.Stats(); s.Address < 5 || s.LastAddress != "127.0.0.2" ||
		s.Strangers != maxPerAddress {
		t.Errorf("got %+v", s)
	}
}
