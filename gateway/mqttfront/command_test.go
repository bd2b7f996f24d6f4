package mqttfront_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/gatehouse-iot/gatehouse/gateway/mqttfront"
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
