package app_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/backup"
)

// backedUp is a school with events in its journal, and a backup of it.
func backedUp(t *testing.T) (*school, []byte) {
	t.Helper()
	s := newSchool(t)
	r := s.run(t)
	for n := range 12 {
		// one client id that connects again and again is refused for a while
		r.send(t, fmt.Sprintf("sensor-%d", n%sensors), n+1)
	}
	var archive bytes.Buffer
	ok(t, r.a.Backup(t.Context(), &archive))
	_, err := r.end(t)
	ok(t, err)
	return s, archive.Bytes()
}

// rewritten is the archive with each file as change makes it; nil leaves one out.
func rewritten(t *testing.T, archive []byte, change func(name string, b []byte) []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	ok(t, err)
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	to := tar.NewWriter(packed)
	from := tar.NewReader(z)
	for {
		h, err := from.Next()
		if err == io.EOF {
			break
		}
		ok(t, err)
		b, err := io.ReadAll(from)
		ok(t, err)
		if b = change(h.Name, b); b == nil {
			continue
		}
		h.Size = int64(len(b))
		ok(t, to.WriteHeader(h))
		_, err = to.Write(b)
		ok(t, err)
	}
	ok(t, to.Close())
	ok(t, packed.Close())
	return out.Bytes()
}

// TestRestoreRefusesWhatIsNotWhole: a truncated archive, an altered one and an incomplete one are
// refused, and leave nothing that a gateway would start on.
func TestRestoreRefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	s, archive := backedUp(t)
	without := func(prefix string) []byte {
		return rewritten(t, archive, func(name string, b []byte) []byte {
			if strings.HasPrefix(name, prefix) {
				return nil
			}
			return b
		})
	}
	old := func(prefix string) []byte { // of format 1, which had no checksums
		return rewritten(t, archive, func(name string, b []byte) []byte {
			switch {
			case name == "SHA256SUMS", prefix != "" && strings.HasPrefix(name, prefix):
				return nil
			case name == "manifest.json":
				return bytes.Replace(b, []byte(`"format":2`), []byte(`"format":1`), 1)
			}
			return b
		})
	}
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"3 % cut off":       {archive[:len(archive)*97/100], "damaged or cut short"},
		"the last byte cut": {archive[:len(archive)-1], "damaged or cut short"},
		"half of it":        {archive[:len(archive)/2], "damaged or cut short"},
		"a byte changed": {
			rewritten(t, archive, flipped("registry.db")),
			"registry.db is not as it was written",
		},
		"no registry":      {without("registry.db"), "registry.db is not as it was written"},
		"no checksums":     {without("SHA256SUMS"), "its checksums are missing"},
		"old, no registry": {old("registry.db"), "it holds no registry.db"},
		"old, no key": {
			old("keys/"),
			"it holds no " + filepath.Join("keys", "master.key"),
		},
		"old, another key": {
			rewritten(t, old(""), reversed("keys/master.key")),
			"registry does not open",
		},
		"no archive":      {[]byte("PK\x03\x04"), "this is no gateway backup"},
		"another archive": {without("manifest.json"), "this is no gateway backup"},
		"of a newer gateway": {
			rewritten(t, archive, replaced("manifest.json", `"format":2`, `"format":9`)),
			"has format 9",
		},
		"something after sums": {appended(t, archive), "something follows its checksums"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			_, err := backup.Restore(t.Context(), bytes.NewReader(c.archive), dir, time.Now())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("it left %v behind", left)
			}
		})
	}
	dir := filepath.Join(t.TempDir(), "data")
	_, err := backup.Restore(t.Context(), bytes.NewReader(old("")), dir, time.Now())
	ok(t, err) // a backup of the version before still restores
	_ = s
}

func flipped(name string) func(string, []byte) []byte {
	return func(n string, b []byte) []byte {
		if n == name {
			b[len(b)/2] ^= 1
		}
		return b
	}
}

// reversed reverses the digits of a file, which stay digits; a flipped bit
// might make another character.
func reversed(name string) func(string, []byte) []byte {
	return func(n string, b []byte) []byte {
		if n == name {
			slices.Reverse(bytes.TrimSpace(b))
		}
		return b
	}
}

func replaced(name, old, new string) func(string, []byte) []byte {
	return func(n string, b []byte) []byte {
		if n == name {
			return bytes.Replace(b, []byte(old), []byte(new), 1)
		}
		return b
	}
}

func appended(t *testing.T, archive []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	ok(t, err)
	whole, err := io.ReadAll(z)
	ok(t, err)
	var more bytes.Buffer
	to := tar.NewWriter(&more)
	ok(t,
		to.WriteHeader(&tar.Header{
			Name:     "rules/late.yaml",
			Mode:     0o600,
			Size:     1,
			Typeflag: tar.TypeReg,
		}))
	_, err = to.Write([]byte("x"))
	ok(t, err)
	ok(t, to.Close())
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	_, err = packed.Write(append(bytes.TrimRight(whole, "\x00"), pad(whole, more.Bytes())...))
	ok(t, err)
	ok(t, packed.Close())
	return out.Bytes()
}

// pad is the zeros that complete the last block of a tar without its end, and more.
func pad(whole, more []byte) []byte {
	used := len(bytes.TrimRight(whole, "\x00"))
	return append(make([]byte, (512-used%512)%512), more...)
}

// A restore that was killed leaves a folder that no gateway opens, and can be run again.
func TestInterruptedRestore(t *testing.T) {
	t.Parallel()
	s, archive := backedUp(t)
	dir := filepath.Join(t.TempDir(), "data")
	ok(t, os.MkdirAll(filepath.Join(dir, ".gatehouse-restoring", "journal"), 0o700))
	ok(t, os.WriteFile(filepath.Join(dir, "registry.db"), []byte("half"), 0o600))
	c := configOf(s.dir)
	c.DataDir = dir
	if _, err := open(t.Context(), c, app.Options{Logger: slog.New(slog.DiscardHandler)}); err == nil ||
		!strings.Contains(err.Error(), "was interrupted") {
		t.Fatalf("got %v, want the folder refused", err)
	}
	_, err := backup.Restore(t.Context(), bytes.NewReader(archive), dir, time.Now())
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
	if _, err := backup.Restore(t.Context(), bytes.NewReader(archive), dir, time.Now()); err == nil ||
		!strings.Contains(err.Error(), "is not empty") {
		t.Errorf("got %v, want a folder with a gateway in it refused", err)
	}
}

// TestEventsAfterARestoreHaveNewIDs: events after a restore have ids that were never used,
// whatever the gateway used after the backup and however often it is restored; and a reader
// whose cursor is ahead is told.
func TestEventsAfterARestoreHaveNewIDs(t *testing.T) {
	t.Parallel()
	s, archive := backedUp(t)
	given := map[string]string{} // id -> which life gave it
	newest := uint64(0)
	for _, life := range []string{"data", "first", "second"} {
		dir := filepath.Join(s.dir, life)
		if life != "data" {
			_, err := backup.Restore(t.Context(), bytes.NewReader(archive), dir, time.Now())
			ok(t, err)
		}
		c := configOf(s.dir)
		c.DataDir = dir
		r := s.runWith(t, c)
		before := time.Now()
		for n := range 15 {
			// one client id that connects again and again is refused for a while
			r.send(t, fmt.Sprintf("sensor-%d", n%sensors), n+1)
		}
		fresh := 0
		eventually(t, "the events of this life", func() bool {
			url := r.a.URL() + "/v1/events?kinds=reading&limit=1000"
			p, err := get[page[g.Event]](t.Context(), s, url)
			ok(t, err)
			fresh = 0
			for _, e := range p.Items {
				if e.Received.Before(before) {
					continue
				}
				fresh++
				if was, ok := given[e.ID]; ok && was != life {
					t.Errorf("%s was given in the life %s and again in %s", e.ID, was, life)
				}
				if given[e.ID] == "" && e.Seq <= newest {
					t.Errorf("life %s: sequence %d after %d", life, e.Seq, newest)
				}
				if e.Seq >= 1<<53 {
					t.Errorf("sequence %d is no exact number in JSON", e.Seq)
				}
				given[e.ID] = life
				newest = max(newest, e.Seq)
			}
			return fresh >= 15
		})
		_, err := r.end(t)
		ok(t, err)
	}
	if len(given) < 45 {
		t.Errorf("got %d ids, want 45", len(given))
	}
}
