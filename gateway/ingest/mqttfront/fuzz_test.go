package mqttfront_test

import (
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/mochi-mqtt/server/v2/packets"
)

// FuzzClient sends arbitrary bytes on an accepted connection, or as the first
// bytes of one: the front must neither panic nor fail the client beside it.
func FuzzClient(f *testing.F) {
	for _, b := range []string{
		"\x32\x06\x00\x01a\x00\x01\x00", "\x82\x06\x00\x01\x00\x00\x01a",
		"\xa2\x05\x00\x01\x00\x00\x01", "\x10\x0c\x00\x04MQTT\x05\x02\x00\x00\x00",
		"\x10\x0d\x00\x04MQTT\x04\xce\x00\x00\x00\x01a", "\x40\x04\x00\x01\x00\x09",
		"\x62\x02\x00\x01", "\xe0\x07\x04\x05\x11\x00\x00\x00\x01", "\xc0\x00",
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

// FuzzRestore restores a front from arbitrary bytes in its state log, and then once more from what
// that front wrote.
func FuzzRestore(f *testing.F) {
	h := newHouse(f, mqttfront.Config{})
	w, _ := connect(f, h.f, "dev--v5", 5, true)
	will := packets.Packet{
		ProtocolVersion: 5,
		FixedHeader:     packets.FixedHeader{Type: packets.Connect},
	}
	will.Connect = packets.ConnectParams{
		ProtocolName:     []byte("MQTT"),
		ClientIdentifier: "dev--will",
		WillFlag:         true,
		WillTopic:        telemetry,
		WillPayload:      []byte("lost"),
	}
	will.Properties.SessionExpiryInterval, will.Properties.SessionExpiryIntervalFlag = 60, true
	lost := dial(f, h.f)
	lost.send(encode(will))
	lost.want(packets.Connack)
	sub, _ := h.connect("dev--sub")
	sub.subscribe(telemetry, 2)
	pub, _ := h.connect("dev")
	pub.packet(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 2, Retain: true},
		TopicName:   telemetry,
		Payload:     []byte("x"),
		PacketID:    5,
	})
	pub.want(packets.Pubrec)
	sub.want(packets.Publish)
	w.conn.Close()
	h.stop()
	j, err := journal.Open(filepath.Join(h.dir, "mqtt"),
		journal.Options{Shards: 1, ReserveBytes: -1})
	if err != nil {
		f.Fatal(err)
	}
	recs, err := j.ReadFrom(f.Context(), 0, 100)
	if err != nil || len(recs) < 6 {
		f.Fatal("too little state for seeds:", len(recs), err)
	}
	for _, r := range recs {
		f.Add(r.Data)
	}
	j.Close()
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		j, err := journal.Open(dir,
			journal.Options{Shards: 1, SegmentBytes: 1 << 20, ReserveBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		if err := j.Append("", b, func(_ uint64, err error) { done <- err }); err != nil {
			t.Skip(err)
		}
		if err := errors.Join(<-done, j.Close()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			f, err := mqttfront.New(mqttfront.Config{Listen: "127.0.0.1:0", Dir: dir}, anyone{},
				&onceIntake{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			f.Stats()
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
