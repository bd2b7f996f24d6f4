package app

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

// sockets are the listener of the API and the console, and what it shares with that of MQTT.
type sockets struct {
	places       atomic.Pointer[listeners.Places]
	certificates []*listeners.Certificate // of all listeners

	listener net.Listener
	bound    *listen.Listener // listener without its TLS layer
}

func newSockets(c *config.Config) *sockets {
	s := &sockets{}
	s.divide(c)
	return s
}

// divide decides how many connections each listener takes.
func (s *sockets) divide(c *config.Config) listeners.Places {
	p := listeners.Share(listen.Descriptors(), c.HTTP.MaxConnections, c.MQTT.MaxClients)
	s.places.Store(&p)
	return p
}

func bounds(p listeners.Places, c config.HTTP) listen.Bounds {
	return p.Bounds(c.MaxPerAddress, c.Proxy)
}

// certificate loads a listener's certificate, which is read again when its file has changed.
func (s *sockets) certificate(in given, key string, c config.TLS) (*tls.Config, error) {
	r, err := listeners.NewCertificate(key, in.cfg.Path(c.Certificate), in.cfg.Path(c.Key))
	if err != nil {
		return nil, err
	}
	s.certificates = append(s.certificates, r)
	return r.Config(), nil
}

// mqttTLS returns the TLS configuration of the MQTT listener, nil if it has none, and the
// authorities of client certificates, nil if it requests none. Without a certificate of its own it
// uses the API's.
func (s *sockets) mqttTLS(in given) (*tls.Config, *listeners.Authorities, error) {
	c := in.cfg.MQTT
	if c.ListenTLS == "" {
		return nil, nil, nil
	}
	files := c.TLS
	if files.Certificate == "" {
		files = in.cfg.HTTP.TLS
	}
	t, err := s.certificate(in, "mqtt.tls", files)
	if err != nil || c.ClientCA == "" {
		return t, nil, err
	}
	asked, err := listeners.Trust(t, in.cfg.Path(c.ClientCA), c.RequireCertificate)
	return t, asked, err
}

// listen opens the listener of the API and the console.
func (s *sockets) listen(in given, later *closers) (err error) {
	c := in.cfg.HTTP
	if s.bound, err = listeners.HTTP(c.Listen, bounds(*s.places.Load(), c), in.log); err != nil {
		return err
	}
	s.listener = s.bound
	later.add(func() error {
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if c.TLS.Certificate == "" {
		return nil
	}
	t, err := s.certificate(in, "http.tls", c.TLS)
	if err != nil {
		return err
	}
	// each tab of the console holds a stream, and browsers open only six connections by HTTP/1.1
	t.NextProtos = []string{"h2", "http/1.1"}
	s.listener = tls.NewListener(s.listener, t)
	return nil
}

// url is where the console is.
func (s *sockets) url(c config.HTTP) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	scheme := "http"
	if c.TLS.Certificate != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// taken is how many connections the listeners accept now; mqtt says that the MQTT listener is on.
func (s *sockets) taken(mqtt bool) selfwatch.Places {
	p := s.places.Load()
	out := selfwatch.Places{
		Files: p.Files,
		HTTP:  p.HTTP,
		MQTT:  p.MQTT,
	}
	if mqtt {
		out.MQTTWanted = p.Wanted
	}
	return out
}
