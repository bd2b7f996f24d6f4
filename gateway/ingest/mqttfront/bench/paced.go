//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

// patience is how long an acknowledgement is waited for when nothing else is sent.
const patience = 20 * time.Second

// paced publishes at a fixed rate for d, the publishers in turn, atOnce publications each time. A
// latency counts from when the publication was due, so that a late generator makes the figure worse
// and not better; its own lateness is collected in late. paced ends when everything that is open
// has been acknowledged; what was due and not sent counts with its age.
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

// latency measures the front at half the rate that it reached with window publications in flight
// per publisher, the publishers sending window at once. With 1, each publication is a write of its
// own, as a device's is; with 10, generator and server compete for the machine.
func latency(name string, window int) func(context.Context, options) (measure.Line, error) {
	return func(ctx context.Context, o options) (measure.Line, error) {
		return latencyAt(ctx, o, name, window)
	}
}

func latencyAt(ctx context.Context, o options, name string, window int) (measure.Line, error) {
	srv, err := startFront(ctx, o)
	if err != nil {
		return measure.Line{}, err
	}
	most, err := load(ctx, srv, o, bar{window: window})
	if err = errors.Join(err, srv.Stop()); err != nil {
		return measure.Line{}, err
	}
	var p50, p99, late []time.Duration
	var rate, others float64
	for range o.rounds {
		r, own, err := pacedRound(ctx, o, most.rate/2, window)
		if err != nil {
			return measure.Line{}, err
		}
		p50, p99, late = append(p50, r.p50), append(p99, r.p99), append(late, own)
		rate += r.rate / float64(o.rounds)
		others = max(others, r.others)
	}
	a, own := measure.Percentile(p99, 50), measure.Percentile(late, 50)
	return measure.Line{
		Name:    name,
		Unit:    "ms",
		Ours:    ms(a),
		Theirs:  ms(own),
		Beside:  "generator",
		Ratio:   float64(a) / float64(max(own, 1)),
		Bar:     "<10 ms",
		Held:    a < 10*time.Millisecond,
		Unclear: a >= 10*time.Millisecond && own >= 5*time.Millisecond,
		Note: fmt.Sprintf("p99 at %.1f k/s, half of %.1f being %.1f; p50 %.1f ms; p99 of the "+
			"rounds %.1f to %.1f ms; the generator's own lateness is in it; others used up to "+
			"%.2f cores; load average %s",
			rate/1e3, most.rate/1e3, most.rate/2e3, ms(measure.Percentile(p50, 50)),
			ms(slices.Min(p99)), ms(slices.Max(p99)), others, measure.LoadAverage()),
	}, nil
}

// pacedRound takes a new front's latencies at a rate, and the p99 of the
// generator's own lateness.
func pacedRound(
	ctx context.Context, o options, perSecond float64, atOnce int,
) (r result, late time.Duration, err error) {
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
	run := func(ctx context.Context, d time.Duration) error {
		return l.paced(ctx, d, perSecond, atOnce)
	}
	if err := run(ctx, o.duration/4); err != nil {
		return result{}, 0, err
	}
	r, err = l.measure(ctx, srv, o.duration, run)
	return r, measure.Percentile(l.late, 99), err
}
