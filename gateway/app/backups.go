package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/backup"
)

// Backup writes an archive of the gateway, which may be running, to w.
func (a *App) Backup(ctx context.Context, w io.Writer) error {
	return backup.Write(ctx, backup.Source{
		Dir:       a.cfg.dataDir(),
		RulesDir:  a.rulesDir(),
		Registry:  a.reg,
		Telemetry: a.snapshotTelemetry,
		Version:   a.opt.Version,
		Now:       a.now(),
	}, w)
}

// BackupStopped writes the archive of a gateway that does not run: it opens the stores alone,
// so that a wrong rule or a port in use does not stand in the way.
func BackupStopped(ctx context.Context, cfg Config, version string, w io.Writer) error {
	a := &App{
		cfg: cfg,
		opt: Options{Version: version},
		log: slog.New(slog.DiscardHandler),
		now: time.Now,
	}
	err := a.openStores(ctx)
	if err == nil {
		err = a.Backup(ctx, w)
	}
	return errors.Join(err, a.Close())
}
