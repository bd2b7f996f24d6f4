// Package media keeps evidence (snapshots of sightings and alerts) as encrypted files, one
// folder for each school and day, under a key derived for each school. It knows neither
// people nor alerts, and shows nothing to anybody: callers check who may see a picture.
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

// Put encrypts and keeps a picture taken at a time, and names it. The name carries the day,
// so that retention needs no index, and follows from the picture: whoever has to send the
// same again, since the journal took no events, fills no disk with it.
func (s *Store) Put(school g.SchoolID, at time.Time, picture []byte) (g.MediaID, error) {
	if len(picture) == 0 || len(picture) > MaxBytes {
		return "", g.Errorf(g.TooLarge, "a picture has 1 to %d bytes, this one %d", MaxBytes, len(picture))
	}
	id, err := s.name(school, at, picture)
	if err != nil {
		return "", err
	}
	aead, err := s.cipher(school)
	if err != nil {
		return "", err
	}
	path, err := s.path(school, id)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("keep picture: %w", err)
	}
	if err := os.WriteFile(path, aead.Seal(nonce, nonce, picture, []byte(id)), 0o600); err != nil {
		return "", fmt.Errorf("keep picture: %w", err)
	}
	return id, nil
}

// Open answers the picture, or a NotFound error where there is none of that school.
func (s *Store) Open(_ context.Context, school g.SchoolID, id g.MediaID) ([]byte, error) {
	path, err := s.path(school, id)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, g.Errorf(g.NotFound, "the picture is not kept any more, or never was")
	}
	if err != nil {
		return nil, fmt.Errorf("open picture: %w", err)
	}
	aead, err := s.cipher(school)
	if err != nil {
		return nil, err
	}
	if len(b) < aead.NonceSize() {
		return nil, fmt.Errorf("open picture %s: the file is cut short", id)
	}
	out, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], []byte(id))
	if err != nil {
		return nil, fmt.Errorf("open picture %s: %w", id, err)
	}
	return out, nil
}

// Expire deletes the days before the given time in every school, and says how many days.
func (s *Store) Expire(before time.Time) (int, error) {
	days, err := filepath.Glob(filepath.Join(s.dir, "*", "[0-9]*"))
	if err != nil {
		return 0, err
	}
	limit, n := before.UTC().Format("20060102"), 0
	for _, d := range days {
		if filepath.Base(d) < limit {
			if err := os.RemoveAll(d); err != nil {
				return n, fmt.Errorf("expire pictures: %w", err)
			}
			n++
		}
	}
	return n, nil
}

func (s *Store) path(school g.SchoolID, id g.MediaID) (string, error) {
	day, ok := strings.CutPrefix(string(id), "med_")
	if !ok || len(day) < 9 || !g.ValidID(string(id)) || !g.ValidID(string(school)) {
		return "", g.Errorf(g.NotFound, "%q names no picture", id)
	}
	return filepath.Join(s.dir, string(school), day[:8], string(id)), nil
}

// name is keyed, so that it tells nobody whether a picture that they have is kept here.
func (s *Store) name(school g.SchoolID, at time.Time, picture []byte) (g.MediaID, error) {
	key, err := hkdf.Key(sha256.New, s.master, nil, "gatehouse media name "+string(school), 32)
	if err != nil {
		return "", fmt.Errorf("derive media key: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(picture)
	return g.MediaID("med_" + at.UTC().Format("20060102") + "_" + hex.EncodeToString(h.Sum(nil)[:10])), nil
}

// cipher is AES-256-GCM under HKDF-SHA256 (RFC 5869) of the master key for one school.
func (s *Store) cipher(school g.SchoolID) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.master, nil, "gatehouse media "+string(school), 32)
	if err != nil {
		return nil, fmt.Errorf("derive media key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
