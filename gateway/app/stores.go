package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/anchor"
	"github.com/gatehouse-iot/gatehouse/gateway/backup"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// given is what all parts are opened with.
type given struct {
	cfg      config.Config
	opt      Options
	log      *slog.Logger
	now      func() time.Time
	started  time.Time
	ownClock bool // now is the machine's clock
}

func give(cfg config.Config, o Options) given {
	in := given{
		cfg:      cfg,
		ownClock: o.Now == nil,
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = func(string) {}
	}
	in.opt = o
	in.log = o.Logger
	in.now = o.Now
	in.started = o.Now()
	return in
}

// closers close what was opened, the last first.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c *closers) close() error {
	var errs []error
	for i := len(*c) - 1; i >= 0; i-- {
		errs = append(errs, (*c)[i]())
	}
	*c = nil
	return errors.Join(errs...)
}

// stores are the gateway's data. They can be opened without listening and without rules.
type stores struct {
	key       []byte
	reg       *registry.Registry
	anchor    *anchor.Keeper
	journal   *journal.Journal
	clock     *selfwatch.Clock
	files     selfwatch.Files // the configuration and the rules
	telemetry series
	media     *media.Store
}

func openStores(ctx context.Context, in given, later *closers) (s *stores, err error) {
	s = &stores{}
	dir := in.cfg.DataPath()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	from, err := backup.Floor(dir)
	if err != nil {
		return nil, err
	}
	if s.key, err = keys.Master(dir); err != nil {
		return nil, err
	}
	if s.reg, err = registry.Open(ctx, registry.Options{
		Dir:       dir,
		MasterKey: s.key,
		Now:       in.now,
		Logger:    in.log,
	}); err != nil {
		return nil, err
	}
	later.add(s.reg.Close)
	if s.anchor, err = openAnchor(in, s.reg); err != nil {
		return nil, err
	}
	if s.journal, err = openJournal(in, from); err != nil {
		return nil, err
	}
	later.add(s.journal.Close)
	s.clock = selfwatch.NewClock(in.opt.Built, s.journal.Stat().Latest, in.started, in.ownClock)
	backup.RemoveUnfinished(dir, in.log)
	if s.telemetry, err = openTelemetry(in, filepath.Join(dir, "telemetry")); err != nil {
		return nil, err
	}
	later.add(s.telemetry.Close)
	s.media, err = media.Open(filepath.Join(dir, "media"), s.key)
	return s, err
}

// openJournal opens the journal, which gives out no sequence up to from.
func openJournal(in given, from uint64) (*journal.Journal, error) {
	dir := in.cfg.DataPath()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{
		Shards:       in.cfg.Journal.Shards,
		MaxBytes:     in.cfg.Journal.MaxBytes,
		MaxAge:       in.cfg.Journal.MaxAge,
		ReserveBytes: selfwatch.Reserve,
		Floor:        from,
		FS:           in.opt.JournalFS,
		Logger:       in.log,
	})
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("data_dir: another gateway runs on %s: stop it, or give this one a "+
			"folder of its own",
			dir)
	}
	return j, err
}

// openAnchor has the audit log verified against the last anchor of an earlier run.
func openAnchor(in given, reg *registry.Registry) (*anchor.Keeper, error) {
	c := in.cfg.Audit
	return anchor.Open(anchor.Options{
		Registry: reg,
		View:     reg.In(g.SystemScope("anchor")),
		Dir:      in.cfg.DataPath(),
		Every:    c.AnchorEvery,
		File:     in.cfg.Path(c.AnchorFile),
		URL:      c.AnchorURL,
		Now:      in.now,
		Log:      in.log,
	})
}

// source is what a backup is made of.
func (s *stores) source(in given) backup.Source {
	rules, _ := in.cfg.RulesPath()
	return backup.Source{
		Dir:       in.cfg.DataPath(),
		RulesDir:  rules,
		Registry:  s.reg,
		Telemetry: func(ctx context.Context, dir string) error { return snapshot(ctx, s.telemetry, dir) },
		Version:   in.opt.Version,
		Now:       in.now(),
	}
}

// BackupStopped backs up a gateway that is not running. It opens only the stores, so that an
// invalid rule or a port in use does not prevent it.
func BackupStopped(ctx context.Context, cfg config.Config, version string, w io.Writer) error {
	in := give(cfg, Options{
		Version: version,
		Logger:  slog.New(slog.DiscardHandler),
	})
	var later closers
	s, err := openStores(ctx, in, &later)
	if err == nil {
		err = backup.Write(ctx, s.source(in), w)
	}
	return errors.Join(err, later.close())
}
