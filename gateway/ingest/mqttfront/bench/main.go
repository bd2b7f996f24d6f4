//go:build linux

// Bench compares the gateway's MQTT front, acknowledging from a journal on disk, with Mosquitto,
// acknowledging from memory: the same publishers and subscribers, in turn, in one run, each server
// in a process of its own. It prints one line per bar (name, ours, theirs, ratio, bar, held or
// missed), and says unclear where the machine was too busy to judge.
//
//	go run ./gateway/ingest/mqttfront/bench -publishers 1000 -duration 5s -rounds 3 -json out.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	publishers, rounds, payload, idle int
	duration                          time.Duration
	deviceRate                        int
	json, dir, only, profile          string
}

func run(ctx context.Context, args []string) error {
	var o options
	var serve bool
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.BoolVar(&serve, "serve", false, "run the gateway's side only, as the bench does itself")
	fs.IntVar(&o.publishers, "publishers", 1000, "connections that publish")
	fs.IntVar(&o.rounds, "rounds", 3, "rounds of each side, taken in turn")
	fs.IntVar(&o.payload, "payload", 150, "bytes of JSON in a message")
	fs.IntVar(&o.idle, "idle", 5000, "connections of the idle measurement")
	fs.DurationVar(&o.duration, "duration", 5*time.Second, "measured time of one round")
	fs.StringVar(&o.json, "json", "", "also write the lines to this file as JSON")
	fs.StringVar(&o.dir, "dir", "", "folder for the journal; default a temporary one")
	fs.StringVar(&o.only, "only", "", "run only the bar with this name")
	fs.IntVar(&o.deviceRate, "device-rate", 0,
		"with -serve: publications per second of one device; 0 for no bound")
	fs.StringVar(&o.profile, "profile", "", "with -serve: write a CPU profile to this file")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "mqttbench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	if serve {
		return serveFront(ctx, o)
	}
	return compare(ctx, o)
}

// bar is a comparison: acknowledgements per second at a window.
type bar struct {
	name       string
	window     int
	subscriber bool
	want       float64
}

func compare(ctx context.Context, o options) error {
	bars := []bar{
		{"qos1-window10", 10, false, 1.5},
		{"qos1-window1", 1, false, 0.7},
		{"qos1-window10-subscriber", 10, true, 1},
	}
	var lines []measure.Line
	for _, b := range bars {
		if o.only != "" && o.only != b.name {
			continue
		}
		l, err := b.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		fmt.Println(l)
		lines = append(lines, l)
	}
	for _, b := range []struct {
		name string
		run  func(context.Context, options) (measure.Line, error)
	}{
		{"latency-half-load", latency("latency-half-load", 1)},
		{"latency-half-load-window10", latency("latency-half-load-window10", 10)},
		{"one-device-flooding", flooding},
		{"idle-connection", idle},
	} {
		if o.only != "" && o.only != b.name {
			continue
		}
		l, err := b.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		fmt.Println(l)
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return fmt.Errorf("no bar is named %q", o.only)
	}
	return measure.WriteJSON(o.json, lines)
}

// run takes both sides in turn and compares the medians.
func (b bar) run(ctx context.Context, o options) (measure.Line, error) {
	var ours, theirs []result
	for range o.rounds {
		for _, side := range []struct {
			start func(context.Context, options) (*server, error)
			into  *[]result
		}{{startFront, &ours}, {startMosquitto, &theirs}} {
			srv, err := side.start(ctx, o)
			if err != nil {
				return measure.Line{}, err
			}
			r, err := load(ctx, srv, o, b)
			err = errors.Join(err, srv.Stop())
			if err != nil {
				return measure.Line{}, err
			}
			*side.into = append(*side.into, r)
		}
	}
	a, t := median(ours), median(theirs)
	l := measure.Line{
		Name:   b.name,
		Unit:   "k/s",
		Ours:   a.rate / 1e3,
		Theirs: t.rate / 1e3,
		Ratio:  a.rate / t.rate,
		Bar:    fmt.Sprintf(">=%.1fx", b.want),
	}
	l.Held = l.Ratio >= b.want
	l.Note = fmt.Sprintf("server CPU/msg %.1f/%.1f us, load generator %.1f/%.1f us, p50 "+
		"%.1f/%.1f ms, p99 %.1f/%.1f ms",
		a.serverCPU, t.serverCPU, a.loadCPU, t.loadCPU, ms(a.p50), ms(t.p50), ms(a.p99), ms(t.p99))
	if b.subscriber {
		l.Note += fmt.Sprintf(", delivered of acknowledged %.1f/%.1f %%", 100*a.delivered,
			100*t.delivered)
	}
	return l, nil
}

func ms(d time.Duration) float64 { return measure.Milliseconds(d) }

func median(rs []result) result {
	slices.SortFunc(rs, func(a, b result) int { return int(a.rate - b.rate) })
	return rs[len(rs)/2]
}
