package app

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
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

// backupFormat is the version of the archive's layout. Since 2 the archive ends with the
// checksums of all that is in it; archives of format 1 can be restored as well.
const backupFormat = 2

const (
	manifestName = "manifest.json" // the first file of an archive
	sumsName     = "SHA256SUMS"    // the last, as sha256sum writes it
)

type manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
}

const backupNote = `This is a backup of a Gatehouse gateway. It holds everything: people, faces, secrets,
history, and in keys/master.key the key that opens them. Whoever has this file can
read all of it: keep it where you would keep the key itself.
Put it back with: gateway restore --data-dir EMPTY-FOLDER FILE
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
	t := &archive{Writer: tar.NewWriter(z)}
	head, err := json.Marshal(manifest{backupFormat, a.opt.Version, a.now().UTC()})
	if err != nil {
		return err
	}
	cursors, mqttCursors := filepath.Join(staging, "cursors"), filepath.Join(staging,
		"mqtt-cursors")
	for _, step := range []func() error{
		func() error { return putFile(t, manifestName, head) },
		func() error { return putFile(t, "README.txt", []byte(backupNote)) },
		func() error { return copyCursors(filepath.Join(dir, "journal", "cursors"), cursors) },
		func() error { return a.reg.Backup(ctx, staging) },
		func() error {
			return putTree(ctx, t, staging, ".", func(n string) bool {
				return strings.HasSuffix(n, ".db")
			})
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
		func() error {
			return putTree(ctx, t, filepath.Join(staging, "telemetry"), "telemetry", nil)
		},
		func() error { return putTree(ctx, t, filepath.Join(dir, "media"), "media", nil) },
		func() error { return putTree(ctx, t, a.rulesDir(), "rules", nil) },
		func() error { return putIfThere(t, filepath.Join(dir, restoresName), restoresName) },
		func() error { return putFile(t, sumsName, t.sums.Bytes()) },
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
		if info, err := os.Lstat(filepath.Join(left, unfinished)); err != nil ||
			!info.Mode().IsRegular() {
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

// archive is a tar in the making, which notes the checksum of each file.
type archive struct {
	*tar.Writer
	sums bytes.Buffer
}

// put adds a file of size bytes from r.
func (t *archive) put(h *tar.Header, r io.Reader) error {
	h.Mode, h.Typeflag = 0o600, tar.TypeReg
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(t, sum), r, h.Size); err != nil {
		return err
	}
	fmt.Fprintf(&t.sums, "%x  %s\n", sum.Sum(nil), h.Name)
	return nil
}

func putFile(t *archive, name string, b []byte) error {
	return t.put(&tar.Header{Name: name, Size: int64(len(b))}, bytes.NewReader(b))
}

// putIfThere adds a file that need not be there.
func putIfThere(t *archive, file, name string) error {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return putFile(t, name, b)
}

// putTree adds the regular files below dir that keep accepts; a folder that is not there adds
// nothing, and a file that vanishes meanwhile is passed over.
func putTree(ctx context.Context, t *archive, dir, as string, keep func(base string) bool) error {
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
func putCopy(t *archive, file, name string) error {
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
	return t.put(&tar.Header{Name: name, Size: info.Size(), ModTime: info.ModTime()}, f)
}
