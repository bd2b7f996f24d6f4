package presence

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

func TestWaysInToTheMQTTListener(t *testing.T) {
	for way, want := range map[mqttfront.Way]g.Weakness{
		{Remote: "10.1.4.9:40123"}:            g.WeakPlainText,
		{Remote: "[fd00::9]:40123"}:           g.WeakPlainText,
		{Remote: "10.1.4.9:40123", TLS: true}: g.WeakNone,
		{Remote: "127.0.0.1:40123"}:           g.WeakNone,
		{Remote: "[::1]:40123"}:               g.WeakNone,
		{Remote: "?"}:                         g.WeakPlainText,
	} {
		if got := weakness(way); got != want {
			t.Errorf("%+v: got %q, want %q", way, got, want)
		}
	}
}
