//go:build linux

package main

import (
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// letter is what the sink took: to one address, and when its last byte had come.
type letter struct {
	to, subject, text string
	at                time.Time
}

// sink is a mail server that takes everything. Ours and theirs send to the same one.
type sink struct {
	addr   string
	server *gosmtp.Server
	gone   sync.WaitGroup

	mu      sync.Mutex
	letters []letter
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{addr: l.Addr().String()}
	s.server = gosmtp.NewServer(s)
	s.server.Domain = "mail.example"
	s.gone.Go(func() { _ = s.server.Serve(l) })
	return s, nil
}

func (s *sink) close() {
	s.server.Close()
	s.gone.Wait()
}

// to are the letters to an address so far, in the order in which they came.
func (s *sink) to(address string) (out []letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.letters {
		if l.to == address {
			out = append(out, l)
		}
	}
	return out
}

// NewSession is called by the server for each connection.
func (s *sink) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &visit{sink: s}, nil }

// visit is one connection to the sink.
type visit struct {
	sink *sink
	to   []string
}

func (v *visit) Reset()                                 { v.to = nil }
func (v *visit) Logout() error                          { return nil }
func (v *visit) Mail(string, *gosmtp.MailOptions) error { return nil }

func (v *visit) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	v.to = append(v.to, strings.ToLower(to))
	return nil
}

func (v *visit) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(m.Body)
	now := time.Now()
	v.sink.mu.Lock()
	defer v.sink.mu.Unlock()
	for _, to := range v.to {
		v.sink.letters = append(v.sink.letters, letter{to, m.Header.Get("Subject"), string(text), now})
	}
	return err
}
