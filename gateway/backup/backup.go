// Package backup writes everything of a gateway into one archive, and restores it. It refuses
// incomplete archives: an archive is verified to its end (checksums, key, databases and journal)
// before a folder becomes a data folder.
package backup

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

	"github.com/gatehouse-iot/gatehouse/registry"
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

// Source is what a backup is made of.
type Source struct {
	Dir      string // the data folder
	RulesDir string
	Registry *registry.Registry
	// Telemetry writes a snapshot of the readings into a folder; nothing if they are in a server.
	Telemetry func(ctx context.Context, dir string) error
	Version   string // of the gateway
	Now       time.Time
}

// Write writes a consistent archive (tar, gzip) of a gateway, which may be running, to w.
func Write(ctx context.Context, from Source, w io.Writer) error {
	staging, err := stage(from.Dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer os.RemoveAll(staging)
	head, err := json.Marshal(manifest{backupFormat, from.Version, from.Now.UTC()})
	if err != nil {
		return err
	}
	z := gzip.NewWriter(w)
	t := &archive{Writer: tar.NewWriter(z)}
	steps := []func() error{
		func() error { return putFile(t, manifestName, head) },
		func() error { return putFile(t, "README.txt", []byte(backupNote)) },
	}
	steps = append(steps, from.parts(ctx, t, staging)...)
	steps = append(steps, func() error { return putFile(t, sumsName, t.sums.Bytes()) }, t.Close, z.Close)
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}

// parts are the steps that copy what the gateway is. The order matters: the cursors' positions
// first, then the databases, then the journal, so that the restored journal is ahead of the
// databases and the databases ahead of the positions; what is then handled twice has the same ids
// and changes nothing.
func (from Source) parts(ctx context.Context, t *archive, staging string) []func() error {
	events := filepath.Join(from.Dir, "journal")
	mqtt := filepath.Join(from.Dir, "mqtt")
	cursors := filepath.Join(staging, "cursors")
	mqttCursors := filepath.Join(staging, "mqtt-cursors")
	series := filepath.Join(staging, "telemetry")
	tree := func(dir, as string, keep func(string) bool) func() error {
		return func() error {
			return putTree(
				ctx,
				t,
				dir,
				as,
				keep,
			)
		}
	}
	return []func() error{
		func() error { return copyCursors(filepath.Join(events, "cursors"), cursors) },
		func() error { return from.Registry.Backup(ctx, staging) },
		tree(staging, ".", func(n string) bool { return strings.HasSuffix(n, ".db") }),
		tree(filepath.Join(from.Dir, "keys"), "keys", nil),
		// The MQTT sessions before the journal: every message that they count as handed over is
		// then in it, and one that they hand over again is recognised by its id.
		func() error { return copyCursors(filepath.Join(mqtt, "cursors"), mqttCursors) },
		tree(mqtt, "mqtt", isSegment),
		tree(mqttCursors, "mqtt/cursors", nil),
		tree(events, "journal", isSegment),
		tree(cursors, "journal/cursors", nil),
		func() error { return from.Telemetry(ctx, series) },
		tree(series, "telemetry", nil),
		tree(filepath.Join(from.Dir, "media"), "media", nil),
		tree(from.RulesDir, "rules", nil),
		func() error { return putIfThere(t, filepath.Join(from.Dir, restoresName), restoresName) },
	}
}

// unfinished marks a backup's staging folder: the next start removes folders with this mark, left
// by a killed process, and no others.
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

// RemoveUnfinished removes the staging folders of killed backups. The caller must hold the data
// folder exclusively.
func RemoveUnfinished(dir string, log *slog.Logger) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		log.Warn("unfinished backups are not looked for", "error", err)
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), "backup-") {
			continue // symbolic links are not followed
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

// isSegment leaves out the other files of a journal's folder: the positions, which were copied
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

// archive writes a tar and collects the checksum of each file.
type archive struct {
	*tar.Writer
	sums bytes.Buffer
}

// put adds a file of h.Size bytes from r.
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
	return t.put(&tar.Header{
		Name: name,
		Size: int64(len(b)),
	}, bytes.NewReader(b))
}

// putIfThere adds a file if it exists.
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

// putTree adds the regular files below dir that keep accepts. A missing dir adds nothing; a file
// that vanishes meanwhile is skipped.
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

// putCopy adds one file up to its size when it was opened. A journal file that grows meanwhile may
// end in the middle of a record, a torn tail to the journal.
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
	return t.put(&tar.Header{
		Name:    name,
		Size:    info.Size(),
		ModTime: info.ModTime(),
	}, f)
}
