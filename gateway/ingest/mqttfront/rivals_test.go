package mqttfront_test

import (
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// TestTwoClientsWithOneID: a client that lost its connection may come back again and again; of two
// that take over from each other one stays, and OnRivals names both.
func TestTwoClientsWithOneID(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	told := make(chan mqttfront.Rivals, 100)
	f, _ := start(t, mqttfront.Config{
		TakeOvers: 4,
		Now:       func() time.Time { return now },
		OnRivals:  func(r mqttfront.Rivals) { told <- r },
	})
	for range 3 { // the connection was lost, and the front does not know yet
		connect(t, f, "dev", 4, true)
	}
	holder, _ := connect(t, f, "dev", 5, true)
	if n := len(told); n != 0 {
		t.Fatalf("told %d times of a client that comes back", n)
	}
	for range 13 { // as often as they threw each other out in twelve seconds
		w := dial(t, f)
		w.v5 = true
		w.send(connectPacket("dev", 5, true, 0))
		pk := w.read()
		if pk.ReasonCode != 0x9F {
			t.Fatalf("got reason 0x%02x, want the newcomer refused for coming too often",
				pk.ReasonCode)
		}
	}
	if r := <-told; r.Device != "dev" || r.ClientID != "dev" || r.Held != "127.0.0.1" ||
		r.Refused != "127.0.0.1" {
		t.Errorf("got %+v, want who they are", r)
	}
	holder.send([]byte{packets.Pingreq << 4, 0})
	holder.want(packets.Pingresp) // it stays
	now = now.Add(2 * time.Minute)
	connect(t, f, "dev", 4, true) // it may have been replaced meanwhile
}
