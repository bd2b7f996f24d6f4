package app_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/backup"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
)

// TestBackupOfALongPath has a data folder whose path is too long for a socket's address.
func TestBackupOfALongPath(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	c := configOf(s.dir)
	long := filepath.Join(s.dir, strings.Repeat("a-long-name/", 12))
	ok(t, os.MkdirAll(long, 0o700))
	ok(t, os.Rename(filepath.Join(s.dir, "data"), filepath.Join(long, "data")))
	c.DataDir = filepath.Join(long, "data")
	if err := control.Backup(t.Context(), c.DataDir, new(bytes.Buffer)); !errors.Is(err,
		control.ErrNotRunning) {
		t.Fatalf("got %v of a gateway that does not run", err)
	}
	r := s.runWith(t, c)
	var archive bytes.Buffer
	eventually(t, "the backup", func() bool {
		err := control.Backup(t.Context(), c.DataDir, &archive)
		if err != nil && !errors.Is(err, control.ErrNotRunning) {
			t.Fatal(err)
		}
		return err == nil
	})
	// A confined driver of the same user can reach the socket, and cannot read the token beside it.
	if err := os.Rename(filepath.Join(c.DataDir, "gateway.token"), filepath.Join(s.dir, "token")); err != nil {
		t.Fatal(err)
	}
	var stolen bytes.Buffer
	if err := control.Backup(t.Context(), c.DataDir, &stolen); err == nil ||
		errors.Is(err, control.ErrNotRunning) || stolen.Len() > 0 {
		t.Errorf("got %v and %d bytes for a caller without the token, want a refusal", err,
			stolen.Len())
	}
	_, err := r.end(t)
	ok(t, err)
	_, err = backup.Restore(t.Context(), &archive, filepath.Join(s.dir, "restored"), time.Now())
	ok(t, err)
	if _, err := os.Stat(filepath.Join(c.DataDir, "gateway.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

// TestUnfinishedBackupIsRemoved starts a gateway on a folder in which a backup was killed. Other
// folders with similar names stay.
func TestUnfinishedBackupIsRemoved(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	data := filepath.Join(s.dir, "data")
	elsewhere := t.TempDir()
	for _, dir := range []string{
		filepath.Join(data, "backup-123"),
		filepath.Join(data, "backup-2026"),
		elsewhere,
	} {
		ok(t, os.MkdirAll(filepath.Join(dir, "telemetry"), 0o700))
		ok(t, os.WriteFile(filepath.Join(dir, "registry.db"), []byte("x"), 0o600))
	}
	for _, dir := range []string{filepath.Join(data, "backup-123"), elsewhere} {
		ok(t, os.WriteFile(filepath.Join(dir, ".gatehouse-unfinished-backup"), nil, 0o600))
	}
	ok(t, os.Symlink(elsewhere, filepath.Join(data, "backup-link")))
	r := s.run(t)
	_, err := r.end(t)
	ok(t, err)
	for name, want := range map[string]bool{
		"backup-123":              false,
		"backup-2026/registry.db": true,
		"backup-link/registry.db": true,
	} {
		if _, err := os.Stat(filepath.Join(data, name)); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", name, err, want)
		}
	}
}
