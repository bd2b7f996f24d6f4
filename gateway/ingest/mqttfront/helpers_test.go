package mqttfront_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/mochi-mqtt/server/v2/packets"
)

// anyone lets every client in as the device that its client identifier names,
// up to a dash-dash suffix; "reader" reads the whole school. The password
// "wrong" is refused.
type anyone struct{}

func (anyone) Authenticate(
	_ context.Context, clientID, _ string, password []byte, _ string, cert *x509.Certificate,
) (mqttfront.Identity, error) {
	if string(password) == "wrong" {
		return mqttfront.Identity{}, errors.New("the key does not match")
	}
	name, _, _ := strings.Cut(clientID, "--")
	if cert != nil {
		name = cert.Subject.CommonName
	}
	if name == "reader" {
		name = ""
	}
	return mqttfront.Identity{School: "school", Device: gatehouse.DeviceID(name)}, nil
}

type intakeFunc func(mqttfront.Identity, string, []byte, bool, func(error)) error

func (f intakeFunc) Publish(
	id mqttfront.Identity, topic string, payload []byte, retain bool, done func(error),
) error {
	return f(id, topic, payload, retain, done)
}

// intake writes to a real journal, and can be held back or made to refuse.
type intake struct {
	j *journal.Journal

	mu       sync.Mutex
	got      []string // topic and payload
	rejected []string
	held     []func(error)
	hold     bool
	full     error
}

func (in *intake) Publish(
	id mqttfront.Identity, topic string, payload []byte, _ bool, done func(error),
) error {
	in.mu.Lock()
	if in.full != nil {
		defer in.mu.Unlock()
		return in.full
	}
	in.got = append(in.got, topic+" "+string(payload))
	if in.hold {
		in.held = append(in.held, done)
		in.mu.Unlock()
		return nil
	}
	in.mu.Unlock()
	return in.j.Append(string(id.Device), payload, func(_ uint64, err error) { done(err) })
}

func (in *intake) Reject(
	id mqttfront.Identity, topic string, payload []byte, _ string, done func(error),
) error {
	in.mu.Lock()
	in.rejected = append(in.rejected, topic+" "+string(payload))
	in.mu.Unlock()
	return in.j.Append(string(id.Device), payload, func(_ uint64, err error) { done(err) })
}

// release settles what was held, in the order given.
func (in *intake) release(order ...int) {
	in.mu.Lock()
	held := in.held
	in.mu.Unlock()
	for _, i := range order {
		held[i](nil)
	}
}

func (in *intake) seen() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string(nil), in.got...)
}

func (in *intake) refused() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string(nil), in.rejected...)
}

func (in *intake) set(change func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	change()
}

// start runs a front with a real journal on :0 until the test ends.
func start(t testing.TB, cfg mqttfront.Config) (*mqttfront.Front, *intake) {
	t.Helper()
	j, err := journal.Open(t.TempDir(),
		journal.Options{SegmentBytes: 1 << 20, MaxBytes: 64 << 20, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	in := &intake{j: j}
	if cfg.Listen == "" && cfg.ListenTLS == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.TakeOvers == 0 {
		cfg.TakeOvers = 1 << 20 // the tests come as one device more often than any device does
	}
	f, err := mqttfront.New(cfg, anyone{}, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error("Run:", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("Run does not end")
		}
		j.Close()
	})
	return f, in
}

// wire is a client that speaks raw packets.
type wire struct {
	t    testing.TB
	conn net.Conn
	v5   bool
}

func dial(t testing.TB, f *mqttfront.Front) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &wire{t: t, conn: conn}
}

// connect dials, sends CONNECT and wants it accepted.
func connect(
	t testing.TB, f *mqttfront.Front, id string, version byte, clean bool,
) (*wire, packets.Packet) {
	t.Helper()
	w := dial(t, f)
	w.v5 = version == 5
	w.send(connectPacket(id, version, clean, 0))
	ack := w.read()
	if ack.FixedHeader.Type != packets.Connack || ack.ReasonCode != 0 {
		t.Fatalf("type %d, reason 0x%02x, want CONNACK 0", ack.FixedHeader.Type, ack.ReasonCode)
	}
	return w, ack
}

func connectPacket(id string, version byte, clean bool, expiry uint32) []byte {
	pk := packets.Packet{
		ProtocolVersion: version,
		FixedHeader:     packets.FixedHeader{Type: packets.Connect},
	}
	pk.Connect = packets.ConnectParams{
		ProtocolName:     []byte("MQTT"),
		Clean:            clean,
		ClientIdentifier: id,
		Keepalive:        60,
	}
	if expiry > 0 {
		pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = expiry, true
	}
	return encode(pk)
}

func encode(pk packets.Packet) []byte {
	var b bytes.Buffer
	var err error
	pk.Mods.AllowResponseInfo = true
	switch pk.FixedHeader.Type {
	case packets.Connect:
		err = pk.ConnectEncode(&b)
	case packets.Publish:
		err = pk.PublishEncode(&b)
	case packets.Subscribe:
		pk.FixedHeader.Qos = 1
		err = pk.SubscribeEncode(&b)
	case packets.Unsubscribe:
		pk.FixedHeader.Qos = 1
		err = pk.UnsubscribeEncode(&b)
	case packets.Disconnect:
		err = pk.DisconnectEncode(&b)
	case packets.Pubrel:
		pk.FixedHeader.Qos = 1
		err = pk.PubrelEncode(&b)
	default:
		err = pk.PubackEncode(&b)
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (w *wire) version() byte {
	if w.v5 {
		return 5
	}
	return 4
}

func (w *wire) send(b []byte) {
	w.t.Helper()
	if _, err := w.conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) packet(pk packets.Packet) {
	w.t.Helper()
	pk.ProtocolVersion = w.version()
	w.send(encode(pk))
}

func (w *wire) publish(topic, payload string, qos byte, id uint16) {
	w.t.Helper()
	w.packet(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos},
		TopicName:   topic,
		Payload:     []byte(payload),
		PacketID:    id,
	})
}

func (w *wire) subscribe(filter string, qos byte) byte {
	w.t.Helper()
	w.packet(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Subscribe}, PacketID: 77,
		Filters: packets.Subscriptions{{Filter: filter, Qos: qos}}})
	pk := w.want(packets.Suback)
	return pk.ReasonCodes[0]
}

// read returns the next packet, or fails the test.
func (w *wire) read() packets.Packet {
	w.t.Helper()
	pk, err := w.next()
	if err != nil {
		w.t.Fatal(err)
	}
	return pk
}

func (w *wire) want(kind byte) packets.Packet {
	w.t.Helper()
	pk := w.read()
	if pk.FixedHeader.Type != kind {
		w.t.Fatalf("packet type %d (reason 0x%02x), want %d", pk.FixedHeader.Type, pk.ReasonCode,
			kind)
	}
	return pk
}

func (w *wire) next() (packets.Packet, error) {
	pk := packets.Packet{ProtocolVersion: w.version()}
	var first [1]byte
	if _, err := io.ReadFull(w.conn, first[:]); err != nil {
		return pk, err
	}
	if err := pk.FixedHeader.Decode(first[0]); err != nil {
		return pk, err
	}
	n, err := binary.ReadUvarint(byteReader{w.conn})
	if err != nil {
		return pk, err
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(w.conn, body); err != nil {
		return pk, err
	}
	pk.FixedHeader.Remaining = int(n)
	switch pk.FixedHeader.Type {
	case packets.Connack:
		err = pk.ConnackDecode(body)
	case packets.Publish:
		err = pk.PublishDecode(body)
	case packets.Suback:
		err = pk.SubackDecode(body)
	case packets.Unsuback:
		err = pk.UnsubackDecode(body)
	case packets.Disconnect:
		if len(body) > 0 {
			pk.ReasonCode = body[0]
		}
	case packets.Pingresp:
	default:
		err = pk.PubackDecode(body)
	}
	return pk, err
}

// ended wants the server to close the connection without another packet.
func (w *wire) ended() {
	w.t.Helper()
	if pk, err := w.next(); err == nil {
		w.t.Fatalf("packet type %d (reason 0x%02x), want the connection closed",
			pk.FixedHeader.Type, pk.ReasonCode)
	} else if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		w.t.Fatal("the connection stays open")
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

type byteReader struct{ r io.Reader }

func (b byteReader) ReadByte() (byte, error) {
	var c [1]byte
	_, err := io.ReadFull(b.r, c[:])
	return c[0], err
}

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("waited too long for " + what)
		case <-tick.C:
		}
	}
}
