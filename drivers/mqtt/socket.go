package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/gatehouse-iot/gatehouse/drivers"
)

// socket opens a client's connection and can close it at any time: the library itself waits forever
// for a broker that accepts and then sends nothing.
type socket struct {
	mu   sync.Mutex
	cut  bool
	conn net.Conn

	reach drivers.Reach
}

// open is an mqtt.OpenConnectionFunc.
func (s *socket) open(u *url.URL, o mqtt.ClientOptions) (net.Conn, error) {
	var c net.Conn
	var err error
	d := s.reach.Dialer(connectTime)
	switch u.Scheme {
	case "ws", "wss":
		c, err = s.openWebsocket(u, o)
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

// openWebsocket gives the library, which dials by itself, the checked IP address; the name is used
// for the certificate and the Host header.
func (s *socket) openWebsocket(u *url.URL, o mqtt.ClientOptions) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	ip, err := s.reach.Resolve(ctx, u.Hostname())
	if err != nil {
		return nil, err
	}
	var config *tls.Config
	port := "80"
	if u.Scheme == "wss" {
		config, port = &tls.Config{MinVersion: tls.VersionTLS12}, "443"
		if o.TLSConfig != nil {
			config = o.TLSConfig.Clone()
		}
		config.ServerName = u.Hostname()
	}
	if u.Port() != "" {
		port = u.Port()
	}
	header := http.Header{"Host": {u.Host}}
	for k, v := range o.HTTPHeaders {
		header[k] = v
	}
	at := *u
	at.Host = net.JoinHostPort(ip.String(), port)
	direct := &mqtt.WebsocketOptions{
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}
	return mqtt.NewWebsocket(
		at.String(),
		config,
		connectTime,
		header,
		direct,
	)
}

func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	if s.conn != nil {
		s.conn.Close()
	}
}
