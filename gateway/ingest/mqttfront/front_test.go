package mqttfront_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/google/go-cmp/cmp"
	"github.com/mochi-mqtt/server/v2/packets"
)

const telemetry = "gh/v1/school/dev/telemetry"

func TestNothingIsAcknowledgedBeforeItIsOnDiskAndThenInOrder(t *testing.T) {
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprint("version", version), func(t *testing.T) {
			f, in := start(t, mqttfront.Config{})
			in.set(func() { in.hold = true })
			w, _ := connect(t, f, "dev", version, true)
			for id := uint16(1); id <= 3; id++ {
				w.publish(telemetry, fmt.Sprint(id), 1, id)
			}
			w.send([]byte{packets.Pingreq << 4, 0})
			w.want(packets.Pingresp) // and no acknowledgement before it
			in.release(2, 1)
			w.send([]byte{packets.Pingreq << 4, 0})
			w.want(packets.Pingresp) // 2 and 3 wait for 1 (MQTT5 4.6)
			in.release(0)
			for id := uint16(1); id <= 3; id++ {
				if ack := w.want(packets.Puback); ack.PacketID != id {
					t.Fatalf("acknowledgement of %d, want %d", ack.PacketID, id)
				}
			}
		})
	}
}

func TestForeignTopicIsAnsweredAndJournalledAsRejected(t *testing.T) {
	for version, want := range map[byte]byte{4: 0, 5: 0x87} {
		f, in := start(t, mqttfront.Config{})
		w, _ := connect(t, f, "dev", version, true)
		for i, topic := range []string{
			"gh/v1/school/other/telemetry",
			"gh/v1/school/dev/command/open",
			"elsewhere",
			"gh/v1/school/dev/",
		} {
			w.publish(topic, "x", 1, uint16(i+1))
			if ack := w.want(packets.Puback); ack.ReasonCode != want ||
				ack.PacketID != uint16(i+1) {
				t.Errorf("version %d, %s: reason 0x%02x, want 0x%02x", version, topic,
					ack.ReasonCode, want)
			}
		}
		w.publish(telemetry, "fine", 1, 9)
		if ack := w.want(packets.Puback); ack.ReasonCode != 0 {
			t.Errorf("reason 0x%02x for the next good message", ack.ReasonCode)
		}
		if d := cmp.Diff(in.seen(), []string{telemetry + " fine"}); d != "" {
			t.Error(d)
		}
		if got := len(in.refused()); got != 4 {
			t.Errorf("%d journalled as rejected, want 4", got)
		}
		if got := f.Stats().Rejected; got != 4 {
			t.Errorf("%d counted as rejected, want 4", got)
		}
	}
}

func TestWhatCannotBeMadeDurableClosesUnacknowledged(t *testing.T) {
	full := errors.New("journal is full")
	for _, version := range []byte{4, 5} {
		f, in := start(t, mqttfront.Config{})
		w, _ := connect(t, f, "dev", version, true)
		in.set(func() { in.full = full })
		w.publish(telemetry, "lost", 0, 0) // QoS 0 has no answer
		w.publish(telemetry, "again", 1, 1)
		if version == 5 {
			if pk := w.want(packets.Disconnect); pk.ReasonCode != 0x97 {
				t.Errorf("reason 0x%02x, want quota exceeded", pk.ReasonCode)
			}
		}
		w.ended()
		in.set(func() { in.full = nil })
		w, _ = connect(t, f, "dev", version, true)
		w.publish(telemetry, "again", 1, 1)
		w.want(packets.Puback)
		if got := f.Stats().Shed; got != 2 {
			t.Errorf("%d shed, want 2", got)
		}
	}
}

func TestQoS2IsTakenOnce(t *testing.T) {
	f, in := start(t, mqttfront.Config{})
	w, _ := connect(t, f, "dev", 4, false)
	w.publish(telemetry, "once", 2, 5)
	w.want(packets.Pubrec)
	w.conn.Close()
	w, ack := connect(t, f, "dev", 4, false)
	if !ack.SessionPresent {
		t.Fatal("the session is gone")
	}
	w.packet(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 2, Dup: true},
		TopicName:   telemetry,
		Payload:     []byte("once"),
		PacketID:    5,
	})
	w.want(packets.Pubrec)
	rel := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel}, PacketID: 5}
	w.packet(rel)
	w.want(packets.Pubcomp)
	w.packet(rel) // lost PUBCOMP: asked again
	w.want(packets.Pubcomp)
	w.publish(telemetry, "twice", 2, 5)
	w.want(packets.Pubrec)
	if d := cmp.Diff(in.seen(), []string{telemetry + " once", telemetry + " twice"}); d != "" {
		t.Error(d)
	}
}

func TestQoS2ThatIsStillBeingWrittenIsAnsweredOnTheNewConnection(t *testing.T) {
	f, in := start(t, mqttfront.Config{})
	in.set(func() { in.hold = true })
	w, _ := connect(t, f, "dev", 4, false)
	w.publish(telemetry, "slow", 2, 8)
	waitFor(t, "the intake to have it", func() bool { return len(in.seen()) == 1 })
	w.conn.Close()
	w, _ = connect(t, f, "dev", 4, false)
	w.publish(telemetry, "slow", 2, 8)
	w.send([]byte{packets.Pingreq << 4, 0})
	w.want(packets.Pingresp)
	in.release(0)
	if ack := w.want(packets.Pubrec); ack.PacketID != 8 {
		t.Errorf("PUBREC %d, want 8", ack.PacketID)
	}
	if got := in.seen(); len(got) != 1 {
		t.Errorf("%v, want it once", got)
	}
}

func TestFanOut(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	r, _ := connect(t, f, "reader", 5, true)
	if code := r.subscribe("gh/v1/school/+/telemetry", 1); code != 1 {
		t.Fatalf("granted 0x%02x, want 1", code)
	}
	old, _ := connect(t, f, "reader--3", 4, true)
	old.subscribe("gh/v1/school/#", 0)
	w, _ := connect(t, f, "dev", 5, true)
	w.packet(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 2},
		TopicName:   telemetry, Payload: []byte("p"), PacketID: 1,
		Properties: packets.Properties{
			ContentType: "application/json", ResponseTopic: "r", CorrelationData: []byte("c"),
			MessageExpiryInterval: 100, User: []packets.UserProperty{{Key: "k", Val: "v"}}},
	})
	pk := r.want(packets.Publish)
	if pk.TopicName != telemetry || string(pk.Payload) != "p" || pk.FixedHeader.Qos != 1 ||
		pk.FixedHeader.Retain {
		t.Errorf("%+v, want the publication at QoS 1", pk)
	}
	p := pk.Properties
	if p.ContentType != "application/json" || p.ResponseTopic != "r" ||
		string(p.CorrelationData) != "c" ||
		len(p.User) != 1 || p.User[0].Val != "v" || p.MessageExpiryInterval == 0 ||
		p.MessageExpiryInterval > 100 {
		t.Errorf("properties %+v did not pass (MQTT5 3.3.2)", p)
	}
	if pk := old.want(packets.Publish); pk.FixedHeader.Qos != 0 || string(pk.Payload) != "p" {
		t.Errorf("%+v, want QoS 0", pk)
	}
}

func TestSubscribeOnlyBelowOnesOwn(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	for filter, want := range map[string]byte{
		"gh/v1/school/dev/command/#": 1,
		"gh/v1/school/dev/#":         1, "$share/g/gh/v1/school/dev/command/+": 1,
		"#":                        0x87,
		"gh/v1/school/+/command/#": 0x87, "gh/v1/school/other/command": 0x87, "$share/g/#": 0x87,
		"gh/v1/school/dev/#/x": 0x8F,
		"gh/v1/school/dev/a+":  0x8F, "$share//gh/v1/school/dev/x": 0x8F, "": 0x8F,
	} {
		w5, _ := connect(t, f, "dev", 5, true)
		if code := w5.subscribe(filter, 1); code != want {
			t.Errorf("MQTT 5, %q: 0x%02x, want 0x%02x", filter, code, want)
		}
		if want > 2 {
			want = 0x80
		}
		w4, _ := connect(t, f, "dev", 4, true)
		if code := w4.subscribe(filter, 1); code != want {
			t.Errorf("MQTT 3.1.1, %q: 0x%02x, want 0x%02x", filter, code, want)
		}
	}
}

func TestUnsubscribe(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	w, _ := connect(t, f, "dev", 5, true)
	w.subscribe("gh/v1/school/dev/command/#", 1)
	un := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Unsubscribe}, PacketID: 3,
		Filters: packets.Subscriptions{{Filter: "gh/v1/school/dev/command/#"}, {Filter: "never"}}}
	w.packet(un)
	if d := cmp.Diff(w.want(packets.Unsuback).ReasonCodes, []byte{0, 0x11}); d != "" {
		t.Error(d)
	}
	if err := f.Publish("gh/v1/school/dev/command/x", nil, false); !errors.Is(err,
		mqttfront.ErrNoSubscriber) {
		t.Errorf("%v, want no subscriber", err)
	}
}

func TestRetained(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxRetained: 2})
	w, _ := connect(t, f, "dev", 5, true)
	status := "gh/v1/school/dev/status"
	retain := func(topic, payload string) {
		t.Helper()
		w.packet(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1, Retain: true},
			TopicName:   topic,
			Payload:     []byte(payload),
			PacketID:    1,
		})
		w.want(packets.Puback)
	}
	retain(status, "old")
	retain(status, "new")
	retain(telemetry, "x")
	retain("gh/v1/school/dev/third", "beyond the bound")
	r, _ := connect(t, f, "reader", 5, true)
	r.subscribe(status, 1)
	if pk := r.want(packets.Publish); string(pk.Payload) != "new" || !pk.FixedHeader.Retain {
		t.Errorf("%q retain %v, want the last one, marked", pk.Payload, pk.FixedHeader.Retain)
	}
	retain(status, "")
	if pk := r.want(packets.Publish); len(pk.Payload) != 0 || pk.FixedHeader.Retain {
		t.Errorf("%q retain %v, want the empty message as it comes", pk.Payload,
			pk.FixedHeader.Retain)
	}
	r.subscribe("gh/v1/school/+/#", 1)
	if pk := r.want(packets.Publish); string(pk.Payload) != "x" {
		t.Errorf("%q, want only what is left: x", pk.Payload)
	}
	if got := f.Stats().Retained; got != 1 {
		t.Errorf("%d retained, want 1", got)
	}
}

func TestCommandsWaitForADeviceThatIsAway(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxQueued: 3})
	topic := "gh/v1/school/dev/command/open"
	w, _ := connect(t, f, "dev", 4, false)
	w.subscribe("gh/v1/school/dev/command/#", 1)
	if err := f.Publish(topic, []byte("0"), false); err != nil {
		t.Fatal(err)
	}
	first := w.want(packets.Publish) // and not acknowledged
	w.conn.Close()
	waitFor(t, "the disconnect", func() bool { return f.Stats().Clients == 0 })
	for i := 1; i <= 4; i++ {
		err := f.Publish(topic, fmt.Appendf(nil, "%d", i), false)
		if i <= 3 && err != nil || i == 4 && !errors.Is(err, mqttfront.ErrNoSubscriber) {
			t.Fatalf("command %d: %v", i, err)
		}
	}
	w, ack := connect(t, f, "dev", 4, false)
	if !ack.SessionPresent {
		t.Fatal("the session is gone")
	}
	for i := range 4 {
		pk := w.want(packets.Publish)
		if string(pk.Payload) != fmt.Sprint(i) || pk.FixedHeader.Dup != (i == 0) ||
			i == 0 && pk.PacketID != first.PacketID {
			t.Errorf("%q id %d dup %v, want %d, and only the first again", pk.Payload, pk.PacketID,
				pk.FixedHeader.Dup, i)
		}
		w.packet(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Puback},
			PacketID:    pk.PacketID,
		})
	}
	w.conn.Close()
	if _, ack = connect(t, f, "dev", 4, true); ack.SessionPresent {
		t.Error("a clean session knows the old one")
	}
}

func TestSendWaitsForTheDevice(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	topic := "gh/v1/school/dev/command/open"
	if err := f.Send(t.Context(), topic, []byte("x")); !errors.Is(err, mqttfront.ErrNoSubscriber) {
		t.Fatalf("%v, want no subscriber", err)
	}
	for _, qos := range []byte{1, 2} {
		w, _ := connect(t, f, "dev", 5, true)
		w.subscribe("gh/v1/school/dev/command/#", qos)
		sent := make(chan error)
		go func() { sent <- f.Send(context.Background(), topic, []byte("open")) }()
		pk := w.want(packets.Publish)
		w.packet(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Puback},
			PacketID:    pk.PacketID,
		})
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		go func() { sent <- f.Send(context.Background(), topic, []byte("open")) }()
		pk = w.want(packets.Publish)
		w.packet(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Puback},
			PacketID:    pk.PacketID,
			ReasonCode:  0x83,
		})
		if err := <-sent; err == nil || !strings.Contains(err.Error(), "0x83") {
			t.Errorf("%v, want the device's refusal", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := f.Send(ctx, topic, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}

func TestWill(t *testing.T) {
	f, in := start(t, mqttfront.Config{})
	status := "gh/v1/school/dev/status"
	withWill := func(id, topic string) *wire {
		w := dial(t, f)
		pk := packets.Packet{
			ProtocolVersion: 4,
			FixedHeader:     packets.FixedHeader{Type: packets.Connect},
		}
		pk.Connect = packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, ClientIdentifier: id,
			WillFlag:  true,
			WillTopic: topic, WillPayload: []byte("gone"), WillQos: 1}
		w.send(encode(pk))
		w.want(packets.Connack)
		return w
	}
	r, _ := connect(t, f, "reader", 4, true)
	r.subscribe("gh/v1/school/#", 1)
	withWill("dev", status).conn.Close()
	if pk := r.want(packets.Publish); pk.TopicName != status || string(pk.Payload) != "gone" {
		t.Errorf("%s %q, want the will", pk.TopicName, pk.Payload)
	}
	w := withWill("dev", status)
	w.send([]byte{packets.Disconnect << 4, 0})
	w.ended()
	withWill("dev", "gh/v1/school/other/status").conn.Close()
	waitFor(t, "the foreign will to be rejected", func() bool { return len(in.refused()) == 1 })
	if d := cmp.Diff(in.seen(), []string{status + " gone"}); d != "" {
		t.Error(d)
	}
}

func TestWillDelay(t *testing.T) {
	f, in := start(t, mqttfront.Config{})
	w := dial(t, f)
	w.v5 = true
	pk := packets.Packet{
		ProtocolVersion: 5,
		FixedHeader:     packets.FixedHeader{Type: packets.Connect},
	}
	pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 1, true
	pk.Connect = packets.ConnectParams{ProtocolName: []byte("MQTT"), ClientIdentifier: "dev",
		WillFlag: true, WillTopic: "gh/v1/school/dev/status", WillPayload: []byte("gone")}
	pk.Connect.WillProperties.WillDelayInterval = 60
	w.send(encode(pk))
	w.want(packets.Connack)
	w.conn.Close()
	waitFor(t, "the will at the session's end", func() bool { return len(in.seen()) == 1 })
	waitFor(t, "the session's end", func() bool { return f.Stats().Sessions == 0 })
}

func TestTakeover(t *testing.T) {
	var mu sync.Mutex
	var log []string
	note := func(what string) func(mqttfront.Identity) {
		return func(id mqttfront.Identity) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, what+" "+string(id.Device))
		}
	}
	up := func(id mqttfront.Identity, way mqttfront.Way) {
		if way.TLS || !strings.HasPrefix(way.Remote, "127.0.0.1:") {
			t.Errorf("it came by %+v, want plain text from this machine", way)
		}
		note("up")(id)
	}
	f, _ := start(t, mqttfront.Config{OnConnect: up, OnDisconnect: note("down")})
	a, _ := connect(t, f, "dev", 5, true)
	b, _ := connect(t, f, "dev", 5, true)
	if pk := a.want(packets.Disconnect); pk.ReasonCode != 0x8E {
		t.Errorf("reason 0x%02x, want session taken over", pk.ReasonCode)
	}
	a.ended()
	other, _ := connect(t, f, "dev--2", 5, true)
	b.conn.Close()
	waitFor(t, "one client", func() bool { return f.Stats().Clients == 1 })
	other.conn.Close()
	waitFor(t, "the last to be noticed", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(log) == 4
	})
	if d := cmp.Diff(log, []string{"up dev", "down dev", "up dev", "down dev"}); d != "" {
		t.Error(d)
	}
}

func TestReceiveMaximum(t *testing.T) {
	f, in := start(t, mqttfront.Config{MaxInflight: 2})
	in.set(func() { in.hold = true })
	w, ack := connect(t, f, "dev", 5, true)
	if ack.Properties.ReceiveMaximum != 2 {
		t.Errorf("receive maximum %d, want 2", ack.Properties.ReceiveMaximum)
	}
	for id := uint16(1); id <= 3; id++ {
		w.publish(telemetry, "x", 1, id)
	}
	if pk := w.want(packets.Disconnect); pk.ReasonCode != 0x93 {
		t.Errorf("reason 0x%02x, want receive maximum exceeded", pk.ReasonCode)
	}
	in.set(func() { in.held = nil })
	old, _ := connect(t, f, "old", 4, true)
	for id := uint16(1); id <= 3; id++ {
		old.publish("gh/v1/school/old/telemetry", "y", 1, id) // MQTT 3.1.1 is held back instead
	}
	waitFor(t, "two of the old client's", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return len(in.held) == 2
	})
	in.release(0)
	old.want(packets.Puback)
	waitFor(t, "the third", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return len(in.held) == 3
	})
}

func TestRefusals(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	for version, want := range map[byte]byte{4: 4, 5: 0x86} {
		w := dial(t, f)
		w.v5 = version == 5
		pk := packets.Packet{
			ProtocolVersion: version,
			FixedHeader:     packets.FixedHeader{Type: packets.Connect},
		}
		pk.Connect = packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, ClientIdentifier: "gate-1",
			UsernameFlag: true,
			Username:     []byte("gate"), PasswordFlag: true, Password: []byte("wrong")}
		w.send(encode(pk))
		if ack := w.want(packets.Connack); ack.ReasonCode != want {
			t.Errorf("version %d: reason 0x%02x, want 0x%02x", version, ack.ReasonCode, want)
		}
		w.ended()
	}
	got := f.Refusals()
	if len(got) != 2 || f.Stats().Refused != 2 {
		t.Fatalf("%v, want two refusals", got)
	}
	r := got[0]
	if r.ClientID != "gate-1" || r.Username != "gate" || r.Why != "the key does not match" ||
		r.Time.IsZero() || !strings.HasPrefix(r.Remote, "127.0.0.1:") {
		t.Errorf("%+v, want who, when, from where and why", r)
	}
	for range 300 {
		w := dial(t, f)
		w.send([]byte("GET / HTTP/1.1\r\n\r\n"))
		w.ended()
	}
	if n := len(f.Refusals()); n != 256 {
		t.Errorf("%d refusals remembered, want the last 256", n)
	}
}

func TestConnectRules(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxClients: 2, MaxSessions: 2})
	for _, c := range []struct {
		name string
		pk   func(*packets.Packet)
		want byte
	}{
		{"old protocol", func(p *packets.Packet) {
			p.Connect.ProtocolName = []byte("MQIsdp")
			p.ProtocolVersion = 3
		}, 1},
		{"kept session without a name", func(p *packets.Packet) {
			p.Connect.ClientIdentifier = ""
			p.Connect.Clean = false
		}, 2},
		{"enhanced authentication", func(p *packets.Packet) {
			p.ProtocolVersion = 5
			p.Properties.AuthenticationMethod = "SCRAM"
		}, 0x8C},
	} {
		pk := packets.Packet{
			ProtocolVersion: 4,
			FixedHeader:     packets.FixedHeader{Type: packets.Connect},
		}
		pk.Connect = packets.ConnectParams{
			ProtocolName:     []byte("MQTT"),
			Clean:            true,
			ClientIdentifier: "dev",
		}
		c.pk(&pk)
		w := dial(t, f)
		w.v5 = pk.ProtocolVersion == 5
		w.send(encode(pk))
		if ack := w.want(packets.Connack); ack.ReasonCode != c.want {
			t.Errorf("%s: reason 0x%02x, want 0x%02x", c.name, ack.ReasonCode, c.want)
		}
		w.ended()
	}
	w, ack := connect(t, f, "", 5, true)
	if !strings.HasPrefix(ack.Properties.AssignedClientID, "auto-") ||
		ack.Properties.SubIDAvailable != 0 || !ack.Properties.SubIDAvailableFlag {
		t.Errorf("%+v, want an assigned name and no subscription identifiers", ack.Properties)
	}
	connect(t, f, "second", 4, true)
	third := dial(t, f)
	third.send(connectPacket("third", 4, true, 0))
	if ack := third.want(packets.Connack); ack.ReasonCode != 3 {
		t.Errorf("reason %d for the client beyond the bound, want 3", ack.ReasonCode)
	}
	w.conn.Close()
}

func TestSessionsOfADeviceAreBounded(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxSessions: 2})
	a, _ := connect(t, f, "dev--a", 4, false)
	connect(t, f, "dev--b", 4, false)
	w := dial(t, f)
	w.send(connectPacket("dev--c", 4, true, 0))
	if ack := w.want(packets.Connack); ack.ReasonCode != 3 {
		t.Errorf("reason %d for a third session, want 3", ack.ReasonCode)
	}
	a.conn.Close()
	waitFor(t, "the first to be away", func() bool { return f.Stats().Clients == 1 })
	connect(t, f, "dev--c", 4, true) // takes the place of the session without a client
	if got := f.Stats().Sessions; got != 2 {
		t.Errorf("%d sessions, want 2", got)
	}
}

func TestKeepAlive(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	w := dial(t, f)
	w.v5 = true
	pk := packets.Packet{
		ProtocolVersion: 5,
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
	if pk := w.want(packets.Disconnect); pk.ReasonCode != 0x8D {
		t.Errorf("reason 0x%02x, want keep alive timeout", pk.ReasonCode)
	}
	w.ended()
}

func TestSilentConnectionIsCutOff(t *testing.T) {
	f, _ := start(t, mqttfront.Config{ConnectTimeout: 50 * time.Millisecond})
	w := dial(t, f)
	w.ended()
	if got := f.Stats().Refused; got != 1 {
		t.Errorf("%d refused, want 1", got)
	}
}

func TestSlowSubscriberHoldsUpNobody(t *testing.T) {
	f, in := start(t, mqttfront.Config{MaxQueued: 10, MaxQueuedBytes: 64 << 10, MaxInflight: 5})
	for i, qos := range []byte{0, 1} {
		slow, _ := connect(t, f, fmt.Sprint("reader--", i), 4, false)
		slow.subscribe("gh/v1/school/#", qos) // and never reads again
	}
	w, _ := connect(t, f, "dev", 4, true)
	payload := strings.Repeat("z", 16<<10)
	for id := uint16(1); f.Stats().Dropped < 100; id++ {
		w.publish(telemetry, payload, 1, id)
		w.want(packets.Puback)
		if id > 5000 {
			t.Fatal("a subscriber that does not read gets everything")
		}
	}
	if len(in.seen()) < 100 {
		t.Error("publications were lost to the subscriber")
	}
}

func TestAsksAndNeverReads(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxQueuedBytes: 4096, WriteTimeout: 100 * time.Millisecond})
	w, _ := connect(t, f, "dev", 4, true)
	pings := []byte(strings.Repeat("\xc0\x00", 8192))
	for range 10000 {
		if _, err := w.conn.Write(pings); err != nil {
			return // cut off, which is the rule
		}
	}
	t.Fatal("answers without end were kept for a client that does not read")
}

func TestSharedSubscriptionTakesTurns(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	var readers []*wire
	for i := range 2 {
		r, _ := connect(t, f, fmt.Sprint("reader--", i), 5, true)
		if code := r.subscribe("$share/g/gh/v1/school/+/telemetry", 1); code != 1 {
			t.Fatalf("granted 0x%02x, want 1", code)
		}
		readers = append(readers, r)
	}
	w, _ := connect(t, f, "dev", 5, true)
	for id := uint16(1); id <= 4; id++ {
		w.publish(telemetry, fmt.Sprint(id), 1, id)
		w.want(packets.Puback)
	}
	var got []string
	for _, r := range readers {
		for range 2 {
			got = append(got, string(r.want(packets.Publish).Payload))
		}
	}
	if got[0] == got[2] || len(got) != 4 {
		t.Errorf("%v, want two different ones each", got)
	}
	readers[0].conn.Close()
	waitFor(t, "the member to leave", func() bool { return f.Stats().Clients == 2 })
	for id := uint16(5); id <= 6; id++ {
		w.publish(telemetry, fmt.Sprint(id), 1, id)
		if pk := readers[1].want(packets.Publish); string(pk.Payload) != fmt.Sprint(id) {
			t.Errorf("%q, want %d at the member that is left", pk.Payload, id)
		}
	}
}

func TestMalformedPacketsCloseOnlyTheirClient(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxPacket: 4096})
	good, _ := connect(t, f, "good", 5, true)
	for name, c := range map[string]struct {
		bytes string
		code  byte
	}{
		"reserved type":              {"\x00\x00", 0x82},
		"length of five bytes":       {"\x30\xff\xff\xff\xff\x01", 0x81},
		"too large":                  {"\x30\xff\xff\x01", 0x95},
		"QoS 3":                      {"\x36\x05\x00\x01a\x00\x01", 0x81},
		"topic past the end":         {"\x30\x03\x00\x09a", 0x81},
		"topic with a wildcard":      {"\x30\x05\x00\x02a#\x00", 0x90},
		"topic with NUL":             {"\x30\x05\x00\x02a\x00\x00", 0x81},
		"packet identifier 0":        {"\x32\x06\x00\x01a\x00\x00\x00", 0x82},
		"topic alias":                {"\x30\x07\x00\x01a\x03\x23\x00\x01", 0x94},
		"bad property":               {"\x30\x06\x00\x01a\x02\xee\x00", 0x81},
		"property past the end":      {"\x30\x05\x00\x01a\x7f\x01", 0x81},
		"subscribe without filters":  {"\x82\x03\x00\x01\x00", 0x82},
		"subscribe without options":  {"\x82\x06\x00\x01\x00\x00\x01a", 0x81},
		"subscribe with flags 0":     {"\x80\x07\x00\x01\x00\x00\x01a\x00", 0x81},
		"second CONNECT":             {"\x10\x02\x00\x00", 0x82},
		"server's packet":            {"\x20\x02\x00\x00", 0x82},
		"acknowledgement without id": {"\x40\x00", 0x81},
		"subscription identifier":    {"\x82\x09\x00\x01\x02\x0b\x01\x00\x01a\x00", 0xA1},
		"topic that is no UTF-8":     {"\x30\x05\x00\x02\xff\xfe\x00", 0x81},
	} {
		w, _ := connect(t, f, "bad", 5, true)
		w.send([]byte(c.bytes))
		if pk := w.want(packets.Disconnect); pk.ReasonCode != c.code {
			t.Errorf("%s: reason 0x%02x, want 0x%02x", name, pk.ReasonCode, c.code)
		}
		w.ended()
	}
	good.publish("gh/v1/school/good/telemetry", "x", 1, 1)
	good.want(packets.Puback)
}

func TestStopSaysGoodbye(t *testing.T) {
	in := intakeFunc(
		func(_ mqttfront.Identity, _ string, _ []byte, _ bool, done func(error)) error {
			done(nil)
			return nil
		},
	)
	f, err := mqttfront.New(mqttfront.Config{Listen: "127.0.0.1:0"}, anyone{}, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	w, _ := connect(t, f, "dev", 5, true)
	cancel()
	if pk := w.want(packets.Disconnect); pk.ReasonCode != 0x8B {
		t.Errorf("reason 0x%02x, want server shutting down", pk.ReasonCode)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestConfigNamesTheMend(t *testing.T) {
	for _, c := range []mqttfront.Config{
		{},
		{ListenTLS: ":0"},
		{Listen: ":0", MaxInflight: 70000},
		{Listen: ":0", MaxPacket: 3},
		{Listen: ":0", DeviceRate: -1},
		{Listen: "nowhere:99999999"},
	} {
		if _, err := mqttfront.New(c, anyone{}, nil, nil); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
