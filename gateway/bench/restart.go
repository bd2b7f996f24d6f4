//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// restart kills a gateway with a long journal that most of its readers have still to read, in
// the middle of its work, and measures how long the next one takes, from its start, until it
// has acknowledged a publication; then it watches the readers catch up.
func restart(ctx context.Context, o options) (measure.Line, error) {
	watched := 30 * time.Second
	if o.sample {
		o.publishers = 50
		o.rate = 500
		o.records = 20_000
		watched = time.Minute
	}
	dir, err := os.MkdirTemp(o.dir, "restart")
	if err != nil {
		return measure.Line{}, err
	}
	defer os.RemoveAll(dir)
	s, err := prepare(ctx, dir, max(o.publishers, min(10_000, o.records/100)))
	if err != nil {
		return measure.Line{}, err
	}
	began := time.Now()
	if err := s.fill(ctx, o.records); err != nil {
		return measure.Line{}, fmt.Errorf("fill the journal: %w", err)
	}
	say("restart: %d records written in %.1f s", o.records, time.Since(began).Seconds())
	if err := s.killed(ctx, o); err != nil {
		return measure.Line{}, err
	}
	began = time.Now()
	gw, err := start(ctx, o, s)
	if err != nil {
		return measure.Line{}, err
	}
	l, err := s.again(ctx, o, gw, began, watched)
	return l, errors.Join(err, gw.Stop())
}

// fill writes readings as the gateway would have journalled them: every device once a second,
// up to now.
func (s *school) fill(ctx context.Context, records int) error {
	// as the gateway opens it
	j, err := journal.Open(filepath.Join(s.dir, "journal"), journal.Options{})
	if err != nil {
		return err
	}
	rounds := records / len(s.devices)
	from := time.Now().Add(-time.Duration(rounds+1) * time.Second).Truncate(time.Millisecond)
	failed := make(chan error, 1)
	done := func(_ uint64, err error) {
		if err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	}
	var buf []byte
	for i := range records {
		d := s.devices[i%len(s.devices)].id
		at := from.Add(time.Duration(i/len(s.devices)) * time.Second)
		e := g.Event{
			Kind:     g.EventReading,
			School:   schoolID,
			Device:   d,
			Zone:     zoneID(i % len(s.devices) % zones(len(s.devices))),
			Driver:   g.DriverMQTTFront,
			Time:     at,
			Received: at,
			Reading: &g.Reading{
				Values: map[string]g.Value{
					"temperature": g.NumberValue(20 + float64(i%100)/10),
					"humidity":    g.NumberValue(40),
					"co2":         g.NumberValue(600),
				},
			},
		}
		if buf, err = event.Append(buf[:0], &e); err == nil {
			err = j.Append(string(d), buf, done)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			break
		}
	}
	err = errors.Join(err, j.Close())
	select {
	case first := <-failed:
		err = errors.Join(err, first)
	default:
	}
	return err
}

// killed runs the gateway for a while, with devices sending, and kills it.
func (s *school) killed(ctx context.Context, o options) error {
	gw, err := start(ctx, o, s)
	if err != nil {
		return err
	}
	l, err := dialAll(ctx, gw.mqtt, s.devices[:o.publishers])
	if err == nil {
		err = l.run(ctx, float64(o.rate), 3*o.rate)
		l.close()
	}
	if kerr := gw.Cmd.Process.Kill(); kerr != nil {
		return errors.Join(err, kerr)
	}
	_ = gw.Cmd.Wait() // says that it was killed
	return err
}

func (s *school) again(
	ctx context.Context, o options, gw *gateway, began time.Time, watched time.Duration,
) (measure.Line, error) {
	ready := time.Since(began)
	if err := firstAck(gw.mqtt, &s.devices[0]); err != nil {
		return measure.Line{}, fmt.Errorf("first publication: %w", err)
	}
	acked := time.Since(began)
	say("restart: acknowledging %.2f s after the start", acked.Seconds())
	l, err := dialAll(ctx, gw.mqtt, s.devices[:o.publishers])
	if err != nil {
		return measure.Line{}, err
	}
	defer l.close()
	first, err := gw.status(ctx)
	if err != nil {
		return measure.Line{}, err
	}
	last, begun, path := first, time.Now(), []string{}
	for time.Since(begun) < watched { // a light load goes on meanwhile
		if err := l.run(ctx, float64(o.rate)/10, o.rate/10); err != nil {
			return measure.Line{}, err
		}
		if last, err = gw.status(ctx); err != nil {
			return measure.Line{}, err
		}
		lag, who := last.lag()
		path = append(path, fmt.Sprintf("%s %d", who, lag))
		if lag <= uint64(6*o.rate/10) { // what comes in between two commits of the rules
			break
		}
	}
	say("restart: the slowest reader, second by second: %s", strings.Join(path, ", "))
	line := measure.Line{
		Name: "restart-after-kill",
		Unit: "s",
		Ours: acked.Seconds(),
		Bar:  "<=5 s",
		Held: acked <= 5*time.Second || o.sample,
	}
	var moved []string
	for i, c := range first.Cursors {
		now := last.Cursors[i]
		if now.Lag >= c.Lag && c.Lag > uint64(o.rate) {
			line.Held = false
			line.Note = c.Name + " does not catch up; "
		}
		moved = append(moved, fmt.Sprintf("%s %d to %d", c.Name, c.Lag, now.Lag))
	}
	line.Note += fmt.Sprintf("%d records; ready %.2f s after the start, first acknowledgement "+
		"after %.2f s; events behind, in %.0f s with %d messages/s coming in: %s; the page cache "+
		"was warm; load average %s",
		o.records, ready.Seconds(), acked.Seconds(), time.Since(begun).Seconds(), o.rate/10,
		strings.Join(moved, ", "), measure.LoadAverage())
	return line, nil
}

// firstAck publishes once and waits until it is acknowledged.
func firstAck(addr string, d *device) error {
	conn, err := measure.Dial(addr, "first", string(d.id), d.password)
	if err != nil {
		return err
	}
	defer conn.Close()
	packet, idAt := measure.Publish(d.topic(), []byte(`{"temperature":21.25}`))
	packet[idAt+1] = 1
	var ack [4]byte
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := conn.Write(packet); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, ack[:])
	if err == nil && ack[0] != 0x40 {
		err = fmt.Errorf("packet % x where an acknowledgement was due", ack)
	}
	return err
}
