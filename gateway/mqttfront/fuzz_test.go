package mqttfront_test

import (
	"io"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/mqttfront"
	"github.com/mochi-mqtt/server/v2/packets"
)

// FuzzClient sends arbitrary bytes on an accepted connection, or as the first
// bytes of one: the front must neither panic nor fail the client beside it.
func FuzzClient(f *testing.F) {
	for _, b := range []string{
		"\x32\x06\x00\x01a\x00\x01\x00", "\x82\x06\x00\x01\x00\x00\x01a", "\xa2\x05\x00\x01\x00\x00\x01", "\x10\x0c\x00\x04MQTT\x05\x02\x00\x00\x00",
		"\x10\x0d\x00\x04MQTT\x04\xce\x00\x00\x00\x01a", "\x40\x04\x00\x01\x00\x09", "\x62\x02\x00\x01", "\xe0\x07\x04\x05\x11\x00\x00\x00\x01", "\xc0\x00",
		"\x30\x0b\x00\x01a\x06\x26\x00\x01k\x00\x09v",
	} {
		f.Add([]byte(b), true, true)
		f.Add([]byte(b), false, false)
	}
	front, _ := start(f, mqttfront.Config{})
	good, _ := connect(f, front, "good", 4, true)
	f.Fuzz(func(t *testing.T, b []byte, connected, v5 bool) {
		w := dial(t, front)
		if connected {
			version := byte(4)
			if v5 {
				version = 5
			}
			w.send(connectPacket("fuzzed", version, true, 0))
			w.v5 = v5
			w.want(packets.Connack)
		}
		if _, err := w.conn.Write(b); err == nil {
			if c, ok := w.conn.(interface{ CloseWrite() error }); ok {
				_ = c.CloseWrite() // the front may have closed first
			}
			_, _ = io.Copy(io.Discard, w.conn)
		}
		beside := &wire{t: t, conn: good.conn}
		if err := beside.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		beside.send([]byte{packets.Pingreq << 4, 0})
		beside.want(packets.Pingresp)
	})
}
