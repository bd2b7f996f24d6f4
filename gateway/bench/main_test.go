//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

// TestMain runs the gateway when this test binary is started with -serve, as the benchmark does.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-serve") {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := run(ctx, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestSample runs, on a small scale, the parts that need no other software, and judges no time: it
// checks that devices connect, every message becomes an event and its samples, every alert comes,
// every reader catches up, and a gateway that was killed goes on.
func TestSample(t *testing.T) {
	for _, part := range parts() {
		if part.name == "whole" { // needs Mosquitto and Telegraf
			continue
		}
		t.Run(part.name, func(t *testing.T) {
			lines, err := part.run(t.Context(), options{sample: true, dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines {
				t.Log(l)
				if !l.Held {
					t.Errorf("got %v, want it held", l)
				}
			}
		})
	}
}
