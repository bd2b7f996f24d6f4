package mqttfront_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

func TestOldCommandsAreNotCarriedOut(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	topic := "gh/v1/school/dev/command/open"
	if err := f.Command(topic, nil, time.Minute); !errors.Is(err, mqttfront.ErrNoSubscriber) {
		t.Errorf("got %v for a device that never came, want ErrNoSubscriber", err)
	}
	w, _ := connect(t, f, "dev", 4, false)
	w.subscribe("gh/v1/school/dev/command/#", 1)
	w.conn.Close()
	waitFor(t, "the disconnect", func() bool { return f.Stats().Clients == 0 })
	for _, c := range []struct {
		payload string
		life    time.Duration
	}{{"old", 0}, {"new", time.Minute}} {
		if err := f.Command(topic, []byte(c.payload), c.life); err != nil {
			t.Fatal(err)
		}
	}
	w, _ = connect(t, f, "dev", 4, false)
	if pk := w.want(packets.Publish); string(pk.Payload) != "new" {
		t.Errorf("got %q first, want the command that is not too old", pk.Payload)
	}
}

func TestCommandIsToldWhenItIsTaken(t *testing.T) {
	f, _ := start(t, mqttfront.Config{})
	topic := "gh/v1/school/dev/command/open"
	taken := make(chan error, 8)
	tell := func() mqttfront.Told {
		t.Helper()
		told, err := f.Tell(topic, []byte("x"), time.Minute, func(err error) { taken <- err })
		if err != nil {
			t.Fatal(err)
		}
		return told
	}
	if _, err := f.Tell(topic, nil, time.Minute, func(error) {
		t.Error("nobody took it")
	}); !errors.Is(err, mqttfront.ErrNoSubscriber) {
		t.Errorf("got %v for a device that never came, want ErrNoSubscriber", err)
	}
	w, _ := connect(t, f, "dev", 4, false)
	w.subscribe("gh/v1/school/dev/command/#", 1)
	w.conn.Close()
	waitFor(t, "the disconnect", func() bool { return f.Stats().Clients == 0 })
	if told := tell(); told.There || !told.Answered {
		t.Errorf("got %+v while the device is away, want it not there", told)
	}
	w, _ = connect(t, f, "dev", 4, false)
	pk := w.want(packets.Publish)
	select {
	case err := <-taken:
		t.Fatalf("got %v before the device acknowledged", err)
	default:
	}
	w.packet(packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Puback},
		PacketID:    pk.PacketID,
	})
	if err := <-taken; err != nil {
		t.Errorf("got %v, want nil once the device has acknowledged", err)
	}
	if told := tell(); !told.There {
		t.Errorf("got %+v, want the device there", told)
	}
}

// TestAnOrderlyStopIsNoTrouble: Stats of a stopped front reports no trouble while the rest of the
// gateway is still stopping.
func TestAnOrderlyStopIsNoTrouble(t *testing.T) {
	f, _ := start(t, mqttfront.Config{Dir: t.TempDir()})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if why := f.Stats().Trouble; why != "" {
		t.Errorf("got the trouble %q of a listener that was stopped", why)
	}
}
