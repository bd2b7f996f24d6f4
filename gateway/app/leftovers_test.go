package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

// mqtt is what the metrics say of MQTT's sessions and retained messages.
func (r *running) mqtt(t *testing.T) (out []string) {
	t.Helper()
	resp, err := http.Get(r.a.URL() + "/metrics")
	ok(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ok(t, err)
	for line := range strings.Lines(string(b)) {
		if rest, found := strings.CutPrefix(line, "gatehouse_mqtt_"); found &&
			(strings.HasPrefix(rest, "sessions ") || strings.HasPrefix(rest, "retained ")) {
			out = append(out, strings.TrimSpace(rest))
		}
	}
	return out
}

// TestDeletedDeviceLeavesNothingInMQTT deletes a device that is connected to a session of its
// own and has retained a message; and one while the gateway is down.
func TestDeletedDeviceLeavesNothingInMQTT(t *testing.T) {
	s := newSchool(t)
	r := s.run(t)
	const cleanSession, retain = 2, 1
	for _, name := range []string{"sensor-0", "sensor-1", "sensor-2"} {
		d := r.dial(t, name)
		packet := connectPacket(name, s.passwords[name])
		packet[9] &^= cleanSession
		if got := d.ask(packet); got != 0 {
			t.Fatalf("%s: the gateway answers %d to CONNECT, want 0 and no session", name, got)
		}
		_, kind, payload := message(name, 0, 1, time.Now().UnixMilli())
		packet = publishPacket("gh/v1/"+killSchool+"/"+name+"/"+kind, 7, payload)
		packet[0] |= retain
		if got := d.ask(packet); got != 7 {
			t.Fatalf("%s: the gateway answers %d to PUBLISH 7", name, got)
		}
	}
	eventually(t, "three sessions and messages", func() bool {
		return strings.Join(r.mqtt(t), ", ") == "retained 3, sessions 3"
	})
	ok(t, r.view().Fleet.DeleteDevice(t.Context(), "sensor-0"))
	eventually(t, "what is left of two", func() bool {
		return strings.Join(r.mqtt(t), ", ") == "retained 2, sessions 2"
	})
	_, err := r.end(t)
	ok(t, err)
	a, err := open(t.Context(), configOf(s.dir),
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
	ok(t, err)
	ok(t, a.Registry().In(g.SystemScope("test")).Fleet.DeleteDevice(t.Context(), "sensor-1"))
	ok(t, a.Close())
	r = s.run(t)
	eventually(t, "what is left of one", func() bool {
		return strings.Join(r.mqtt(t), ", ") == "retained 1, sessions 1"
	})
}
