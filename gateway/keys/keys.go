// Package keys reads the gateway's master key, which decrypts everything that is encrypted at rest,
// and derives keys from it. It makes a master key at the very first start only, refuses to make one
// beside data that another key encrypted, and gives no key to any other program.
package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Master reads keys/master.key in dir, 32 bytes in hexadecimal, and makes it at the very
// first start. It refuses to make one beside a registry that was encrypted with another.
func Master(dir string) ([]byte, error) {
	file := filepath.Join(dir, "keys", "master.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "registry.db")); err == nil {
			return nil, fmt.Errorf("%s is missing, and without it the people, faces and secrets "+
				"in %s cannot be read: put the key back from a backup (gateway restore)",
				file, dir)
		}
		return newMaster(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s is damaged: it should hold 64 hexadecimal digits; put the key "+
			"back from a backup",
			file)
	}
	return key, nil
}

// newMaster makes the key and syncs the file and its folders to disk before anything is encrypted
// with it. It is written to a temporary file first, so that a crash leaves no partial key. If two
// processes make one at the same time, the second fails.
func newMaster(file string) ([]byte, error) {
	key, dir := make([]byte, 32), filepath.Dir(file)
	rand.Read(key)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	f, err := os.CreateTemp(dir, "new-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), file)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err == nil {
			err = SyncDir(d)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	return key, nil
}

// SyncDir makes the names in a folder durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Signer is a key of 32 bytes for HMAC: HKDF-SHA256 (RFC 5869) of the master key for one use.
func Signer(master []byte, use string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, master, nil, use, 32)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", use, err)
	}
	return key, nil
}

// Sealer is AES-256-GCM under HKDF-SHA256 (RFC 5869) of the master key for one use.
func Sealer(master []byte, use string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, master, nil, use, 32)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", use, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", use, err)
	}
	return cipher.NewGCM(block)
}
