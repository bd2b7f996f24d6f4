package mqttfront_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// Clients that we did not write.

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

func port(t *testing.T, a net.Addr) string {
	t.Helper()
	_, p, err := net.SplitHostPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMosquittoClients(t *testing.T) {
	pub, sub := program(t, "mosquitto_pub"), program(t, "mosquitto_sub")
	for _, version := range []string{"311", "5"} {
		for _, qos := range []string{"0", "1", "2"} {
			t.Run("version "+version+" qos "+qos, func(t *testing.T) {
				f, in := start(t, mqttfront.Config{})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				base := []string{
					"-h", "127.0.0.1", "-p", port(t, f.Addr()), "-V", version, "-q", qos,
				}
				s := exec.CommandContext(ctx, sub,
					append(base, "-i", "reader", "-t", "gh/v1/school/#", "-C", "20")...)
				var got bytes.Buffer
				s.Stdout = &got
				if err := s.Start(); err != nil {
					t.Fatal(err)
				}
				var lines strings.Builder
				for i := range 20 {
					fmt.Fprintf(&lines, "message %d\n", i)
				}
				p := exec.CommandContext(ctx, pub,
					append(base, "-i", "dev", "-t", telemetry, "-l")...)
				p.Stdin = strings.NewReader(lines.String())
				waitFor(t, "the subscription", func() bool { return f.Subscribed(telemetry) })
				if out, err := p.CombinedOutput(); err != nil {
					t.Fatalf("mosquitto_pub: %v: %s", err, out)
				}
				if err := s.Wait(); err != nil {
					t.Fatalf("mosquitto_sub: %v after %q", err, got.String())
				}
				if got.String() != lines.String() {
					t.Errorf("got %q, want %q", got.String(), lines.String())
				}
				if n := len(in.seen()); n != 20 {
					t.Errorf("%d in the journal, want 20", n)
				}
			})
		}
	}
}

func TestMosquittoPubIsToldNo(t *testing.T) {
	pub := program(t, "mosquitto_pub")
	f, in := start(t, mqttfront.Config{})
	args := []string{
		"-h", "127.0.0.1", "-p", port(t, f.Addr()), "-i", "dev", "-q", "1", "-t",
		"not/mine", "-m", "x",
	}
	out, err := exec.CommandContext(t.Context(), pub, append(args, "-V", "5")...).CombinedOutput()
	if !strings.Contains(string(out), "Not authorized") {
		t.Errorf("%q, %v, want it to be told that it is not authorized", out, err)
	}
	if out, err := exec.CommandContext(t.Context(), pub, append(args, "-V", "311")...).CombinedOutput(); err != nil {
		t.Errorf("MQTT 3.1.1: %v: %s", err, out)
	}
	if got := len(in.refused()); got != 2 {
		t.Errorf("%d journalled as rejected, want 2", got)
	}
	out, err = exec.CommandContext(t.Context(), pub, append(args, "-u", "dev", "-P", "wrong")...).CombinedOutput()
	if err == nil {
		t.Errorf("a wrong password was taken: %s", out)
	}
}

func TestPahoGo(t *testing.T) {
	f, in := start(t, mqttfront.Config{})
	cmds := make(chan string, 10)
	o := paho.NewClientOptions().AddBroker("tcp://"+f.Addr().String()).SetClientID("dev").SetCleanSession(
		false).
		SetWill("gh/v1/school/dev/status", "offline", 1, true).SetKeepAlive(30 * time.Second).SetResumeSubs(
		true)
	c := paho.NewClient(o)
	wait := func(tok paho.Token) {
		t.Helper()
		if !tok.WaitTimeout(20 * time.Second) {
			t.Fatal("no answer")
		}
		if err := tok.Error(); err != nil {
			t.Fatal(err)
		}
	}
	wait(c.Connect())
	wait(c.Subscribe("gh/v1/school/dev/command/#", 2, func(_ paho.Client, m paho.Message) {
		cmds <- string(m.Payload())
	}))
	for qos := range byte(3) {
		var toks []paho.Token
		for i := range 50 {
			toks = append(toks, c.Publish(telemetry, qos, false, fmt.Sprintf("%d/%d", qos, i)))
		}
		for _, tok := range toks {
			wait(tok)
		}
	}
	waitFor(t, "all of them", func() bool { return len(in.seen()) == 150 })
	if err := f.Send(t.Context(), "gh/v1/school/dev/command/open", []byte("open")); err != nil {
		t.Fatal(err)
	}
	if got := <-cmds; got != "open" {
		t.Errorf("command %q, want open", got)
	}
	c.Disconnect(100)
	if err := f.Publish("gh/v1/school/dev/command/late", []byte("late"), false); err != nil {
		t.Fatal(err)
	}
	wait(c.Connect())
	if got := <-cmds; got != "late" {
		t.Errorf("command %q after coming back, want late", got)
	}
	c.Disconnect(100)
}

const pahoPython = `
import sys, ssl, paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes
port, version = int(sys.argv[1]), int(sys.argv[2])
try:
    c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id="dev", protocol=version)
except AttributeError:
    c = mqtt.Client(client_id="dev", protocol=version)
c.connect("127.0.0.1", port)
c.loop_start()
for qos in (0, 1, 2):
    for i in range(30):
        m = c.publish("gh/v1/school/dev/telemetry", "%d/%d" % (qos, i), qos)
        m.wait_for_publish(20)
        assert m.is_published(), (qos, i)
c.disconnect()
c.loop_stop()
print("done")
`

func TestPahoPython(t *testing.T) {
	python := "/usr/bin/python3" // Debian's, whose packages these are
	if err := exec.CommandContext(t.Context(), python, "-c", "import paho.mqtt.client").Run(); err != nil {
		t.Skip("python3-paho-mqtt is not installed")
	}
	for _, version := range []string{"4", "5"} {
		f, in := start(t, mqttfront.Config{})
		out, err := exec.CommandContext(t.Context(), python, "-c", pahoPython, port(t, f.Addr()),
			version).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "done") {
			t.Fatalf("version %s: %v: %s", version, err, out)
		}
		waitFor(t, "all of them", func() bool { return len(in.seen()) == 90 })
	}
}

func TestTLSAndClientCertificates(t *testing.T) {
	ca, caKey := certificate(t, "ca", nil, nil)
	server, serverKey := certificate(t, "localhost", ca, caKey)
	device, deviceKey := certificate(t, "dev", ca, caKey)
	stranger, strangerKey := certificate(t, "dev", nil, nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	f, in := start(t, mqttfront.Config{ListenTLS: "127.0.0.1:0", TLS: &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}},
		ClientAuth:   tls.VerifyClientCertIfGiven, ClientCAs: pool,
	}})
	if f.AddrTLS() == nil || f.Addr().String() != f.AddrTLS().String() {
		t.Fatalf("addresses %v and %v, want only TLS", f.Addr(), f.AddrTLS())
	}
	connectTLS := func(id string, certs ...tls.Certificate) (*wire, error) {
		conn, err := tls.Dial("tcp", f.AddrTLS().String(), &tls.Config{
			RootCAs:    pool,
			ServerName: "localhost",
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &certs[0], nil
			},
		})
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return nil, err
		}
		w := &wire{t: t, conn: conn}
		if _, err := conn.Write(connectPacket(id, 4, true, 0)); err != nil {
			return nil, err
		}
		_, err = w.next()
		return w, err
	}
	w, err := connectTLS("other name",
		tls.Certificate{Certificate: [][]byte{device.Raw}, PrivateKey: deviceKey})
	if err != nil {
		t.Fatal(err)
	}
	for id := uint16(1); id <= 100; id++ { // as the device that the certificate names
		w.publish(telemetry, strings.Repeat("s", 1000), 1, id)
	}
	for id := uint16(1); id <= 100; id++ {
		if ack := w.want(4); ack.PacketID != id {
			t.Fatalf("acknowledged %d, want %d", ack.PacketID, id)
		}
	}
	if len(in.seen()) != 100 || f.Stats().Rejected != 0 {
		t.Errorf("%d taken, %d rejected, want 100 and 0", len(in.seen()), f.Stats().Rejected)
	}
	if _, err := connectTLS("dev",
		tls.Certificate{Certificate: [][]byte{stranger.Raw}, PrivateKey: strangerKey}); err == nil {
		t.Error("a certificate of an unknown authority was taken")
	}
	waitFor(t, "the refusal to be shown", func() bool {
		return slices.ContainsFunc(f.Refusals(), func(r mqttfront.Refusal) bool {
			return strings.Contains(r.Why, "TLS handshake")
		})
	})
	if pub, err := exec.LookPath("mosquitto_pub"); err == nil {
		file := filepath.Join(t.TempDir(), "ca.pem")
		writePEM(t, file, ca)
		out, err := exec.CommandContext(t.Context(), pub, "-h", "localhost", "-p",
			port(t, f.AddrTLS()), "--cafile", file,
			"-i", "dev", "-q", "1", "-t", telemetry, "-m", "over TLS").CombinedOutput()
		if err != nil {
			t.Errorf("mosquitto_pub over TLS: %v: %s", err, out)
		}
	}
}

func certificate(
	t *testing.T, name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey,
) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(time.Hour),
		KeyUsage:  x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{
			x509.ExtKeyUsageServerAuth,
			x509.ExtKeyUsageClientAuth,
		},
		BasicConstraintsValid: true,
		IsCA:                  ca == nil}
	parent, signer := tmpl, key
	if ca != nil {
		parent, signer = ca, caKey
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func writePEM(t *testing.T, file string, c *x509.Certificate) {
	t.Helper()
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
