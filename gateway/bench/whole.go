//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

// cost is what one round took, in microseconds of CPU per message.
type cost struct {
	server, load float64
	parts        [2]float64 // Mosquitto, Telegraf
	behind       time.Duration
	rate         float64 // acknowledged a second
	others       float64 // cores that other processes used meanwhile
}

// whole compares what a message costs from its publication to where it is of use: decoded,
// admitted, on disk, in the telemetry, seen by a hundred rules, in the twin and on the live
// stream with the gateway; in a file with Mosquitto and Telegraf.
//
// It is taken twice: with every publisher sending as fast as it is acknowledged, as in the
// bars of the MQTT front, and at a rate, where each message is a write and a sync of its own.
func whole(ctx context.Context, o options) ([]measure.Line, error) {
	paced := o
	o.rate = 0
	fast, err := wholeAt(ctx, o, "whole-way")
	if err != nil {
		return nil, err
	}
	slow, err := wholeAt(ctx, paced, "whole-way-paced")
	return []measure.Line{fast, slow}, err
}

func wholeAt(ctx context.Context, o options, name string) (measure.Line, error) {
	if _, err := os.Stat(o.telegraf); err != nil {
		return measure.Line{}, fmt.Errorf("telegraf: %w: deploy/setup/telegraf.sh builds it", err)
	}
	if o.sample {
		o.publishers = 100
		o.rounds = 1
		o.duration = 2 * time.Second
		o.flood = 5000
	}
	var ours, theirs []cost
	for range o.rounds {
		for _, side := range []struct {
			round func(context.Context, options) (cost, error)
			into  *[]cost
		}{{ourRound, &ours}, {theirRound, &theirs}} {
			c, err := side.round(ctx, o)
			if err != nil {
				return measure.Line{}, err
			}
			*side.into = append(*side.into, c)
		}
	}
	a, t := median(ours), median(theirs)
	l := measure.Line{
		Name:   name,
		Unit:   "us CPU/msg",
		Ours:   a.server,
		Theirs: t.server,
		Ratio:  a.server / t.server,
		Bar:    "<=0.50x",
	}
	l.Held = l.Ratio <= 0.5
	others := max(slices.MaxFunc(ours, byOthers).others, slices.MaxFunc(theirs, byOthers).others)
	pace := fmt.Sprintf("%d in flight each, %.1f/%.1f k/s acknowledged", full, a.rate/1e3,
		t.rate/1e3)
	if o.rate > 0 {
		slowest := slices.MinFunc(ours, byRate).rate
		l.Held = l.Held && reached(slowest, float64(o.rate))
		pace = fmt.Sprintf("%d/s, of which %.0f/%.0f were acknowledged in the slowest round",
			o.rate, slowest, slices.MinFunc(theirs, byRate).rate)
	}
	l.Note = fmt.Sprintf("theirs is Mosquitto %.1f and Telegraf %.1f; %d publishers at QoS 1, "+
		"%s, %d messages, %d rounds, ours %.1f to %.1f, theirs %.1f to %.1f; load generator "+
		"%.1f/%.1f; nothing lost; caught up %.1f/%.1f s after the last acknowledgement; others "+
		"used up to %.2f cores",
		t.parts[0], t.parts[1], o.publishers, pace, o.messages(), o.rounds,
		slices.MinFunc(ours, byServer).server, slices.MaxFunc(ours, byServer).server,
		slices.MinFunc(theirs, byServer).server, slices.MaxFunc(theirs, byServer).server,
		a.load, t.load, a.behind.Seconds(), t.behind.Seconds(), others)
	return l, nil
}

func byServer(a, b cost) int { return int(1000 * (a.server - b.server)) }
func byRate(a, b cost) int   { return int(1000 * (a.rate - b.rate)) }
func byOthers(a, b cost) int { return int(1000 * (a.others - b.others)) }

func median(cs []cost) cost {
	s := slices.SortedFunc(slices.Values(cs), byServer)
	return s[len(s)/2]
}

// meter reads the CPU of processes before and after.
type meter struct {
	processes []*measure.Process
	cpu       []time.Duration
	own, rest time.Duration // of this process, and of all others
	began     time.Time
}

func newMeter(ps ...*measure.Process) (*meter, error) {
	m := &meter{
		processes: ps,
		cpu:       make([]time.Duration, len(ps)),
		began:     time.Now(),
	}
	for i, p := range ps {
		var err error
		if m.cpu[i], err = p.CPU(); err != nil {
			return nil, err
		}
	}
	var err1, err2 error
	m.own, err1 = measure.OwnCPU()
	m.rest, err2 = measure.OthersCPU(ps...)
	return m, errors.Join(err1, err2)
}

func (m *meter) cost(messages int) (cost, error) {
	now, err := newMeter(m.processes...)
	if err != nil {
		return cost{}, err
	}
	per := func(d time.Duration) float64 { return d.Seconds() * 1e6 / float64(messages) }
	c := cost{load: per(now.own - m.own)}
	for i := range m.cpu {
		used := now.cpu[i] - m.cpu[i]
		c.parts[i] = per(used)
		c.server += per(used)
	}
	c.others = max(0, (now.rest-m.rest).Seconds()/now.began.Sub(m.began).Seconds())
	return c, nil
}

// messages is how many are published in a round.
func (o options) messages() int {
	if o.rate == 0 {
		return o.flood
	}
	return int(float64(o.rate) * o.duration.Seconds())
}

// publish sends messages at the rate, or as fast as they are acknowledged.
func (o options) publish(ctx context.Context, l *load, messages int) error {
	if o.rate == 0 {
		return l.flood(ctx, messages)
	}
	return l.run(ctx, float64(o.rate), messages)
}

// warm is how many messages are published before, unmeasured.
func (o options) warm() int { return max(o.publishers, o.messages()/5) }

func ourRound(ctx context.Context, o options) (c cost, err error) {
	dir, err := os.MkdirTemp(o.dir, "gateway")
	if err != nil {
		return cost{}, err
	}
	defer os.RemoveAll(dir)
	s, err := prepare(ctx, dir, o.publishers)
	if err != nil {
		return cost{}, err
	}
	gw, err := start(ctx, o, s)
	if err != nil {
		return cost{}, err
	}
	defer func() { err = errors.Join(err, gw.Stop()) }()
	l, err := dialAll(ctx, gw.mqtt, s.devices)
	if err != nil {
		return cost{}, err
	}
	defer l.close()
	if err := o.publish(ctx, l, o.warm()); err != nil {
		return cost{}, err
	}
	before, err := gw.caughtUp(ctx, time.Minute)
	if err != nil {
		return cost{}, err
	}
	m, err := newMeter(gw.Process)
	if err != nil {
		return cost{}, err
	}
	if err := o.publish(ctx, l, o.messages()); err != nil {
		return cost{}, err
	}
	acked := time.Now()
	after, err := gw.caughtUp(ctx, 5*time.Minute)
	if err != nil {
		return cost{}, err
	}
	if c, err = m.cost(o.messages()); err != nil {
		return cost{}, err
	}
	c.behind, c.rate = time.Since(acked), float64(o.messages())/acked.Sub(m.began).Seconds()
	return c, gw.complete(ctx, before, after, o.messages())
}

// complete says whether all messages became events and all values samples.
func (gw *gateway) complete(ctx context.Context, before, after status, messages int) error {
	if got := after.Journal.Accepted - before.Journal.Accepted; got != uint64(messages) ||
		after.Journal.Rejected > 0 {
		return fmt.Errorf("of %d messages %d were admitted, and %d rejected", messages, got,
			after.Journal.Rejected)
	}
	got, err := gw.metrics(ctx, "gatehouse_telemetry_dropped_total")
	if err != nil {
		return err
	}
	if n := got["gatehouse_telemetry_dropped_total"]; n > 0 {
		return fmt.Errorf("%.0f readings became no sample", n)
	}
	return nil
}

func theirRound(ctx context.Context, o options) (c cost, err error) {
	dir, err := os.MkdirTemp(o.dir, "peers")
	if err != nil {
		return cost{}, err
	}
	defer os.RemoveAll(dir)
	broker, addr, err := measure.Mosquitto(ctx, dir)
	if err != nil {
		return cost{}, err
	}
	defer func() { err = errors.Join(err, broker.Stop()) }()
	to := filepath.Join(dir, "telemetry.json")
	agent, err := telegraf(ctx, o, dir, addr, to)
	if err != nil {
		return cost{}, err
	}
	defer func() { err = errors.Join(err, agent.Stop()) }()
	l, err := dialAll(ctx, addr, someDevices(o.publishers))
	if err != nil {
		return cost{}, err
	}
	defer l.close()
	if err := o.publish(ctx, l, o.warm()); err != nil {
		return cost{}, err
	}
	if err := written(ctx, to, o.warm()); err != nil {
		return cost{}, err
	}
	m, err := newMeter(broker, agent)
	if err != nil {
		return cost{}, err
	}
	if err := o.publish(ctx, l, o.messages()); err != nil {
		return cost{}, err
	}
	acked := time.Now()
	if err := written(ctx, to, o.warm()+o.messages()); err != nil {
		return cost{}, err
	}
	if c, err = m.cost(o.messages()); err != nil {
		return cost{}, err
	}
	c.behind, c.rate = time.Since(acked), float64(o.messages())/acked.Sub(m.began).Seconds()
	return c, nil
}

func someDevices(n int) []device {
	out := make([]device, n)
	for i := range out {
		out[i].id = deviceID(i)
	}
	return out
}

// telegraf reads everything from the broker at QoS 1 and writes it to a file as JSON, in
// batches of the size that it has by default. It returns once it has subscribed.
func telegraf(ctx context.Context, o options, dir, broker, to string) (*measure.Process, error) {
	conf := filepath.Join(dir, "telegraf.conf")
	text := fmt.Sprintf(`[agent]
  flush_interval = "1s"
  metric_batch_size = 1000
  metric_buffer_limit = 100000
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://%s"]
  topics = ["gh/v1/+/+/telemetry"]
  qos = 1
  max_undelivered_messages = 10000
  data_format = "json"
[[outputs.file]]
  files = ["%s"]
  data_format = "json"
`, broker, to)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.telegraf, "--config", conf)
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &measure.Process{Cmd: cmd}
	connected := make(chan bool, 1)
	go func() { // ends with the process
		watch(out, "Connected", connected)
	}()
	select {
	case <-connected:
		return p, nil
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), p.Stop())
	case <-time.After(20 * time.Second):
		return nil, errors.Join(errors.New("telegraf did not connect"), p.Stop())
	}
}

// watch reads until the end and reports once when word has come.
func watch(r io.Reader, word string, seen chan<- bool) {
	var all []byte
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		if seen != nil {
			if all = append(all, buf[:n]...); bytes.Contains(all, []byte(word)) {
				seen <- true
				seen, all = nil, nil
			}
		}
		if err != nil {
			return
		}
	}
}

// written waits until a file has so many lines.
func written(ctx context.Context, file string, lines int) error {
	got, at := 0, int64(0)
	buf := make([]byte, 1<<20)
	for deadline := time.Now().Add(5 * time.Minute); ; {
		f, err := os.Open(file)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		for err == nil {
			var n int
			n, err = f.ReadAt(buf, at)
			got += bytes.Count(buf[:n], []byte("\n"))
			at += int64(n)
		}
		if f != nil {
			f.Close()
		}
		switch {
		case got >= lines:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("telegraf wrote %d of %d messages", got, lines)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
