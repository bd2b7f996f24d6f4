package mqttfront_test

import (
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/mochi-mqtt/server/v2/packets"
)

// TestLimitsChangeUnderConnectedDevices: a new rate applies to connected devices, and a lower
// MaxClients disconnects nobody.
func TestLimitsChangeUnderConnectedDevices(t *testing.T) {
	clock := newHands()
	f, _ := start(t, mqttfront.Config{DeviceRate: 0, Now: clock.Now})
	w, _ := connect(t, f, "dev", 4, true)
	publishMany(w, "dev", 1, 100) // no bound
	wantAcks(t, w, 1, 100)

	f.SetLimits(mqttfront.Limits{MaxClients: 1, MaxPerAddress: 64, DeviceRate: 2})
	publishMany(w, "dev", 101, 21) // ten seconds' worth is 20
	wantAcks(t, w, 101, 20)
	waitFor(t, "the 21st to be held", func() bool { return f.Stats().Throttled == 1 })
	clock.forward(500 * time.Millisecond)
	wantAcks(t, w, 121, 1)

	other := dial(t, f)
	other.send(connectPacket("other", 4, true, 0))
	if pk := other.want(packets.Connack); pk.ReasonCode == 0 {
		t.Error("a second client is let in where one is allowed")
	}

	f.SetLimits(mqttfront.Limits{MaxClients: 2, MaxPerAddress: 64})
	publishMany(w, "dev", 131, 100)
	wantAcks(t, w, 131, 100)
	connect(t, f, "third", 4, true)
}
