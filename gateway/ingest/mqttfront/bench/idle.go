//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

func notifyTerm(c chan os.Signal) { signal.Notify(c, syscall.SIGTERM) }

// idle measures what a connection costs that sends nothing.
func idle(ctx context.Context, o options) (measure.Line, error) {
	ours, err := idleSide(ctx, o, startFront)
	if err != nil {
		return measure.Line{}, err
	}
	theirs, err := idleSide(ctx, o, startMosquitto)
	if err != nil {
		return measure.Line{}, err
	}
	return measure.Line{
		Name:   "idle-connection",
		Unit:   "KB",
		Ours:   ours / 1024,
		Theirs: theirs / 1024,
		Ratio:  ours / theirs,
		Bar:    "<=30 KB",
		Held:   ours <= 30*1024,
		Note:   fmt.Sprintf("resident memory over %d connections", o.idle),
	}, nil
}

func idleSide(
	ctx context.Context, o options, start func(context.Context, options) (*server, error),
) (bytes float64, err error) {
	srv, err := start(ctx, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, srv.Stop()) }()
	before, err := srv.Resident()
	if err != nil {
		return 0, err
	}
	conns := make([]net.Conn, 0, o.idle)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range o.idle {
		c, err := measure.Dial(srv.addr, fmt.Sprintf("idle-%05d", i), "", "")
		if err != nil {
			return 0, err
		}
		conns = append(conns, c)
	}
	select { // memory that only connecting needed is given back by then, or counts
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(3 * time.Second):
	}
	after, err := srv.Resident()
	if err != nil {
		return 0, err
	}
	return float64(after-before) / float64(o.idle), nil
}
