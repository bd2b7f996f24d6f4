package mqttfront_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/google/go-cmp/cmp"
)

// What the standard says about time and order, with the gateway's end in between.

func keptFor(seconds uint32, id string, more ...string) string {
	return v5.connectWith(id, 0, v5.props(append(more, "\x11"+four(seconds))...))
}

// passes waits until d has passed.
func passes(t *testing.T, d time.Duration) {
	t.Helper()
	began := time.Now()
	waitFor(t, "time to pass", func() bool { return time.Since(began) > d })
}

func TestSessionExpiryGoesOnThroughRestarts(t *testing.T) {
	t.Parallel()
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		t.Parallel()
		opens(t, h.f, keptFor(3, "dev--there"), v5.connack(false)) // when the gateway ends
		opens(t, h.f, keptFor(3, "dev--away"), v5.connack(false)).leaves(h.f)
		opens(t, h.f, keptFor(3600, "dev--long"), v5.connack(false)).leaves(h.f)
		again()
		if n := h.f.Stats().Sessions; n != 3 {
			t.Fatalf("%d sessions after the restart, want 3", n)
		}
		for range 2 { // the time does not begin again with each
			passes(t, 1800*time.Millisecond)
			again()
		}
		waitFor(t, "two sessions to end", func() bool { return h.f.Stats().Sessions == 1 })
		opens(t, h.f, keptFor(3600, "dev--there"), v5.connack(false))
		opens(t, h.f, keptFor(3600, "dev--long"), v5.connack(true))
	})
}

func TestWillDelayGoesOnThroughARestart(t *testing.T) {
	t.Parallel()
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		t.Parallel()
		with := func(id string, delay, message uint32) *wire {
			t.Helper()
			return opens(t, h.f,
				v5.connectWith(id, willFlag|8, v5.props(forAnHour),
					v5.props("\x18"+four(delay), "\x02"+four(message)), text(telemetry), text(id)),
				v5.connack(false))
		}
		sub := opens(t, h.f, v5.kept("reader"), v5.connack(false))
		sub.say(v5.subscribe(1, telemetry, 1))
		sub.hears(v5.suback(1, 1))
		with("dev--now", 0, 500)
		with("dev--soon", 2, 500)
		with("dev--late", 3600, 500)
		back := with("dev--back", 2, 500)
		back.leaves(h.f)
		again()
		opens(t, h.f, v5.kept("dev--back"), v5.connack(true)) // [MQTT-3.1.3-9]
		// without a delay a will is published, however soon the client is back
		opens(t, h.f, v5.kept("dev--now"), v5.connack(true))
		waitFor(t, "two wills", func() bool { return len(h.in.payloads(t)) >= 2 })
		h.restart() // and each only once
		passes(t, 1500*time.Millisecond)
		if d := cmp.Diff(h.in.payloads(t), []string{"dev--now", "dev--soon"}); d != "" {
			t.Error(d)
		}
		sub = opens(t, h.f, v5.kept("reader"), v5.connack(true))
		sub.v5 = true
		for _, want := range []string{"dev--now", "dev--soon"} {
			pk := sub.read() // whose own time began when they were published
			if left := pk.Properties.MessageExpiryInterval; string(pk.Payload) != want ||
				left < 490 {
				t.Errorf("%q with %d seconds left, want %q with nearly all of 500", pk.Payload,
					left, want)
			}
		}
		sub.quiet()
	})
}

func TestMessageExpiryGoesOnThroughARestart(t *testing.T) {
	t.Parallel()
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		t.Parallel()
		sub := opens(t, h.f, keptFor(3600, "dev--sub"), v5.connack(false))
		sub.say(v5.subscribe(1, telemetry, 2))
		sub.hears(v5.suback(1, 2))
		pub := v5.comes(t, h.f, "dev")
		publish := func(flags byte, id int, payload string, seconds uint32) {
			pub.say(v5.publish(flags, telemetry, id, payload, "\x02"+four(seconds)))
			if flags&4 != 0 {
				pub.hears(pubrec(id))
			} else {
				pub.hears(puback(id))
			}
		}
		publish(4, 1, "begun", 2)
		sub.v5 = true
		begun := sub.read() // with what is left of its two seconds
		if left := begun.Properties.MessageExpiryInterval; string(begun.Payload) != "begun" || left > 2 {
			t.Errorf("%q with %d seconds left, want begun with 2 at most", begun.Payload, left)
		}
		sub.leaves(h.f)
		publish(2, 2, "short of QoS 1", 2)
		publish(4, 3, "short of QoS 2", 2)
		publish(2, 4, "long", 1000)
		again()
		passes(t, 3100*time.Millisecond)
		sub = opens(t, h.f, keptFor(3600, "dev--sub"), v5.connack(true))
		// [MQTT-4.4.0-1]: delivery had begun, and the identifier is not free for another;
		// [MQTT-3.3.2-5]: the others were late.
		sub.hears(v5.publish(12, telemetry, 1, "begun", "\x02"+four(0)))
		sub.v5 = true
		if pk := sub.read(); string(pk.Payload) != "long" || pk.FixedHeader.Dup ||
			pk.Properties.MessageExpiryInterval > 998 {
			t.Errorf("%q, duplicate %v, %d seconds left: want long, for the first time, 997 left",
				pk.Payload, pk.FixedHeader.Dup, pk.Properties.MessageExpiryInterval)
		}
		sub.quiet()
	})
}

func TestASmallerReceiveMaximumAfterARestart(t *testing.T) {
	both(t, mqttfront.Config{}, func(t *testing.T, h *house, again func()) {
		sub := opens(t, h.f, keptFor(3600, "dev--sub"), v5.connack(false))
		sub.say(v5.subscribe(1, telemetry, 2))
		sub.hears(v5.suback(1, 2))
		pub := v5.comes(t, h.f, "dev")
		for id, payload := range []string{"", "a", "b", "c"} {
			if id > 0 {
				pub.say(v5.publish(4, telemetry, id, payload))
				pub.hears(pubrec(id))
				sub.hears(v5.publish(4, telemetry, id, payload))
			}
		}
		sub.say(pubrec(2))
		sub.hears(pubrel(2)) // which is on disk
		again()
		sub = opens(t, h.f, keptFor(3600, "dev--sub", "\x21\x00\x02"), v5.connack(true))
		sub.hears(pubrel(2), v5.publish(12, telemetry, 1, "a"))
		sub.quiet()
		sub.say(pubcomp(2))
		sub.hears(v5.publish(12, telemetry, 3, "c"))
		sub.say(pubrec(1), pubrec(3))
		sub.hears(pubrel(1), pubrel(3))
		sub.say(pubcomp(1), pubcomp(3))
		sub.quiet()
		h.restart() // after a cut PUBREL might come once more, which harms nobody
		sub = opens(t, h.f, keptFor(3600, "dev--sub"), v5.connack(true))
		sub.quiet()
	})
}

// TestNoLocalGoesOnThroughACut has a client's own message come back out of the journal.
func TestNoLocalGoesOnThroughACut(t *testing.T) {
	h := newHouse(t, mqttfront.Config{})
	w := opens(t, h.f, v5.kept("dev"), v5.connack(false))
	w.say(v5.subscribe(1, telemetry, 4|2)) // no-local
	w.hears(v5.suback(1, 2))
	h.in.after = h.disk.Crash
	w.say(v5.publish(4, telemetry, 7, "mine"))
	waitFor(t, "the publication in the journal", func() bool { return h.in.j.Newest() == 1 })
	h.restart()
	w = opens(t, h.f, v5.kept("dev"), v5.connack(true))
	w.say(v5.publish(12, telemetry, 7, "mine"))
	w.hears(pubrec(7)) // [MQTT-3.8.3-3]: and nothing before it
	w.quiet()
}

// TestWhatIsToldTwiceHappensOnce: a snapshot may say that something is about to be handed over
// after the log has said that it was. It must not be handed over again.
func TestWhatIsToldTwiceHappensOnce(t *testing.T) {
	h := newHouse(t, mqttfront.Config{})
	sub := opens(t, h.f, v5.kept("reader"), v5.connack(false))
	sub.say(v5.subscribe(1, telemetry, 2))
	sub.hears(v5.suback(1, 2))
	sub.leaves(h.f)
	opens(t, h.f,
		v5.connect("dev--lost", clean|willFlag|16, "\x00", text(telemetry), text("will")),
		v5.connack(false)).leaves(h.f)
	waitFor(t, "the will", func() bool { return len(h.in.payloads(t)) == 1 })
	pub := opens(t, h.f, v5.kept("dev"), v5.connack(false))
	pub.say(v5.publish(4, telemetry, 7, "once"))
	pub.hears(pubrec(7))
	h.stop()

	const intent, willDue = 9, 11 // recIntent and recWillDue
	j, err := journal.Open(filepath.Join(h.dir, "mqtt"),
		journal.Options{Shards: 1, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	recs, err := j.ReadFrom(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	again := 0
	for _, r := range recs {
		if r.Data[0] != intent && r.Data[0] != willDue {
			continue
		}
		done := make(chan error, 1)
		if err := j.Append("", bytes.Clone(r.Data), func(_ uint64, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		again++
	}
	if err := j.Close(); err != nil || again != 2 {
		t.Fatalf("%d records were told again, want 2 (%v)", again, err)
	}
	h.start()
	sub = opens(t, h.f, v5.kept("reader"), v5.connack(true))
	sub.hears(v5.publish(4, telemetry, 1, "will"), v5.publish(4, telemetry, 2, "once"))
	pub = opens(t, h.f, v5.kept("dev"), v5.connack(true))
	pub.say(v5.publish(12, telemetry, 7, "once"))
	pub.hears(pubrec(7))
	sub.quiet()
	if d := cmp.Diff(h.in.payloads(t), []string{"will", "once"}); d != "" {
		t.Error(d)
	}
}
