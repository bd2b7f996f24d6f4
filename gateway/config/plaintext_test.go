package config_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// TestPlainTextListenersAreAskedFor opens listeners to the network without TLS.
func TestPlainTextListenersAreAskedFor(t *testing.T) {
	zk := "drivers: [{name: zkteco, path: zkteco, settings: {listen: \"0.0.0.0:8081\"}}]\n"
	for _, c := range []struct{ text, key string }{
		{"http: {listen: \":8080\"}\n", "http.listen"},
		{"http: {listen: \"0.0.0.0:8080\"}\n", "http.listen"},
		{"http: {listen: \"gate.school.example:8080\"}\n", "http.listen"},
		{"mqtt: {listen: \"[::]:1883\"}\n", "mqtt.listen"},
		{zk, "drivers[0].settings"},
		{"http: {listen: \"[::1]:8080\"}\nmqtt: {listen: \"localhost:1883\"}\n", ""},
		{"http: {listen: \":8443\", tls: {certificate: a, key: b}}\n", ""},
		{"mqtt: {listen: \"\"}\n", ""},
		{"plain_text: true\nhttp: {listen: \":8080\"}\nmqtt: {listen: \":1883\"}\n" + zk, ""},
	} {
		_, err := config.Parse("x.yaml", []byte(c.text))
		switch {
		case c.key == "" && err != nil:
			t.Errorf("%s: got %v, want it taken", c.text, err)
		case c.key != "" &&
			(err == nil || !strings.Contains(err.Error(), c.key) ||
				!strings.Contains(err.Error(), "plain_text: true")):
			t.Errorf("%s: got %v, want %s refused with the mend", c.text, err, c.key)
		}
	}
}

func TestWebhooksReachNoPrivateNetworkUnlessAllowed(t *testing.T) {
	if c := config.Default(); c.Webhooks.Private || c.Reach.ThisMachine || c.PlainText {
		t.Errorf("got %+v %+v %v, want none of it allowed", c.Webhooks, c.Reach, c.PlainText)
	}
}
