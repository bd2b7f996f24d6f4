package registry

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
)

const keySize = 32

// vault holds the keys. The master key wraps a random key per school and per person; from a
// school's key come the keys of its device secrets, its face templates and its lookups by
// number and credential. A second key from the master seals what belongs to no person.
type vault struct {
	wrapper cipher.AEAD // wraps school and person keys
	data    cipher.AEAD // alerts, outbox, deliveries, settings, audit reasons, webhook secrets
	head    []byte      // HMAC key of the audit log's head
	doors   []byte      // HMAC key of passwords that devices bring along

	mu      sync.Mutex
	schools map[g.SchoolID]*schoolKeys // as many as there are schools
}

type schoolKeys struct {
	secret   cipher.AEAD // device secrets
	template cipher.AEAD // face templates
	kept     cipher.AEAD // of the history: credentials of nobody yet, and what nobody could read
	lookup   []byte      // HMAC key of numbers and credentials
}

func newVault(master []byte) (*vault, error) {
	if len(master) != keySize {
		return nil, g.Errorf(g.Invalid, "the master key has %d bytes instead of %d: restore the key file from the backup", len(master), keySize)
	}
	wrapper, err := derived(master, "gatehouse wrap v1")
	if err != nil {
		return nil, err
	}
	data, err := derived(master, "gatehouse data v1")
	if err != nil {
		return nil, err
	}
	head, err := hkdf.Key(sha256.New, master, nil, "gatehouse audit head v1", keySize)
	if err != nil {
		return nil, err
	}
	doors, err := hkdf.Key(sha256.New, master, nil, "gatehouse device passwords v1", keySize)
	if err != nil {
		return nil, err
	}
	return &vault{wrapper: wrapper, data: data, head: head, doors: doors, schools: map[g.SchoolID]*schoolKeys{}}, nil
}

// derived is the AES-256-GCM cipher under a key that HKDF (RFC 5869) draws from key.
func derived(key []byte, purpose string) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, nil, purpose, keySize)
	if err != nil {
		return nil, err
	}
	return gcm(k)
}

// gcm is AES-256-GCM with a random nonce before each ciphertext.
func gcm(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(b)
}

// seal encrypts; context ties the ciphertext to its place, so that rows cannot be swapped.
func seal(a cipher.AEAD, plain []byte, context string) []byte {
	return a.Seal(nil, nil, plain, []byte(context))
}

// unseal is the reverse of seal.
func unseal(a cipher.AEAD, sealed []byte, context string) ([]byte, error) {
	plain, err := a.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("unseal %s: the master key does not fit, or the data was changed", context)
	}
	return plain, nil
}

// newKey is a fresh random key and its wrapped form.
func (v *vault) newKey(context string) (key, wrapped []byte) {
	key = make([]byte, keySize)
	rand.Read(key)
	return key, seal(v.wrapper, key, "key "+context)
}

// personal is the cipher of one person's fields.
func (v *vault) personal(id g.PersonID, wrapped []byte) (cipher.AEAD, error) {
	key, err := unseal(v.wrapper, wrapped, "key "+string(id))
	if err != nil {
		return nil, err
	}
	return gcm(key)
}

// school answers the school's keys.
func (v *vault) school(ctx context.Context, c conn, id g.SchoolID) (*schoolKeys, error) {
	v.mu.Lock()
	k := v.schools[id]
	v.mu.Unlock()
	if k != nil {
		return k, nil
	}
	var wrapped []byte
	if err := c.row(ctx, "SELECT key_sealed FROM schools WHERE id = ?", id).Scan(&wrapped); err != nil {
		return nil, missing(err, "school", string(id))
	}
	key, err := unseal(v.wrapper, wrapped, "key "+string(id))
	if err != nil {
		return nil, err
	}
	secret, err1 := derived(key, "device secrets v1")
	template, err2 := derived(key, "face templates v1")
	kept, err3 := derived(key, "kept history v1")
	lookup, err4 := hkdf.Key(sha256.New, key, nil, "lookups v1", keySize)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	k = &schoolKeys{secret: secret, template: template, kept: kept, lookup: lookup}
	v.mu.Lock()
	v.schools[id] = k
	v.mu.Unlock()
	return k, nil
}

// mac is the keyed hash by which a number or a credential is found again.
func (k *schoolKeys) mac(kind, value string) []byte {
	m := hmac.New(sha256.New, k.lookup)
	m.Write([]byte(kind + "\x00" + value))
	return m.Sum(nil)
}

// check refuses a master key other than the one with which the registry was made.
func (v *vault) check(ctx context.Context, t *tx) error {
	const text = "gatehouse registry"
	var sealed []byte
	n := 0
	if err := t.row(ctx, "SELECT COUNT(*) FROM meta WHERE key = 'master'").Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		_, err := t.exec(ctx, "INSERT INTO meta (key, value) VALUES ('master', ?)", seal(v.data, []byte(text), "master"))
		return err
	}
	if err := t.row(ctx, "SELECT value FROM meta WHERE key = 'master'").Scan(&sealed); err != nil {
		return err
	}
	if _, err := unseal(v.data, sealed, "master"); err != nil {
		return g.Errorf(g.Unavailable, "the master key is not the one with which this registry was made: restore the key file that belongs to it")
	}
	return nil
}
