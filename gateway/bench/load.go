//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

const (
	// window bounds what one publisher has in flight. At the rates that are measured it is
	// reached only by a server that is behind.
	window = 32
	// full is the window in a flood, where nothing else limits a publisher.
	full = 10
)

// load is the generator: publishers at QoS 1 on one epoll loop, which costs less than a
// goroutine per connection and so hides less of what is measured.
type load struct {
	ep    int
	conns []*net.TCPConn
	pubs  []*publisher
	byFD  map[int32]*publisher
	sent  int
	acked int
	freed func(*publisher) error // called after an acknowledgement
	// how late the generator itself was, where the server was not behind
	late []time.Duration
	// of the last run: acknowledged a second, from its start to the last acknowledgement
	rate float64
}

// reached tells whether the rate that was acknowledged is the one that was asked for: the generator
// waits for a server that is behind, and then only takes longer.
func reached(rate, want float64) bool { return want <= 1.02*rate }

// publisher is one device. Its packets differ only in their identifier and in the digits of
// its values, so each is one buffer with some bytes to fill in.
type publisher struct {
	fd     int
	packet []byte
	idAt   int
	next   uint16
	open   int    // sent and not acknowledged
	rest   []byte // of an acknowledgement that came in two pieces
	walk   uint32 // pseudo-random state of its values
	clock  int64  // its own time, in milliseconds since 1970: it does not repeat
	timeAt int
	out    []byte
	values [3]int // where the last digits of its three values are
}

// dialAll connects devices.
func dialAll(ctx context.Context, addr string, devices []device) (*load, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &load{
		ep:   ep,
		byFD: map[int32]*publisher{},
	}
	for i := range devices {
		if err = ctx.Err(); err == nil {
			err = l.connect(addr, &devices[i], uint32(i))
		}
		if err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func (l *load) connect(addr string, d *device, i uint32) error {
	conn, err := measure.Dial(addr, string(d.id), string(d.id), d.password)
	if err != nil {
		return err
	}
	l.conns = append(l.conns, conn)
	fd, err := measure.Descriptor(conn)
	if err != nil {
		return err
	}
	p := newPublisher(d, i)
	p.fd = fd
	l.pubs, l.byFD[int32(fd)] = append(l.pubs, p), p
	return unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, fd,
		&unix.EpollEvent{
			Events: unix.EPOLLIN,
			Fd:     int32(fd),
		})
}

func newPublisher(d *device, i uint32) *publisher {
	p := &publisher{
		walk:  i*2654435761 + 1,
		clock: time.Now().UnixMilli(),
	}
	p.packet, p.idAt = measure.Publish(d.topic(),
		fmt.Appendf(nil, `{"temperature":20.00,"humidity":40.00,"co2":600,"time":%d}`, p.clock))
	p.timeAt = len(p.packet) - len("}") - 13
	for i, name := range []string{`ture":20.0`, `dity":40.0`, `"co2":60`} {
		p.values[i] = bytes.Index(p.packet, []byte(name)) + len(name) - 1
	}
	return p
}

// step changes the values a little: twenty to twenty-nine degrees and so on, which no rule of
// the school minds.
func (p *publisher) step() {
	p.walk = p.walk*1664525 + 1013904223
	r := p.walk >> 8
	for _, at := range p.values {
		p.packet[at], p.packet[at+1] = '0'+byte(r%10), '0'+byte(r/10%10)
		r /= 100
	}
	p.clock = max(p.clock+1, time.Now().UnixMilli())
	for i, t := 12, p.clock; i >= 0; i, t = i-1, t/10 {
		p.packet[p.timeAt+i] = '0' + byte(t%10)
	}
}

// send writes n publications in one piece. A loopback socket holds far more than the window,
// so a short write is a fault of the bench.
func (p *publisher) send(n int) error {
	p.out = p.out[:0]
	for range n {
		if p.next++; p.next == 0 {
			p.next = 1
		}
		p.step()
		binary.BigEndian.PutUint16(p.packet[p.idAt:], p.next)
		p.out = append(p.out, p.packet...)
	}
	p.open += n
	k, err := unix.Write(p.fd, p.out)
	if err != nil || k < len(p.out) {
		return fmt.Errorf("publish: wrote %d of %d bytes: %w", k, len(p.out), err)
	}
	return nil
}

// flood publishes count messages, each publisher the next as soon as its window has room,
// and returns when all are acknowledged.
func (l *load) flood(ctx context.Context, count int) error {
	until, left := l.acked+count, count
	l.freed = func(p *publisher) error {
		n := min(full-p.open, left)
		if n <= 0 {
			return nil
		}
		left -= n
		l.sent += n
		return p.send(n)
	}
	defer func() { l.freed = nil }()
	for _, p := range l.pubs {
		if err := l.freed(p); err != nil {
			return err
		}
	}
	for lastAt, last := time.Now(), 0; l.acked < until; {
		if err := errors.Join(l.take(100), ctx.Err()); err != nil {
			return err
		}
		if now := time.Now(); l.acked != last {
			last, lastAt = l.acked, now
		} else if now.Sub(lastAt) > time.Minute {
			return fmt.Errorf("nothing was acknowledged for a minute; %d are open", l.sent-l.acked)
		}
	}
	return nil
}

// run publishes count messages evenly over the time that the rate gives them, the publishers in
// turn, and returns when all are acknowledged. The rate that was reached is left in rate.
func (l *load) run(ctx context.Context, perSecond float64, count int) error {
	until := l.acked + count
	base, start := l.sent, time.Now()
	last, lastAt := l.acked, start
	blocked := false
	for l.acked < until {
		now := time.Now()
		due := min(count, int(now.Sub(start).Seconds()*perSecond)+1)
		for l.sent-base < due {
			p := l.pubs[l.sent%len(l.pubs)]
			if p.open >= window {
				blocked = true
				break
			}
			if !blocked {
				l.late = append(l.late,
					now.Sub(start)-time.Duration(float64(l.sent-base)/perSecond*1e9))
			}
			if err := p.send(1); err != nil {
				return err
			}
			l.sent++
		}
		blocked = blocked && l.sent-base < due
		if err := l.take(1); err != nil {
			return err
		}
		if l.acked != last {
			last, lastAt = l.acked, now
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if now.Sub(lastAt) > time.Minute {
			return fmt.Errorf("nothing was acknowledged for a minute; %d are open", l.sent-l.acked)
		}
	}
	l.rate = float64(count) / time.Since(start).Seconds()
	return nil
}

// take waits up to ms milliseconds and reads the acknowledgements that have come.
func (l *load) take(ms int) error {
	var events [256]unix.EpollEvent
	var buf [4096]byte
	n, err := unix.EpollWait(l.ep, events[:], ms)
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("epoll: %w", err)
	}
	for _, ev := range events[:max(n, 0)] {
		p := l.byFD[ev.Fd]
		k, err := unix.Read(p.fd, buf[:])
		if err == unix.EAGAIN {
			continue
		}
		if err != nil || k == 0 {
			return errors.Join(errors.New("the server closed a publisher"), err)
		}
		if err := l.acks(p, buf[:k]); err != nil {
			return err
		}
		if l.freed != nil {
			if err := l.freed(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *load) acks(p *publisher, b []byte) (err error) {
	if len(p.rest) > 0 {
		b = append(p.rest, b...)
	}
	p.rest, err = measure.Acks(b, func(uint16) {
		p.open--
		l.acked++
	})
	return err
}

func (l *load) close() {
	for _, c := range l.conns {
		c.Close()
	}
	unix.Close(l.ep)
}
