//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

// patience is how long an acknowledgement is waited for when nothing else is sent.
const patience = 20 * time.Second

// paced publishes at a fixed rate for d, each publisher in its turn so many at
// once. A latency counts from when the publication was due, so that a generator
// that is late makes the figure worse and not better; how late it was by itself
// is left in late. It ends when what is open then has been acknowledged; what was
// due and not sent counts with its age.
func (l *loop) paced(ctx context.Context, d time.Duration, perSecond float64, atOnce int) error {
	every := float64(atOnce) / perSecond * 1e9
	blocked := false
	l.late = l.late[:0]
	start := time.Now()
	sent := 0
	for now := start; now.Sub(start) < d; now = time.Now() {
		turns := int(float64(now.Sub(start)) / every)
		for ; sent < turns; sent++ {
			p := l.pubs[sent%len(l.pubs)]
			if p.open+atOnce > slots {
				blocked = true // the server is behind; what is due waits here, and its latency runs
				break
			}
			due := start.Add(time.Duration(float64(sent) * every))
			if !blocked {
				l.late = append(l.late, now.Sub(due))
			}
			if err := p.send(atOnce, due); err != nil {
				return err
			}
		}
		blocked = blocked && sent < turns
		if err := errors.Join(l.wait(), ctx.Err()); err != nil {
			return err
		}
	}
	for ; float64(sent)*every < float64(d); sent++ {
		age := d - time.Duration(float64(sent)*every)
		for range atOnce {
			l.took = append(l.took, age)
		}
	}
	return l.drain(ctx)
}

// wait takes what has come within a millisecond.
func (l *loop) wait() error {
	var events [256]unix.EpollEvent
	var buf [4096]byte
	n, err := unix.EpollWait(l.ep, events[:], 1)
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("epoll: %w", err)
	}
	now := time.Now()
	for _, ev := range events[:max(n, 0)] {
		if _, err := l.take(l.byFD[ev.Fd], buf[:], now); err != nil {
			return err
		}
	}
	return nil
}

// drain waits until nothing is open, for patience at most.
func (l *loop) drain(ctx context.Context) error {
	for end := time.Now().Add(patience); ; {
		open := 0
		for _, p := range l.pubs {
			open += p.open
		}
		if open == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d publications were not acknowledged within %s", open, patience)
		}
		if err := errors.Join(l.wait(), ctx.Err()); err != nil {
			return err
		}
	}
}

// latency measures the front at half of what it was measured to do, with the
// publishers sending ten at once as they did there.
func latency(ctx context.Context, o options) (measure.Line, error) {
	srv, err := startFront(ctx, o)
	if err != nil {
		return measure.Line{}, err
	}
	most, err := load(ctx, srv, o, bar{window: 10})
	if err = errors.Join(err, srv.Stop()); err != nil {
		return measure.Line{}, err
	}
	var p50, p99, late []time.Duration
	var rate float64
	for range o.rounds {
		r, own, err := pacedRound(ctx, o, most.rate/2)
		if err != nil {
			return measure.Line{}, err
		}
		p50, p99, late = append(p50, r.p50), append(p99, r.p99), append(late, own)
		rate += r.rate / float64(o.rounds)
	}
	a, own := measure.Percentile(p99, 50), measure.Percentile(late, 50)
	return measure.Line{Name: "latency-half-load", Unit: "ms", Ours: ms(a), Theirs: ms(own), Beside: "generator", Ratio: float64(a) / float64(max(own, 1)),
		Bar: "<10 ms", Held: a < 10*time.Millisecond, Unclear: a >= 10*time.Millisecond && own >= 5*time.Millisecond,
		Note: fmt.Sprintf("p99 at %.1f k/s, half of %.1f being %.1f; p50 %.1f ms; p99 of the rounds %.1f to %.1f ms; the generator's own lateness is in it; load average %s",
			rate/1e3, most.rate/1e3, most.rate/2e3, ms(measure.Percentile(p50, 50)), ms(slices.Min(p99)), ms(slices.Max(p99)), measure.LoadAverage())}, nil
}

// pacedRound takes a new front's latencies at a rate, and the p99 of the
// generator's own lateness.
func pacedRound(ctx context.Context, o options, perSecond float64) (r result, late time.Duration, err error) {
	srv, err := startFront(ctx, o)
	if err != nil {
		return result{}, 0, err
	}
	defer func() { err = errors.Join(err, srv.Stop()) }()
	l, err := connectAll(srv, o)
	if err != nil {
		return result{}, 0, err
	}
	defer l.close()
	run := func(ctx context.Context, d time.Duration) error { return l.paced(ctx, d, perSecond, 10) }
	if err := run(ctx, o.duration/4); err != nil {
		return result{}, 0, err
	}
	r, err = l.measure(ctx, srv, o.duration, run)
	return r, measure.Percentile(l.late, 99), err
}

const (
	floodRate   = 100  // the gateway's default for one device
	floodOthers = 5000 // what all other devices send together
	maxNoise    = 1.25 // between turns that should be the same; above it nothing is judged
)

// A machine's own unrest is larger than what is looked for, so the flooder
// comes and goes in short turns beside the same clients.
const (
	floodTurn   = 700 * time.Millisecond
	floodSettle = 300 * time.Millisecond // not measured: its first burst, or its end
)

// flooding measures the others' latency while one device publishes as fast as
// it is let, and without it; and with no rate set. The turns without are split
// in two, whose difference is what the measurement itself is worth.
func flooding(ctx context.Context, o options) (measure.Line, error) {
	turns := 4 * max(1, int(time.Duration(o.rounds)*o.duration/(2*(floodTurn+floodSettle))))
	o.deviceRate = floodRate
	limited, got, err := floodTurns(ctx, o, turns)
	if err != nil {
		return measure.Line{}, err
	}
	o.deviceRate = 0
	free, freely, err := floodTurns(ctx, o, 4)
	if err != nil {
		return measure.Line{}, err
	}
	with, without := limited[true], limited[false]
	var halves [2]float64
	for i, took := range without {
		halves[i%2] += ms(measure.Percentile(took, 99)) / float64(len(without)/2)
	}
	a, b := measure.Percentile(slices.Concat(with...), 99), measure.Percentile(slices.Concat(without...), 99)
	p50a, p50b := measure.Percentile(slices.Concat(with...), 50), measure.Percentile(slices.Concat(without...), 50)
	noise := max(halves[0], halves[1]) / min(halves[0], halves[1])
	return measure.Line{Name: "one-device-flooding", Unit: "ms", Ours: ms(a), Theirs: ms(b), Beside: "without", Ratio: float64(a) / float64(b),
		Bar: "<=1.05x", Held: float64(a) <= 1.05*float64(b) && noise <= maxNoise, Unclear: noise > maxNoise,
		Note: fmt.Sprintf("others' p99 at %.1f k/s in %d turns beside a flooder let through at %.0f/s; p50 %.1f/%.1f ms; the turns without differ among themselves by %.2fx; with no rate set p99 %.1f/%.1f ms beside %.1f k/s; load average %s",
			floodOthers/1e3, turns, got, ms(p50a), ms(p50b), noise,
			ms(measure.Percentile(slices.Concat(free[true]...), 99)), ms(measure.Percentile(slices.Concat(free[false]...), 99)), freely/1e3, measure.LoadAverage())}, nil
}

// floodTurns returns the latencies of each turn with and without a flooder, and
// how many of its publications were acknowledged in a second.
func floodTurns(ctx context.Context, o options, turns int) (took map[bool][][]time.Duration, rate float64, err error) {
	srv, err := startFront(ctx, o)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, srv.Stop()) }()
	l, err := connectAll(srv, o)
	if err != nil {
		return nil, 0, err
	}
	defer l.close()
	if err := l.paced(ctx, o.duration/4, floodOthers, 1); err != nil {
		return nil, 0, err
	}
	took = map[bool][][]time.Duration{}
	acked := 0
	for i := range turns {
		flood := i%2 == 1
		n, err := l.floodTurn(ctx, srv, o, flood)
		if err != nil {
			return nil, 0, err
		}
		acked += n
		took[flood] = append(took[flood], slices.Clone(l.took))
	}
	return took, float64(acked) / (float64(turns/2) * floodTurn.Seconds()), nil
}

// floodTurn leaves the latencies of one turn in took.
func (l *loop) floodTurn(ctx context.Context, srv *server, o options, flood bool) (acked int, err error) {
	var f *flooder
	if flood {
		if f, err = startFlooder(srv, o); err != nil {
			return 0, err
		}
		defer f.stop()
	}
	if err := l.paced(ctx, floodSettle, floodOthers, 1); err != nil {
		return 0, err
	}
	before := f.acknowledged()
	l.took = l.took[:0]
	err = l.paced(ctx, floodTurn, floodOthers, 1)
	return f.acknowledged() - before, err
}

// flooder is a device that publishes at QoS 1 without waiting for anything.
type flooder struct {
	conn *net.TCPConn
	wg   sync.WaitGroup
	mu   sync.Mutex
	n    int
}

func startFlooder(srv *server, o options) (*flooder, error) {
	const name = 99_999
	conn, err := measure.Dial(srv.addr, fmt.Sprintf("dev-%05d", name), "", "")
	if err != nil {
		return nil, fmt.Errorf("flooder: %w", err)
	}
	one := newPublisher(name, 0, o.payload)
	one.packet[one.idAt+1] = 1 // the front does not mind an identifier in use, as a bad device's is
	many := []byte(strings.Repeat(string(one.packet), 200))
	f := &flooder{conn: conn}
	f.wg.Add(2)
	go func() { // ends when the connection closes
		defer f.wg.Done()
		for {
			if _, err := conn.Write(many); err != nil {
				return
			}
		}
	}()
	go func() {
		defer f.wg.Done()
		buf := make([]byte, 64<<10)
		for {
			n, err := io.ReadAtLeast(conn, buf, 1)
			f.mu.Lock()
			f.n += n
			f.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return f, nil
}

// acknowledged is how many of the flooder's publications were.
func (f *flooder) acknowledged() int {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n / 4
}

// stop drops what is on its way.
func (f *flooder) stop() {
	_ = f.conn.SetLinger(0) // a connection that is gone already needs none
	f.conn.Close()
	f.wg.Wait()
}
