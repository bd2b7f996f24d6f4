// Command equipment runs simulated school equipment from a scenario file:
//
//	gatehouse-sim -scenario school.yaml [-control 127.0.0.1:0]
//
// Once everything listens it prints one line of JSON with the addresses. It refuses to be
// controlled from another machine.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gatehouse-sim:", err)
		os.Exit(1)
	}
}

// run is the program; it returns nil once ctx ends.
func run(ctx context.Context, args []string, out, errs io.Writer) error {
	f := flag.NewFlagSet("gatehouse-sim", flag.ContinueOnError)
	f.SetOutput(errs)
	file := f.String("scenario", "", "`file` that says what stands where (required)")
	listen := f.String("control", "",
		"loopback `address` to be driven from, e.g. 127.0.0.1:0 (default: none)")
	check := f.Bool("check", false, "read the scenario, say whether it is good, and end")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *file == "" {
		f.Usage()
		return errors.New("name a scenario with -scenario")
	}
	b, err := os.ReadFile(*file)
	if err != nil {
		return fmt.Errorf("read scenario: %w", err)
	}
	s, err := sim.Parse(b, filepath.Dir(*file))
	if err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	if *check {
		fmt.Fprintf(out, "%s is good: %d pieces of equipment, %d steps\n", *file, len(s.Equipment),
			len(s.Script))
		return nil
	}
	all, err := sim.New(s, slog.New(slog.NewTextHandler(errs, nil)))
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	control := ""
	if *listen != "" {
		c, err := sim.NewControl(all, *listen)
		if err != nil {
			return err
		}
		control = c.Addr()
		g.Go(func() error { return c.Run(ctx) })
	}
	g.Go(func() error { return all.Run(ctx) })
	g.Go(func() error {
		select {
		case <-all.Ready():
			return announce(out, s, all, control)
		case <-ctx.Done():
			return nil
		}
	})
	return g.Wait()
}

func announce(out io.Writer, s sim.Scenario, all *sim.Sim, control string) error {
	at := map[string]string{}
	for _, e := range s.Equipment {
		if a := all.Addr(e.ID); a != "" {
			at[e.ID] = a
		}
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"ready":     true,
		"control":   control,
		"equipment": at,
	})
}
