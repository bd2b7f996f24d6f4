//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

const (
	probeEvery = 47 * time.Millisecond // out of step with the gateway's own timers
	settle     = 2 * time.Second       // before the first probe
)

// alerts measures the time from a reading that meets a rule's condition, counted from its
// publication, to the alert on the last of many open walls, while other devices send. Each probe is
// a device of its own, so that each raises an alert of its own.
func alerts(ctx context.Context, o options) (measure.Line, error) {
	if o.sample {
		o.publishers = 50
		o.rate = 500
		o.probes = 20
		o.walls = 20 // more than one caller may have
	}
	dir, err := os.MkdirTemp(o.dir, "alerts")
	if err != nil {
		return measure.Line{}, err
	}
	defer os.RemoveAll(dir)
	s, err := prepare(ctx, dir, o.publishers+o.probes)
	if err != nil {
		return measure.Line{}, err
	}
	gw, err := start(ctx, o, s)
	if err != nil {
		return measure.Line{}, err
	}
	l, took, c, err := probeAlerts(ctx, o, gw, s)
	if err = errors.Join(err, gw.Stop()); err != nil {
		return measure.Line{}, err
	}
	p99, own := measure.Percentile(took, 99), measure.Percentile(l.late, 99)
	line := measure.Line{
		Name: "alert-on-every-wall",
		Unit: "ms p99",
		Ours: measure.Milliseconds(p99),
		Bar:  "<100 ms",
		Held: p99 < 100*time.Millisecond && reached(l.rate, float64(o.rate)) || o.sample,
	}
	line.Unclear = !line.Held && c.others > 0.25
	line.Note = fmt.Sprintf("%d alerts on %d walls at %.0f messages/s acknowledged of %d; p50 %.1f, most "+
		"%.1f ms; gateway %.1f and load generator %.1f us CPU per message; the generator's own "+
		"lateness p99 %.1f ms; others used %.2f cores; load %s",
		len(took), o.walls, l.rate, o.rate, measure.Milliseconds(measure.Percentile(took, 50)),
		measure.Milliseconds(slices.Max(took)), c.server, c.load, measure.Milliseconds(own),
		c.others, measure.LoadAverage())
	return line, nil
}

func probeAlerts(
	ctx context.Context, o options, gw *gateway, s *school,
) (*load, []time.Duration, cost, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := dialAll(ctx, gw.mqtt, s.devices[:o.publishers])
	if err != nil {
		return nil, nil, cost{}, err
	}
	defer l.close()
	probes, err := dialProbes(gw.mqtt, s.devices[o.publishers:])
	defer func() {
		for _, p := range probes {
			p.conn.Close()
		}
	}()
	if err != nil {
		return nil, nil, cost{}, err
	}
	var walls []*watcher
	defer func() {
		for _, w := range walls {
			w.body.Close()
		}
	}()
	for i := range o.walls {
		w, err := gw.watchAlerts(ctx, i)
		if err != nil {
			return nil, nil, cost{}, err
		}
		walls = append(walls, w)
	}
	if _, err := gw.caughtUp(ctx, time.Minute); err != nil {
		return nil, nil, cost{}, err
	}
	m, err := newMeter(gw.Process)
	if err != nil {
		return nil, nil, cost{}, err
	}
	messages := int(float64(o.rate) * (settle + time.Duration(len(probes))*probeEvery).Seconds())
	loaded := make(chan error, 1)
	go func() { loaded <- l.run(ctx, float64(o.rate), messages) }()
	sent, err := send(ctx, probes)
	err = errors.Join(err, <-loaded)
	if err != nil {
		return nil, nil, cost{}, err
	}
	last := map[g.DeviceID]time.Duration{} // on the slowest wall
	for _, w := range walls {
		took, err := w.all(ctx, sent)
		if err != nil {
			return nil, nil, cost{}, err
		}
		for id, d := range took {
			last[id] = max(last[id], d)
		}
	}
	c, err := m.cost(messages)
	return l, slices.Collect(maps.Values(last)), c, err
}

// probe is a device that will be too hot once.
type probe struct {
	id     g.DeviceID
	conn   *net.TCPConn
	packet []byte
}

func dialProbes(addr string, devices []device) ([]*probe, error) {
	var out []*probe
	for i := range devices {
		d := &devices[i]
		conn, err := measure.Dial(addr, string(d.id), string(d.id), d.password)
		if err != nil {
			return out, err
		}
		packet, idAt := measure.Publish(d.topic(),
			[]byte(`{"temperature":60.25,"humidity":40.00,"co2":600}`))
		packet[idAt+1] = 1
		out = append(out, &probe{d.id, conn, packet})
	}
	return out, nil
}

// send publishes one probe after another and returns when each was sent.
func send(ctx context.Context, probes []*probe) (map[g.DeviceID]time.Time, error) {
	sent := make(map[g.DeviceID]time.Time, len(probes))
	next := time.NewTimer(settle)
	defer next.Stop()
	for _, p := range probes {
		select {
		case <-ctx.Done():
			return sent, ctx.Err()
		case <-next.C:
			next.Reset(probeEvery)
		}
		sent[p.id] = time.Now()
		if _, err := p.conn.Write(p.packet); err != nil {
			return sent, fmt.Errorf("publish a probe: %w", err)
		}
	}
	return sent, nil
}

// watcher is an open wall: it notes when each device's alert came on its live stream.
type watcher struct {
	body io.ReadCloser

	mu   sync.Mutex
	seen map[g.DeviceID]time.Time
	err  error
}

func (gw *gateway) watchAlerts(ctx context.Context, caller int) (*watcher, error) {
	//lint:ignore bodyclose the caller closes the watcher's
	resp, err := gw.getAs(ctx, caller, "/v1/stream?kinds=alert,incident")
	if err != nil {
		return nil, err
	}
	w := &watcher{
		body: resp.Body,
		seen: map[g.DeviceID]time.Time{},
	}
	go w.follow() // ends when the body is closed
	return w, nil
}

func (w *watcher) follow() {
	lines := bufio.NewScanner(w.body)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		now := time.Now()
		var e g.Event
		err := json.Unmarshal([]byte(data), &e)
		w.mu.Lock()
		if _, twice := w.seen[e.Device]; !twice && e.Alert != nil {
			w.seen[e.Device] = now
		}
		w.err = errors.Join(w.err, err)
		w.mu.Unlock()
	}
}

// all waits for an alert of each probe, and returns how long they took.
func (w *watcher) all(
	ctx context.Context, sent map[g.DeviceID]time.Time,
) (map[g.DeviceID]time.Duration, error) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		w.mu.Lock()
		took := map[g.DeviceID]time.Duration{}
		for id, at := range sent {
			if came, ok := w.seen[id]; ok {
				took[id] = came.Sub(at)
			}
		}
		err := w.err
		w.mu.Unlock()
		switch {
		case err != nil:
			return nil, fmt.Errorf("live stream: %w", err)
		case len(took) == len(sent):
			return took, nil
		case time.Now().After(deadline):
			return nil, fmt.Errorf("of %d alerts %d came", len(sent), len(took))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
