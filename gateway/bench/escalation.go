//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

const (
	escalations = 15              // alerts that nobody answers, on each side
	apart       = 4 * time.Second // between two, so that each has a letter of its own
)

// escalation measures how late the second level's letter is at the mail server, counted from the
// alert's time and a minute: of the whole gateway, from a reading on, and of GoAlert, from a request on,
// in the same minutes and to the same mail server.
func escalation(ctx context.Context, o options) (measure.Line, error) {
	alerts, between, minutes := escalations, apart, 1
	if o.sample {
		alerts, between, minutes = 2, time.Millisecond, 0
	}
	dir, err := os.MkdirTemp(o.dir, "escalation")
	if err != nil {
		return measure.Line{}, err
	}
	defer os.RemoveAll(dir)
	mail, err := newSink()
	if err != nil {
		return measure.Line{}, err
	}
	defer mail.close()
	s, err := prepare(ctx, dir, alerts)
	if err == nil {
		err = s.withGuards(ctx, mail, minutes)
	}
	if err != nil {
		return measure.Line{}, err
	}
	gw, err := start(ctx, o, s)
	if err != nil {
		return measure.Line{}, err
	}
	ours, theirs, err := bothEscalate(ctx, o, gw, s, mail, between, time.Duration(minutes)*time.Minute)
	if err = errors.Join(err, gw.Stop()); err != nil {
		return measure.Line{}, err
	}
	most := slices.Max(ours)
	line := measure.Line{
		Name: "second-level-letter",
		Unit: "ms after its time, most",
		Ours: measure.Milliseconds(most),
		Bar:  "<1000 ms",
		Held: most < time.Second || o.sample,
		Note: fmt.Sprintf("%d alerts each; ours p50 %.0f ms; load %s", alerts,
			measure.Milliseconds(measure.Percentile(ours, 50)), measure.LoadAverage()),
	}
	if len(theirs) > 0 {
		line.Beside = "GoAlert"
		line.Theirs = measure.Milliseconds(slices.Max(theirs))
		line.Ratio = line.Ours / line.Theirs
		line.Note += fmt.Sprintf("; GoAlert p50 %.0f ms",
			measure.Milliseconds(measure.Percentile(theirs, 50)))
	}
	return line, nil
}

// bothEscalate raises alerts on both sides, in turn, and returns how late the second letters were.
func bothEscalate(
	ctx context.Context, o options, gw *gateway, s *school, mail *sink, between, after time.Duration,
) (ours, theirs []time.Duration, err error) {
	var peer *goalert
	if !o.sample {
		if peer, err = startGoAlert(ctx, o, s.dir, mail, len(s.devices)); err != nil {
			return nil, nil, err
		}
		defer func() { err = errors.Join(err, peer.Stop()) }()
	}
	probes, err := dialProbes(gw.mqtt, s.devices)
	defer func() {
		for _, p := range probes {
			p.conn.Close()
		}
	}()
	if err != nil {
		return nil, nil, err
	}
	raised := make([]time.Time, len(probes))
	raisedThere := make([]time.Time, len(probes))
	had := len(mail.to(addressOf(guards()[1]))) // the code of his address
	for i, p := range probes {
		raised[i] = time.Now()
		if _, err := p.conn.Write(p.packet); err != nil {
			return nil, nil, fmt.Errorf("publish a probe: %w", err)
		}
		if peer != nil {
			raisedThere[i] = time.Now()
			if err := peer.raise(i); err != nil {
				return nil, nil, err
			}
		}
		if err := pause(ctx, between); err != nil {
			return nil, nil, err
		}
	}
	patience := after + time.Minute
	letters, err := mail.wait(ctx, addressOf(guards()[1]), had+len(probes), patience)
	if err != nil {
		return nil, nil, fmt.Errorf("ours: %w", err)
	}
	for i, l := range letters[had:] {
		ours = append(ours, l.at.Sub(raised[i].Add(after)))
	}
	if peer == nil {
		return ours, nil, nil
	}
	var waited sync.WaitGroup
	theirs = make([]time.Duration, peer.count)
	failed := make([]error, peer.count)
	for i := range peer.count {
		waited.Go(func() {
			got, err := mail.wait(ctx, goalertTo(i, 1), 1, patience)
			if err != nil {
				failed[i] = fmt.Errorf("GoAlert: %w", err)
				return
			}
			theirs[i] = got[0].at.Sub(raisedThere[i].Add(after))
		})
	}
	waited.Wait()
	return ours, theirs, errors.Join(failed...)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
