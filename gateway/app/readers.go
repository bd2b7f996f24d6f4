package app

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/attendance"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/history"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/quality"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/resolve"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/twins"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// openReaders gives each reader of the journal what it uses, and nothing else.
func (a *App) openReaders(context.Context) error {
	system := func(name string) *registry.View { return a.reg.In(g.SystemScope(name)) }
	a.feed = &follow.Feed{
		Journal: a.journal,
		Hub:     a.hub,
		Health:  a.health,
		Logger:  a.log,
		Pause:   a.opt.Pause,
	}
	a.twins = &twins.Reader{Feed: a.feed, View: system("twin"), Now: a.now}
	a.attendance = attendance.New(attendance.Options{
		View:      system("attendance"),
		Directory: a.directory,
		Health:    a.health,
		Subscribe: a.reg.Subscribe,
		Now:       a.now,
		Pause:     a.opt.Pause,
	})
	a.readings = &telemetry.Reader{Append: a.telemetry.Append, Directory: a.directory}
	a.history = &history.Reader{View: system("history"), Recompute: a.attendance.Recompute}
	a.resolver = &resolve.Resolver{
		View:      system("resolve"),
		Directory: a.directory,
		Identify:  a.identify,
		Health:    a.health,
		Subscribe: a.reg.Subscribe,
		Recompute: a.attendance.Recompute,
		Now:       a.now,
		Log:       a.log,
	}
	a.counting = quality.New(quality.Options{
		Feed:      a.feed,
		View:      system("quality"),
		Directory: a.directory,
		Limits:    a.cfg.Quality.limits(),
		History:   history.Cursor,
		Now:       a.now,
		Logger:    a.log,
	})
	return a.dropCursors()
}

// dropCursors removes the positions of readers that this version does not have: the journal would
// keep every record after them, until its disk space is used up.
func (a *App) dropCursors() error {
	readers := []string{"twin", history.Cursor, "telemetry", "rules", "quality", "webhooks"}
	for _, c := range a.journal.Stat().Cursors {
		if slices.Contains(readers, c.Name) {
			continue
		}
		if err := a.journal.DropCursor(c.Name); err != nil {
			return fmt.Errorf("drop the position of the reader %s: %w", c.Name, err)
		}
		a.log.Warn("the position of a reader that this version does not have was dropped: the "+
			"journal keeps nothing for it", "reader", c.Name, "seq", c.Seq)
	}
	return nil
}
