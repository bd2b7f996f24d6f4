package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// socket opens a client's connection and can cut it at any time: the library itself waits
// for ever for a broker that accepts and then says nothing.
type socket struct {
	mu   sync.Mutex
	cut  bool
	conn net.Conn
}

// open is an mqtt.OpenConnectionFunc.
func (s *socket) open(u *url.URL, o mqtt.ClientOptions) (net.Conn, error) {
	var c net.Conn
	var err error
	d := &net.Dialer{Timeout: connectTime}
	switch u.Scheme {
	case "ws":
		c, err = mqtt.NewWebsocket(u.String(), nil, connectTime, o.HTTPHeaders, o.WebsocketOptions)
	case "wss":
		c, err = mqtt.NewWebsocket(u.String(), o.TLSConfig, connectTime, o.HTTPHeaders, o.WebsocketOptions)
	case "ssl", "tls", "mqtts":
		c, err = tls.DialWithDialer(d, "tcp", u.Host, o.TLSConfig)
	default:
		c, err = d.Dial("tcp", u.Host)
	}
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut {
		c.Close()
		return nil, net.ErrClosed
	}
	s.conn = c
	return c, nil
}

func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	if s.conn != nil {
		s.conn.Close()
	}
}
