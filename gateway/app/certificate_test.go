package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// authority signs certificates and writes them as files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.issue(name)
	return a
}

// issue makes a certificate, the authority's own first, and returns it and its files.
func (a *authority) issue(name string) (pair tls.Certificate, certFile, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(a.t, err)
	c := &x509.Certificate{
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
		IsCA:                  a.cert == nil}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	ok(a.t, err)
	if a.cert == nil {
		a.cert, err = x509.ParseCertificate(der)
		ok(a.t, err)
		a.key = key
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ok(a.t, err)
	certFile, keyFile = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
	ok(a.t,
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			0o600))
	ok(a.t,
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
			0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, certFile, keyFile
}

// TestDevicesWithCertificates connects devices with a certificate in place of a password.
func TestDevicesWithCertificates(t *testing.T) {
	for _, required := range []bool{false, true} {
		s := newSchool(t)
		ca, foreign := newAuthority(t, "ca"), newAuthority(t, "foreign-ca")
		_, serverCert, serverKey := ca.issue("localhost")
		c := configOf(s.dir)
		c.MQTT.Listen, c.MQTT.ListenTLS = "", "127.0.0.1:0"
		c.MQTT.TLS = config.TLS{Certificate: serverCert, Key: serverKey}
		c.MQTT.ClientCA, c.MQTT.RequireCertificate = filepath.Join(ca.dir, "ca.pem"), required
		ok(t, c.Validate())
		a, err := open(t.Context(), c,
			app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
		ok(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		r := &running{school: s, a: a, stop: cancel, ended: make(chan error, 1)}
		go func() { r.ended <- a.Run(ctx) }()
		t.Cleanup(func() { r.end(t) })

		// enter is what CONNECT is answered with; -1: the connection ends before.
		enter := func(from *authority, name, username, password string) int {
			t.Helper()
			roots := x509.NewCertPool()
			roots.AddCert(ca.cert)
			conf := &tls.Config{RootCAs: roots, ServerName: "localhost"}
			if from != nil {
				pair, _, _ := from.issue(name)
				conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
					return &pair, nil
				}
			}
			conn, err := tls.Dial("tcp", r.a.MQTTAddr().String(), conf)
			if err != nil {
				return -1
			}
			defer conn.Close()
			ok(t, conn.SetDeadline(time.Now().Add(patience)))
			if _, err := conn.Write(connectPacket(username, password)); err != nil {
				return -1
			}
			var answer [4]byte
			if _, err := io.ReadFull(conn, answer[:]); err != nil {
				return -1
			}
			return int(answer[3])
		}
		alone := 0
		if required {
			alone = -1
		}
		for _, c := range []struct {
			what                 string
			from                 *authority
			name, user, password string
			want                 int
		}{
			{"a certificate of the device", ca, "sensor-0", "sensor-0", "", 0},
			{
				"a certificate of another than the user name says", ca, "sensor-0", "sensor-1",
				s.passwords["sensor-1"], 4,
			},
			{"a certificate of nobody", ca, "ghost", "ghost", "", 4},
			{
				"a certificate of a foreign authority", foreign, "sensor-0", "sensor-0",
				s.passwords["sensor-0"], -1,
			},
			{"a password alone", nil, "", "sensor-1", s.passwords["sensor-1"], alone},
		} {
			if got := enter(c.from, c.name, c.user, c.password); got != c.want {
				t.Errorf("required %v, %s: answered %d, want %d", required, c.what, got, c.want)
			}
		}
		d, err := r.view().Fleet.Device(t.Context(), "sensor-0")
		ok(t, err)
		d.Enabled = false
		ok(t, r.view().Fleet.UpdateDevice(t.Context(), d.Device, nil))
		if got := enter(ca, "sensor-0", "sensor-0", ""); got != 4 {
			t.Errorf("a disabled device with a certificate: answered %d, want 4", got)
		}
	}
	c := configOf(t.TempDir())
	ca := newAuthority(t, "ca")
	_, cert, key := ca.issue("localhost")
	c.MQTT.ListenTLS = "127.0.0.1:0"
	c.MQTT.TLS = config.TLS{Certificate: cert, Key: key}
	c.MQTT.ClientCA = key
	if _, err := open(t.Context(), c, app.Options{Logger: slog.New(slog.DiscardHandler)}); err == nil ||
		!strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("got %v, want a file without a certificate refused", err)
	}
}
