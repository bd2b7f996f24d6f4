package mqttfront_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/mochi-mqtt/server/v2/packets"
)

// hands is a clock that only the test moves.
type hands struct{ ns atomic.Int64 }

func newHands() *hands {
	h := new(hands)
	h.ns.Store(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).UnixNano())
	return h
}

func (h *hands) Now() time.Time          { return time.Unix(0, h.ns.Load()) }
func (h *hands) forward(d time.Duration) { h.ns.Add(int64(d)) }

// publishMany sends n QoS 1 publications of a device from identifier first on.
func publishMany(w *wire, device string, first, n int) {
	for i := range n {
		w.publish("gh/v1/school/"+device+"/telemetry", fmt.Sprint(first+i), 1, uint16(first+i))
	}
}

func wantAcks(t *testing.T, w *wire, first, n int) {
	t.Helper()
	for i := range n {
		if pk := w.want(packets.Puback); int(pk.PacketID) != first+i {
			t.Fatalf("acknowledgement of %d, want %d", pk.PacketID, first+i)
		}
	}
}

func TestDeviceOverItsRateIsHeldBackAloneAndLosesNothing(t *testing.T) {
	clock := newHands()
	f, in := start(t, mqttfront.Config{DeviceRate: 2, Now: clock.Now})
	fast, _ := connect(t, f, "fast", 4, true)
	calm, _ := connect(t, f, "calm", 4, true)

	publishMany(fast, "fast", 1, 25) // ten seconds' worth is 20
	wantAcks(t, fast, 1, 20)
	waitFor(t, "the 21st to be held", func() bool { return f.Stats().Throttled == 1 })
	publishMany(calm, "calm", 1, 20)
	wantAcks(t, calm, 1, 20)
	if got := len(in.seen()); got != 40 {
		t.Errorf("%d publications at the intake while one device is held, want 40", got)
	}

	for i := 21; i <= 25; i++ { // one each half second
		clock.forward(499 * time.Millisecond)
		if got := len(in.seen()); got != 40+i-21 {
			t.Errorf("%d publications at the intake before %d is due, want %d", got, i, 40+i-21)
		}
		clock.forward(time.Millisecond)
		wantAcks(t, fast, i, 1)
	}
	if got := f.Stats(); got.Throttled != 5 || got.Shed != 0 || got.Violation != 0 ||
		got.Clients != 2 {
		t.Errorf("%+v, want 5 throttled, nothing shed, both clients connected", got)
	}

	clock.forward(time.Hour) // no more than ten seconds' worth gathers
	publishMany(fast, "fast", 31, 21)
	wantAcks(t, fast, 31, 20)
	waitFor(t, "the 21st to be held", func() bool { return f.Stats().Throttled == 6 })
	clock.forward(500 * time.Millisecond)
	wantAcks(t, fast, 51, 1)
}

func TestDeviceHasOneRateOverItsConnectionsAndAfterThem(t *testing.T) {
	clock := newHands()
	f, _ := start(t, mqttfront.Config{DeviceRate: 1, Now: clock.Now})
	a, _ := connect(t, f, "dev--a", 5, true)
	b, _ := connect(t, f, "dev--b", 5, true)
	publishMany(a, "dev", 1, 6)
	wantAcks(t, a, 1, 6)
	publishMany(b, "dev", 1, 5)
	wantAcks(t, b, 1, 4)
	waitFor(t, "the eleventh to be held", func() bool { return f.Stats().Throttled == 1 })

	// Taking over a held connection ends it at once, and gives back its turn.
	again, _ := connect(t, f, "dev--b", 5, true)
	if pk := b.want(packets.Disconnect); pk.ReasonCode != 0x8E {
		t.Errorf("reason 0x%02x, want session taken over", pk.ReasonCode)
	}
	b.ended()
	publishMany(again, "dev", 1, 1)
	waitFor(t, "the new connection to be held", func() bool { return f.Stats().Throttled == 2 })
	clock.forward(time.Second)
	wantAcks(t, again, 1, 1)
}

func TestSchoolOverItsRateIsHeldBack(t *testing.T) {
	clock := newHands()
	f, _ := start(t, mqttfront.Config{SchoolRate: 3, Now: clock.Now})
	a, _ := connect(t, f, "a", 5, true)
	b, _ := connect(t, f, "b", 5, true)
	publishMany(a, "a", 1, 20)
	wantAcks(t, a, 1, 20)
	publishMany(b, "b", 1, 10)
	wantAcks(t, b, 1, 10)
	publishMany(a, "a", 21, 2)
	waitFor(t, "a to be held", func() bool { return f.Stats().Throttled == 1 })
	publishMany(b, "b", 11, 1)
	waitFor(t, "b to be held", func() bool { return f.Stats().Throttled == 2 })
	clock.forward(time.Second)
	wantAcks(t, a, 21, 2)
	wantAcks(t, b, 11, 1)
}

// TestHeldClientIsNotSilent holds a client for several times its keep-alive: its pings are
// in its socket, and are answered when its turn has come.
func TestHeldClientIsNotSilent(t *testing.T) {
	clock := newHands()
	f, _ := start(t, mqttfront.Config{DeviceRate: 1, Now: clock.Now})
	w := dial(t, f)
	pk := packets.Packet{
		ProtocolVersion: 4,
		FixedHeader:     packets.FixedHeader{Type: packets.Connect},
	}
	pk.Connect = packets.ConnectParams{
		ProtocolName:     []byte("MQTT"),
		Clean:            true,
		ClientIdentifier: "dev",
		Keepalive:        1,
	}
	w.send(encode(pk))
	w.want(packets.Connack)
	publishMany(w, "dev", 1, 11)
	w.send([]byte{packets.Pingreq << 4, 0})
	wantAcks(t, w, 1, 10)

	silent := dial(t, f) // is closed for its silence, which began later
	pk.Connect.ClientIdentifier = "silent"
	silent.send(encode(pk))
	silent.want(packets.Connack)
	silent.ended()

	clock.forward(time.Second)
	for range 2 { // the acknowledgement waits for the disk, the ping does not
		if kind := w.read().FixedHeader.Type; kind != packets.Puback && kind != packets.Pingresp {
			t.Errorf("packet type %d, want an acknowledgement and a ping response", kind)
		}
	}
	w.ended() // and then it is silent
}
