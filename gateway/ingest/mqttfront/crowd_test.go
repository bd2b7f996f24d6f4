package mqttfront_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

func from(t *testing.T, f *mqttfront.Front, address string) (net.Conn, error) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	c, err := d.DialContext(t.Context(), "tcp", f.Addr().String())
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// TestSilentAddressLeavesRoom: an address that opens connections and sends half a packet, or
// nothing, is refused beyond its limit, and a device of another address is served; so is one of the
// same address once it is below its limit again.
func TestSilentAddressLeavesRoom(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxPerAddress: 3, ConnectTimeout: time.Hour})
	var held []net.Conn
	for range 3 {
		c, err := from(t, f, "127.0.0.2")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "\x10")
		held = append(held, c)
	}
	c, err := from(t, f, "127.0.0.2")
	if err == nil {
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Fatalf("read %d bytes of a connection that was to be refused", n)
		}
	} else if !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	if got := hello(t, f, "127.0.0.3"); got != 0 {
		t.Errorf("another address: CONNACK %d", got)
	}
	if s := f.Stats(); s.Crowded != 1 || s.CrowdedBy != "127.0.0.2" {
		t.Errorf("got %+v", s)
	}
	held[0].Close()
	for range 50 { // clients that have authenticated do not count
		if got := hello(t, f, "127.0.0.2"); got != 0 {
			t.Fatalf("the same address: CONNACK %d", got)
		}
	}
}

// hello connects as a device and returns CONNACK's code. The front may not have noticed yet that a
// connection was closed: a refusal is tried again.
func hello(t *testing.T, f *mqttfront.Front, address string) byte {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		c, err := from(t, f, address)
		if err != nil {
			continue
		}
		var connack [4]byte
		io.WriteString(c, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04gate")
		if _, err := io.ReadFull(c, connack[:]); err == nil {
			return connack[3]
		}
	}
	t.Fatal("nobody was let in")
	return 0
}
