//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

const (
	mostRSS   = 1.5 * (1 << 30)
	sampleGap = 5 * time.Second
)

// fleet has a district's devices send for long enough to see what grows: every place
// where something can wait is sampled every few seconds, and the second half of the time
// is compared with the first.
func fleet(ctx context.Context, o options) (measure.Line, error) {
	gap := sampleGap
	if o.sample {
		o.devices = 2000
		o.senders = 300
		o.minutes = 0.1
		gap = 500 * time.Millisecond
	}
	dir, err := os.MkdirTemp(o.dir, "fleet")
	if err != nil {
		return measure.Line{}, err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	s, err := prepare(ctx, dir, o.devices)
	if err != nil {
		return measure.Line{}, err
	}
	say("fleet: %d devices registered in %.1f s", o.devices, time.Since(began).Seconds())
	gw, err := start(ctx, o, s)
	if err != nil {
		return measure.Line{}, err
	}
	l, err := goOn(ctx, o, gw, s, gap)
	return l, errors.Join(err, gw.Stop())
}

func goOn(
	ctx context.Context, o options, gw *gateway, s *school, gap time.Duration,
) (measure.Line, error) {
	began := time.Now()
	connecting, err := newMeter(gw.Process)
	if err != nil {
		return measure.Line{}, err
	}
	l, err := dialAll(ctx, gw.mqtt, s.devices[:o.senders])
	if err != nil {
		return measure.Line{}, err
	}
	defer l.close()
	before, err := gw.caughtUp(ctx, 2*time.Minute)
	if err != nil {
		return measure.Line{}, err
	}
	door, err := connecting.cost(o.senders)
	if err != nil {
		return measure.Line{}, err
	}
	say("fleet: %d devices connected in %.1f s, %.0f us CPU of the gateway each", o.senders,
		time.Since(began).Seconds(), door.server)
	sending, err := newMeter(gw.Process)
	if err != nil {
		return measure.Line{}, err
	}
	messages := int(float64(o.senders) * 60 * o.minutes)
	loaded := make(chan error, 1)
	go func() { loaded <- l.run(ctx, float64(o.senders), messages) }()
	samples, err := gw.sample(ctx, gap, loaded)
	if err != nil {
		return measure.Line{}, err
	}
	after, err := gw.caughtUp(ctx, 2*time.Minute)
	if err != nil {
		return measure.Line{}, err
	}
	c, err := sending.cost(messages)
	if err != nil {
		return measure.Line{}, err
	}
	if err := gw.complete(ctx, before, after, messages); err != nil {
		return measure.Line{}, err
	}
	// since the start, so it includes connecting and the first tenth, which the samples leave out
	peak, err := gw.Peak()
	if err != nil {
		return measure.Line{}, err
	}
	if len(samples) < 4 {
		return measure.Line{}, errors.New("too short to see anything grow: give more -minutes")
	}
	return verdict(
		o,
		samples,
		float64(peak),
		c,
		door,
		l,
	), nil
}

// reading is what was found waiting at one moment, by place.
type reading map[string]float64

// sample looks every gap until the load is over. It drops the first tenth of the samples, in which
// everything is seen for the first time.
func (gw *gateway) sample(
	ctx context.Context, gap time.Duration, loaded <-chan error,
) ([]reading, error) {
	var all []reading
	tick := time.NewTicker(gap)
	defer tick.Stop()
	shown := time.Now()
	for {
		select {
		case err := <-loaded:
			return all[len(all)/10:], err
		case <-tick.C:
		}
		r, err := gw.look(ctx)
		if err != nil {
			return nil, errors.Join(err, drained(loaded))
		}
		all = append(all, r)
		if time.Since(shown) >= 30*time.Second {
			shown = time.Now()
			say("fleet: %s", r)
		}
	}
}

func drained(loaded <-chan error) error { return <-loaded }

func (gw *gateway) look(ctx context.Context) (reading, error) {
	s, err := gw.status(ctx)
	if err != nil {
		return nil, err
	}
	m, err := gw.metrics(ctx, "go_goroutines", "gatehouse_telemetry_series",
		"go_memstats_heap_inuse_bytes")
	if err != nil {
		return nil, err
	}
	rss, err := gw.Resident()
	if err != nil {
		return nil, err
	}
	r := reading{
		"rss":            float64(rss),
		"heap":           m["go_memstats_heap_inuse_bytes"],
		"goroutines":     m["go_goroutines"],
		"series":         m["gatehouse_telemetry_series"],
		"unacknowledged": float64(s.MQTT.Received) - float64(s.MQTT.Acknowledged),
	}
	for _, c := range s.Cursors {
		r["lag "+c.Name] = float64(c.Lag)
	}
	return r, nil
}

// String is the reading in one line.
func (r reading) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		switch name {
		case "rss", "heap":
			parts = append(parts, fmt.Sprintf("%s %.0f MB", name, r[name]/(1<<20)))
		default:
			parts = append(parts, fmt.Sprintf("%s %.0f", name, r[name]))
		}
	}
	return strings.Join(parts, ", ")
}

func verdict(o options, samples []reading, rss float64, c, door cost, load *load) measure.Line {
	half := len(samples) / 2
	var grown, was []string
	for _, name := range slices.Sorted(maps.Keys(samples[0])) {
		a, b := middle(samples[:half], name), middle(samples[half:], name)
		switch name {
		// judged by a limit, not by growth: the telemetry of the last hours stays in memory until
		// it is compacted
		case "rss", "heap":
			was = append(was, fmt.Sprintf("%s %.0f to %.0f MB", name, a/(1<<20), b/(1<<20)))
			continue
		}
		was = append(was, fmt.Sprintf("%s %.0f to %.0f", name, a, b))
		if b > 1.25*a+slack(name, o) {
			grown = append(grown, name)
		}
	}
	l := measure.Line{
		Name: "fleet-goes-on",
		Unit: "MB peak RSS",
		Ours: rss / (1 << 20),
		Bar:  "<1536 MB and no queue grows",
		Held: rss < mostRSS && len(grown) == 0 && reached(load.rate, float64(o.senders)),
	}
	// a few seconds show that the sampling works, not that nothing grows
	if o.sample {
		l.Held = true
	}
	l.Unclear = !l.Held && rss < mostRSS && c.others > 0.5
	if len(grown) > 0 {
		l.Note = "grown: " + strings.Join(grown, ", ") + "; "
	}
	l.Note += fmt.Sprintf("%d devices, %d of them sending 3 values each second for %.1f minutes, "+
		"%.0f messages/s acknowledged and nothing lost; middle of the first half to the second: "+
		"%s; gateway %.1f and load generator %.1f us CPU per message, %.0f us per connection; "+
		"the generator's own lateness p99 %.1f ms; others used %.2f cores",
		o.devices, o.senders, o.minutes, load.rate, strings.Join(was, ", "), c.server, c.load,
		door.server, measure.Milliseconds(measure.Percentile(load.late, 99)), c.others)
	return l
}

// slack is how much more may wait at one moment than at another without growth: a second's
// messages, or a few goroutines of the API.
func slack(name string, o options) float64 {
	if name == "goroutines" || name == "series" {
		return 50
	}
	return float64(o.senders)
}

// middle is the median of a place over samples.
func middle(samples []reading, name string) float64 {
	values := make([]float64, len(samples))
	for i, r := range samples {
		values[i] = r[name]
	}
	slices.Sort(values)
	return values[len(values)/2]
}
