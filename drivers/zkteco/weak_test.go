package main

import (
	"testing"

	"github.com/gatehouse-iot/gatehouse"
)

// TestWhatATerminalProvesIsSaid: a token in plain text counts only together with a pinned address.
func TestWhatATerminalProvesIsSaid(t *testing.T) {
	const token = "f3b19c0d2e7a"
	for _, c := range []struct {
		name, ip, token, certificate string
		secure                       bool
		want                         gatehouse.Weakness
	}{
		{name: "nothing", want: gatehouse.WeakSerialOnly},
		{name: "nothing over TLS", secure: true, want: gatehouse.WeakSerialOnly},
		{name: "any address", ip: "0.0.0.0/0", want: gatehouse.WeakSerialOnly},
		{
			name:  "any address and a token",
			ip:    "0.0.0.0/0",
			token: token,
			want:  gatehouse.WeakPlainText,
		},
		{name: "a token", token: token, want: gatehouse.WeakPlainText},
		{name: "a token over TLS", token: token, secure: true, want: gatehouse.WeakNone},
		{name: "an address", ip: "10.1.4.30", want: gatehouse.WeakNone},
		{name: "an address and a token", ip: "10.1.4.30", token: token, want: gatehouse.WeakNone},
		{name: "a certificate", certificate: "gate-1", secure: true, want: gatehouse.WeakNone},
	} {
		d := newDriver()
		d.secure = c.secure
		dev := device(d, "S1")
		dev.Address["ip"], dev.Address["certificate"] = c.ip, c.certificate
		dev.Secret = map[string]string{"token": c.token}
		if got := d.Assess(dev); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := newDriver().Assess(device(newDriver(), "no serial!")); got != "" {
		t.Errorf("a terminal that cannot be: got %q, want nothing said", got)
	}
}
