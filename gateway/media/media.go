// Package media keeps evidence (the pictures of alerts, and what a face there measures) as
// encrypted files, one folder for each school and hour, under a key derived for each school.
// Beside them are the drawings of floors, which expire with no hour.
// It knows neither people nor alerts, and shows nothing to anybody: callers check who may see
// a picture.
package media

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// MaxBytes bounds one picture.
const MaxBytes = 2 << 20

// Store is a folder of encrypted pictures. It is safe for concurrent use.
type Store struct {
	dir    string
	master []byte
}

// Open uses dir, which it creates; master is the gateway's 32-byte master key.
func Open(dir string, master []byte) (*Store, error) {
	if len(master) != 32 {
		return nil, fmt.Errorf("open media: the master key has %d bytes, want 32", len(master))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open media: %w", err)
	}
	return &Store{dir, master}, nil
}

// Put encrypts and stores a picture taken at a time, and names it. The name carries the hour, so
// that retention needs no index, and is derived from the picture, so that storing the same picture
// again after a failure takes no more room.
func (s *Store) Put(school g.SchoolID, at time.Time, picture []byte) (g.MediaID, error) {
	if len(picture) == 0 || len(picture) > MaxBytes {
		return "", g.Errorf(g.TooLarge, "a picture has 1 to %d bytes, this one %d", MaxBytes,
			len(picture))
	}
	id, err := s.name(school, at, picture)
	if err != nil {
		return "", err
	}
	return id, s.write(school, id, "", picture)
}

// write encrypts a file of a picture: the picture itself, or what has the suffix.
func (s *Store) write(school g.SchoolID, id g.MediaID, suffix string, plain []byte) error {
	path, err := s.path(school, id)
	if err != nil {
		return err
	}
	return s.seal(school, path+suffix, string(id)+suffix, plain)
}

// seal encrypts a file; label is what it is opened with.
func (s *Store) seal(school g.SchoolID, path, label string, plain []byte) error {
	aead, err := s.cipher(school)
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	sealed := aead.Seal(nonce, nonce, plain, []byte(label))
	if err := os.WriteFile(path, sealed, 0o600); err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	return nil
}

// Open returns the picture, or a NotFound error if the school has none of that id.
func (s *Store) Open(_ context.Context, school g.SchoolID, id g.MediaID) ([]byte, error) {
	path, err := s.path(school, id)
	if err != nil {
		return nil, err
	}
	out, err := s.read(school, path, string(id))
	if errors.Is(err, fs.ErrNotExist) {
		out, err = s.read(school, s.keptPath(school, id), string(id))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, g.Errorf(g.NotFound, "the picture is not kept any more, or never was")
	}
	return out, err
}

// read decrypts a file; label is what it was sealed with.
func (s *Store) read(school g.SchoolID, path, label string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open picture: %w", err)
	}
	aead, err := s.cipher(school)
	if err != nil {
		return nil, err
	}
	if len(b) < aead.NonceSize() {
		return nil, fmt.Errorf("open picture %s: the file is cut short", label)
	}
	out, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], []byte(label))
	if err != nil {
		return nil, fmt.Errorf("open picture %s: %w", label, err)
	}
	return out, nil
}

// Expire deletes the hours (and of older versions the days) that were over before the given
// time, in every school, and says how many. What was kept by somebody stays.
func (s *Store) Expire(before time.Time) (int, error) {
	folders, err := filepath.Glob(filepath.Join(s.dir, "*", "[0-9]*"))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, f := range folders {
		over, ok := periodEnd(filepath.Base(f))
		if !ok || over.After(before) {
			continue
		}
		if err := os.RemoveAll(f); err != nil {
			return n, fmt.Errorf("expire pictures: %w", err)
		}
		n++
	}
	return n, nil
}

// The layouts of the folders' names, in UTC.
const (
	byHour = "2006010215"
	byDay  = "20060102" // of older versions
)

// periodEnd is when the hour or day that a folder is named after is over.
func periodEnd(name string) (time.Time, bool) {
	if t, err := time.Parse(byHour, name); err == nil {
		return t.Add(time.Hour), true
	}
	t, err := time.Parse(byDay, name)
	return t.AddDate(0, 0, 1), err == nil
}

// path is the file of a picture while nobody has kept it.
func (s *Store) path(school g.SchoolID, id g.MediaID) (string, error) {
	rest, ok := strings.CutPrefix(string(id), "med_")
	period, _, cut := strings.Cut(rest, "_")
	if _, known := periodEnd(period); !ok || !cut || !known || !g.ValidID(string(id)) ||
		!g.ValidID(string(school)) {
		return "", g.Errorf(g.NotFound, "%q names no picture", id)
	}
	return filepath.Join(s.dir, string(school), period, string(id)), nil
}

// name is a keyed hash, so that nobody who has a picture can find out whether it is stored here.
func (s *Store) name(school g.SchoolID, at time.Time, picture []byte) (g.MediaID, error) {
	key, err := hkdf.Key(
		sha256.New,
		s.master,
		nil,
		"gatehouse media name "+string(school),
		32,
	)
	if err != nil {
		return "", fmt.Errorf("derive media key: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(picture)
	return g.MediaID("med_" + at.UTC().Format(byHour) + "_" + hex.EncodeToString(h.Sum(nil)[:10])), nil
}

// cipher is AES-256-GCM under HKDF-SHA256 (RFC 5869) of the master key for one school.
func (s *Store) cipher(school g.SchoolID) (cipher.AEAD, error) {
	key, err := hkdf.Key(
		sha256.New,
		s.master,
		nil,
		"gatehouse media "+string(school),
		32,
	)
	if err != nil {
		return nil, fmt.Errorf("derive media key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
