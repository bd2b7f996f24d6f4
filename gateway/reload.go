package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

const reloadHelp = `Usage: gateway reload [--dry-run] [--config FILE | --data-dir DIR]

Has the running gateway read its configuration, rules, procedures and certificates anew, and says
what changed; with --dry-run it only says what would. Rules, drivers, certificates, limits and the
log's level take effect at once, devices and browsers stay connected, and a driver whose entry
changed is started anew. What needs a restart is said and waits for it. A mistake in a file changes
nothing: the answer says where it is and what mends it. SIGHUP does the same; the log says the rest.
`

func reload(ctx context.Context, c *call) error {
	dry := c.flags.Bool("dry-run", false, "only say what would change")
	dir, err := dataDir(c, 0, 0)
	if err != nil {
		return err
	}
	out, err := app.ReloadRunning(ctx, dir, *dry)
	if err != nil {
		return err
	}
	return printReload(c.out, out)
}

// printReload writes one line for each change.
func printReload(w io.Writer, r api.Reload) error {
	later := false
	for _, x := range r.Changes {
		line := fmt.Sprintf("%s: %s -> %s", x.Key, oneLine(x.From), oneLine(x.To))
		if x.Restart {
			line += " (needs a restart)"
			later = true
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	last := "This would change; nothing was."
	switch {
	case len(r.Changes) == 0:
		last = "Nothing is otherwise."
	case r.Applied && later:
		last = "In force, but for what needs a restart."
	case r.Applied:
		last = "In force."
	}
	_, err := fmt.Fprintln(w, last)
	return err
}

// oneLine is a value in one line; a text of several is not shown here.
func oneLine(s string) string {
	switch {
	case s == "":
		return "none"
	case strings.Contains(strings.TrimSpace(s), "\n"):
		return fmt.Sprintf("a text of %d lines", strings.Count(strings.TrimSpace(s), "\n")+1)
	}
	return strings.TrimSpace(s)
}

// reloadOn reloads at each signal until ctx ends. What was wrong is in the log.
func reloadOn(ctx context.Context, hangups <-chan os.Signal, a *app.App, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		out, err := a.ReloadHere(ctx, false)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				log.Error("nothing was reloaded: something is wrong in the files", "error", err)
			}
			continue
		}
		for _, x := range out.Changes {
			log.Info("reloaded", "key", x.Key, "from", oneLine(x.From), "to", oneLine(x.To),
				"needs_restart", x.Restart)
		}
	}
}
