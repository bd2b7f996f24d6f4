package listeners

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/drivers/listen"
)

// Limits of a connection of the API's server.
const (
	headerTime = 10 * time.Second // TLS handshake, and a request's header
	idleTime   = 2 * time.Minute  // between two requests
	maxHeader  = 32 << 10         // bytes
	pingAfter  = 30 * time.Second // of silence on a connection of HTTP/2
	pingTime   = 15 * time.Second
	maxStreams = 128 // requests at a time on one connection of HTTP/2

	grace = 5 * time.Second // for requests under way when the gateway stops
)

// HTTP listens for the API within limits, and logs the connections that it closes.
func HTTP(addr string, b listen.Bounds, log *slog.Logger) (*listen.Listener, error) {
	inner, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, Taken("http.listen", addr, err)
	}
	l := listen.Bound(inner, b)
	l.Refused = func(s listen.Stats) {
		log.Warn("connections to the API are closed: too many at a time, or of one address, "+
			"before anybody signed in",
			"open", s.Open, "of_one_address", s.Address, "last", s.LastAddress, "for_newer_ones",
			s.Displaced, "full", s.Full)
	}
	return l, nil
}

// Taken explains why an address cannot be listened on.
func Taken(key, addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: another program, or another gateway, has %s: stop it, or choose "+
			"another port",
			key, addr)
	}
	return fmt.Errorf("%s: %w", key, err)
}

// NewServer makes the API's HTTP server. It sets no deadline for a whole request, since streams
// stay open; package api has deadlines for bodies and responses.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       listen.With,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingTime,
		},
	}
}

// Serve serves requests until ctx ends, then gives those under way the time grace to finish. Live
// streams end at once: their contexts derive from ctx.
func Serve(ctx context.Context, s *http.Server, l net.Listener) error {
	s.BaseContext = func(net.Listener) context.Context { return ctx }
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := s.Shutdown(limited); err != nil {
		s.Close()
	}
	<-failed
	return nil
}

// Known is called by the API for each authenticated request: its connection no
// longer counts as anonymous.
func Known(ctx context.Context) { listen.Known(ctx) }
