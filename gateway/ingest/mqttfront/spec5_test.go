package mqttfront_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// What only MQTT 5 says; see spec_test.go.

const v5 = mqtt(5)

func connack5(code byte) string { return "\x20\x03\x00" + one(code) + "\x00" }

func TestSpec5Connect(t *testing.T) {
	f, _ := specFront(t)
	with := func(list ...string) string { return v5.connectWith("dev", clean, v5.props(list...)) }
	refused(t, f, map[string][2]string{
		"[MQTT-3.1.2-1] another protocol's name": {
			packet(0x10, text("MQTX"), "\x05\x02", two(60), "\x00", text("dev")),
			connack5(0x84),
		},
		"[MQTT-3.1.2-2] [MQTT-3.2.2-7] version 6": {
			packet(0x10, text("MQTT"), "\x06\x02", two(60), "\x00", text("dev")),
			connack5(0x84),
		},
		"[MQTT-3.1.2-3] the reserved flag": {v5.connect("dev", 3), connack5(0x81)},
		"[MQTT-3.1.2-9] a will without its fields": {
			v5.connect("dev", clean|willFlag),
			connack5(0x81),
		},
		"[MQTT-3.1.2-11] a will's QoS without the flag": {
			v5.connect("dev", clean|8),
			connack5(0x81),
		},
		"[MQTT-3.1.2-12] a will of QoS 3": {
			v5.connect("dev", clean|willFlag|24, "\x00", text(status), text("gone")),
			connack5(0x81),
		},
		"[MQTT-3.1.2-13] a retained will without the flag": {
			v5.connect("dev", clean|0x20),
			connack5(0x81),
		},
		"[MQTT-3.1.2-16] a user name without the flag": {
			v5.connect("dev", clean, text("user")),
			connack5(0x81),
		},
		"[MQTT-3.1.2-17] the flag without a user name": {
			v5.connect("dev", clean|0x80),
			connack5(0x81),
		},
		"[MQTT-3.1.2-18] a password without the flag": {
			v5.connect("dev", clean|0x80, text("user"), text("password")),
			connack5(0x81),
		},
		"[MQTT-3.1.2-19] the flag without a password": {
			v5.connect("dev", clean|0x40),
			connack5(0x81),
		},
		"[MQTT-3.1.3-3] no client identifier": {
			packet(0x10, text("MQTT"), "\x05\x02", two(60), "\x00"),
			connack5(0x81),
		},
		"[MQTT-3.1.3-4] one that is not UTF-8": {
			v5.connect("\xff", clean),
			connack5(0x81),
		},
		"[MQTT-3.1.3-11] a will's topic with a NUL": {
			v5.connect("dev", clean|willFlag, "\x00", text("a\x00"), text("gone")),
			connack5(0x81),
		},
		"[MQTT-4.7.0-1] a will's topic with a wildcard": {
			v5.connect("dev", clean|willFlag, "\x00", text(own+"+"), text("gone")),
			connack5(0x90),
		},
		"[MQTT-4.7.3-1] a will without a topic": {
			v5.connect("dev", clean|willFlag, "\x00", text(""), text("gone")),
			connack5(0x82),
		},
		"[MQTT-3.1.3-12] a user name that is not UTF-8": {
			v5.connect("dev", clean|0x80, text("\xed\xa0\x80")),
			connack5(0x81),
		},
		"[MQTT-3.1.4-1] bytes after the end": {
			v5.connect("dev", clean, "more"),
			connack5(0x81),
		},
		"[MQTT-3.1.4-2] [MQTT-3.2.2-6] a wrong password": {
			v5.connect("dev", clean|0x40, text("wrong")),
			connack5(0x86),
		},
		"[MQTT-2.2.2-1] no property length": {
			packet(0x10, text("MQTT"), "\x05\x02", two(60)),
			connack5(0x81),
		},
		"3.1.2.11 properties past the end": {
			packet(0x10, text("MQTT"), "\x05\x02", two(60), "\x7f", text("dev")),
			connack5(0x81),
		},
		"2.2.2.2 a property of PUBLISH":          {with("\x01\x00"), connack5(0x81)},
		"2.2.2.2 a property that does not exist": {with("\x7e\x00"), connack5(0x81)},
		"2.2.2.2 a property cut short":           {with("\x11\x00"), connack5(0x81)},
		"3.1.2.11.2 session expiry twice": {
			with(forAnHour, forAnHour),
			connack5(0x82),
		},
		"3.1.2.11.3 receive maximum 0": {with("\x21\x00\x00"), connack5(0x82)},
		"3.1.2.11.3 receive maximum twice": {
			with("\x21\x00\x01", "\x21\x00\x01"),
			connack5(0x82),
		},
		"3.1.2.11.4 maximum packet size 0": {
			with("\x27\x00\x00\x00\x00"),
			connack5(0x82),
		},
		"[MQTT-3.1.2-24] one that no answer fits into": {
			with("\x27\x00\x00\x00\x10"),
			connack5(0x95),
		},
		"[MQTT-3.1.2-24] not even a refusal":        {with("\x27\x00\x00\x00\x04"), ""},
		"3.1.2.11.6 request response information 2": {with("\x19\x02"), connack5(0x82)},
		"3.1.2.11.7 request problem information 2":  {with("\x17\x02"), connack5(0x82)},
		"3.1.2.11.8 a user property without its value": {
			with("\x26" + text("k")),
			connack5(0x81),
		},
		"[MQTT-1.5.7-1] a user property that is not UTF-8": {
			with(user("k", "\xff")),
			connack5(0x81),
		},
		"3.1.2.11.9 an authentication method": {
			with("\x15" + text("SCRAM-SHA-256")),
			connack5(0x8C),
		},
		"3.1.2.11.10 authentication data without a method": {
			with("\x16" + text("x")),
			connack5(0x82),
		},
		"3.1.3.2.3 a will's payload format 2": {
			v5.connect("dev", clean|willFlag, v5.props("\x01\x02"), text(status), text("gone")),
			connack5(0x82),
		},
		"[MQTT-3.3.2-14] a will's response topic with #": {
			v5.connect("dev", clean|willFlag, v5.props("\x08"+text("a/#")), text(status),
				text("gone")),
			connack5(0x82),
		},
		"2.2.2.2 a will with a property of the session's": {
			v5.connect("dev", clean|willFlag, v5.props(forAnHour), text(status), text("gone")),
			connack5(0x81),
		},
		"3.1.3.2.2 a will's delay twice": {
			v5.connect("dev", clean|willFlag, v5.props("\x18\x00\x00\x00\x01\x18\x00\x00\x00\x01"),
				text(status), text("gone")),
			connack5(0x82),
		},
	})
	for name, c := range map[string]string{
		"[MQTT-3.1.4-5] [MQTT-3.1.2-28] [MQTT-3.1.2-29] every property": with(
			"\x11\x00\x00\x00\x00", "\x21\x00\x01", "\x27\x00\x00\x01\x00", "\x22\x00\x0a",
			"\x19\x01", "\x17\x00", user("k", "v"), user("k", "w")),
		"3.1.2.9 a password without a user name": v5.connect("dev",
			clean|0x40, text("pass")),
		"[MQTT-3.1.3-5] 23 letters and digits": v5.connect(
			"0123456789abcdefghijklM", clean),
		"session expiry within the bound is not answered": v5.connectWith("dev--x",
			clean, v5.props(forAnHour)),
	} {
		t.Run(name, func(t *testing.T) { opens(t, f, c, v5.connack(false)).quiet() })
	}
}

func TestSpec5Connack(t *testing.T) {
	f, _ := start(t,
		mqttfront.Config{MaxInflight: 10, MaxPacket: 4096, SessionExpiry: 2 * time.Hour})
	// receive maximum, packet size, no subscription identifiers; no topic aliases
	offers := "\x21\x00\x0a" + "\x27\x00\x00\x10\x00" + "\x29\x00"
	// [MQTT-3.2.2-2] [MQTT-3.2.2-1]
	opens(t, f, v5.connect("dev", clean), packet(0x20, "\x00\x00", v5.props(offers))).leaves(f)
	// 3.2.2.3.2: less than was asked for
	bounded := v5.props(offers, "\x11"+four(7200))
	opens(t, f, v5.connectWith("dev", clean, v5.props("\x11\xff\xff\xff\xff")),
		packet(0x20, "\x00\x00", bounded)).leaves(f)
	// [MQTT-3.2.2-3]
	opens(t, f, v5.connectWith("dev", 0, v5.props("\x11"+four(7201))),
		packet(0x20, "\x01\x00", bounded)).leaves(f)
	assigned := map[string]bool{}
	for range 2 { // [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]
		w := dial(t, f)
		w.v5 = true
		w.send([]byte(v5.connect("", 0)))
		name := w.want(2).Properties.AssignedClientID
		if name == "" || assigned[name] {
			t.Errorf("assigned %q, want a name that nobody has", name)
		}
		assigned[name] = true
		w.leaves(f)
	}
}

func TestSpec5SessionExpiry(t *testing.T) {
	t.Parallel()
	f, _ := specFront(t)
	ends := func(name, connect, bye string) {
		t.Helper()
		w := opens(t, f, connect, v5.connack(false))
		if bye == "" {
			w.leaves(f)
		} else {
			w.say(bye)
			w.closed()
		}
		waitFor(t, name, func() bool { return f.Stats().Sessions == 0 })
	}
	ends("3.1.2.11.2 no expiry ends with the connection", v5.connect("dev", 0), "")
	ends("3.1.2.11.2 nor an expiry of 0",
		v5.connectWith("dev", 0, v5.props("\x11\x00\x00\x00\x00")), "")
	ends("3.1.2.11.2 a second", v5.connectWith("dev", 0, v5.props("\x11\x00\x00\x00\x01")), "")
	ends("3.14.2.2.2 DISCONNECT shortens it", v5.kept("dev"),
		packet(0xE0, "\x00", v5.props("\x11\x00\x00\x00\x00")))

	w := opens(t, f, v5.connectWith("dev", clean, v5.props("\x11\x00\x00\x00\x01")),
		v5.connack(false))
	w.say(packet(0xE0, "\x00", v5.props(forAnHour))) // or makes it longer
	w.closed()
	// the newest counts
	w = opens(t, f, v5.connectWith("dev", 0, v5.props("\x11\x00\x00\x00\x00")), v5.connack(true))
	w.say(packet(0xE0, "\x00", v5.props(forAnHour)))
	w.breaks(5, 0x82) // 3.14.2.2.2: from 0 it cannot grow
	waitFor(t, "the session to end", func() bool { return f.Stats().Sessions == 0 })
}

func TestSpec5WillProperties(t *testing.T) {
	t.Parallel()
	f, _ := specFront(t)
	watcher := v5.comes(t, f, "dev--watcher")
	watcher.say(v5.subscribe(1, own+"#", 0))
	watcher.hears(v5.suback(1, 0))
	with := func(expiry uint32, props ...string) *wire {
		t.Helper()
		return opens(t, f,
			v5.connectWith("dev", clean|willFlag, v5.props("\x11"+four(expiry)),
				v5.props(props...), text(status), text("gone")),
			v5.connack(false))
	}
	delay := func(s uint32) string { return "\x18" + four(s) }
	gone := func(props ...string) {
		t.Helper()
		watcher.hears(v5.publish(0, status, 0, "gone", props...))
	}

	all := []string{
		"\x01\x01", user("z", "1"), "\x03" + text("text/plain"), user("a", "2"),
		"\x08" + text("answer/here"), "\x09" + text("\x00\xff"), user("z", "3"),
	}
	with(0, all...).leaves(f)
	gone(all...) // [MQTT-3.1.3-10] 3.1.3.2.3 to 3.1.3.2.8: unaltered, in order
	with(0, "\x02\x00\x00\x00\x01", delay(0), user("k", "v")).leaves(f)
	gone("\x02\x00\x00\x00\x01", user("k", "v")) // 3.1.3.2.4; 3.1.3.2.2: the delay is not passed on
	with(0, user("k", "v"), delay(0), "\x02\x00\x00\x00\x05").leaves(f)
	gone(user("k", "v"), "\x02\x00\x00\x00\x05")

	with(0, delay(60)).leaves(f)
	gone() // 3.1.3.2.2: the session ended first
	with(60, delay(60)).leaves(f)
	watcher.quiet()
	w := opens(t, f, v5.kept("dev"), v5.connack(true)) // [MQTT-3.1.3-9]: back in time
	w.leaves(f)
	watcher.quiet()
	with(60, delay(60)).leaves(f)
	v5.comes(t, f, "dev").leaves(f) // 3.1.3.2.2: a clean start ended the session
	gone()
	with(60, delay(1)).leaves(f)
	gone() // 3.1.3.2.2: its time came
	v5.comes(t, f, "dev").leaves(f)
	watcher.quiet()

	with(60, delay(60))
	v5.comes(t, f, "dev") // taken over with a clean start: the session ended
	gone()

	for code, published := range map[byte]bool{0: false, 4: true, 0x80: true, 0x98: true} {
		w := with(0)
		w.say("\xe0\x01" + one(code))
		w.closed() // [MQTT-3.14.4-1]
		if published {
			gone() // [MQTT-3.14.4-3] is about 0 alone
		}
		watcher.quiet()
	}
	w = with(0)
	w.say(packet(0xE0, "\x04",
		v5.props("\x1f"+text("tired"), user("k", "v"), "\x1c"+text("elsewhere"))))
	w.closed()
	gone()
}

// TestSpec5IdleSessionGivesWay: a session that ends to make room for another
// has ended, and its will is due.
func TestSpec5IdleSessionGivesWay(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxSessions: 2})
	watcher := v5.comes(t, f, "dev--watcher")
	watcher.say(v5.subscribe(1, own+"#", 0))
	watcher.hears(v5.suback(1, 0))
	w := opens(t, f,
		v5.connectWith("dev--a", clean|willFlag, v5.props(forAnHour), v5.props("\x18"+four(60)),
			text(status), text("gone")),
		v5.connack(false))
	w.leaves(f)
	v5.comes(t, f, "dev--b")
	watcher.hears(v5.publish(0, status, 0, "gone"))
}

func TestSpec5Properties(t *testing.T) {
	f, _ := specFront(t)
	pub := func(props ...string) string { return v5.publish(0, status, 0, "x", props...) }
	sub, ok := v5.subscribe(1, status, 0), v5.suback(1, 0)
	unaltered := []string{
		user("", ""), "\x09" + text(""), "\x08" + text("r"), "\x03" + text(""),
		user("b", "1"), user("a", "2"), "\x01\x00", user("b", "1"),
	}
	hold(t, 5, f, []dialogue{
		{
			"[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] " +
				"[MQTT-3.3.2-20] unaltered, in their order",
			sub + pub(unaltered...),
			ok + pub(unaltered...),
			0,
		},
		{
			"[MQTT-3.3.2-6] expiry, at once",
			sub + pub("\x02\x00\x00\x00\x07"),
			ok + pub("\x02\x00\x00\x00\x07"),
			0,
		},
		{
			"3.3.2.3.3 expiry 0 is not late yet",
			sub + pub("\x02\x00\x00\x00\x00"),
			ok + pub("\x02\x00\x00\x00\x00"),
			0,
		},
		{
			"many user properties",
			sub + pub(strings.Repeat(user("key", "value"), 500)),
			ok + pub(strings.Repeat(user("key", "value"), 500)),
			0,
		},
		{"[MQTT-2.2.2-1] no property length", packet(0x30, text(status)), "", 0x81},
		{"2.2.2.2 a property of CONNECT", pub(forAnHour), "", 0x81},
		{"2.2.2.2 an unknown property", pub("\x7f"), "", 0x81},
		{"2.2.2.1 a list past the packet", packet(0x30, text(status), "\x7f\x01\x01"), "", 0x81},
		{
			"2.2.2.1 a length of five bytes",
			packet(0x30, text(status), "\x80\x80\x80\x80\x01"),
			"",
			0x81,
		},
		{"3.3.2.3.2 payload format twice", pub("\x01\x00\x01\x00"), "", 0x82},
		{"3.3.2.3.2 payload format 2", pub("\x01\x02"), "", 0x82},
		{"3.3.2.3.3 expiry twice", pub(strings.Repeat("\x02\x00\x00\x00\x07", 2)), "", 0x82},
		{"3.3.2.3.3 expiry cut short", pub("\x02\x00\x00"), "", 0x81},
		{
			"[MQTT-3.3.2-8] a topic alias, and none is offered",
			v5.publish(2, status, 1, "x", "\x23\x00\x01"),
			"",
			0x94,
		},
		{"[MQTT-3.3.2-8] topic alias 0", v5.publish(2, status, 1, "x", "\x23\x00\x00"), "", 0x94},
		{"3.3.2.3.4 an alias for a topic", v5.publish(2, "", 1, "x", "\x23\x00\x01"), "", 0x94},
		{
			"[MQTT-3.3.2-13] a response topic that is not UTF-8",
			pub("\x08" + text("\xff")),
			"",
			0x81,
		},
		{"[MQTT-3.3.2-14] one with a wildcard", pub("\x08" + text("a/+")), "", 0x82},
		{"3.3.2.3.5 two of them", pub("\x08"+text("a"), "\x08"+text("b")), "", 0x82},
		{"3.3.2.3.6 correlation data twice", pub("\x09"+text("a"), "\x09"+text("a")), "", 0x82},
		{"[MQTT-3.3.4-6] a subscription identifier", pub("\x0b\x01"), "", 0x82},
		{
			"[MQTT-3.3.2-19] a content type that is not UTF-8",
			pub("\x03" + text("\xed\xa0\x80")),
			"",
			0x81,
		},
		{"3.3.2.3.9 content type twice", pub("\x03"+text("a"), "\x03"+text("a")), "", 0x82},
	})
	old := mqtt(4).comes(t, f, "dev--old")
	old.say(mqtt(4).subscribe(1, status, 0), mqtt(4).publish(0, status, 0, "plain"))
	old.hears(mqtt(4).suback(1, 0), mqtt(4).publish(0, status, 0, "plain"))
	w := v5.comes(t, f, "dev")
	w.say(pub(unaltered...))
	old.hears(mqtt(4).publish(0, status, 0, "x")) // MQTT 3.1.1 has none of them
}

func TestSpec5MessageExpiry(t *testing.T) {
	t.Parallel()
	f, _ := specFront(t)
	expiry := func(s uint32) string { return "\x02" + four(s) }
	sub := opens(t, f, v5.kept("dev--sub"), v5.connack(false))
	sub.say(v5.subscribe(1, status, 1))
	sub.hears(v5.suback(1, 1))
	sub.leaves(f)
	pub := v5.comes(t, f, "dev")
	pub.say(v5.publish(2, status, 1, "short", expiry(1)),
		v5.publish(3, status, 2, "long", user("k", "v"), expiry(1000)))
	pub.hears(puback(1), puback(2))
	dropped := f.Stats().Dropped
	// The time that has passed shows in what is left of the long one.
	left := func(w *wire, first byte, id int, granted byte) uint32 {
		t.Helper()
		want := v5.publish(first, status, id, "long", user("k", "v"), expiry(0))
		got := make([]byte, len(want))
		if _, err := w.conn.Read(got); err != nil {
			t.Fatal(err)
		}
		at := len(got) - len("long") - 4
		n := uint32(got[at])<<24 | uint32(got[at+1])<<16 | uint32(got[at+2])<<8 | uint32(got[at+3])
		copy(got[at:], four(0))
		if string(got) != want {
			t.Fatalf("got %x, want %x", got, want)
		}
		return n
	}
	waitFor(t, "two seconds of its time to pass", func() bool {
		w := v5.comes(t, f, "dev--late")
		defer w.leaves(f)
		w.say(v5.subscribe(1, status, 0))
		w.hears(v5.suback(1, 0))
		n := left(w, 1, 0, 0) // [MQTT-3.3.2-6], of a retained one
		return n <= 998 && n > 900
	})
	sub = opens(t, f, v5.kept("dev--sub"), v5.connack(true))
	if n := left(sub, 2, 2, 1); n > 998 || n < 900 { // [MQTT-3.3.2-5]: and the short one is gone
		t.Errorf("%d seconds left, want 998 or a little less", n)
	}
	sub.quiet()
	if got := f.Stats().Dropped - dropped; got != 1 {
		t.Errorf("%d dropped, want the short one", got)
	}
}

func TestSpec5RetainHandling(t *testing.T) {
	f, _ := specFront(t)
	retained := v5.publish(1, status, 0, "kept")
	set := v5.publish(3, status, 9, "kept")
	const asPublished = 8
	w := v5.comes(t, f, "dev--first")
	w.say(set)
	w.hears(puback(9))
	hold(t, 5, f, []dialogue{
		{
			"[MQTT-3.3.1-9] 0, the first time",
			v5.subscribe(1, status, 0x00),
			v5.suback(1, 0) + retained,
			0,
		},
		{
			"[MQTT-3.3.1-9] [MQTT-3.8.4-4] 0, again",
			v5.subscribe(1, status, 0x20) + v5.subscribe(2, status, 0x00),
			v5.suback(1, 0) + v5.suback(2, 0) + retained,
			0,
		},
		{
			"[MQTT-3.3.1-10] 1, the first time",
			v5.subscribe(1, status, 0x10),
			v5.suback(1, 0) + retained,
			0,
		},
		{
			"[MQTT-3.3.1-10] 1, again",
			v5.subscribe(1, status, 0x20) + v5.subscribe(2, status, 0x10),
			v5.suback(1, 0) + v5.suback(2, 0),
			0,
		},
		{"[MQTT-3.3.1-11] 2, never", v5.subscribe(1, status, 0x20), v5.suback(1, 0), 0},
		{"3.8.3.1 3 is an error", v5.subscribe(1, status, 0x30), "", 0x82},
		{
			"[MQTT-3.3.1-12] not as published",
			v5.subscribe(1, status, 0x20) + v5.publish(1, status, 0, "new"),
			v5.suback(1, 0) + v5.publish(0, status, 0, "new"),
			0,
		},
		{
			"[MQTT-3.3.1-13] as published",
			v5.subscribe(1, status, 0x20|asPublished) + v5.publish(1, status, 0, "new") +
				v5.publish(0, status, 0, "plain"),
			v5.suback(1, 0) + v5.publish(1, status, 0, "new") + v5.publish(0, status, 0, "plain"),
			0,
		},
		{
			"3.3.1.3 what is sent for a new subscription is marked",
			v5.subscribe(1, status, 0),
			v5.suback(1, 0) + v5.publish(1, status, 0, "new"),
			0,
		},
		{
			"4.8.2 none for a shared subscription",
			v5.subscribe(1, "$share/g/"+status, 0),
			v5.suback(1, 0),
			0,
		},
	})
}

func TestSpec5Subscribe(t *testing.T) {
	f, _ := specFront(t)
	const noLocal = 4
	share := func(filter string, options byte) string { return v5.subscribe(1, filter, options) }
	hold(t, 5, f, []dialogue{
		{"[MQTT-3.8.3-5] reserved option 0x40", v5.subscribe(1, status, 0x40), "", 0x81},
		{"[MQTT-3.8.3-5] reserved option 0x80", v5.subscribe(1, status, 0x80), "", 0x81},
		{"3.8.3.1 QoS 3", v5.subscribe(1, status, 3), "", 0x82},
		{
			"3.8.2.1.2 a subscription identifier, which is not offered",
			packet(0x82, two(1), v5.props("\x0b\x01"), text(status), "\x00"),
			"",
			0xA1,
		},
		{
			"3.8.2.1.2 subscription identifier 0",
			packet(0x82, two(1), v5.props("\x0b\x00"), text(status), "\x00"),
			"",
			0x82,
		},
		{
			"3.8.2.1.3 user properties",
			packet(0x82, two(1), v5.props(user("k", "v")), text(status), "\x00"),
			v5.suback(1, 0),
			0,
		},
		{
			"2.2.2.2 another's property",
			packet(0x82, two(1), v5.props("\x1f"+text("why")), text(status), "\x00"),
			"",
			0x81,
		},
		{
			"3.10.2.1.2 user properties",
			packet(0xA2, two(1), v5.props(user("k", "v")), text(status)),
			v5.unsuback(1, 0x11),
			0,
		},
		{
			"2.2.2.2 UNSUBSCRIBE with a subscription identifier",
			packet(0xA2, two(1), v5.props("\x0b\x01"), text(status)),
			"",
			0x81,
		},
		{
			"[MQTT-3.8.3-3] no-local",
			share(status, noLocal) + v5.publish(0, status, 0, "x"),
			v5.suback(1, 0),
			0,
		},
		{
			"[MQTT-3.8.3-4] no-local on a shared subscription",
			share("$share/g/"+status, noLocal),
			"",
			0x82,
		},
		{
			"[MQTT-4.8.2-1] a share without a name",
			share("$share//"+status, 0),
			v5.suback(1, 0x8F),
			0,
		},
		{
			"[MQTT-4.8.2-2] a share with a wildcard in its name",
			share("$share/a+/"+status, 0),
			v5.suback(1, 0x8F),
			0,
		},
		{"[MQTT-4.8.2-2] a share without a filter", share("$share/g", 0), v5.suback(1, 0x8F), 0},
		{
			"[MQTT-4.8.2-2] a share with an empty filter",
			share("$share/g/", 0),
			v5.suback(1, 0x8F),
			0,
		},
		{
			"4.8.2 a share of others' topics",
			share("$share/g/gh/v1/school/other/a", 0),
			v5.suback(1, 0x87),
			0,
		},
	})
	t.Run("4.8.2 a copy for the share and one for oneself", func(t *testing.T) {
		w := v5.comes(t, f, "dev")
		w.say(share("$share/g/"+status, 0), v5.subscribe(2, status, 1),
			v5.publish(2, status, 9, "x"))
		w.hears(v5.suback(1, 0), v5.suback(2, 1))
		got := map[string]int{}
		w.v5 = true
		for range 3 {
			pk := w.read()
			got[fmt.Sprintf("type %d QoS %d", pk.FixedHeader.Type, pk.FixedHeader.Qos)]++
		}
		if len(got) != 3 {
			t.Errorf("%v, want PUBLISH at QoS 0 and 1, and PUBACK", got)
		}
		w.quiet()
	})
	t.Run("[MQTT-3.8.3-3] another client's message is not local", func(t *testing.T) {
		a, b := v5.comes(t, f, "dev--a"), v5.comes(t, f, "dev--b")
		a.say(v5.subscribe(1, status, noLocal))
		a.hears(v5.suback(1, 0))
		b.say(v5.publish(0, status, 0, "x"))
		a.hears(v5.publish(0, status, 0, "x"))
		a.leaves(f)
		b.leaves(f)
	})
	t.Run("4.8.2 each message to one of the group, and to every group", func(t *testing.T) {
		a, b, c := v5.comes(t, f, "dev--a"), v5.comes(t, f, "dev--b"), v5.comes(t, f, "dev--c")
		for _, w := range []*wire{a, b} {
			w.say(share("$share/g/"+status, 1))
			w.hears(v5.suback(1, 1))
		}
		c.say(share("$share/other/"+status, 0))
		c.hears(v5.suback(1, 0))
		for i := range 4 {
			c.say(v5.publish(2, status, i+1, "x"))
			c.hears(v5.publish(0, status, 0, "x"), puback(i+1))
		}
		for _, w := range []*wire{a, b} {
			// [MQTT-4.8.2-3]: at the QoS granted
			w.hears(v5.publish(2, status, 1, "x"), v5.publish(2, status, 2, "x"))
			w.quiet()
		}
		a.say("\x40\x03\x00\x01\x80") // [MQTT-4.8.2-6]: refused, and not offered to another
		a.quiet()
		b.quiet()
	})
}

func TestSpec5Acknowledgements(t *testing.T) {
	f, in := specFront(t)
	hold(t, 5, f, []dialogue{
		{"3.4.2.1 PUBACK with a code", "\x40\x03\x00\x01\x00", "", 0},
		{
			"3.4.2.2 PUBACK with properties",
			packet(0x40, two(1), "\x10", v5.props("\x1f"+text("why"), user("k", "v"))),
			"",
			0,
		},
		{
			"3.4.2.2 reason string twice",
			packet(0x40, two(1), "\x80", v5.props("\x1f"+text("a"), "\x1f"+text("b"))),
			"",
			0x82,
		},
		{
			"2.2.2.2 PUBACK with another's property",
			packet(0x40, two(1), "\x00", v5.props("\x21\x00\x01")),
			"",
			0x81,
		},
		{"PUBACK that goes on", packet(0x40, two(1), "\x00\x00\x00"), "", 0x81},
		{"[MQTT-3.6.2-1] [MQTT-3.7.2-1] PUBREL of nothing", pubrel(9), "\x70\x03\x00\x09\x92", 0},
		{"[MQTT-3.6.2-1] PUBREC of nothing", pubrec(9), "\x62\x03\x00\x09\x92", 0},
		{"3.15 AUTH without a method", packet(0xF0, "\x18", v5.props()), "", 0x82},
		{
			"3.14.2.1 DISCONNECT with another's property",
			packet(0xE0, "\x00", v5.props("\x21\x00\x01")),
			"",
			0x81,
		},
		{"3.14.2.1 DISCONNECT that goes on", packet(0xE0, "\x00\x00\x00"), "", 0x81},
	})
	t.Run("[MQTT-4.4.0-2] [MQTT-4.3.3-4] a refusal ends the exchange", func(t *testing.T) {
		w := opens(t, f, v5.kept("dev"), v5.connack(false))
		w.say(v5.subscribe(1, status, 2), v5.publish(2, status, 1, "a"),
			v5.publish(4, status, 2, "b"))
		w.hears(v5.suback(1, 2))
		w.v5 = true
		for range 4 {
			w.read()
		}
		w.say("\x40\x03\x00\x01\x97", "\x50\x03\x00\x02\x97")
		w.quiet()
		w.leaves(f)
		opens(t, f, v5.kept("dev"), v5.connack(true)).quiet()
		v5.comes(t, f, "dev").leaves(f)
	})
	t.Run("[MQTT-4.13.2-1] what cannot be kept closes with a reason", func(t *testing.T) {
		w := v5.comes(t, f, "dev")
		in.set(func() { in.full = fmt.Errorf("journal is full") })
		defer in.set(func() { in.full = nil })
		w.say(v5.publish(2, status, 1, "x"))
		w.breaks(5, 0x97)
	})
}

func TestSpec5FlowControl(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxInflight: 3, MaxSessions: 100})
	offers := packet(0x20, "\x00\x00", v5.props("\x21\x00\x03", "\x27\x00\x04\x00\x00", "\x29\x00"))
	again := packet(0x20, "\x01\x00", v5.props("\x21\x00\x03", "\x27\x00\x04\x00\x00", "\x29\x00"))
	t.Run("[MQTT-3.3.4-7] [MQTT-3.3.4-8] QoS 2 counts until PUBCOMP", func(t *testing.T) {
		w := opens(t, f, v5.connect("dev", clean), offers)
		for id := 1; id <= 3; id++ {
			w.say(v5.publish(4, status, id, "x"))
			w.hears(pubrec(id))
		}
		w.say(pubrel(2))
		w.hears(pubcomp(2))
		w.say(v5.publish(2, status, 4, "x")) // [MQTT-4.9.0-2]: one is free
		w.hears(puback(4))
		w.say(v5.publish(4, status, 5, "x"))
		w.hears(pubrec(5))
		w.say(v5.publish(0, status, 0, "x")) // [MQTT-4.9.0-3]: QoS 0 does not count
		w.quiet()
		w.say(v5.publish(2, status, 6, "x"))
		w.breaks(5, 0x93)
	})
	t.Run("4.9 each connection has the whole of it", func(t *testing.T) {
		w := opens(t, f, v5.kept("dev"), offers)
		for id := 1; id <= 3; id++ {
			w.say(v5.publish(4, status, id, "x"))
			w.hears(pubrec(id))
		}
		w.leaves(f)
		w = opens(t, f, v5.kept("dev"), again)
		w.say(v5.publish(12, status, 1, "x"), pubrel(2))
		w.hears(pubrec(1), pubcomp(2))
		for id := 4; id <= 6; id++ {
			w.say(v5.publish(4, status, id, "x"))
			w.hears(pubrec(id))
		}
		w.say(v5.publish(4, status, 7, "x"))
		w.breaks(5, 0x93)
		opens(t, f, v5.connect("dev", clean), offers).leaves(f)
	})
	t.Run("a refused QoS 2 does not count", func(t *testing.T) {
		w := opens(t, f, v5.connect("dev", clean), offers)
		for id := 1; id <= 9; id++ {
			w.say(v5.publish(4, "elsewhere", id, "x"))
			w.hears("\x50\x03\x00" + one(byte(id)) + "\x87")
		}
		w.quiet()
	})
	t.Run("[MQTT-3.3.4-9] [MQTT-4.9.0-1] the client's receive maximum", func(t *testing.T) {
		sub := opens(t, f, v5.connectWith("dev--sub", 0, v5.props(forAnHour, "\x21\x00\x02")),
			offers)
		sub.say(v5.subscribe(1, status, 2))
		sub.hears(v5.suback(1, 2))
		for i := range 4 {
			if err := f.Publish(status, []byte{byte('a' + i)}, false); err != nil {
				t.Fatal(err)
			}
		}
		sub.hears(v5.publish(2, status, 1, "a"), v5.publish(2, status, 2, "b"))
		sub.quiet()
		sub.say(puback(2))
		sub.hears(v5.publish(2, status, 3, "c"))
		sub.quiet()
		sub.leaves(f)
		// A smaller one on the next connection: not even what was sent comes again at once.
		sub = opens(t, f, v5.connectWith("dev--sub", 0, v5.props(forAnHour, "\x21\x00\x01")), again)
		sub.hears(v5.publish(10, status, 1, "a"))
		sub.quiet()
		sub.say(puback(1))
		sub.hears(v5.publish(10, status, 3, "c"))
		sub.quiet()
		sub.say(puback(3))
		sub.hears(v5.publish(2, status, 4, "d"))
		sub.say(puback(4))
		sub.quiet()
		w := opens(t, f, v5.connect("dev", clean), offers) // QoS 2 counts until PUBCOMP here, too
		w.say(v5.publish(4, status, 1, "e"), v5.publish(4, status, 2, "f"))
		w.hears(pubrec(1), pubrec(2))
		sub.hears(v5.publish(4, status, 5, "e"))
		sub.say(pubrec(5))
		sub.hears(pubrel(5))
		sub.quiet()
		sub.leaves(f)
		sub = opens(t, f, v5.connectWith("dev--sub", 0, v5.props(forAnHour, "\x21\x00\x01")), again)
		sub.hears(pubrel(5))
		sub.quiet()
		sub.say(pubcomp(5))
		sub.hears(v5.publish(4, status, 6, "f"))
		sub.leaves(f)
	})
}

func TestSpec5PacketSize(t *testing.T) {
	f, _ := start(t, mqttfront.Config{MaxPacket: 2048, MaxSessions: 100})
	offers := packet(0x20, "\x00\x00", v5.props("\x21\x00\x40", "\x27\x00\x00\x08\x00", "\x29\x00"))
	w := opens(t, f, v5.connectWith("dev", clean, v5.props("\x27\x00\x00\x00\x50")), offers)
	w.say(v5.subscribe(1, status, 1))
	w.hears(v5.suback(1, 1))
	small := len(v5.publish(2, status, 1, ""))
	fits, tooLong := strings.Repeat("x", 80-small), strings.Repeat("x", 81-small)
	for i, p := range []string{tooLong, fits, tooLong, "last"} {
		if err := f.Publish(status, []byte(p), false); err != nil {
			t.Fatal(i, err)
		}
	}
	// [MQTT-3.1.2-24] [MQTT-3.1.2-25]
	w.hears(v5.publish(2, status, 2, fits), v5.publish(2, status, 4, "last"))
	w.quiet()
	filters := ""
	for range 80 {
		filters += text("a") + "\x00"
	}
	w.say(packet(0x82, two(2), v5.props(), filters))
	w.breaks(5, 0x95) // its SUBACK is too large for the client

	w = opens(t, f, v5.connect("dev", clean), offers)
	w.say(v5.publish(2, status, 1, strings.Repeat("x", 2047-small)))
	w.hears(puback(1))
	w.say("\x32\x80\x10") // [MQTT-3.2.2-15]: the server's own
	w.breaks(5, 0x95)
}

// TestSpec5RequestAndResponse is section 4.10, between two devices' clients.
func TestSpec5RequestAndResponse(t *testing.T) {
	f, _ := specFront(t)
	asks, answers := v5.comes(t, f, "dev--asks"), v5.comes(t, f, "dev--answers")
	asks.say(v5.subscribe(1, own+"answer/1", 1))
	asks.hears(v5.suback(1, 1))
	answers.say(v5.subscribe(1, own+"question", 1))
	answers.hears(v5.suback(1, 1))
	question := []string{"\x08" + text(own+"answer/1"), "\x09" + text("no. 7")}
	asks.say(v5.publish(2, own+"question", 1, "?", question...))
	asks.hears(puback(1))
	answers.hears(v5.publish(2, own+"question", 1, "?", question...))
	answers.say(v5.publish(2, own+"answer/1", 1, "!", question[1]))
	answers.hears(puback(1))
	asks.hears(v5.publish(2, own+"answer/1", 1, "!", question[1]))
}
