package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-iot/gatehouse"
)

const (
	socketSilence = 60 * time.Second // without a message or a pong the socket is closed
	socketPing    = 20 * time.Second
	socketWrite   = 10 * time.Second
	socketAsks    = 16 // messages of one socket that are worked on at a time; beyond it it is not read
)

// call is a message of a device on its socket: exactly one of the parts.
type call struct {
	ID           uint64    `json:"id"`
	Ask          *question `json:"ask"`
	Observations *report   `json:"report"`
	Result       *result   `json:"result"`
}

// told is a message to the device.
type told struct {
	ID      uint64   `json:"id,omitempty"`
	Answer  *reply   `json:"answer,omitempty"`
	Taken   *int     `json:"taken,omitempty"`
	Error   *trouble `json:"error,omitempty"`
	Command *order   `json:"command,omitempty"`
}

// socket serves a WebSocket (RFC 6455) until either side closes it or the device is released.
func (d *driver) socket(w http.ResponseWriter, r *http.Request, c *counter) {
	d.sockets.Add(1)
	defer d.sockets.Done()
	up := websocket.Upgrader{HandshakeTimeout: 10 * time.Second}
	conn, err := up.Upgrade(w, r, nil) // it answers where it refuses
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(c.over)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s := &socket{
		conn: conn,
		c:    c,
		d:    d,
	}
	s.working.Go(func() { s.push(ctx, cancel) })
	s.read(ctx)
	cancel()
	s.working.Wait()
}

// socket is one connection; reading is done by one goroutine, writing under a lock.
type socket struct {
	conn    *websocket.Conn
	c       *counter
	d       *driver
	working sync.WaitGroup

	mu sync.Mutex
}

// read works on the device's messages, each beside the others, until the connection ends.
func (s *socket) read(ctx context.Context) {
	s.conn.SetReadLimit(maxBody)
	s.alive()
	s.conn.SetPongHandler(func(string) error { s.alive(); return nil })
	places := make(chan struct{}, socketAsks)
	for {
		kind, b, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		s.alive()
		var in call
		switch err := decode(b, &in); {
		case kind != websocket.TextMessage:
			s.refuse(0, gatehouse.Errorf(gatehouse.Invalid, "send text, not binary"))
			continue
		case err != nil:
			s.refuse(in.ID, err)
			continue
		case !s.c.pace.AllowN(s.d.now(), 1):
			s.refuse(in.ID, tooFast())
			continue
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		s.working.Go(func() {
			defer func() { <-places }()
			s.answer(ctx, in)
		})
	}
}

// alive notes a sign of life.
func (s *socket) alive() {
	s.c.called(s.d.now())
	_ = s.conn.SetReadDeadline(time.Now().Add(socketSilence)) // of a closed connection
}

// answer works on one message.
func (s *socket) answer(ctx context.Context, in call) {
	now := s.d.now()
	switch {
	case in.Ask != nil && in.Observations == nil && in.Result == nil:
		out, err := s.c.answer(ctx, *in.Ask, now)
		if err != nil {
			s.refuse(in.ID, err)
			return
		}
		s.write(told{
			ID:     in.ID,
			Answer: &out,
		})
	case in.Observations != nil && in.Ask == nil && in.Result == nil:
		n, err := s.c.observe(ctx, *in.Observations, now)
		if err != nil {
			s.refuse(in.ID, err)
			return
		}
		s.write(told{
			ID:    in.ID,
			Taken: &n,
		})
	case in.Result != nil && in.Ask == nil && in.Observations == nil:
		s.c.queue.finish(*in.Result)
		n := 1
		s.write(told{
			ID:    in.ID,
			Taken: &n,
		})
	default:
		s.refuse(in.ID, gatehouse.Errorf(gatehouse.Invalid,
			"give exactly one of ask, report and result"))
	}
}

func (s *socket) refuse(id uint64, err error) {
	t := troubleOf(err)
	s.write(told{
		ID:    id,
		Error: &t,
	})
}

// write sends one message; a device that does not take it within socketWrite loses its socket.
func (s *socket) write(x told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(socketWrite)) // of a closed connection
	if err := s.conn.WriteJSON(x); err != nil {
		s.conn.Close()
	}
}

// push sends commands as they come, and pings, until ctx ends or the connection does.
func (s *socket) push(ctx context.Context, cancel func()) {
	defer cancel()
	ping := time.NewTicker(socketPing)
	defer ping.Stop()
	for {
		list, news := s.c.queue.fetch()
		for _, o := range list {
			s.write(told{Command: &o})
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
		case <-ping.C:
			s.mu.Lock()
			err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(socketWrite))
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}
}
