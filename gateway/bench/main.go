//go:build linux

// Bench measures the whole gateway, as "gateway serve" runs it: what a message costs from its
// publication to the last reader behind the journal, beside Mosquitto and Telegraf; how long
// an alert takes to the live stream; whether a district's fleet can run on without anything
// growing; how soon a gateway that was killed acknowledges again; and, beside GoAlert and
// Alertmanager, when who is on duty is told, and by how many letters. It prints one line per
// bar (name, ours, theirs, ratio, bar, held or missed), and unclear where other processes
// were busy on the machine.
//
//	make bench, or deploy/setup/telegraf.sh and
//	go run ./gateway/bench -gateway bin/gateway -telegraf .cache/bin/telegraf-v1.30.0 -only whole
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	gateway, telegraf, dir, json, profile, serve string
	goalert, postgres                            string // of escalation

	publishers, rounds, rate, flood int // of the part whole
	duration                        time.Duration
	probes, walls                   int // of alerts
	devices, senders                int // of the fleet
	minutes                         float64
	records                         int // of the restart
	sample                          bool
}

// parts are the bars by name, in the order in which they run.
func parts() []struct {
	name string
	run  func(context.Context, options) ([]measure.Line, error)
} {
	type single = func(context.Context, options) (measure.Line, error)
	one := func(part single) func(context.Context, options) ([]measure.Line, error) {
		return func(ctx context.Context, o options) ([]measure.Line, error) {
			l, err := part(ctx, o)
			return []measure.Line{l}, err
		}
	}
	return []struct {
		name string
		run  func(context.Context, options) ([]measure.Line, error)
	}{{"whole", whole}, {"alerts", one(alerts)}, {"fleet", one(fleet)}, {"restart", one(restart)},
		{"escalation", one(escalation)}, {"gathering", gathering}}
}

func run(ctx context.Context, args []string) error {
	var o options
	var only string
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.StringVar(&only, "only", "",
		"the `PARTS` to run, with commas between them: whole, alerts, fleet, restart, escalation, gathering; "+
			"default all")
	fs.StringVar(&o.gateway, "gateway", "bin/gateway",
		"the gateway's `PROGRAM`; empty: this one runs the gateway itself, as gateway serve does")
	fs.StringVar(&o.telegraf, "telegraf", ".cache/bin/telegraf-v1.30.0",
		"Telegraf's `PROGRAM`, as deploy/setup/telegraf.sh builds it")
	fs.StringVar(&o.goalert, "goalert", ".cache/bin/goalert-v0.34.1",
		"GoAlert's `PROGRAM`, as deploy/setup/goalert.sh builds it")
	fs.StringVar(&o.postgres, "postgres", os.Getenv("GATEHOUSE_TEST_POSTGRES"),
		"the `DSN` of a PostgreSQL for GoAlert, as deploy/setup/postgres.sh gives it")
	fs.StringVar(&o.dir, "dir", "",
		"`FOLDER` for what is written, on a real disk; default a temporary one")
	fs.StringVar(&o.json, "json", "",
		"also write each part's line to this `FILE` as JSON; %s in it is the part's name")
	fs.StringVar(&o.profile, "profile", "",
		"write a CPU profile of the gateway to this `FILE`; the gateway is then this program")
	fs.StringVar(&o.serve, "serve", "",
		"run the gateway on this configuration `FILE`, as -profile and an empty -gateway have it "+
			"done")
	fs.IntVar(&o.publishers, "publishers", 1000, "whole, alerts, restart: connections that publish")
	fs.IntVar(&o.rate, "rate", 10_000, "whole, alerts: messages a second")
	fs.IntVar(&o.flood, "flood", 300_000, "whole: messages of a round without a rate")
	fs.IntVar(&o.rounds, "rounds", 3, "whole: rounds of each side, taken in turn")
	fs.DurationVar(&o.duration, "duration", 10*time.Second,
		"whole: time in which one round is published")
	fs.IntVar(&o.probes, "probes", 300, "alerts: how many are raised")
	fs.IntVar(&o.walls, "walls", 50, "alerts: walls that are open")
	fs.IntVar(&o.devices, "devices", 100_000, "fleet: devices that are registered")
	fs.IntVar(&o.senders, "senders", 10_000, "fleet: devices that send, once a second")
	fs.Float64Var(&o.minutes, "minutes", 10, "fleet: how long")
	fs.IntVar(&o.records, "records", 10_000_000, "restart: records in the journal")
	fs.BoolVar(&o.sample, "sample", false,
		"only see that each part works and nothing is lost: no time is judged")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if o.serve != "" {
		return serve(ctx, o)
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "gatewaybench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	var err error
	if o.dir, err = filepath.Abs(o.dir); err != nil { // the configuration's paths begin elsewhere
		return err
	}
	ran := 0
	for _, p := range parts() {
		if only != "" && !strings.Contains(","+only+",", ","+p.name+",") {
			continue
		}
		ran++
		lines, err := p.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, l := range lines {
			fmt.Println(l)
		}
		if err := measure.WriteJSON(strings.ReplaceAll(o.json, "%s", p.name), lines); err != nil {
			return err
		}
	}
	if ran == 0 {
		return fmt.Errorf("no part is named %q; use whole, alerts, fleet, restart, "+
			"escalation or gathering", only)
	}
	return nil
}

// say shows how far a long part is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "  "+format+"\n", args...) }
