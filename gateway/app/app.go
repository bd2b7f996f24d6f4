package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/people"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/backup"
	"github.com/gatehouse-iot/gatehouse/gateway/command"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
	"github.com/gatehouse-iot/gatehouse/gateway/fleet"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/history"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/lapse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/lockdown"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/visits"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/gateway/notify"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/parts"
	"github.com/gatehouse-iot/gatehouse/gateway/retention"
	"github.com/gatehouse-iot/gatehouse/gateway/rulebook"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Options are what the configuration file does not say.
type Options struct {
	Logger  *slog.Logger
	Version string
	Console fs.FS // the built console; nil: the API says that it is missing
	Demo    bool  // the demonstration school: shown as such
	Now     func() time.Time
	// Launcher is the command line by which this program calls confine.Become and then becomes a
	// driver; empty: drivers are not confined.
	Launcher []string
	Built    time.Time // when this program was built; zero: unknown
	// Config reads the configuration again for Reload; nil: there is no file, and it never changes.
	Config  func() (config.Config, error)
	Level   *slog.LevelVar   // level of Logger, which Reload sets; nil: it never changes
	Hangups <-chan os.Signal // at each of which it reloads; nil: at none

	// For tests, nil in production: the journal's file system, and a hook that is called between
	// two steps that a crash could separate. It gets the name of the first: "effects kept",
	// "rules saved", "silent marked", "outbox journalled", "sightings read" and, for each
	// cursor, its name and "handled". FreeBytes is the free space of the disk of a folder in place of
	// the system's, so that a test does not hear of the disk that it happens to run on; nil: that of
	// JournalFS, or of the system.
	JournalFS journal.FS
	Pause     func(after string)
	FreeBytes func(dir string) (uint64, error)
}

// App is one gateway. Open it and Run it once; Run closes it.
type App struct {
	given
	*stores
	*ingest
	*sockets
	*mqtt
	*readers

	alerting  *alerting.Reader
	rulebook  *rulebook.Book
	commands  *command.Commands
	fleet     *fleet.Fleet
	retention *retention.Keeper
	watch     *selfwatch.Watch
	notify    *notify.Queue
	post      *post.Queue
	escalate  *escalate.Escalator
	api       *api.Server
	control   *control.Server
	reloader  *reloader

	closers closers
}

// Open opens every store and listener. On an error it leaves nothing open.
func Open(ctx context.Context, cfg config.Config, o Options) (_ *App, err error) {
	a := &App{
		given:   give(cfg, o),
		sockets: newSockets(&cfg),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.stores, err = openStores(ctx, a.given, &a.closers); err != nil {
		return nil, err
	}
	if a.ingest, err = openIngest(ctx, a.given, a.stores, &a.closers); err != nil {
		return nil, err
	}
	if a.readers, err = openReaders(a.given, a.stores, a.ingest); err != nil {
		return nil, err
	}
	if err := a.openMQTT(); err != nil {
		return nil, err
	}
	a.openFleet()
	a.rulebook, a.alerting, err = openRules(
		ctx,
		a.given,
		a.stores,
		a.ingest,
		a.readers,
	)
	if err != nil {
		return nil, err
	}
	a.directory.Watch(forget(a.ingest, a.alerting))
	if err := a.listen(a.given, &a.closers); err != nil {
		return nil, err
	}
	a.openControl()
	if err := a.openAPI(); err != nil {
		return nil, err
	}
	return a, nil
}

// Close closes what Open opened, the last first. Run calls it.
func (a *App) Close() error { return a.closers.close() }

// MQTTAddr is where devices connect; nil where there is no plain listener.
func (a *App) MQTTAddr() net.Addr {
	if a.front == nil {
		return nil
	}
	return a.front.Addr()
}

// URL is where the console is.
func (a *App) URL() string { return a.url(a.cfg.HTTP) }

// Registry is the gateway's registry, for callers that set up a school before Run.
func (a *App) Registry() *registry.Registry { return a.reg }

// Drawings keeps the drawings of floor plans.
func (a *App) Drawings() *media.Store { return a.media }

// Faces checks photographs and makes face templates of them; it works only while Run runs.
func (a *App) Faces() people.Faces { return a.faces }

// Run runs the gateway until ctx ends, then stops it part by part, the last first, and
// closes it. A part that fails stops all the others.
func (a *App) Run(ctx context.Context) error {
	server := listeners.NewServer(a.api.Handler(), a.log)
	states := keeper(a.given, a.stores, a.ingest, a.readers)
	all := []parts.Part{
		{Name: "outbox", Run: pump(a.given, a.stores, a.ingest, a.readers).Run},
		{Name: "live", Run: a.hub.Run},
		{Name: "twin", Run: a.twins.Run},
		{Name: history.Cursor, Run: a.feed.Follow(history.Cursor, a.history.Apply)},
		{Name: lockdown.Cursor, Run: a.feed.Follow(lockdown.Cursor, a.lockdowns.Apply)},
		{Name: "gates", Run: a.feed.Follow(visits.Cursor, a.visits.Apply)},
		{Name: visits.Cursor, Run: a.visits.Run},
		{Name: "guardians", Run: a.guardians.Run},
		{Name: "telemetry", Run: a.feed.Follow("telemetry", a.readings.Apply)},
		{Name: "rules", Run: a.alerting.Run},
		{Name: "rulebook", Run: a.rulebook.Run},
		{Name: "attendance", Run: a.attendance.Run},
		{Name: "timetable", Run: a.timetable.Run},
		{Name: "resolve", Run: a.resolver.Run},
		{Name: "alerts", Run: lapse.New(a.reg.In(g.SystemScope("alerts")), a.reg.Subscribe, a.health, a.now).Run},
		{Name: "quality", Run: a.counting.Run},
		{Name: "webhooks", Run: a.feed.Follow("webhooks", a.notify.Deliver)},
		{Name: "notify", Run: a.notify.Run},
		{Name: "messages", Run: a.post.Run},
		{Name: "escalate", Run: a.feed.Follow(escalate.Cursor, a.escalate.Apply)},
		{Name: "oncall", Run: a.escalate.Run},
		{Name: "commands", Run: a.commands.Run},
		{Name: "keeping", Run: states.Silence},
		{Name: "retention", Run: a.retention.Run},
		{Name: "watch", Run: a.watch.Run},
		{Name: "profiles", Run: func(ctx context.Context) error { return a.profiles.Follow(ctx, a.host) }},
		{Name: "presence", Run: a.presences.Run},
		{Name: "fields", Run: func(ctx context.Context) error {
			write := a.reg.In(g.SystemScope("fields")).Fleet.CountFields
			return a.intake.Fields.Keep(ctx, write, a.log)
		}},
		{Name: "rivals", Run: a.rivals.Run},
		{Name: "flapping", Run: states.Flapping},
		{Name: "anchor", Run: a.anchor.Run},
		{Name: "drivers", Run: func(ctx context.Context) error { return a.host.Run(ctx, a.cfg.Specs()) }},
		{Name: "directory", Run: a.directory.Run},
	}
	if a.front != nil {
		all = append(all,
			parts.Part{
				Name: "mqtt",
				Run:  a.front.Run,
			},
			parts.Part{
				Name: "leftovers",
				Run:  a.leftovers.Run,
			})
	}
	all = append(all,
		parts.Part{
			Name: "control",
			Run:  a.control.Run,
		},
		parts.Part{
			Name: "hangups",
			Run:  a.reloader.follow,
		},
		parts.Part{Name: "http", Run: func(ctx context.Context) error {
			return listeners.Serve(ctx, server, a.listener)
		}})
	err := parts.Run(ctx, a.log, parts.Within, all)
	if errors.Is(err, parts.ErrHangs) {
		return err // closing would wait for it too
	}
	return errors.Join(err, a.Close())
}

// WaitDriver returns once a driver program runs, or an error that says why it does not.
func (a *App) WaitDriver(ctx context.Context, name string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	st, err := a.host.Wait(
		ctx,
		g.DriverName(name),
		host.Running,
		host.Refused,
		host.Quarantined,
	)
	if err != nil {
		return fmt.Errorf("driver %s: %w", name, err)
	}
	if st.State != host.Running {
		return fmt.Errorf("driver %s is %s: %s", name, st.State, st.Reason)
	}
	return nil
}

// Backup writes an archive of the gateway, which may be running, to w.
func (a *App) Backup(ctx context.Context, w io.Writer) error {
	return backup.Write(ctx, a.source(a.given), w)
}

// Reload reads the configuration, the rules and the certificates again and puts them in force, all
// or nothing: an error says where and how to mend it. Devices and browsers stay connected. With dry
// it only reports what would change. Changes that need a restart are reported and not applied.
// The audit log says what changed.
func (a *App) Reload(ctx context.Context, dry bool) (api.Reload, error) {
	return a.reloader.here(ctx, dry)
}
