package app_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// TestTLSOffersHTTP2: a tab of the console holds a stream for as long as it is open, and a
// browser opens six connections to a host by HTTP/1.1. By HTTP/2 all tabs share one.
func TestTLSOffersHTTP2(t *testing.T) {
	s := newSchool(t)
	ca := newAuthority(t, "ca")
	_, cert, key := ca.issue("localhost")
	c := configOf(s.dir)
	c.HTTP.TLS = config.TLS{Certificate: cert, Key: key}
	a, err := open(t.Context(), c,
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
	ok(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{school: s, a: a, stop: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- a.Run(ctx) }()
	t.Cleanup(func() { r.end(t) })
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	for want, over := range map[string]*http.Transport{
		"HTTP/2.0": {ForceAttemptHTTP2: true},
		"HTTP/1.1": {TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}},
	} {
		over.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "localhost"}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL()+"/healthz", nil)
		ok(t, err)
		resp, err := over.RoundTrip(req)
		ok(t, err)
		resp.Body.Close()
		if resp.Proto != want || resp.StatusCode != http.StatusOK {
			t.Errorf("got %s %d, want %s 200", resp.Proto, resp.StatusCode, want)
		}
		over.CloseIdleConnections()
	}
}
