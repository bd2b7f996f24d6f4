package mqttfront_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// The standards, statement by statement, with packets written out byte by byte:
// spec311_test.go and spec5_test.go have what only one of them says, and this
// file what both do. The names of cases carry the statements' ids, of MQTT 3.1.1
// first, then of MQTT 5.

// mqtt is a version of the protocol as it is said in CONNECT.
type mqtt byte

// versions runs a test with both.
func versions(t *testing.T, test func(t *testing.T, v mqtt)) {
	for _, v := range []mqtt{4, 5} {
		t.Run(fmt.Sprintf("MQTT %d", v), func(t *testing.T) { test(t, v) })
	}
}

func text(s string) string    { return two(len(s)) + s }
func two(n int) string        { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func four(n uint32) string    { return string(binary.BigEndian.AppendUint32(nil, n)) }
func one(b byte) string       { return string([]byte{b}) }
func length(n int) string     { return string(binary.AppendUvarint(nil, uint64(n))) }
func user(k, v string) string { return "\x26" + text(k) + text(v) }

// packet is a control packet: its first byte and what follows the length.
func packet(first byte, parts ...string) string {
	body := strings.Join(parts, "")
	return one(first) + length(len(body)) + body
}

// props is a property list, which MQTT 3.1.1 does not have.
func (v mqtt) props(list ...string) string {
	if v < 5 {
		return ""
	}
	all := strings.Join(list, "")
	return length(len(all)) + all
}

// connect is CONNECT with a keep alive of a minute; more is what follows the
// client identifier.
func (v mqtt) connect(id string, flags byte, more ...string) string {
	return v.connectWith(id, flags, v.props(), more...)
}

func (v mqtt) connectWith(id string, flags byte, props string, more ...string) string {
	return packet(0x10, text("MQTT"), one(byte(v)), one(flags), two(60), props, text(id),
		strings.Join(more, ""))
}

const (
	clean     = 2
	willFlag  = 4
	forAnHour = "\x11\x00\x00\x0e\x10" // session expiry
)

// kept is a CONNECT whose session outlives the connection.
func (v mqtt) kept(id string) string { return v.connectWith(id, 0, v.props(forAnHour)) }

// connack is the answer to a CONNECT that is taken, with the front's defaults.
func (v mqtt) connack(present bool) string {
	flags := byte(0)
	if present {
		flags = 1
	}
	if v < 5 {
		return "\x20\x02" + one(flags) + "\x00"
	}
	return packet(0x20, one(flags), "\x00",
		v.props("\x21\x00\x40", "\x27\x00\x04\x00\x00", "\x29\x00"))
}

// publish is PUBLISH; flags are DUP (8), QoS (2, 4) and RETAIN (1).
func (v mqtt) publish(flags byte, topic string, id int, payload string, props ...string) string {
	packetID := ""
	if flags&6 != 0 {
		packetID = two(id)
	}
	return packet(0x30|flags, text(topic), packetID, v.props(props...), payload)
}

func (v mqtt) subscribe(id int, filter string, options byte) string {
	return packet(0x82, two(id), v.props(), text(filter), one(options))
}

func (v mqtt) suback(id int, codes ...byte) string {
	return packet(0x90, two(id), v.props(), string(codes))
}

func (v mqtt) unsubscribe(id int, filters ...string) string {
	all := ""
	for _, f := range filters {
		all += text(f)
	}
	return packet(0xA2, two(id), v.props(), all)
}

func (v mqtt) unsuback(id int, codes ...byte) string {
	if v < 5 {
		return packet(0xB0, two(id))
	}
	return packet(0xB0, two(id), v.props(), string(codes))
}

// Acknowledgements that say success are the same in both versions.
func puback(id int) string  { return "\x40\x02" + two(id) }
func pubrec(id int) string  { return "\x50\x02" + two(id) }
func pubrel(id int) string  { return "\x62\x02" + two(id) }
func pubcomp(id int) string { return "\x70\x02" + two(id) }

const (
	ping = "\xc0\x00"
	pong = "\xd0\x00"
	bye  = "\xe0\x00"
)

func (w *wire) say(packets ...string) {
	w.t.Helper()
	w.send([]byte(strings.Join(packets, "")))
}

// hears wants these very bytes next.
func (w *wire) hears(packets ...string) {
	w.t.Helper()
	want := strings.Join(packets, "")
	got := make([]byte, len(want))
	if n, err := io.ReadFull(w.conn, got); err != nil || string(got) != want {
		w.t.Fatalf("got %x (%v), want %x", got[:n], err, want)
	}
}

// quiet checks that the client gets no further packet and is still served.
func (w *wire) quiet() {
	w.t.Helper()
	w.say(ping)
	w.hears(pong)
}

// settled is quiet once all that the client has published has gone where it goes.
func (w *wire) settled(v mqtt) {
	w.t.Helper()
	w.say(v.publish(2, "not/its/own", 65000, ""))
	if v == 5 {
		w.hears("\x40\x03" + two(65000) + "\x87")
	} else {
		w.hears(puback(65000))
	}
	w.quiet()
}

// breaks wants the connection closed, in MQTT 5 after the reason.
func (w *wire) breaks(v mqtt, reason byte) {
	w.t.Helper()
	if v == 5 {
		w.hears("\xe0\x01" + one(reason))
	}
	w.closed()
}

// closed wants the connection to end without another byte.
func (w *wire) closed() {
	w.t.Helper()
	var b [1]byte
	if n, err := w.conn.Read(b[:]); n > 0 || isTimeout(err) {
		w.t.Fatalf("got %x (%v), want the connection closed", b[:n], err)
	}
}

// leaves closes the connection without DISCONNECT and waits until that is noticed.
func (w *wire) leaves(f *mqttfront.Front) {
	w.t.Helper()
	before := f.Stats().Clients
	w.conn.Close()
	waitFor(w.t, "the client to be gone", func() bool { return f.Stats().Clients < before })
}

// opens dials, says CONNECT and wants the answer.
func opens(t testing.TB, f *mqttfront.Front, connect, answer string) *wire {
	t.Helper()
	w := dial(t, f)
	w.say(connect)
	w.hears(answer)
	return w
}

// comes is opens of a clean session.
func (v mqtt) comes(t testing.TB, f *mqttfront.Front, id string) *wire {
	t.Helper()
	return opens(t, f, v.connect(id, clean), v.connack(false))
}

func specFront(t testing.TB) (*mqttfront.Front, *intake) {
	return start(t, mqttfront.Config{MaxSessions: 100})
}

// dialogue is what one client sends, and all that it receives.
type dialogue struct {
	name   string
	says   string
	hears  string
	breaks byte // the reason why the connection closes then; 0: it does not
}

// hold runs dialogues, each on a connection of its own.
func hold(t *testing.T, v mqtt, f *mqttfront.Front, all []dialogue) {
	for _, d := range all {
		t.Run(d.name, func(t *testing.T) {
			w := v.comes(t, f, "dev")
			w.say(d.says)
			w.hears(d.hears)
			if d.breaks != 0 {
				w.breaks(v, d.breaks)
				return
			}
			w.settled(v)
		})
	}
}

const (
	own    = "gh/v1/school/dev/"
	status = own + "status"
)

func TestSpecDataRepresentation(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		var all []dialogue
		for what, s := range map[string]string{
			"[MQTT-1.5.3-1] [MQTT-1.5.4-1] a surrogate":          own + "\xed\xa0\x80",
			"[MQTT-1.5.3-1] [MQTT-1.5.4-1] a cut character":      own + "\xe4\xb8",
			"[MQTT-1.5.3-1] [MQTT-1.5.4-1] an overlong form":     own + "\xc0\xaf",
			"[MQTT-1.5.3-2] [MQTT-1.5.4-2] [MQTT-4.7.3-2] a NUL": own + "a\x00b",
		} {
			all = append(all,
				dialogue{what + " in a topic name", v.publish(2, s, 1, "x"), "", 0x81},
				dialogue{"[MQTT-3.8.3-1] " + what + " in a filter", v.subscribe(1, s, 0), "", 0x81},
				dialogue{
					"[MQTT-3.10.3-1] " + what + " in a filter to be given up",
					v.unsubscribe(1, s),
					"",
					0x81,
				})
		}
		const bom = "\xef\xbb\xbf"
		all = append(all,
			dialogue{"a string longer than its packet", packet(0x30, "\x00\x09abc"), "", 0x81},
			dialogue{"a packet without its string", packet(0x30, "\x00"), "", 0x81},
			dialogue{"an empty string is a string", v.unsubscribe(7, ""), v.unsuback(7, 0x11), 0},
			dialogue{"a remaining length of five bytes", "\x30\xff\xff\xff\xff\x01", "", 0x81},
			dialogue{
				"[MQTT-4.7.3-3] the longest topic",
				v.subscribe(1, own+strings.Repeat("x", 65535-len(own)), 0),
				v.suback(1, 0),
				0,
			},
			dialogue{"[MQTT-1.5.3-3] [MQTT-1.5.4-3] U+FEFF stays",
				v.subscribe(1, own+"a"+bom, 0) + v.publish(0, own+"a", 0, "without") +
					v.publish(0, own+"a"+bom, 0, "with"),
				v.suback(1, 0) + v.publish(0, own+"a"+bom, 0, "with"), 0},
		)
		hold(t, v, f, all)
	})
}

func TestSpecFixedHeader(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		var all []dialogue
		for _, p := range []string{
			puback(1), pubrec(1), pubrel(1), pubcomp(1), v.subscribe(1, status, 0),
			v.unsubscribe(1, status), ping, bye,
		} {
			right := p[0] & 15
			for flags := range byte(16) {
				if flags != right {
					name := fmt.Sprintf("[MQTT-2.2.2-2] [MQTT-2.1.3-1] type %d with flags %04b",
						p[0]>>4, flags)
					all = append(all, dialogue{name, one(p[0]&0xF0|flags) + p[1:], "", 0x81})
				}
			}
		}
		for _, kind := range []byte{2, 9, 11, 13} {
			all = append(all,
				dialogue{
					fmt.Sprintf("[MQTT-4.8.0-1] [MQTT-4.13.1-1] type %d, which only a server sends",
						kind),
					packet(kind<<4, "\x00\x00"),
					"",
					0x82,
				})
		}
		all = append(all,
			dialogue{
				"[MQTT-4.8.0-1] [MQTT-4.13.1-1] type 0, which is forbidden",
				packet(0),
				"",
				0x82,
			},
			dialogue{"type 15 with flags", packet(0xF1), "", 0x81})
		hold(t, v, f, all)
	})
}

func TestSpecPacketIdentifier(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		hold(t, v, f, []dialogue{
			{
				"[MQTT-2.3.1-1] [MQTT-2.2.1-3] PUBLISH with 0",
				v.publish(2, status, 0, "x"),
				"",
				0x82,
			},
			{"[MQTT-2.3.1-1] [MQTT-2.2.1-3] SUBSCRIBE with 0", v.subscribe(0, status, 0), "", 0x82},
			{
				"[MQTT-2.3.1-1] [MQTT-2.2.1-3] UNSUBSCRIBE with 0",
				v.unsubscribe(0, status),
				"",
				0x82,
			},
			{"PUBACK with 0", puback(0), "", 0x82},
			{"PUBREL without one", packet(0x62, "\x00"), "", 0x81},
			{
				"[MQTT-2.3.1-5] [MQTT-2.2.1-2] QoS 0 has none",
				v.subscribe(1, status, 2) + v.publish(0, status, 0, "\x00\x01x"),
				v.suback(1, 2) + v.publish(0, status, 0, "\x00\x01x"),
				0,
			},
			{
				"[MQTT-2.3.1-6] [MQTT-2.2.1-5] PUBACK has PUBLISH's",
				v.publish(2, status, 0xFEDC, "x"),
				puback(0xFEDC),
				0,
			},
			{
				"[MQTT-2.3.1-7] [MQTT-2.2.1-6] SUBACK and UNSUBACK have the question's",
				v.subscribe(500, status, 1) + v.unsubscribe(501, status),
				v.suback(500, 1) + v.unsuback(501, 0),
				0,
			},
		})
		w := v.comes(t, f, "dev")
		w.say(v.publish(4, status, 65535, "x"))
		w.hears(pubrec(65535))
		w.say(pubrel(65535))
		w.hears(pubcomp(65535))
		w.say(v.publish(2, status, 65535, "y")) // free again [MQTT-2.3.1-3]
		w.hears(puback(65535))
	})
}

func TestSpecConnectIsFirstAndOnce(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		for _, p := range []string{
			v.publish(0, status, 0, "x"), ping, v.subscribe(1, status, 0), bye,
			"\x11" + v.connect("dev", clean)[1:], "\x00\x00",
		} {
			w := dial(t, f)
			w.say(p)
			w.closed() // [MQTT-3.1.0-1] [MQTT-3.2.0-1] [MQTT-3.14.0-1]: not even a DISCONNECT
		}
		w := v.comes(t, f, "dev")
		w.say(v.connect("dev", clean))
		w.breaks(v, 0x82) // [MQTT-3.1.0-2]
	})
}

// refused are CONNECTs that are turned away, and the answer before the end.
func refused(t *testing.T, f *mqttfront.Front, all map[string][2]string) {
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			w := dial(t, f)
			w.say(c[0], ping) // [MQTT-3.1.4-5] [MQTT-3.1.4-6]: what follows is not served
			w.hears(c[1])
			w.closed()
		})
	}
}

func TestSpecSessions(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		command := own + "command/open"
		w := opens(t, f, v.kept("dev"), v.connack(false)) // [MQTT-3.2.2-3]
		w.say(v.subscribe(1, own+"command/#", 1))
		w.hears(v.suback(1, 1))
		w.leaves(f)
		for i := range 3 { // [MQTT-3.1.2-5] [MQTT-3.1.2-23] [MQTT-4.5.0-1]
			if err := f.Publish(command, []byte{byte('a' + i)}, false); err != nil {
				t.Fatal(err)
			}
		}
		// [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.2.2-2]
		w = opens(t, f, v.kept("dev"), v.connack(true))
		w.hears(v.publish(2, command, 1, "a"), v.publish(2, command, 2, "b"),
			v.publish(2, command, 3, "c"))
		w.say(puback(2))
		w.quiet()
		w.leaves(f)
		w = opens(t, f, v.kept("dev"), v.connack(true))
		// [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.6.0-1]
		w.hears(v.publish(10, command, 1, "a"), v.publish(10, command, 3, "c"))
		w.quiet()
		w.say(bye)
		w.closed() // and the session stays [MQTT-4.1.0-1]
		w = opens(t, f, v.kept("dev"), v.connack(true))
		w.hears(v.publish(10, command, 1, "a"), v.publish(10, command, 3, "c"))
		w.leaves(f)
		// [MQTT-3.1.2-6] [MQTT-3.1.2-4] [MQTT-3.2.2-1] [MQTT-3.2.2-2]
		w = opens(t, f, v.connect("dev", clean), v.connack(false))
		w.quiet()
		if f.Subscribed(command) {
			t.Error("the subscription of the discarded session is there")
		}
		w.leaves(f)
		// [MQTT-3.1.2-6]: nothing of a clean session is used again
		w = opens(t, f, v.kept("dev"), v.connack(false))
		w.leaves(f)
		v.comes(t, f, "dev").leaves(f)
	})
}

func TestSpecTakeOver(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		a := v.comes(t, f, "dev")
		b := v.comes(t, f, "dev")
		a.breaks(v, 0x8E) // [MQTT-3.1.4-2] [MQTT-3.1.4-3]
		b.quiet()
		b.leaves(f)
	})
}

func TestSpecWill(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		watcher := v.comes(t, f, "dev--watcher")
		watcher.say(v.subscribe(1, own+"#", 2))
		watcher.hears(v.suback(1, 2))
		with := func(flags byte) *wire {
			return opens(t, f,
				v.connect("dev", clean|willFlag|flags, v.props(), text(status), text("gone")),
				v.connack(false))
		}
		for qos := range byte(3) {
			// [MQTT-3.1.2-8]; [MQTT-3.1.2-16] [MQTT-3.1.2-14]: not retained
			with(qos << 3).leaves(f)
			watcher.hears(v.publish(qos<<1, status, int(qos), "gone"))
			switch qos {
			case 1:
				watcher.say(puback(1))
			case 2:
				watcher.say(pubrec(2))
				watcher.hears(pubrel(2))
				watcher.say(pubcomp(2))
			}
		}
		w := with(0)
		w.say("\x36\x00") // a protocol error ends the connection, too
		w.breaks(v, 0x81)
		watcher.hears(v.publish(0, status, 0, "gone"))
		w = with(0)
		v.comes(t, f, "dev") // and so does another connection
		w.breaks(v, 0x8E)
		watcher.hears(v.publish(0, status, 0, "gone"))
		w = with(0)
		w.say(bye)
		w.closed()                     // [MQTT-3.1.2-10] [MQTT-3.14.4-3]
		v.comes(t, f, "dev").leaves(f) // [MQTT-3.1.2-12]: no will, nothing to publish
		watcher.quiet()
		with(0x20).leaves(f) // [MQTT-3.1.2-17] [MQTT-3.1.2-15]: retained
		watcher.hears(v.publish(0, status, 0, "gone"))
		late := v.comes(t, f, "dev--late")
		late.say(v.subscribe(1, status, 0))
		late.hears(v.suback(1, 0), v.publish(1, status, 0, "gone"))
		late.say(v.publish(1, status, 0, "")) // clears it
		late.hears(v.publish(0, status, 0, ""))
		watcher.hears(v.publish(0, status, 0, ""))
		empty := opens(t, f, v.connect("dev", clean|willFlag, v.props(), text(status), text("")),
			v.connack(false))
		empty.leaves(f) // a will of no bytes is a message, too
		watcher.hears(v.publish(0, status, 0, ""))
		watcher.leaves(f)
		late.leaves(f)
	})
}

func TestSpecKeepAlive(t *testing.T) {
	t.Parallel()
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		t.Parallel()
		w := dial(t, f)
		w.say(packet(0x10, text("MQTT"), one(byte(v)), "\x02", two(1), v.props(),
			text(fmt.Sprint("dev--", v))))
		w.hears(v.connack(false))
		forever := dial(t, f)
		forever.say(packet(0x10, text("MQTT"), one(byte(v)), "\x02", two(0), v.props(),
			text(fmt.Sprint("dev--forever", v))))
		forever.hears(v.connack(false))
		began := time.Now()
		w.breaks(v, 0x8D) // [MQTT-3.1.2-24] [MQTT-3.1.2-22]
		if d := time.Since(began); d < 1200*time.Millisecond {
			// the clock behind it ticks each second
			t.Errorf("closed after %v, want one and a half of a second", d)
		}
		forever.quiet()
	})
}

func TestSpecPublish(t *testing.T) {
	f, in := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		hold(t, v, f, []dialogue{
			{"[MQTT-3.3.1-4] QoS 3", packet(0x36, text(status), two(1), v.props()), "", 0x81},
			{"[MQTT-3.3.1-2] DUP with QoS 0", packet(0x38, text(status), v.props()), "", 0x81},
			{
				"[MQTT-3.3.2-2] [MQTT-4.7.1-1] # in a topic name",
				v.publish(2, own+"#", 1, "x"),
				"",
				0x90,
			},
			{
				"[MQTT-3.3.2-2] [MQTT-4.7.1-1] + in a topic name",
				v.publish(2, own+"+/a", 1, "x"),
				"",
				0x90,
			},
			{"[MQTT-4.7.3-1] no topic name", v.publish(2, "", 1, "x"), "", 0x82},
			{"[MQTT-3.3.4-1] QoS 0 is not answered", v.publish(0, status, 0, "x"), "", 0},
			{
				"[MQTT-3.3.4-1] [MQTT-4.3.2-2] [MQTT-4.3.2-4] QoS 1 is answered with PUBACK",
				v.publish(2, status, 9, "x"),
				puback(9),
				0,
			},
			{
				"[MQTT-4.3.2-2] [MQTT-4.3.2-5] and may come again",
				v.publish(2, status, 9, "x") + v.publish(10, status, 9, "x"),
				puback(9) + puback(9),
				0,
			},
			{
				"[MQTT-3.3.4-1] [MQTT-4.3.3-2] [MQTT-4.3.3-8] QoS 2 is answered with PUBREC",
				v.publish(4, status, 9, "x"),
				pubrec(9),
				0,
			},
			{
				"a payload may be empty",
				v.subscribe(1, status, 0) + v.publish(0, status, 0, ""),
				v.suback(1, 0) + v.publish(0, status, 0, ""),
				0,
			},
			{
				"[MQTT-3.3.1-3] DUP is not passed on",
				v.subscribe(1, status, 0) + v.publish(10, status, 4, "x"),
				v.suback(1, 0) + v.publish(0, status, 0, "x") + puback(4),
				0,
			},
			{
				"[MQTT-4.6.0-2] [MQTT-4.6.0-5] PUBACKs in the order of PUBLISHes",
				v.publish(2, status, 3, "") + v.publish(2, status, 1, "") +
					v.publish(2, status, 2, ""),
				puback(3) + puback(1) + puback(2),
				0,
			},
			{
				"[MQTT-4.6.0-3] [MQTT-4.6.0-6] PUBRECs in the order of PUBLISHes",
				v.publish(4, status, 3, "") + v.publish(4, status, 1, "") +
					v.publish(4, status, 2, ""),
				pubrec(3) + pubrec(1) + pubrec(2),
				0,
			},
		})
		t.Run("[MQTT-4.3.3-2] [MQTT-4.3.3-10] one of QoS 2 is taken once until PUBREL",
			func(t *testing.T) {
				w := v.comes(t, f, "dev")
				before := len(in.seen())
				for range 3 {
					w.say(v.publish(4, status, 5, "once"))
					w.hears(pubrec(5))
				}
				w.say(pubrel(5))
				w.hears(pubcomp(5))                    // [MQTT-4.3.3-2] [MQTT-4.3.3-11]
				w.say(v.publish(4, status, 5, "next")) // [MQTT-4.3.3-12]
				w.hears(pubrec(5))
				if got := len(in.seen()) - before; got != 2 {
					t.Errorf("%d publications were taken, want 2", got)
				}
			})
		t.Run("PUBREL before PUBREC", func(t *testing.T) {
			in.set(func() { in.hold, in.held = true, nil })
			defer in.set(func() { in.hold = false })
			w := v.comes(t, f, "dev")
			w.say(v.publish(4, status, 6, "x"), pubrel(6))
			w.breaks(v, 0x82)
			waitFor(t, "the publication", func() bool {
				in.mu.Lock()
				defer in.mu.Unlock()
				return len(in.held) == 1
			})
			in.release(0)
		})
	})
}

func TestSpecToTheSubscriber(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		sub := opens(t, f, v.kept("dev--sub"), v.connack(false))
		sub.say(v.subscribe(1, status, 2))
		sub.hears(v.suback(1, 2))
		pub := v.comes(t, f, "dev")
		send := func(qos byte, payload string) {
			t.Helper()
			pub.say(v.publish(qos<<1, status, 1, payload))
			switch qos {
			case 1:
				pub.hears(puback(1))
			case 2:
				pub.hears(pubrec(1))
				pub.say(pubrel(1))
				pub.hears(pubcomp(1))
			}
		}
		back := func() {
			t.Helper()
			sub.leaves(f)
			sub = opens(t, f, v.kept("dev--sub"), v.connack(true))
		}
		send(0, "at most once") // [MQTT-4.3.1-1]
		sub.hears(v.publish(0, status, 0, "at most once"))
		send(1, "at least once") // [MQTT-4.3.2-1]
		sub.hears(v.publish(2, status, 1, "at least once"))
		back()
		sub.hears(v.publish(10, status, 1, "at least once")) // [MQTT-4.4.0-1], the same identifier
		sub.say(puback(1))
		sub.quiet()
		send(2, "once") // [MQTT-4.3.3-1]
		sub.hears(v.publish(4, status, 2, "once"))
		back()
		sub.hears(v.publish(12, status, 2, "once"))
		sub.say(pubrec(2))
		sub.hears(pubrel(2)) // [MQTT-4.3.3-1] [MQTT-4.3.3-4]
		back()
		sub.hears(pubrel(2)) // [MQTT-4.4.0-1]; [MQTT-4.3.3-6]: and not the message
		sub.say(pubrec(2))   // again, in vain
		sub.hears(pubrel(2))
		sub.say(pubcomp(2))
		sub.quiet()
		back()
		sub.quiet()
		for i, p := range []string{"a", "b", "c"} {
			send(2, p)
			sub.hears(v.publish(4, status, 3+i, p))
		}
		for _, id := range []int{4, 3, 5} {
			sub.say(pubrec(id))
			sub.hears(pubrel(id)) // [MQTT-4.6.0-4]: in the order of PUBRECs
		}
		for _, id := range []int{5, 4, 3} {
			sub.say(pubcomp(id))
		}
		sub.say(puback(77), pubcomp(78)) // acknowledgements of unknown packets change nothing
		sub.quiet()
		sub.say(bye)
		sub.closed()
		v.comes(t, f, "dev--sub").leaves(f)
		pub.leaves(f)
	})
}

func TestSpecRetained(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		pub := v.comes(t, f, "dev")
		retained := func(what string, want ...string) {
			t.Helper()
			w := v.comes(t, f, "dev--late")
			defer w.leaves(f)
			w.say(v.subscribe(1, own+"#", 2))
			w.hears(v.suback(1, 2))
			for _, p := range want {
				w.hears(p)
			}
			w.quiet()
		}
		live := v.comes(t, f, "dev--live")
		live.say(v.subscribe(1, status, 0))
		live.hears(v.suback(1, 0))

		pub.say(v.publish(3, status, 1, "first")) // [MQTT-3.3.1-5]
		pub.hears(puback(1))
		live.hears(v.publish(0, status, 0, "first")) // [MQTT-3.3.1-9] [MQTT-3.3.1-12]
		retained("[MQTT-3.3.1-6] [MQTT-3.3.1-8] [MQTT-3.3.1-9] at its QoS, marked",
			v.publish(3, status, 1, "first"))
		// [MQTT-3.3.1-12] [MQTT-3.3.1-8]: replaces nothing
		pub.say(v.publish(0, status, 0, "passing"))
		live.hears(v.publish(0, status, 0, "passing"))
		retained("", v.publish(3, status, 1, "first"))
		pub.say(v.publish(1, status, 0, "second")) // [MQTT-3.3.1-7] [MQTT-3.3.1-5]
		live.hears(v.publish(0, status, 0, "second"))
		retained("", v.publish(1, status, 0, "second"))
		pub.leaves(f) // [MQTT-3.1.2-7]: it is not part of the session
		pub = v.comes(t, f, "dev")
		retained("", v.publish(1, status, 0, "second"))
		live.say(v.subscribe(2, status, 0)) // [MQTT-3.8.4-3] [MQTT-3.8.4-4]: the same filter again
		live.hears(v.suback(2, 0), v.publish(1, status, 0, "second"))
		// [MQTT-3.3.1-10] [MQTT-3.3.1-6]; [MQTT-3.3.1-11] [MQTT-3.3.1-7]: not kept itself
		pub.say(v.publish(1, status, 0, ""))
		live.hears(v.publish(0, status, 0, ""))
		retained("")
		pub.leaves(f)
		live.leaves(f)
	})
}

func TestSpecSubscribe(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		not := byte(0x80)
		if v == 5 {
			not = 0x87
		}
		bad := byte(0x80)
		if v == 5 {
			bad = 0x8F
		}
		many := packet(0x82, two(9), v.props(), text(own+"a"), "\x02", text("elsewhere"), "\x01",
			text(own+"b"), "\x00")
		hold(t, v, f, []dialogue{
			{
				"[MQTT-3.8.3-3] [MQTT-3.8.3-2] without a filter",
				packet(0x82, two(1), v.props()),
				"",
				0x82,
			},
			{
				"a filter without its options",
				packet(0x82, two(1), v.props(), text(status)),
				"",
				0x81,
			},
			{
				"[MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-6] [MQTT-3.8.4-7] granted as asked",
				v.subscribe(1, status, 0) + v.subscribe(2, status, 1) + v.subscribe(3, status, 2),
				v.suback(1, 0) + v.suback(2, 1) + v.suback(3, 2),
				0,
			},
			{
				"[MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.9.3-1] one code for each " +
					"filter, in order",
				many,
				v.suback(9, 2, not, 0),
				0,
			},
			{
				"[MQTT-3.9.3-2] others' topics",
				v.subscribe(1, "gh/v1/school/other/#", 0),
				v.suback(1, not),
				0,
			},
			{"[MQTT-4.7.2-1] everything", v.subscribe(1, "#", 0), v.suback(1, not), 0},
			{
				"[MQTT-4.7.2-1] everything below any level",
				v.subscribe(1, "+/v1/school/dev/#", 0),
				v.suback(1, not),
				0,
			},
			{"the server's own topics", v.subscribe(1, "$SYS/#", 0), v.suback(1, not), 0},
			{
				"[MQTT-4.7.1-2] [MQTT-4.7.1-1] # before the end",
				v.subscribe(1, own+"#/a", 0),
				v.suback(1, bad),
				0,
			},
			{
				"[MQTT-4.7.1-2] [MQTT-4.7.1-1] # in a level",
				v.subscribe(1, own+"a#", 0),
				v.suback(1, bad),
				0,
			},
			{
				"[MQTT-4.7.1-3] [MQTT-4.7.1-2] + in a level",
				v.subscribe(1, own+"a+", 0),
				v.suback(1, bad),
				0,
			},
			{"[MQTT-4.7.3-1] no filter", v.subscribe(1, "", 0), v.suback(1, bad), 0},
			{
				"[MQTT-3.8.4-6] [MQTT-3.8.4-8] [MQTT-4.3.1-1] the lesser QoS of both",
				v.subscribe(1, own+"+", 1) + v.publish(4, status, 8, "x"),
				v.suback(1, 1) + v.publish(2, status, 1, "x") + pubrec(8),
				0,
			},
			{
				"[MQTT-3.3.5-1] [MQTT-3.3.4-2] the higher QoS of overlapping filters",
				v.subscribe(1, own+"#", 0) + v.subscribe(2, status, 1) +
					v.publish(4, status, 8, "x"),
				v.suback(1, 0) + v.suback(2, 1) + v.publish(2, status, 1, "x") + pubrec(8),
				0,
			},
			{
				"[MQTT-3.8.4-3] a filter again replaces the first",
				v.subscribe(1, status, 1) + v.subscribe(2, status, 0) +
					v.publish(2, status, 8, "x"),
				v.suback(1, 1) + v.suback(2, 0) + v.publish(0, status, 0, "x") + puback(8),
				0,
			},
			{
				"[MQTT-3.10.3-2] UNSUBSCRIBE without a filter",
				packet(0xA2, two(1), v.props()),
				"",
				0x82,
			},
			{
				"[MQTT-3.10.4-1] to the letter",
				v.subscribe(1, own+"+", 0) + v.unsubscribe(2, status, own+"#") +
					v.publish(0, status, 0, "x"),
				v.suback(1, 0) + v.unsuback(2, 0x11, 0x11) + v.publish(0, status, 0, "x"),
				0,
			},
			{
				"[MQTT-3.10.4-2] [MQTT-3.10.4-4] [MQTT-3.11.3-1] given up",
				v.subscribe(1, status, 0) + v.unsubscribe(2, "no", status, status) +
					v.publish(0, status, 0, "x"),
				v.suback(1, 0) + v.unsuback(2, 0x11, 0, 0x11),
				0,
			},
			{
				"[MQTT-3.10.4-5] nothing to give up",
				v.unsubscribe(2, status),
				v.unsuback(2, 0x11),
				0,
			},
			{
				"[MQTT-3.10.4-3] what is on its way comes through",
				v.subscribe(1, status, 2) + v.publish(4, status, 8, "x"),
				v.suback(1, 2) + v.publish(4, status, 1, "x") + pubrec(8),
				0,
			},
		})
		t.Run("[MQTT-3.10.4-3] and is completed", func(t *testing.T) {
			w := v.comes(t, f, "dev")
			w.say(v.subscribe(1, status, 2), v.publish(4, status, 8, "x"))
			w.hears(v.suback(1, 2), v.publish(4, status, 1, "x"), pubrec(8))
			w.say(v.unsubscribe(2, status))
			w.hears(v.unsuback(2, 0))
			w.say(pubrec(1))
			w.hears(pubrel(1))
			w.say(pubcomp(1))
			w.quiet()
		})
	})
}

func TestSpecTopicMatching(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		for _, c := range []struct{ filter, topic, why string }{
			{"a/#", "a", "the level above"},
			{"a/#", "a/", ""},
			{"a/#", "a/b/c", ""},
			{"a/#", "!ab", ""},
			{"a/+", "!a", ""},
			{"a/+", "a/", "an empty level"},
			{"a/+", "!a/b/c", ""},
			{"a/+/c", "a/b/c", ""},
			{"a/+/c", "!a/b/b/c", ""},
			{"+/+", "a/b", ""},
			{"+/+", "/b", "an empty level"},
			{"+", "!/b", ""},
			{"/+", "/b", ""},
			{"a", "!A", "[MQTT-4.7.3-4]"},
			{"a", "!a/", "[MQTT-4.7.3-4]"},
			{"a b", "a b", "spaces are like any character"},
			{"a//b", "a//b", ""},
			{"a//b", "!a/b", ""},
			{"+/#", "a", ""},
			{"é", "!e\u0301", "[MQTT-4.7.3-4] no normalisation"},
			{"$a", "$a", ""},
		} {
			w := v.comes(t, f, "dev")
			w.say(v.subscribe(1, own+c.filter, 0))
			w.hears(v.suback(1, 0))
			topic, not := strings.CutPrefix(c.topic, "!")
			w.say(v.publish(0, own+topic, 0, "x"))
			if !not {
				w.hears(v.publish(0, own+topic, 0, "x"))
			}
			w.settled(v)
			w.leaves(f)
		}
	})
}

// TestSpecNotAuthorized: MQTT 3.1.1 has no way to say no [MQTT-3.3.5-2].
func TestSpecNotAuthorized(t *testing.T) {
	f, _ := specFront(t)
	hold(t, 4, f,
		[]dialogue{
			{"[MQTT-3.3.5-2] QoS 1", mqtt(4).publish(2, "elsewhere", 1, "x"), puback(1), 0},
			{"[MQTT-3.3.5-2] QoS 2", mqtt(4).publish(4, "elsewhere", 1, "x"), pubrec(1), 0},
		})
	hold(t, 5, f, []dialogue{
		{
			"[MQTT-3.4.2-1] QoS 1",
			mqtt(5).publish(2, "elsewhere", 1, "x"),
			"\x40\x03\x00\x01\x87",
			0,
		},
		{
			"[MQTT-3.5.2-1] [MQTT-4.3.3-9] QoS 2, whose identifier is free at once",
			mqtt(5).publish(4, "elsewhere", 1, "x"),
			"\x50\x03\x00\x01\x87",
			0,
		},
	})
	w := mqtt(5).comes(t, f, "dev")
	w.say(mqtt(5).publish(4, "elsewhere", 1, "x"))
	w.hears("\x50\x03\x00\x01\x87")
	w.say(pubrel(1))
	w.hears("\x70\x03\x00\x01\x92") // [MQTT-3.7.2-1]
	w.say(mqtt(5).publish(4, status, 1, "x"))
	w.hears(pubrec(1))
}

func TestSpecPing(t *testing.T) {
	f, _ := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		hold(t, v, f, []dialogue{
			{"[MQTT-3.12.4-1]", ping + ping, pong + pong, 0},
			{"with a body", "\xc0\x01\x00", "", 0x81},
		})
	})
}

// TestSpecSubscribeWhileAPublicationIsWritten: between PUBLISH and its
// acknowledgement lies the disk, and subscriptions may change meanwhile.
func TestSpecSubscribeWhileAPublicationIsWritten(t *testing.T) {
	f, in := specFront(t)
	versions(t, func(t *testing.T, v mqtt) {
		pub := v.comes(t, f, "dev")
		pub.say(v.publish(3, status, 1, "old"))
		pub.hears(puback(1))
		stays, leaves := v.comes(t, f, "dev--stays"), v.comes(t, f, "dev--leaves")
		for _, w := range []*wire{stays, leaves} {
			w.say(v.subscribe(1, status, 0))
			w.hears(v.suback(1, 0), v.publish(1, status, 0, "old"))
		}
		in.set(func() { in.hold, in.held = true, nil })
		pub.say(v.publish(3, status, 2, "new"))
		waitFor(t, "the intake to have it", func() bool {
			in.mu.Lock()
			defer in.mu.Unlock()
			return len(in.held) == 1
		})
		comes := v.comes(t, f, "dev--comes")
		comes.say(v.subscribe(1, status, 0))
		comes.hears(v.suback(1, 0), v.publish(1, status, 0, "old"))
		leaves.say(v.unsubscribe(2, status))
		leaves.hears(v.unsuback(2, 0))
		in.set(func() { in.hold = false })
		in.release(0)
		pub.hears(puback(2))
		stays.hears(v.publish(0, status, 0, "new"))
		// or it would be left with the old one [MQTT-3.3.1-5]
		comes.hears(v.publish(0, status, 0, "new"))
		leaves.quiet() // [MQTT-3.10.4-2]
		pub.say(v.publish(3, status, 3, ""))
		pub.hears(puback(3))
		for _, w := range []*wire{pub, stays, leaves, comes} {
			w.leaves(f)
		}
	})
}
