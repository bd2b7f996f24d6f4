package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/anchor"
	"github.com/gatehouse-iot/gatehouse/gateway/backup"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/attendance"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/history"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/quality"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/resolve"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/twins"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/gateway/live"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/gateway/notify"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/webhook"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Options are what the configuration file does not say.
type Options struct {
	Logger  *slog.Logger
	Version string
	Console fs.FS // the built console; nil: the API says that it is missing
	Demo    bool  // the demonstration school: shown as such
	Now     func() time.Time
	// Launcher is this program with the argument that makes it call confine.Become; empty: its
	// drivers are not confined.
	Launcher []string
	Built    time.Time // when this program was made; the zero time where nobody knows
	// Config reads the configuration anew for Reload; nil: there is no file, and it stays.
	Config func() (Config, error)
	Level  *slog.LevelVar // of Logger, which Reload changes; nil: it stays

	// Seams for tests, nil in production: the disk under the journal, and a call between two
	// steps that a crash or something else may part, which names the first: "effects kept",
	// "rules saved", "silent marked", "outbox journalled", "sightings read" and, for each
	// cursor, its name and "handled".
	JournalFS journal.FS
	Pause     func(after string)
}

// App is one gateway. Open it, Run it once, and it is closed.
type App struct {
	cfg Config
	opt Options
	log *slog.Logger
	now func() time.Time
	key []byte

	reg       *registry.Registry
	journal   *journal.Journal
	telemetry series
	media     *media.Store
	directory *directory.Directory
	identify  *identify.Identifier
	intake    *intake.Intake
	flapping  *flapping.Watch
	hub       *live.Hub
	host      *host.Host
	pacer     *pacer
	front     *mqttfront.Front
	alerting  *alerting.Reader
	pictures  pictures
	rules     atomic.Pointer[alerting.Files] // in force
	notify    *notify.Queue
	api       *api.Server
	listener  net.Listener
	bound     *listen.Listener // below listener
	places    atomic.Pointer[places]

	certificates []*renewing  // of the listeners
	authorities  *authorities // of devices' certificates; nil: none are asked for
	reloading    reloading

	started    time.Time
	ownClock   bool // now is the machine's clock
	clock      *selfwatch.Clock
	watch      *selfwatch.Watch
	presence   chan presence
	commands   chan command
	rivals     chan mqttfront.Rivals
	outcomes   chan outcome  // of commands, from the MQTT listener
	changed    chan struct{} // a device was, or there is one less
	health     *follow.Health
	feed       *follow.Feed
	twins      *twins.Reader
	readings   *telemetry.Reader
	history    *history.Reader
	attendance *attendance.Computer
	resolver   *resolve.Resolver
	counting   *quality.Reader
	anchor     *anchor.Keeper
	closers    []func() error
}

// Open opens every store and listener. It leaves nothing open behind an error.
func Open(ctx context.Context, cfg Config, o Options) (_ *App, err error) {
	own := o.Now == nil
	if own {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = func(string) {}
	}
	a := &App{
		cfg:      cfg,
		opt:      o,
		log:      o.Logger,
		now:      o.Now,
		started:  o.Now(),
		ownClock: own,
		presence: make(chan presence, 4096),
		commands: make(chan command, 256),
		outcomes: make(chan outcome, mostOutcomes),
		rivals:   make(chan mqttfront.Rivals, 256),
		changed:  make(chan struct{}, 1),
	}
	a.health = follow.NewHealth(a.log)
	a.reloading.cfg = cfg
	p := share(listen.Descriptors(), cfg.HTTP.MaxConnections, cfg.MQTT.MaxClients)
	a.places.Store(&p)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	for _, step := range []func(context.Context) error{
		a.openStores, a.shippedProfiles, a.openIntake, a.openReaders, a.openRules,
		a.openFront, a.openAPI,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Close closes what Open opened, the last first. Run calls it.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// DataDir is where everything is kept.
func (c *Config) dataDir() string { return c.Path(c.DataDir) }

func (a *App) openStores(ctx context.Context) (err error) {
	dir := a.cfg.dataDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	from, err := backup.Floor(dir)
	if err != nil {
		return err
	}
	if a.key, err = keys.Master(dir); err != nil {
		return err
	}
	if a.reg, err = registry.Open(ctx, registry.Options{
		Dir:       dir,
		MasterKey: a.key,
		Now:       a.now,
		Logger:    a.log,
	}); err != nil {
		return err
	}
	a.closers = append(a.closers, a.reg.Close)
	if err := a.openAnchor(); err != nil {
		return err
	}
	c := a.cfg.Journal
	if a.journal, err = journal.Open(filepath.Join(dir, "journal"), journal.Options{
		Shards:       c.Shards,
		MaxBytes:     c.MaxBytes,
		MaxAge:       c.MaxAge,
		ReserveBytes: selfwatch.Reserve,
		Floor:        from,
		FS:           a.opt.JournalFS,
		Logger:       a.log,
	}); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("data_dir: another gateway runs on %s: stop it, or give this one a "+
				"folder of its own",
				dir)
		}
		return err
	}
	a.closers = append(a.closers, a.journal.Close)
	a.clock = selfwatch.NewClock(a.opt.Built, a.journal.Stat().Latest, a.started, a.ownClock)
	backup.RemoveUnfinished(dir, a.log)
	if a.telemetry, err = a.openTelemetry(filepath.Join(dir, "telemetry")); err != nil {
		return err
	}
	a.closers = append(a.closers, a.telemetry.Close)
	a.media, err = media.Open(filepath.Join(dir, "media"), a.key)
	return err
}

func (a *App) openIntake(ctx context.Context) (err error) {
	if a.directory, err = directory.New(ctx, a.reg, a.log); err != nil {
		return err
	}
	decision := vision.DefaultDecision()
	decision.Score, decision.Margin = a.cfg.Faces.Threshold, a.cfg.Faces.Margin
	a.identify = identify.New(a.reg.In(g.SystemScope("identify")).People, decision, a.log)
	a.pictures.view = a.reg.In(g.SystemScope("pictures"))
	cancel := a.reg.Subscribe(func(c registry.Change) {
		a.identify.Changed(c)
		a.pictures.changed(c)
	})
	a.closers = append(a.closers, func() error { cancel(); return nil })
	a.flapping = flapping.New(flapping.Limits(a.cfg.Flapping))
	if err := a.takeUpFlapping(ctx); err != nil {
		return err
	}
	a.intake = &intake.Intake{
		States:    a.flapping,
		Directory: a.directory,
		Journal:   a.journal,
		Identify:  a.identify,
		Now:       a.now,
		Logger:    a.log,
		Pictures:  a.pictures.allowed,
		Seal:      a.reg.In(g.SystemScope("intake")).History.SealKept,
	}
	a.hub = live.New(a.journal, a.log)
	a.pacer = newPacer(a.intake, a.directory, a.cfg.MQTT, a.now)
	a.host = host.New(host.Options{
		Sink:       a.pacer,
		Answer:     a.intake.Answer,
		Confine:    a.confinement(),
		Settings:   a.cfg.driverListens,
		DeviceRate: a.cfg.MQTT.DeviceRate,
		Logger:     a.log,
		Now:        a.now,
	})
	a.directory.Watch(a.assign)
	return nil
}

func (a *App) openFront(ctx context.Context) (err error) {
	c := a.cfg.MQTT
	if c.Listen == "" && c.ListenTLS == "" {
		return nil
	}
	cfg := mqttfront.Config{
		Listen:        c.Listen,
		ListenTLS:     c.ListenTLS,
		MaxClients:    a.places.Load().mqtt,
		MaxPerAddress: c.MaxPerAddress,
		OnHeld:        a.pacer.Held,
		OnRivals:      a.noteRivals,
		DeviceRate:    c.DeviceRate,
		SchoolRate:    c.SchoolRate,
		Dir:           filepath.Join(a.cfg.dataDir(), "mqtt"),
		FS:            a.opt.JournalFS,
		OnConnect:     a.noteConnected,
		OnDisconnect:  a.noteGone,
	}
	if c.ListenTLS != "" {
		t := c.TLS
		if t.Certificate == "" {
			t = a.cfg.HTTP.TLS
		}
		if cfg.TLS, err = a.tlsConfig("mqtt.tls", t); err != nil {
			return err
		}
		if c.ClientCA != "" {
			if a.authorities, err = trust(cfg.TLS, a.cfg.Path(c.ClientCA), c.RequireCertificate); err != nil {
				return err
			}
		}
	}
	if cfg.Seal, err = keys.Sealer(a.key, "gatehouse mqtt state"); err != nil {
		return err
	}
	a.front, err = mqttfront.New(cfg, authenticator{a}, mqttIntake{a}, a.log)
	if op := (*net.OpError)(nil); err != nil && !errors.As(err, &op) {
		return err
	} else if err != nil {
		return listening("mqtt.listen", cmp.Or(c.Listen, c.ListenTLS), err)
	}
	a.closers = append(a.closers, a.front.Close)
	// Who was let in as something that has changed since (a new password, disabled, deleted,
	// another driver's) is sent away and asked again; a new name or room sends nobody away.
	cancel := a.reg.Subscribe(func(c registry.Change) {
		if c.Kind == "device" && c.Touches("driver", "enabled", "password", "certificates") {
			a.front.Disconnect(g.DeviceID(c.ID))
		}
	})
	a.closers = append(a.closers, func() error { cancel(); return nil })
	return nil
}

func (a *App) openAPI(ctx context.Context) error {
	if err := a.listen(); err != nil {
		return err
	}
	a.watch = a.newWatch()
	posts := webhook.New(a.cfg.Webhooks.Private)
	a.notify = notify.New(a.reg, posts, a.now, a.log)
	c := a.cfg.HTTP
	var err error
	a.api, err = api.New(api.Deps{
		Registry:  a.reg,
		Live:      a.hub,
		Webhooks:  hooks{a.notify, posts},
		Intake:    manual{a},
		Fleet:     fleet{a},
		Faces:     faces{a},
		Media:     pictureStore{a},
		Recorded:  a.recorded,
		Compare:   a.compare,
		Telemetry: a.query,
		Reach:     a.mayReach,
		Known:     known,
		Metrics:   a.watch.Metrics(),
		Status:    a.watch.Status,
		Rules:     a.ruleInfos,
		Reload:    a.Reload,
		Console:   a.opt.Console,
		Config: api.Config{
			BaseURL:       c.BaseURL,
			SecureCookies: c.TLS.Certificate != "" || strings.HasPrefix(c.BaseURL, "https:"),
			Demo:          a.opt.Demo,
			Version:       a.opt.Version,
			TrustProxy:    c.Proxy,
		},
		Now:    a.now,
		Logger: a.log,
	})
	if err == nil {
		a.closers = append(a.closers, func() error { a.api.Close(); return nil })
	}
	return err
}

// query answers questions about the telemetry of these schools.
func (a *App) query(prefix string, schools []g.SchoolID) http.Handler {
	return a.telemetry.Handler(prefix, telemetry.Allowed{Schools: schools})
}

// listen opens the listener of the API and the console.
func (a *App) listen() error {
	c := a.cfg.HTTP
	inner, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return listening("http.listen", c.Listen, err)
	}
	a.bound = listen.Bound(inner, httpBounds(*a.places.Load(), c))
	a.bound.Refused = func(s listen.Stats) {
		a.log.Warn("connections to the API are closed: too many at a time, or of one address, "+
			"before anybody signed in",
			"open", s.Open, "of_one_address", s.Address, "last", s.LastAddress, "for_newer_ones",
			s.Displaced, "full", s.Full)
	}
	a.listener = a.bound
	a.closers = append(a.closers, func() error {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if c.TLS.Certificate == "" {
		return nil
	}
	t, err := a.tlsConfig("http.tls", c.TLS)
	if err != nil {
		return err
	}
	// every tab of the console holds a stream, and browsers open six connections
	t.NextProtos = []string{"h2", "http/1.1"}
	a.listener = tls.NewListener(a.listener, t)
	return nil
}

// hooks is what the API needs of webhooks: the queue, and the addresses of its channel.
type hooks struct {
	*notify.Queue
	*webhook.Channel
}

// listening says in words why an address cannot be listened on.
func listening(key, addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: another program, or another gateway, has %s: stop it, or choose "+
			"another port",
			key, addr)
	}
	return fmt.Errorf("%s: %w", key, err)
}

// tlsConfig reads the certificate anew whenever its file has changed.
func (a *App) tlsConfig(key string, c TLSConfig) (*tls.Config, error) {
	r := &renewing{name: key, cert: a.cfg.Path(c.Certificate), key: a.cfg.Path(c.Key)}
	if _, err := r.get(nil); err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	a.certificates = append(a.certificates, r)
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: r.get}, nil
}

// URL is where the console is.
func (a *App) URL() string {
	if a.cfg.HTTP.BaseURL != "" {
		return a.cfg.HTTP.BaseURL
	}
	scheme := "http"
	if a.cfg.HTTP.TLS.Certificate != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(a.listener.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// MQTTAddr is where devices connect; nil where there is no plain listener.
func (a *App) MQTTAddr() net.Addr {
	if a.front == nil {
		return nil
	}
	return a.front.Addr()
}

// Registry is the gateway's registry, for whoever prepares a school before Run.
func (a *App) Registry() *registry.Registry { return a.reg }

// Faces checks photographs and makes templates of them; it needs Run.
func (a *App) Faces() api.Faces { return faces{a} }

// Run runs the gateway until ctx ends, then stops it part by part, the last first, and
// closes it. A part that fails stops all the others.
func (a *App) Run(ctx context.Context) error {
	server := newServer(a.api.Handler(), a.log)
	parts := []part{
		{"outbox", a.pumpOutbox},
		{"live", a.hub.Run},
		{"twin", a.twins.Run},
		{history.Cursor, a.feed.Follow(history.Cursor, a.history.Apply)},
		{"telemetry", a.feed.Follow("telemetry", a.readings.Apply)},
		{"rules", a.alerting.Run},
		{"attendance", a.attendance.Run},
		{"resolve", a.resolver.Run},
		{"quality", a.counting.Run},
		{"webhooks", a.feed.Follow("webhooks", a.notify.Deliver)},
		{"notify", a.notify.Run},
		{"commands", a.runCommands},
		{"keeping", a.keepHouse},
		{"watch", a.watch.Run},
		{"profiles", a.driverProfiles},
		{"presence", a.runPresence},
		{"fields", a.keepFields},
		{"rivals", a.runRivals},
		{"flapping", a.runFlapping},
		{"anchor", a.anchor.Run},
		{"drivers", func(ctx context.Context) error { return a.host.Run(ctx, a.cfg.specs()) }},
		{"directory", a.directory.Run},
	}
	if a.front != nil {
		parts = append(parts, part{"mqtt", a.front.Run}, part{"leftovers", a.pruneMQTT})
	}
	parts = append(parts, part{"control", a.runControl},
		part{"http", func(ctx context.Context) error {
			return serve(ctx, server, a.listener)
		}})
	err := runParts(ctx, a.log, stopWithin, parts)
	if errors.Is(err, errHangs) {
		return err // closing would wait for it too
	}
	return errors.Join(err, a.Close())
}

// serve answers requests until ctx ends, then lets those under way finish for 5 s. Live
// streams end at once: their contexts derive from ctx.
func serve(ctx context.Context, s *http.Server, l net.Listener) error {
	s.BaseContext = func(net.Listener) context.Context { return ctx }
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		s.Close()
	}
	<-failed
	return nil
}

// WaitDriver returns once a driver program runs, or an error that says why it does not.
func (a *App) WaitDriver(ctx context.Context, name string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	st, err := a.host.Wait(ctx, g.DriverName(name), host.Running, host.Refused, host.Quarantined)
	if err != nil {
		return fmt.Errorf("driver %s: %w", name, err)
	}
	if st.State != host.Running {
		return fmt.Errorf("driver %s is %s: %s", name, st.State, st.Reason)
	}
	return nil
}
