package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// What is kept of the process's file descriptors for its own files and its drivers.
const (
	reservedFiles = 256
	leastPlaces   = 8 // of a listener, however few descriptors there are
)

// Of a connection of the API before its request is read.
const (
	headerTime = 10 * time.Second // TLS handshake, and a request's header
	idleTime   = 2 * time.Minute  // between two requests
	maxHeader  = 32 << 10         // bytes
	pingAfter  = 30 * time.Second // of silence on a connection of HTTP/2
	pingTime   = 15 * time.Second
	maxStreams = 128 // requests at a time on one connection of HTTP/2
)

// places is how many connections the listeners take, so that all of them together leave the
// stores and the drivers their descriptors.
type places struct {
	descriptors int // of the process; 0: nobody says, and what is configured holds
	http, mqtt  int
	wanted      int // devices at a time, as configured
}

// share divides what the process may open.
func share(descriptors, http, mqtt int) places {
	p := places{
		descriptors: descriptors,
		http:        http,
		mqtt:        mqtt,
		wanted:      mqtt,
	}
	if descriptors == 0 {
		return p
	}
	rest := descriptors - min(reservedFiles, descriptors/2)
	if p.http+p.mqtt+mqttfront.Strangers(p.mqtt) > rest {
		p.http = max(leastPlaces, min(p.http, rest/3))
		p.mqtt = max(leastPlaces, min(p.mqtt, (rest-p.http)*3/4))
	}
	return p
}

// httpBounds are those of the API's listener. Everybody comes from a reverse proxy's address, so
// that addresses are not counted behind one.
func httpBounds(p places, c HTTPConfig) listen.Bounds {
	each := c.MaxPerAddress
	if c.Proxy {
		each = 0
	}
	return listen.Within(p.http, each)
}

// newServer is the API's server. It sets no deadline for a whole request, since streams go on;
// api has those of bodies and answers.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
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

// known is told by the API of a request whose caller is known.
func known(ctx context.Context) { listen.Known(ctx) }
