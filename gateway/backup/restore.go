package backup

import (
	"archive/tar"
	"bufio"
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
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	// restoringName is where an archive is unpacked and looked at, inside the data folder. While
	// it is there no gateway opens that folder.
	restoringName = ".gatehouse-restoring"
	restoresName  = "restores.json"
	maxSmall      = 16 << 20 // of the files of an archive that are read into memory
)

// restored records one restore of a data folder: events up to Newest are the backup's, events after
// Floor came later. The sequences between are never used here, since the original gateway may have
// used them after the backup: an event's id never names another event.
type restored struct {
	At     time.Time `json:"at"`
	Backup time.Time `json:"backup"` // when the backup was made
	Newest uint64    `json:"newest"`
	Floor  uint64    `json:"floor"`
}

// floorAt is a sequence above all that any gateway used before: the microseconds since 2020, since
// no gateway journals a million events a second. It fits the 53 bits of a JSON number.
func floorAt(now time.Time) uint64 {
	since := now.Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds()
	return uint64(max(since, 1))
}

func readRestores(dir string) ([]restored, error) {
	b, err := os.ReadFile(filepath.Join(dir, restoresName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []restored
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("%s in data_dir: %w", restoresName, err)
	}
	return all, nil
}

// Floor is the sequence after which the journal in dir goes on, and an error where a restore
// into dir was interrupted.
func Floor(dir string) (uint64, error) {
	if _, err := os.Lstat(filepath.Join(dir, restoringName)); err == nil {
		return 0, fmt.Errorf("data_dir: a restore into %s was interrupted: run it again, or name "+
			"another folder",
			dir)
	}
	all, err := readRestores(dir)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[len(all)-1].Floor, nil
}

// Restore puts an archive of Write back into dir, which must be empty, not exist, or hold what an
// interrupted Restore left. The archive is unpacked into a folder inside dir and verified: its
// checksums, its databases, its journal, and that its key opens its registry. Only then is it moved
// into place; until then no gateway opens dir. told lists damaged places of the journal, which were
// damaged when the backup was made.
func Restore(
	ctx context.Context, r io.Reader, dir string, now time.Time,
) (told []string, err error) {
	leftovers, err := vacant(dir)
	if err != nil {
		return nil, err
	}
	in, err := openArchive(r)
	if err != nil {
		return nil, err
	}
	aside := filepath.Join(dir, restoringName)
	if err := clearOut(dir, aside, leftovers); err != nil {
		return nil, err
	}
	err = in.unpack(aside)
	if err == nil {
		told, err = sound(ctx, aside, in.manifest, now)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(aside))
	}
	return told, settle(dir, aside)
}

// vacant refuses a folder that holds anything but leftovers of an interrupted
// restore, and returns their names.
func vacant(dir string) (leftovers []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look into the data folder: %w", err)
	}
	_, err = os.Lstat(filepath.Join(dir, restoringName))
	interrupted := err == nil
	for _, e := range entries {
		if e.Name() != restoringName && !(interrupted && partOfBackup(e.Name())) {
			return nil, fmt.Errorf("%s is not empty: name an empty folder, or move that one away",
				dir)
		}
		leftovers = append(leftovers, e.Name())
	}
	return leftovers, nil
}

// clearOut makes dir with an empty folder aside in it. Of an interrupted restore it removes first
// what was moved into place, then the folder that marks it.
func clearOut(dir, aside string, leftovers []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	for _, name := range leftovers {
		if name == restoringName {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove what an interrupted restore left: %w", err)
		}
	}
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("remove what an interrupted restore left: %w", err)
	}
	if err := os.Mkdir(aside, 0o700); err != nil {
		return fmt.Errorf("make a folder to unpack into: %w", err)
	}
	return keys.SyncDir(dir)
}

// partOfBackup says whether a backup holds a file or folder of that name.
func partOfBackup(name string) bool {
	switch name {
	case "registry.db", "history.db", "keys", "journal", "mqtt", "telemetry", "media", "rules",
		restoresName:
		return true
	}
	return false
}

// damaged says that the archive is damaged, unless err is about the disk that it is unpacked to.
func damaged(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("there is no room for the backup on the disk: make some, and run it "+
			"again: %w",
			err)
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	return fmt.Errorf("the backup is damaged or cut short: %w", err)
}

// incoming is an archive whose manifest has been read.
type incoming struct {
	z        *gzip.Reader
	t        *tar.Reader
	head     []byte // the manifest as it was written
	manifest manifest
}

// openArchive reads an archive's manifest and refuses one that this gateway cannot restore.
func openArchive(r io.Reader) (*incoming, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("this is no gateway backup: %w", err)
	}
	in := &incoming{
		z: z,
		t: tar.NewReader(z),
	}
	first, err := in.t.Next()
	if err != nil || first.Name != manifestName {
		return nil, fmt.Errorf("this is no gateway backup: it does not begin with %s", manifestName)
	}
	in.head, err = io.ReadAll(io.LimitReader(in.t, 1<<16))
	if err == nil {
		err = json.Unmarshal(in.head, &in.manifest)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m := in.manifest; m.Format < 1 || m.Format > backupFormat {
		return nil, fmt.Errorf("the backup has format %d and this gateway reads %d: use the "+
			"gateway of version %s",
			m.Format, backupFormat, m.Version)
	}
	return in, nil
}

// unpack writes the archive's files into the folder dir and compares their checksums.
func (in *incoming) unpack(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	sums := map[string]string{manifestName: fmt.Sprintf("%x", sha256.Sum256(in.head))}
	for {
		h, err := in.t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return damaged(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if h.Name == sumsName {
			want, err := io.ReadAll(io.LimitReader(in.t, maxSmall))
			if err != nil {
				return damaged(err)
			}
			return in.whole(want, sums)
		}
		if sums[h.Name], err = takeFile(root, h, in.t); err != nil {
			return damaged(err)
		}
	}
	if in.manifest.Format > 1 {
		return damaged(errors.New("its checksums are missing"))
	}
	return nil
}

// whole checks that the archive ends after its checksums, and that they match
// the files that were read.
func (in *incoming) whole(want []byte, got map[string]string) error {
	lines := bufio.NewScanner(bytes.NewReader(want))
	n := 0
	for lines.Scan() {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		if got[name] != sum {
			return damaged(fmt.Errorf("%s is not as it was written", name))
		}
		n++
	}
	if err := lines.Err(); err != nil {
		return damaged(err)
	}
	if n != len(got) {
		return damaged(fmt.Errorf("it holds %d files and %d checksums", len(got), n))
	}
	if _, err := in.t.Next(); err != io.EOF {
		return damaged(errors.New("something follows its checksums"))
	}
	if _, err := io.Copy(io.Discard, in.z); err != nil { // gzip's own checksum stands at its end
		return damaged(err)
	}
	return nil
}

// takeFile writes one file and returns its checksum; os.Root refuses names that lead out of the
// folder. README.txt is read and not written.
func takeFile(root *os.Root, h *tar.Header, r io.Reader) (string, error) {
	sum := sha256.New()
	in := io.TeeReader(r, sum)
	if h.Name == "README.txt" {
		_, err := io.Copy(io.Discard, io.LimitReader(in, maxSmall))
		return fmt.Sprintf("%x", sum.Sum(nil)), err
	}
	if err := root.MkdirAll(path.Dir(h.Name), 0o700); err != nil {
		return "", err
	}
	f, err := root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, in)
	return fmt.Sprintf("%x", sum.Sum(nil)), errors.Join(err, f.Sync(), f.Close())
}

// sound checks that what was unpacked is a data folder that a gateway can open, and
// records the restore in it.
func sound(ctx context.Context, dir string, m manifest, now time.Time) (told []string, err error) {
	for _, name := range []string{
		"registry.db",
		"history.db",
		filepath.Join("keys", "master.key"),
		"journal",
	} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return nil, damaged(fmt.Errorf("it holds no %s", name))
		}
	}
	key, err := keys.Master(dir)
	if err != nil {
		return nil, damaged(err)
	}
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       dir,
		MasterKey: key,
		Now:       func() time.Time { return now },
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("the backup's registry does not open: %w", err)
	}
	if err := errors.Join(reg.CheckFiles(ctx), reg.Close()); err != nil {
		return nil, damaged(err)
	}
	sum, err := journal.Verify(filepath.Join(dir, "journal"), func(p journal.Problem) {
		// the tail of a file that grew while it was copied, not acknowledged by then
		if p.Kind != journal.Torn {
			told = append(told,
				fmt.Sprintf("%s at %d of %s: %s", p.Kind, p.Offset, filepath.Base(p.File),
					p.Detail))
		}
	})
	if err != nil {
		return nil, damaged(err)
	}
	return told, note(dir, m, sum.Newest, now)
}

// note appends this restore to the folder's list of restores.
func note(dir string, m manifest, newest uint64, now time.Time) error {
	all, err := readRestores(dir)
	if err != nil {
		return damaged(err)
	}
	from := max(floorAt(now), newest)
	if len(all) > 0 {
		from = max(from, all[len(all)-1].Floor)
	}
	all = append(all, restored{
		At:     now.UTC(),
		Backup: m.Created,
		Newest: newest,
		Floor:  from,
	})
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, restoresName), b)
}

func writeSynced(file string, b []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// settle moves what was unpacked into place; the folder that marks the restore as unfinished
// goes last.
func settle(dir, aside string) error {
	entries, err := os.ReadDir(aside)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(aside, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("put the backup in its place: %w", err)
		}
	}
	if err := keys.SyncDir(dir); err != nil {
		return err
	}
	if err := os.Remove(aside); err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	return keys.SyncDir(dir)
}
