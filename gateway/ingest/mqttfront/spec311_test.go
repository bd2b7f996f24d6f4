package mqttfront_test

import (
	"strings"
	"testing"
)

// What only MQTT 3.1.1 says; see spec_test.go.

func TestSpec311Connect(t *testing.T) {
	f, _ := specFront(t)
	const v = mqtt(4)
	header := func(flags byte) string { return text("MQTT") + "\x04" + one(flags) + two(60) }
	refused(t, f, map[string][2]string{
		"[MQTT-3.1.2-1] another protocol's name": {
			packet(0x10, text("MQIsdp"), "\x03\x02", two(60), text("dev")),
			"\x20\x02\x00\x01",
		},
		"[MQTT-3.1.2-2] [MQTT-3.2.2-4] [MQTT-3.2.2-5] level 3": {
			packet(0x10, text("MQTT"), "\x03\x02", two(60), text("dev")),
			"\x20\x02\x00\x01",
		},
		"[MQTT-3.1.2-2] level 0": {
			packet(0x10, text("MQTT"), "\x00\x02", two(60), text("dev")),
			"\x20\x02\x00\x01",
		},
		"[MQTT-3.1.2-3] [MQTT-3.1.4-1] the reserved flag": {v.connect("dev", 3), ""},
		"[MQTT-3.1.2-9] a will without its fields": {
			v.connect("dev", clean|willFlag),
			"",
		},
		"[MQTT-3.1.2-9] a will without its message": {
			v.connect("dev", clean|willFlag, text(status)),
			"",
		},
		"[MQTT-3.1.2-11] a will's fields without the flag": {
			v.connect("dev", clean, text(status), text("gone")),
			"",
		},
		"[MQTT-3.1.2-13] a will's QoS without the flag": {v.connect("dev", clean|8), ""},
		"[MQTT-3.1.2-14] a will of QoS 3": {
			v.connect("dev", clean|willFlag|24, text(status), text("gone")),
			"",
		},
		"[MQTT-3.1.2-15] a retained will without the flag": {v.connect("dev", clean|0x20), ""},
		"[MQTT-3.1.2-18] a user name without the flag": {
			v.connect("dev", clean, text("user")),
			"",
		},
		"[MQTT-3.1.2-19] the flag without a user name": {v.connect("dev", clean|0x80), ""},
		"[MQTT-3.1.2-20] a password without the flag": {
			v.connect("dev", clean|0x80, text("user"), text("password")),
			"",
		},
		"[MQTT-3.1.2-21] the flag without a password": {
			v.connect("dev", clean|0xC0, text("user")),
			"",
		},
		"[MQTT-3.1.2-22] a password without a user name": {
			v.connect("dev", clean|0x40, text("password")),
			"",
		},
		"[MQTT-3.1.3-3] no client identifier":  {packet(0x10, header(clean)), ""},
		"[MQTT-3.1.3-4] one that is not UTF-8": {v.connect("\xff", clean), ""},
		"[MQTT-3.1.3-8] [MQTT-3.1.3-9] an empty one, kept": {
			v.connect("", 0),
			"\x20\x02\x00\x02",
		},
		"[MQTT-3.1.3-10] a will's topic that is not UTF-8": {
			v.connect("dev", clean|willFlag, text("a\x00"), text("gone")),
			"",
		},
		"[MQTT-4.7.1-1] a will's topic with a wildcard": {
			v.connect("dev", clean|willFlag, text(own+"#"), text("gone")),
			"",
		},
		"[MQTT-3.1.3-11] a user name that is not UTF-8": {
			v.connect("dev", clean|0x80, text("\xed\xa0\x80")),
			"",
		},
		"[MQTT-3.1.4-1] bytes after the end": {
			v.connect("dev", clean, "more"),
			"",
		},
		"[MQTT-3.1.4-2] [MQTT-3.2.2-4] a wrong password": {
			v.connect("dev", clean|0xC0, text("user"), text("wrong")),
			"\x20\x02\x00\x04",
		},
	})
	for name, c := range map[string]string{
		"[MQTT-3.1.4-4] [MQTT-3.1.3-1] all the fields": v.connect("dev", clean|willFlag|0xC0,
			text(status), text("gone"), text("user"), text("pass")),
		"[MQTT-3.1.3-5] 23 letters and digits": v.connect("0123456789abcdefghijklM", clean),
		"more than 23": v.connect(strings.Repeat("long", 100),
			clean),
		"[MQTT-3.1.3-6] [MQTT-3.1.3-7] an empty one": v.connect("", clean),
		"a user name without a password":             v.connect("dev", clean|0x80, text("user")),
		"an empty password": v.connect("dev", clean|0xC0, text("user"),
			text("")),
	} {
		t.Run(name, func(t *testing.T) { opens(t, f, c, v.connack(false)).quiet() })
	}
}

func TestSpec311Packets(t *testing.T) {
	f, _ := specFront(t)
	const v = mqtt(4)
	hold(t, v, f, []dialogue{
		{"[MQTT-3.8.3-4] QoS 3", v.subscribe(1, status, 3), "", 0x81},
		{"[MQTT-3.8.3-4] reserved bits of the QoS", v.subscribe(1, status, 4), "", 0x81},
		{"PUBACK has two bytes", packet(0x40, two(1), "\x00"), "", 0x81},
		{"[MQTT-3.14.1-1] DISCONNECT has none", packet(0xE0, "\x00"), "", 0x81},
		{"[MQTT-4.8.0-1] AUTH is of MQTT 5", packet(0xF0), "", 0x82},
		{
			"[MQTT-4.7.2-1] $share works as in MQTT 5",
			v.subscribe(1, "$share/g/"+status, 0) + v.publish(0, status, 0, "x"),
			v.suback(1, 0) + v.publish(0, status, 0, "x"),
			0,
		},
		{
			"[MQTT-3.10.4-5] UNSUBACK has no codes",
			v.unsubscribe(3, status, "x"),
			"\xb0\x02\x00\x03",
			0,
		},
	})
}
