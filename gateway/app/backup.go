package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// backupFormat is the version of the archive's layout.
const backupFormat = 1

type manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
}

const backupNote = `This is a backup of a Gatehouse gateway. It holds everything: people, faces, secrets,
history, and in keys/master.key the key that opens them. Whoever has this file can
read all of it: keep it where you would keep the key itself.
Put it back with: gateway restore FILE --data-dir EMPTY-FOLDER
`

// Backup writes a consistent archive (tar, gzip) of the running gateway to w. The order
// matters: the cursors' positions first, then the databases, then the journal, so that the
// restored journal is ahead of the databases and the databases ahead of the positions; what
// is then handled twice has the same ids and changes nothing.
func (a *App) Backup(ctx context.Context, w io.Writer) (err error) {
	dir := a.cfg.dataDir()
	staging, err := stage(dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer os.RemoveAll(staging)
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	head, err := json.Marshal(manifest{backupFormat, a.opt.Version, a.now().UTC()})
	if err != nil {
		return err
	}
	cursors, mqttCursors := filepath.Join(staging, "cursors"), filepath.Join(staging, "mqtt-cursors")
	for _, step := range []func() error{
		func() error { return putFile(t, "manifest.json", head) },
		func() error { return putFile(t, "README.txt", []byte(backupNote)) },
		func() error { return copyCursors(filepath.Join(dir, "journal", "cursors"), cursors) },
		func() error { return a.reg.Backup(ctx, staging) },
		func() error {
			return putTree(ctx, t, staging, ".", func(n string) bool { return strings.HasSuffix(n, ".db") })
		},
		func() error { return putTree(ctx, t, filepath.Join(dir, "keys"), "keys", nil) },
		// The listener's sessions before the journal: what they are about to hand over is then
		// found there, or not at all.
		func() error { return copyCursors(filepath.Join(dir, "mqtt", "cursors"), mqttCursors) },
		func() error { return putTree(ctx, t, filepath.Join(dir, "mqtt"), "mqtt", isSegment) },
		func() error { return putTree(ctx, t, mqttCursors, "mqtt/cursors", nil) },
		func() error {
			return putTree(ctx, t, filepath.Join(dir, "journal"), "journal", isSegment)
		},
		func() error { return putTree(ctx, t, cursors, "journal/cursors", nil) },
		func() error { return a.snapshotTelemetry(ctx, filepath.Join(staging, "telemetry")) },
		func() error { return putTree(ctx, t, filepath.Join(staging, "telemetry"), "telemetry", nil) },
		func() error { return putTree(ctx, t, filepath.Join(dir, "media"), "media", nil) },
		func() error { return putTree(ctx, t, a.rulesDir(), "rules", nil) },
		t.Close, z.Close,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}

// unfinished marks a folder in which a backup is put together: one that a kill left behind is
// removed at the next start, and nobody else's.
const unfinished = ".gatehouse-unfinished-backup"

func stage(dir string) (string, error) {
	staging, err := os.MkdirTemp(dir, "backup-")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(staging, unfinished), nil, 0o600); err != nil {
		return "", errors.Join(err, os.RemoveAll(staging))
	}
	return staging, nil
}

// removeUnfinished removes what backups left behind that were killed. The caller holds the
// data folder alone.
func removeUnfinished(dir string, log *slog.Logger) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		log.Warn("unfinished backups are not looked for", "error", err)
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), "backup-") {
			continue // a link is no folder here
		}
		left := filepath.Join(dir, e.Name())
		if info, err := os.Lstat(filepath.Join(left, unfinished)); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := os.RemoveAll(left); err != nil {
			log.Warn("an unfinished backup stays", "folder", left, "error", err)
			continue
		}
		log.Info("an unfinished backup was removed", "folder", left)
	}
}

// BackupStopped writes the archive of a gateway that does not run: it opens the stores alone,
// so that a wrong rule or a port in use does not stand in the way.
func BackupStopped(ctx context.Context, cfg Config, version string, w io.Writer) error {
	a := &App{cfg: cfg, opt: Options{Version: version}, log: slog.New(slog.DiscardHandler), now: time.Now}
	err := a.openStores(ctx)
	if err == nil {
		err = a.Backup(ctx, w)
	}
	return errors.Join(err, a.Close())
}

// isSegment leaves out what else lies in a journal's folder: positions, which are copied
// before, the lock and the reserve.
func isSegment(name string) bool {
	return !strings.HasSuffix(name, ".pos") && name != "lock" && name != "reserve"
}

func copyCursors(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.pos"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(f)), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func putFile(t *tar.Writer, name string, b []byte) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := t.Write(b)
	return err
}

// putTree adds the regular files below dir that keep accepts; a folder that is not there adds
// nothing, and a file that vanishes meanwhile is passed over.
func putTree(ctx context.Context, t *tar.Writer, dir, as string, keep func(base string) bool) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if !d.Type().IsRegular() || keep != nil && !keep(d.Name()) {
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		return putCopy(t, p, path.Join(as, filepath.ToSlash(rel)))
	})
}

// putCopy adds one file as long as it was when it was opened: a file that grows meanwhile is
// cut there, which the journal takes for a torn tail.
func putCopy(t *tar.Writer, file, name string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime(), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err = io.CopyN(t, f, info.Size())
	return err
}

// Restore puts an archive of Backup back into dir, which must be empty or not exist.
func Restore(r io.Reader, dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name an empty folder, or move that one away", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("this is no gateway backup: %w", err)
	}
	t := tar.NewReader(z)
	first, err := t.Next()
	if err != nil || first.Name != "manifest.json" {
		return errors.New("this is no gateway backup: it does not begin with manifest.json")
	}
	var m manifest
	if err := json.NewDecoder(io.LimitReader(t, 1<<16)).Decode(&m); err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	if m.Format != backupFormat {
		return fmt.Errorf("the backup has format %d and this gateway reads %d: use the gateway of version %s", m.Format, backupFormat, m.Version)
	}
	root, err := makeRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil && h.Typeflag == tar.TypeReg && h.Name != "README.txt" {
			err = takeFile(root, h.Name, t)
		}
		if err != nil {
			return fmt.Errorf("the backup is damaged or cut short: %w", err)
		}
	}
}

func makeRoot(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// takeFile writes one file; os.Root refuses names that lead out of the folder.
func takeFile(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}
