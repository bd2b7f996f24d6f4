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

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

const (
	floodRate   = 100  // the gateway's default for one device
	floodOthers = 5000 // what all other devices send together
	floodBar    = 1.05 // also how far blocks of one kind may differ before the result is unclear
)

// The flooder publishes through every other block, beside the same clients. Its bucket holds ten
// seconds' worth, 1,000 messages at first and about half of that when it comes again: they are
// spent in floodSettle, before the measurement.
const (
	floodBlock  = 4 * time.Second
	floodSettle = 1500 * time.Millisecond
)

// flooding measures the others' latency with and without one device that publishes as fast as it is
// let, and once more with no rate limit. The blocks of each kind are split in two halves, whose
// difference is the noise of the measurement.
func flooding(ctx context.Context, o options) (measure.Line, error) {
	each := 2 * max(2, o.rounds)
	o.deviceRate = floodRate
	limited, err := floodBlocks(ctx, o, each)
	if err != nil {
		return measure.Line{}, err
	}
	o.deviceRate = 0
	free, err := floodBlocks(ctx, o, 1)
	if err != nil {
		return measure.Line{}, err
	}
	a, b := limited.percentile(true, 99), limited.percentile(false, 99)
	ratio, noise := float64(a)/float64(b), max(limited.noise(false), limited.noise(true))
	l := measure.Line{
		Name:   "one-device-flooding",
		Unit:   "ms",
		Ours:   ms(a),
		Theirs: ms(b),
		Beside: "without",
		Ratio:  ratio,
		Bar:    fmt.Sprintf("<=%.2fx", floodBar),
	}
	// A flooder that is disconnected, or passes at another rate, is a failure and not noise.
	paced := limited.cut == nil && limited.slowest >= 0.8*floodRate &&
		limited.fastest <= 1.2*floodRate
	l.Unclear = paced && noise > floodBar && ratio <= floodBar*noise
	l.Held = paced && !l.Unclear && ratio <= floodBar
	if limited.cut != nil {
		l.Note = fmt.Sprintf("the flooder was cut off (%v); ", limited.cut)
	}
	l.Note += fmt.Sprintf("others' p99 at %.1f k/s in %d blocks of %.0f s each way, beside a "+
		"flooder let through at %.0f to %.0f/s; p50 %.1f/%.1f ms; the blocks' own p99 %s beside "+
		"it and %s without, halves of one kind differing by %.2fx; with no rate set p99 "+
		"%.1f/%.1f ms beside %.1f k/s; load average %s",
		floodOthers/1e3, each, floodBlock.Seconds(), limited.slowest, limited.fastest,
		ms(limited.percentile(true, 50)), ms(limited.percentile(false, 50)),
		limited.each(true), limited.each(false), noise,
		ms(free.percentile(true, 99)), ms(free.percentile(false, 99)), free.slowest/1e3,
		measure.LoadAverage())
	return l, nil
}

// floodResult is what blocks with and without a flooder showed.
type floodResult struct {
	took             map[bool][][]time.Duration // by whether it was there
	slowest, fastest float64                    // of the blocks: its acknowledgements a second
	cut              error                      // how the server ended its connection, if it did
}

func (r *floodResult) percentile(flood bool, n int) time.Duration {
	return measure.Percentile(slices.Concat(r.took[flood]...), n)
}

// each is the p99 of each block.
func (r *floodResult) each(flood bool) string {
	var out []string
	for _, took := range r.took[flood] {
		out = append(out, fmt.Sprintf("%.1f", ms(measure.Percentile(took, 99))))
	}
	return strings.Join(out, " ")
}

// noise is the ratio of the p99 of the even and the odd blocks of a kind, at least 1.
func (r *floodResult) noise(flood bool) float64 {
	var halves [2][]time.Duration
	for i, took := range r.took[flood] {
		halves[i%2] = append(halves[i%2], took...)
	}
	a, b := float64(measure.Percentile(halves[0], 99)), float64(measure.Percentile(halves[1], 99))
	return max(a, b) / min(a, b)
}

// floodBlocks measures each blocks of either kind, alternating.
func floodBlocks(ctx context.Context, o options, each int) (r floodResult, err error) {
	srv, err := startFront(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, srv.Stop()) }()
	l, err := connectAll(srv, o)
	if err != nil {
		return r, err
	}
	defer l.close()
	if err := l.paced(ctx, floodSettle, floodOthers, 1); err != nil {
		return r, err
	}
	r.took = map[bool][][]time.Duration{}
	for range each {
		if _, _, err := l.floodBlock(ctx, nil); err != nil {
			return r, err
		}
		r.took[false] = append(r.took[false], slices.Clone(l.took))
		f, err := startFlooder(srv, o)
		if err != nil {
			return r, err
		}
		rate, cut, err := l.floodBlock(ctx, f)
		f.stop()
		if err != nil {
			return r, err
		}
		if len(r.took[true]) == 0 {
			r.slowest = rate
		}
		r.slowest, r.fastest = min(r.slowest, rate), max(r.fastest, rate)
		r.cut = errors.Join(r.cut, cut)
		r.took[true] = append(r.took[true], slices.Clone(l.took))
	}
	return r, nil
}

// floodBlock leaves the latencies of one block in took. It returns how many of the flooder's
// publications were acknowledged in a second, and the error if it was disconnected.
func (l *loop) floodBlock(ctx context.Context, f *flooder) (rate float64, cut, err error) {
	if err := l.paced(ctx, floodSettle, floodOthers, 1); err != nil {
		return 0, nil, err
	}
	before, _ := f.acknowledged()
	began := time.Now()
	l.took = l.took[:0]
	err = l.paced(ctx, floodBlock, floodOthers, 1)
	after, cut := f.acknowledged()
	return float64(after-before) / time.Since(began).Seconds(), cut, err
}

// flooder is a device that publishes at QoS 1 without waiting for anything.
type flooder struct {
	conn *net.TCPConn
	wg   sync.WaitGroup
	mu   sync.Mutex
	n    int
	err  error // how its connection ended
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
			f.err = err
			f.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return f, nil
}

// acknowledged is how many of the flooder's publications were, and how its
// connection ended if it has.
func (f *flooder) acknowledged() (int, error) {
	if f == nil {
		return 0, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n / 4, f.err
}

// stop drops what is on its way.
func (f *flooder) stop() {
	_ = f.conn.SetLinger(0) // a connection that is gone already needs none
	f.conn.Close()
	f.wg.Wait()
}
