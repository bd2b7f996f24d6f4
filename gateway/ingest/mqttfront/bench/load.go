//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

// result of one round against one server.
type result struct {
	// acknowledged per second, or delivered where a subscriber takes everything
	rate               float64
	delivered          float64 // delivered of acknowledged
	p50, p99           time.Duration
	serverCPU, loadCPU float64 // microseconds per message
	others             float64 // cores that all others on the machine used
}

// slots bound what one publisher has in flight; more than any window.
const slots = 64

// publisher is one connection of the generator. Its packets differ only in
// their identifier, so each is one buffer with two bytes to fill in.
type publisher struct {
	fd     int
	packet []byte
	idAt   int
	next   uint16
	sentAt [slots]time.Time // by identifier modulo slots
	open   int              // sent and not acknowledged
	rest   []byte           // of an acknowledgement that came in two pieces
}

// load drives the server from one epoll loop, which costs less than a
// goroutine per connection and so hides less of the difference.
func load(ctx context.Context, srv *server, o options, b bar) (result, error) {
	var sub *subscriber
	if b.subscriber {
		var err error
		if sub, err = subscribeAll(srv.addr); err != nil {
			return result{}, err
		}
		defer sub.close()
	}
	l, err := connectAll(srv, o)
	if err != nil {
		return result{}, err
	}
	defer l.close()
	l.sub = sub
	for _, p := range l.pubs {
		if err := p.send(b.window, time.Now()); err != nil {
			return result{}, err
		}
	}
	if err := l.run(ctx, o.duration/5); err != nil {
		return result{}, err
	}
	return l.measure(ctx, srv, o.duration, l.run)
}

// connectAll connects the publishers.
func connectAll(srv *server, o options) (*loop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &loop{
		ep:   ep,
		byFD: map[int32]*publisher{},
	}
	for i := range o.publishers {
		if err := l.connect(srv, i, o.payload); err != nil {
			l.close()
			return nil, fmt.Errorf("publisher %d: %w", i, err)
		}
	}
	return l, nil
}

func (l *loop) connect(srv *server, i, payload int) error {
	conn, err := measure.Dial(srv.addr, fmt.Sprintf("dev-%05d", i), "", "")
	if err != nil {
		return err
	}
	l.conns = append(l.conns, conn)
	fd, err := measure.Descriptor(conn)
	if err != nil {
		return err
	}
	p := newPublisher(i, fd, payload)
	l.pubs, l.byFD[int32(fd)] = append(l.pubs, p), p
	return unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, fd,
		&unix.EpollEvent{
			Events: unix.EPOLLIN,
			Fd:     int32(fd),
		})
}

func (l *loop) close() {
	for _, c := range l.conns {
		c.Close()
	}
	unix.Close(l.ep)
}

type loop struct {
	ep    int
	conns []*net.TCPConn
	pubs  []*publisher
	byFD  map[int32]*publisher
	sub   *subscriber
	took  []time.Duration
	late  []time.Duration // see paced
	n     uint64
}

func (l *loop) measure(
	ctx context.Context, srv *server, d time.Duration, run func(context.Context, time.Duration) error,
) (result, error) {
	cpu0, own0, rest0, err := srv.cpu()
	if err != nil {
		return result{}, err
	}
	got0 := l.sub.count()
	l.n, l.took = 0, l.took[:0]
	start := time.Now()
	if err := run(ctx, d); err != nil {
		return result{}, err
	}
	took := time.Since(start)
	cpu1, own1, rest1, err := srv.cpu()
	if err != nil {
		return result{}, err
	}
	if l.n == 0 {
		return result{}, errors.New("nothing was acknowledged")
	}
	r := result{
		rate:      float64(l.n) / took.Seconds(),
		delivered: 1,
	}
	r.serverCPU = float64((cpu1 - cpu0).Microseconds()) / float64(l.n)
	r.loadCPU = float64((own1 - own0).Microseconds()) / float64(l.n)
	r.others = max(0, (rest1-rest0).Seconds()/took.Seconds())
	if l.sub != nil {
		got := l.sub.count() - got0
		r.delivered = float64(got) / float64(l.n)
		r.rate = min(r.rate, float64(got)/took.Seconds())
	}
	slices.Sort(l.took)
	r.p50, r.p99 = l.took[len(l.took)/2], l.took[len(l.took)*99/100]
	return r, nil
}

// run sends the next publication after every acknowledgement, for d.
func (l *loop) run(ctx context.Context, d time.Duration) error {
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 4096)
	end := time.Now().Add(d)
	for {
		n, err := unix.EpollWait(l.ep, events, 100)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("epoll: %w", err)
		}
		now := time.Now()
		if now.After(end) || ctx.Err() != nil {
			return ctx.Err()
		}
		for _, ev := range events[:n] {
			p := l.byFD[ev.Fd]
			acks, err := l.take(p, buf, now)
			if err != nil {
				return err
			}
			if err := p.send(acks, now); err != nil {
				return err
			}
		}
	}
}

// take reads the acknowledgements that have come for a publisher.
func (l *loop) take(p *publisher, buf []byte, now time.Time) (int, error) {
	k, err := unix.Read(p.fd, buf)
	if err == unix.EAGAIN {
		return 0, nil
	}
	if err != nil || k == 0 {
		return 0, fmt.Errorf("the server closed a publisher: %w", err)
	}
	return l.acks(p, buf[:k], now)
}

// acks counts PUBACKs and their latency.
func (l *loop) acks(p *publisher, b []byte, now time.Time) (n int, err error) {
	if len(p.rest) > 0 {
		b = append(p.rest, b...)
	}
	p.rest, err = measure.Acks(b, func(id uint16) {
		l.took = append(l.took, now.Sub(p.sentAt[id%slots]))
		n++
	})
	p.open -= n
	l.n += uint64(n)
	return n, err
}

func newPublisher(i, fd, payload int) *publisher {
	topic := fmt.Sprintf("gh/v1/school/dev-%05d/telemetry", i)
	body := fmt.Sprintf(`{"time":"2026-03-02T08:00:00Z","temperature":%d.5,"note":"`, 20+i%10)
	body += strings.Repeat("x", max(0, payload-len(body)-2)) + `"}`
	p := &publisher{fd: fd}
	p.packet, p.idAt = measure.Publish(topic, []byte(body))
	return p
}

// send writes n publications in one piece. Loopback sockets hold far more than
// a window, so a short write is a fault of the bench.
func (p *publisher) send(n int, now time.Time) error {
	out := make([]byte, 0, n*len(p.packet))
	p.open += n
	for range n {
		if p.next++; p.next == 0 {
			p.next = slots // keeps the identifiers apart modulo slots
		}
		p.sentAt[p.next%slots] = now
		binary.BigEndian.PutUint16(p.packet[p.idAt:], p.next)
		out = append(out, p.packet...)
	}
	if len(out) == 0 {
		return nil
	}
	k, err := unix.Write(p.fd, out)
	if err != nil || k < len(out) {
		return fmt.Errorf("publish: wrote %d of %d bytes: %w", k, len(out), err)
	}
	return nil
}

// subscriber takes everything at QoS 1 and acknowledges it.
type subscriber struct {
	conn *net.TCPConn
	n    atomic.Uint64
	wg   sync.WaitGroup
}

func subscribeAll(addr string) (*subscriber, error) {
	conn, err := measure.Dial(addr, "reader", "", "")
	if err != nil {
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	filter := "gh/v1/school/#"
	pkt := append([]byte{0x82, byte(5 + len(filter)), 0, 1, 0, byte(len(filter))}, filter...)
	if _, err := conn.Write(append(pkt, 1)); err != nil {
		return nil, err
	}
	var ack [5]byte
	if _, err := io.ReadFull(conn, ack[:]); err != nil || ack[4] != 1 {
		return nil, fmt.Errorf("not subscribed: % x: %w", ack, err)
	}
	s := &subscriber{conn: conn}
	s.wg.Add(1)
	go func() { defer s.wg.Done(); s.take() }()
	return s, nil
}

// take reads until the connection closes; acknowledgements go out when the
// buffered input is used up, as an efficient client does.
func (s *subscriber) take() {
	r := bufio.NewReaderSize(s.conn, 256<<10)
	var acks []byte
	for {
		first, err := r.ReadByte()
		if err != nil {
			return
		}
		n, err := binary.ReadUvarint(r)
		if err != nil {
			return
		}
		body, err := r.Peek(int(n))
		if err != nil {
			return
		}
		if first>>4 == 3 {
			at := 2 + int(binary.BigEndian.Uint16(body))
			acks = append(acks, 0x40, 2, body[at], body[at+1])
			s.n.Add(1)
		}
		if _, err := r.Discard(int(n)); err != nil {
			return
		}
		if r.Buffered() == 0 || len(acks) > 16<<10 {
			if _, err := s.conn.Write(acks); err != nil {
				return
			}
			acks = acks[:0]
		}
	}
}

func (s *subscriber) count() uint64 {
	if s == nil {
		return 0
	}
	return s.n.Load()
}

func (s *subscriber) close() {
	s.conn.Close()
	s.wg.Wait()
}
