package mqttfront_test

import (
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/mochi-mqtt/server/v2/packets"
)

// TestDeletedDeviceLeavesNothing: of two devices, each with an offline and a connected session, a
// will and a retained message, one is deleted. Nothing of it is left, also after a restart or a
// power cut; the other keeps everything.
func TestDeletedDeviceLeavesNothing(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		retain := func(w *wire, topic string) {
			w.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1, Retain: true},
				TopicName:   topic,
				Payload:     []byte("kept"),
				PacketID:    9,
			})
			w.want(packets.Puback)
		}
		var there []*wire
		for _, name := range []string{"dev", "old"} {
			away, _ := h.connect(name + "--away")
			away.subscribe("gh/v1/school/"+name+"/command/#", 1)
			away.send([]byte{packets.Disconnect << 4, 0})
			away.ended()
			w := dial(t, h.f)
			pk := packets.Packet{
				ProtocolVersion: 4,
				FixedHeader:     packets.FixedHeader{Type: packets.Connect},
			}
			pk.Connect = packets.ConnectParams{
				ProtocolName:     []byte("MQTT"),
				ClientIdentifier: name + "--there", Keepalive: 60,
				WillFlag:    true,
				WillTopic:   "gh/v1/school/" + name + "/status",
				WillPayload: []byte("lost " + name), WillQos: 1}
			w.send(encode(pk))
			w.want(packets.Connack)
			retain(w, "gh/v1/school/"+name+"/telemetry")
			if err := h.f.Publish("gh/v1/school/"+name+"/command/open", []byte("now"), false); err != nil {
				t.Fatal(err)
			}
			there = append(there, w)
		}
		reader, _ := connect(t, h.f, "reader", 4, true)
		reader.subscribe("gh/v1/school/+/telemetry", 1)
		reader.want(packets.Publish)
		reader.want(packets.Publish)

		pruned := make(chan error, 1)
		go func() {
			pruned <- h.f.Prune(func(id mqttfront.Identity) bool { return id.Device != "old" })
		}()
		if pk := reader.want(packets.Publish); pk.TopicName != "gh/v1/school/old/telemetry" ||
			len(pk.Payload) != 0 {
			t.Errorf("got %s %q, want that the old one's message is gone", pk.TopicName, pk.Payload)
		}
		there[1].ended()
		if err := <-pruned; err != nil {
			t.Fatal(err)
		}
		if n := h.f.Stats().Sessions; n != 3 {
			t.Errorf("%d sessions, want the other's two, and the reader's", n)
		}
		again()
		if n := h.f.Stats().Retained; n != 1 {
			t.Errorf("%d retained, want the other's one", n)
		}
		if _, present := h.connect("old--away"); present {
			t.Error("the old one's session is there")
		}
		if _, present := h.connect("old--there"); present {
			t.Error("the old one's other session is there")
		}
		other, present := h.connect("dev--away")
		if !present {
			t.Fatal("the other's session is gone")
		}
		if pk := other.want(packets.Publish); string(pk.Payload) != "now" {
			t.Errorf("got %q, want what waited for the other", pk.Payload)
		}
		for _, payload := range h.in.payloads(t) {
			if payload == "lost old" {
				t.Error("the old one's will was published")
			}
		}
	})
}
