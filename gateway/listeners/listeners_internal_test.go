package listeners

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestShare(t *testing.T) {
	for _, c := range []struct{ files, http, mqtt, wantHTTP, wantMQTT int }{
		{0, 4096, 20000, 4096, 20000},
		{65536, 4096, 20000, 4096, 20000},
		{20000, 4096, 20000, 4096, 11736},
		{300, 4096, 20000, 50, 75},
		{1024, 100, 400, 100, 400},
		{20, 4096, 20000, 8, 8},
	} {
		got := Share(c.files, c.http, c.mqtt)
		if got.HTTP != c.wantHTTP || got.MQTT != c.wantMQTT {
			t.Errorf("%+v: got %+v", c, got)
		}
	}
}

// pipes is a listener in memory, so that deadlines follow synctest's clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestSilentConnectionsEnd: a connection that stops in the middle of a TLS handshake or a header,
// or sends one byte a second, is closed after headerTime; an idle one after idleTime.
func TestSilentConnectionsEnd(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)},
		&x509.Certificate{}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secure := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}
	for _, c := range []struct {
		name  string
		tls   *tls.Config
		words string
		steps bool // one byte a second, for ever
		want  time.Duration
	}{
		{"nothing", nil, "", false, headerTime},
		{"half a header", nil, "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", false, headerTime},
		{"a slow header", nil, "GET / HTTP/1.1\r\nX-A: ", true, headerTime},
		{"a silent handshake", secure, "", false, headerTime},
		{"half a handshake", secure, "\x16\x03\x01\x02\x00", false, headerTime},
		{"a slow handshake", secure, "\x16\x03\x01\x02\x00", true, headerTime},
		{"no second request", nil, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false, idleTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &pipes{make(chan net.Conn), make(chan struct{})}
				var over net.Listener = l
				if c.tls != nil {
					over = tls.NewListener(l, c.tls)
				}
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					io.WriteString(w, "hello")
				})
				go func() {
					served <- Serve(ctx, NewServer(hello, slog.New(slog.DiscardHandler)), over)
				}()
				ours, theirs := net.Pipe()
				l.conns <- theirs
				began := time.Now()
				done := make(chan struct{})
				go func() {
					defer close(done)
					io.WriteString(ours, c.words)
					for c.steps {
						time.Sleep(time.Second)
						if _, err := ours.Write([]byte("x")); err != nil {
							return
						}
					}
				}()
				io.Copy(io.Discard, ours)
				if held := time.Since(began); held < c.want || held > c.want+6*time.Second {
					t.Errorf("the connection was held for %s, want %s", held, c.want)
				}
				ours.Close()
				<-done
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
				// by synctest's clock: the server's goroutines end meanwhile
				time.Sleep(time.Minute)
			})
		})
	}
}
