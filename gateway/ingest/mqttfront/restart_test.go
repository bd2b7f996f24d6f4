package mqttfront_test

import (
	stdcmp "cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/journal/faultfs"
	"github.com/google/go-cmp/cmp"
	"github.com/mochi-mqtt/server/v2/packets"
)

// house is a front and an intake that can be stopped, or lose their power, and
// started again in the same folder.
type house struct {
	t    testing.TB
	dir  string
	cfg  mqttfront.Config
	disk *faultfs.FS

	f    *mqttfront.Front
	in   *onceIntake
	stop func()
}

func newHouse(t testing.TB, cfg mqttfront.Config) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), cfg: cfg}
	h.start()
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *house) start() {
	h.t.Helper()
	h.disk = &faultfs.FS{Loss: faultfs.Drop}
	j, err := journal.Open(filepath.Join(h.dir, "journal"),
		journal.Options{FS: h.disk, SegmentBytes: 1 << 20, MaxBytes: 64 << 20, ReserveBytes: -1})
	if err != nil {
		h.t.Fatal(err)
	}
	h.in = &onceIntake{j: j}
	cfg := h.cfg
	cfg.Listen, cfg.Dir, cfg.FS = stdcmp.Or(cfg.Listen, "127.0.0.1:0"), filepath.Join(h.dir,
		"mqtt"), h.disk
	h.f, err = mqttfront.New(cfg, anyone{}, h.in, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	f := h.f
	go func() { ended <- f.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		<-ended // with an error when the power is cut
		j.Close()
	})
}

// restart stops the front in order and starts it again.
func (h *house) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// cut takes the power away, with all that was not synced, and starts again.
func (h *house) cut() {
	h.t.Helper()
	h.disk.Crash()
	h.restart()
}

// both runs a test once with an orderly stop in its middle and once with a power cut.
func both(t *testing.T, cfg mqttfront.Config, test func(t *testing.T, h *house, again func())) {
	t.Run("stop", func(t *testing.T) { h := newHouse(t, cfg); test(t, h, h.restart) })
	t.Run("cut", func(t *testing.T) { h := newHouse(t, cfg); test(t, h, h.cut) })
}

// connect is connect of a session that is kept.
func (h *house) connect(id string) (*wire, bool) {
	h.t.Helper()
	w, ack := connect(h.t, h.f, id, 4, false)
	return w, ack.SessionPresent
}

// onceIntake journals publications with their names.
type onceIntake struct {
	j *journal.Journal

	mu     sync.Mutex
	refuse error
	after  func() // called when a publication is on disk, before it is acknowledged
}

func (in *onceIntake) Publish(
	id mqttfront.Identity, topic string, payload []byte, retain bool, done func(error),
) error {
	return in.PublishOnce(id, topic, payload, retain, "", done)
}

func (in *onceIntake) PublishOnce(
	id mqttfront.Identity, topic string, payload []byte, _ bool, once string, done func(error),
) error {
	in.mu.Lock()
	refuse, after := in.refuse, in.after
	in.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	return in.j.Append(string(id.Device), []byte(once+" "+string(payload)),
		func(_ uint64, err error) {
			if after != nil {
				after()
			}
			done(err)
		})
}

func (in *onceIntake) Mark() uint64 { return in.j.Newest() }

func (in *onceIntake) Known(ctx context.Context, after uint64, seen map[string]bool) error {
	recs, err := in.j.ReadFrom(ctx, after, 1<<20)
	for _, r := range recs {
		once, _, _ := strings.Cut(string(r.Data), " ")
		if _, ok := seen[once]; ok {
			seen[once] = true
		}
	}
	return err
}

// payloads are what the journal holds, in its order.
func (in *onceIntake) payloads(t testing.TB) (all []string) {
	t.Helper()
	recs, err := in.j.ReadFrom(t.Context(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recs {
		_, payload, _ := strings.Cut(string(r.Data), " ")
		all = append(all, payload)
	}
	return all
}

func TestQueueOutlivesARestart(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		sub, _ := h.connect("dev--reader")
		if code := sub.subscribe(telemetry, 1); code != 1 {
			t.Fatalf("granted 0x%02x, want 1", code)
		}
		sub.conn.Close()
		waitFor(t, "the reader to go", func() bool { return h.f.Stats().Clients == 0 })
		pub, _ := connect(t, h.f, "dev", 4, true)
		for i := range 5 {
			pub.publish(telemetry, fmt.Sprint(i), 1, uint16(i+1))
			pub.want(packets.Puback)
		}
		again()
		sub, present := h.connect("dev--reader")
		if !present {
			t.Fatal("the session is gone")
		}
		for i := range 5 {
			pk := sub.want(packets.Publish)
			if string(pk.Payload) != fmt.Sprint(i) || pk.FixedHeader.Dup {
				t.Fatalf("message %d is %q, duplicate %v; want %d, which was never sent before", i,
					pk.Payload, pk.FixedHeader.Dup, i)
			}
			sub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Puback},
				PacketID:    pk.PacketID,
			})
		}
		sub.send([]byte{packets.Pingreq << 4, 0})
		sub.want(packets.Pingresp) // the acknowledgements before it were read
		h.restart()
		sub, _ = h.connect("dev--reader")
		pub, _ = connect(t, h.f, "dev", 4, true)
		pub.publish(telemetry, "new", 1, 9)
		if pk := sub.want(packets.Publish); string(pk.Payload) != "new" {
			t.Errorf("%q came again after its acknowledgement", pk.Payload)
		}
	})
}

func TestUnsubscribedAndCleanedStayGone(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		w, _ := h.connect("dev--a")
		w.subscribe(telemetry, 1)
		w.packet(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Unsubscribe},
			PacketID:    3,
			Filters:     packets.Subscriptions{{Filter: telemetry}},
		})
		w.want(packets.Unsuback)
		x, _ := h.connect("dev--b")
		x.subscribe(telemetry, 1)
		x.conn.Close()
		waitFor(t, "b to go", func() bool { return h.f.Stats().Clients == 1 })
		clean, _ := connect(t, h.f, "dev--b", 4, true)
		clean.send([]byte{packets.Disconnect << 4, 0})
		clean.ended()
		waitFor(t, "b's session to end", func() bool { return h.f.Stats().Sessions == 1 })
		again()
		if h.f.Subscribed(telemetry) {
			t.Error("a subscription that was given up is back")
		}
		if _, present := h.connect("dev--a"); !present {
			t.Error("a's session is gone")
		}
		if _, present := h.connect("dev--b"); present {
			t.Error("b's session is back")
		}
	})
}

func TestRetainedOutlivesARestart(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		pub, _ := connect(t, h.f, "dev", 5, true)
		for i, payload := range []string{"old", "newest"} {
			pub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1, Retain: true},
				TopicName:   telemetry,
				Payload:     []byte(payload),
				PacketID:    uint16(i + 1),
				Properties: packets.Properties{
					User: []packets.UserProperty{{Key: "unit", Val: "°C"}},
				},
			})
			pub.want(packets.Puback)
		}
		for id, payload := range []string{"gone", ""} {
			pub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1, Retain: true},
				TopicName:   "gh/v1/school/dev/status",
				Payload:     []byte(payload),
				PacketID:    uint16(id + 8),
			})
			pub.want(packets.Puback)
		}
		if err := h.f.Publish("gh/v1/school/dev/command/mode", []byte("night"), true); err != nil {
			t.Fatal(err)
		}
		again()
		sub, _ := connect(t, h.f, "dev--x", 5, true)
		sub.subscribe("gh/v1/school/dev/#", 1)
		var got []string
		for range 2 {
			pk := sub.want(packets.Publish)
			unit := ""
			for _, u := range pk.Properties.User {
				unit += u.Key + "=" + u.Val
			}
			got = append(got,
				fmt.Sprintf("%s %s %v %s", pk.TopicName, pk.Payload, pk.FixedHeader.Retain, unit))
		}
		slices.Sort(got)
		if d := cmp.Diff(got,
			[]string{
				"gh/v1/school/dev/command/mode night true ",
				telemetry + " newest true unit=°C",
			}); d != "" {
			t.Error(d)
		}
		if n := h.f.Stats().Retained; n != 2 {
			t.Errorf("%d retained, want 2: one was cleared", n)
		}
	})
}

func TestSharedSubscriptionOutlivesARestart(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		for _, id := range []string{"dev--a", "dev--b"} {
			w, _ := h.connect(id)
			w.subscribe("$share/pool/"+telemetry, 1)
		}
		again()
		pub, _ := connect(t, h.f, "dev", 4, true)
		for i := range 4 {
			pub.publish(telemetry, fmt.Sprint(i), 1, uint16(i+1))
			pub.want(packets.Puback)
		}
		var got []string
		for _, id := range []string{"dev--a", "dev--b"} {
			w, present := h.connect(id)
			if !present {
				t.Fatalf("%s: the session is gone", id)
			}
			for range 2 {
				got = append(got, string(w.want(packets.Publish).Payload))
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(got, []string{"0", "1", "2", "3"}); d != "" {
			t.Error("each of the group's messages once, two to each member:", d)
		}
	})
}

func TestWillOfAClientThatWasThereIsPublishedAfterTheRestart(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		with := func(id, payload string, clean bool) *wire {
			w := dial(t, h.f)
			pk := packets.Packet{
				ProtocolVersion: 4,
				FixedHeader:     packets.FixedHeader{Type: packets.Connect},
			}
			pk.Connect = packets.ConnectParams{
				ProtocolName: []byte("MQTT"), Clean: clean, ClientIdentifier: id, Keepalive: 60,
				WillFlag:  true,
				WillTopic: telemetry, WillPayload: []byte(payload), WillQos: 1}
			w.send(encode(pk))
			w.want(packets.Connack)
			return w
		}
		with("dev--kept", "lost kept", false)
		with("dev--clean", "lost clean", true)
		bye := with("dev--bye", "never", true)
		bye.send([]byte{packets.Disconnect << 4, 0})
		bye.ended()
		waitFor(t, "the session to end", func() bool { return h.f.Stats().Sessions == 2 })
		again()
		waitFor(t, "two wills", func() bool { return len(h.in.payloads(t)) >= 2 })
		h.restart()
		h.restart() // and not once more
		got := h.in.payloads(t)
		slices.Sort(got)
		if d := cmp.Diff(got, []string{"lost clean", "lost kept"}); d != "" {
			t.Error(d)
		}
	})
}

// TestQoS2IsOnceThroughEveryCut cuts the power after each step of an exchange in turn.
func TestQoS2IsOnceThroughEveryCut(t *testing.T) {
	publish := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 2},
		TopicName:   telemetry,
		Payload:     []byte("once"),
		PacketID:    5,
	}
	again := publish
	again.FixedHeader.Dup = true
	rel := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrel}, PacketID: 5}
	finish := func(t *testing.T, h *house, w *wire, from packets.Packet) {
		w.packet(from)
		if from.FixedHeader.Type == packets.Publish {
			w.want(packets.Pubrec)
			w.packet(rel)
		}
		w.want(packets.Pubcomp)
		w.publish(telemetry, "next", 2, 5) // the identifier is free
		w.want(packets.Pubrec)
		if d := cmp.Diff(h.in.payloads(t), []string{"once", "next"}); d != "" {
			t.Error(d)
		}
		sub, _ := h.connect("dev--sub")
		var ids []uint16
		for _, want := range []string{"once", "next"} {
			pk := sub.want(packets.Publish)
			if string(pk.Payload) != want || pk.FixedHeader.Qos != 2 {
				t.Fatalf("the subscriber got %q at QoS %d, want %q at 2", pk.Payload,
					pk.FixedHeader.Qos, want)
			}
			ids = append(ids, pk.PacketID)
		}
		for _, id := range ids {
			sub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Pubrec},
				PacketID:    id,
			})
			sub.want(packets.Pubrel)
		}
		h.cut() // PUBREL is out: the messages must not be published to it again
		sub, _ = h.connect("dev--sub")
		for _, id := range ids {
			if pk := sub.want(packets.Pubrel); pk.PacketID != id {
				t.Fatalf("PUBREL of %d, want %d", pk.PacketID, id)
			}
			sub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Pubcomp},
				PacketID:    id,
			})
		}
		sub.send([]byte{packets.Pingreq << 4, 0})
		sub.want(packets.Pingresp)
	}
	begin := func(t *testing.T) *house {
		h := newHouse(t, mqttfront.Config{})
		sub, _ := h.connect("dev--sub")
		sub.subscribe(telemetry, 2)
		sub.conn.Close()
		waitFor(t, "the subscriber to go", func() bool { return h.f.Stats().Clients == 0 })
		return h
	}
	t.Run("before it is handed over", func(t *testing.T) {
		h := begin(t)
		h.in.refuse = context.Canceled // as if the gateway ended there
		w, _ := h.connect("dev")
		w.packet(publish)
		w.ended()
		h.cut()
		w, _ = h.connect("dev")
		finish(t, h, w, again)
	})
	t.Run("in the journal, and nobody knows", func(t *testing.T) {
		h := begin(t)
		h.in.after = h.disk.Crash // the next write to the state log fails
		w, _ := h.connect("dev")
		w.packet(publish)
		waitFor(t, "the publication in the journal", func() bool { return h.in.j.Newest() == 1 })
		h.restart()
		w, _ = h.connect("dev")
		finish(t, h, w, again)
	})
	t.Run("after PUBREC", func(t *testing.T) {
		h := begin(t)
		w, _ := h.connect("dev")
		w.packet(publish)
		w.want(packets.Pubrec)
		h.cut()
		w, _ = h.connect("dev")
		finish(t, h, w, again)
	})
	t.Run("after PUBREL", func(t *testing.T) {
		h := begin(t)
		w, _ := h.connect("dev")
		w.packet(publish)
		w.want(packets.Pubrec)
		w.packet(rel)
		w.want(packets.Pubcomp)
		h.cut()
		w, _ = h.connect("dev")
		finish(t, h, w, rel)
	})
}

func TestSessionsEndWhileTheGatewayIsAway(t *testing.T) {
	h := newHouse(t, mqttfront.Config{SessionExpiry: time.Nanosecond})
	w, _ := h.connect("dev")
	w.subscribe(telemetry, 1)
	h.restart()
	waitFor(t, "the session to end", func() bool {
		return h.f.Stats().Sessions == 0 && !h.f.Subscribed(telemetry)
	})
	if _, present := h.connect("dev"); present {
		t.Error("a session that was over is back")
	}
}

// TestWhatCannotBeKeptIsNotPromised fills the disk below the state only.
func TestWhatCannotBeKeptIsNotPromised(t *testing.T) {
	h := newHouse(t, mqttfront.Config{})
	sub, _ := h.connect("dev--sub")
	sub.subscribe(telemetry, 1)
	pub, _ := connect(t, h.f, "dev", 5, true)
	pub.publish(telemetry, "kept", 1, 1)
	pub.want(packets.Puback)
	sub.want(packets.Publish)
	var full sync.Map
	h.disk.BeforeSync = func(name string) error {
		if _, ok := full.Load("full"); ok && strings.Contains(name, "/mqtt/") {
			return os.ErrPermission
		}
		return nil
	}
	full.Store("full", true)
	pub.publish(telemetry, "not kept", 1, 2)
	if pk := pub.want(packets.Disconnect); pk.ReasonCode != 0x97 {
		t.Errorf("reason 0x%02x, want quota exceeded", pk.ReasonCode)
	}
	refused := dial(t, h.f)
	refused.send(connectPacket("dev--new", 4, false, 0))
	if ack := refused.want(packets.Connack); ack.ReasonCode != 3 {
		t.Errorf("CONNACK %d for a session that cannot be kept, want 3, server unavailable",
			ack.ReasonCode)
	}
	if why := h.f.Stats().Trouble; !strings.Contains(why, "permission") {
		t.Errorf("trouble %q, want what the disk said", why)
	}
	clean, _ := connect(t, h.f, "dev--clean", 4, true)
	clean.subscribe("gh/v1/school/dev/status", 1) // a client that wants nothing kept is served
	sub.conn.Close()
	full.Delete("full")
	h.restart()
	sub, present := h.connect("dev--sub")
	if pk := sub.want(packets.Publish); !present || string(pk.Payload) != "kept" {
		t.Errorf("session present %v, message %q: want what was kept", present, pk.Payload)
	}
}

// TestStateIsSealedAndToldAnew has the state log grow until it writes a snapshot, and looks at what
// is on the disk.
func TestStateIsSealedAndToldAnew(t *testing.T) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, mqttfront.Config{Seal: seal})
	sub, _ := h.connect("dev--sub")
	sub.subscribe(telemetry, 1)
	pub, _ := connect(t, h.f, "dev", 4, true)
	if err := h.f.Publish("gh/v1/school/dev/command/mode", []byte("retained-plaintext"), true); err != nil {
		t.Fatal(err)
	}
	filler := strings.Repeat("plaintext ", 20<<10)
	for i := range 400 { // 80 MB, of which nothing is left to keep
		pub.publish(telemetry, filler, 1, uint16(i+1))
		pk := sub.want(packets.Publish)
		sub.packet(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Puback},
			PacketID:    pk.PacketID,
		})
		pub.want(packets.Puback)
	}
	waitFor(t, "the state to be told anew", func() bool { return h.f.Stats().Kept <= 64<<20 })
	files, err := filepath.Glob(filepath.Join(h.dir, "mqtt", "*.seg"))
	if err != nil || len(files) == 0 {
		t.Fatal("no state on disk:", err)
	}
	h.cut()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(b), "plaintext") {
			t.Errorf("%s can be read by anybody", filepath.Base(file))
		}
	}
	sub, present := h.connect("dev--sub")
	pub, _ = connect(t, h.f, "dev", 4, true)
	pub.publish(telemetry, "new", 1, 1)
	if pk := sub.want(packets.Publish); !present ||
		!strings.HasPrefix(string(pk.Payload), "new") &&
			!strings.HasPrefix(string(pk.Payload), "plaintext") {
		t.Errorf("session present %v, message %q", present, pk.Payload)
	}
	mode, _ := connect(t, h.f, "dev--mode", 4, true)
	mode.subscribe("gh/v1/school/dev/command/#", 1)
	if pk := mode.want(packets.Publish); string(pk.Payload) != "retained-plaintext" {
		t.Errorf("retained %q", pk.Payload)
	}
}

// TestMuchRetainedIsToldAnew retains more than the log's queue holds, so that a snapshot has to
// wait for the disk, while a client goes through QoS 2 exchanges.
func TestMuchRetainedIsToldAnew(t *testing.T) {
	h := newHouse(t, mqttfront.Config{})
	sub, _ := h.connect("busy--sub")
	sub.subscribe("gh/v1/school/busy/telemetry", 2)
	busy, _ := h.connect("busy")
	filler := strings.Repeat("x", 200<<10)
	const devices = 220 // 44 MB, of a queue of 32
	took := 0
	for round := range 2 { // the second replaces the first: the snapshot is half of the log
		for i := range devices {
			if err := h.f.Publish(fmt.Sprintf("gh/v1/school/d%d/command/mode", i),
				[]byte(fmt.Sprint(round, filler)), true); err != nil {
				t.Fatal(err)
			}
			took++
			busy.publish("gh/v1/school/busy/telemetry", fmt.Sprint(took), 2, 5)
			busy.want(packets.Pubrec)
			busy.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Pubrel},
				PacketID:    5,
			})
			busy.want(packets.Pubcomp)
			pk := sub.want(packets.Publish)
			sub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Pubrec},
				PacketID:    pk.PacketID,
			})
			sub.want(packets.Pubrel)
			sub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Pubcomp},
				PacketID:    pk.PacketID,
			})
		}
	}
	waitFor(t, "the state to be told anew", func() bool {
		return h.f.Stats().Kept <= 4*44<<20 && h.f.Stats().Trouble == ""
	})
	h.cut()
	if n := h.f.Stats().Retained; n != devices {
		t.Errorf("%d retained, want %d", n, devices)
	}
	busy, _ = h.connect("busy")
	busy.publish("gh/v1/school/busy/telemetry", "next", 2, 5) // its identifier is free
	busy.want(packets.Pubrec)
	want := make([]string, 0, took+1)
	for i := range took {
		want = append(want, fmt.Sprint(i+1))
	}
	if d := cmp.Diff(h.in.payloads(t), append(want, "next")); d != "" {
		t.Error(d)
	}
	sub, _ = h.connect("busy--sub")
	var got []string
	for len(got) == 0 || got[len(got)-1] != "next" {
		switch pk := sub.read(); pk.FixedHeader.Type {
		case packets.Publish:
			got = append(got, string(pk.Payload))
		case packets.Pubrel: // its exchange was ending when the power went
			sub.packet(packets.Packet{
				FixedHeader: packets.FixedHeader{Type: packets.Pubcomp},
				PacketID:    pk.PacketID,
			})
		default:
			t.Fatalf("packet type %d", pk.FixedHeader.Type)
		}
	}
	if d := cmp.Diff(got, []string{"next"}); d != "" {
		t.Error(d)
	}
	w, _ := connect(t, h.f, "d7", 4, true)
	w.subscribe("gh/v1/school/d7/command/#", 1)
	if pk := w.want(packets.Publish); !strings.HasPrefix(string(pk.Payload), "1 x") &&
		!strings.HasPrefix(string(pk.Payload), "1x") {
		t.Errorf("retained %.9q, want the newer", pk.Payload)
	}
}

func TestFilterOfVeryManyLevelsIsRefused(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	w, _ := connect(t, f, "dev", 5, true)
	if code := w.subscribe("gh/v1/school/dev"+strings.Repeat("/", 60_000), 1); code != 0x8f {
		t.Errorf("granted 0x%02x, want topic filter invalid", code)
	}
	if code := w.subscribe("gh/v1/school/dev"+strings.Repeat("/a", 100), 1); code != 1 {
		t.Errorf("granted 0x%02x to a hundred levels, want 1", code)
	}
}
