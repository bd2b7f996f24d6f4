package store

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

// Vault holds the keys. The master key wraps a random key per school and per person. A school's key
// derives the keys for its device secrets, face templates, and lookups by number and credential.
// Another key derived from the master encrypts data of no person.
type Vault struct {
	wrapper cipher.AEAD // wraps school and person keys
	Data    cipher.AEAD // alerts, outbox, deliveries, settings, audit reasons, webhook secrets
	head    []byte      // HMAC key of the audit log's head
	Doors   []byte      // HMAC key of passwords that devices present

	mu      sync.Mutex
	schools map[g.SchoolID]*SchoolKeys // cache of all schools used
}

type SchoolKeys struct {
	Secret   cipher.AEAD // device secrets
	Template cipher.AEAD // face templates
	Kept     cipher.AEAD // history: unassigned credentials, and unreadable messages
	lookup   []byte      // HMAC key for lookups by number and credential
}

func newVault(master []byte) (*Vault, error) {
	if len(master) != keySize {
		return nil, g.Errorf(g.Invalid,
			"the master key has %d bytes instead of %d: restore the key file from the backup",
			len(master), keySize)
	}
	wrapper, err := derived(master, "gatehouse wrap v1")
	if err != nil {
		return nil, err
	}
	data, err := derived(master, "gatehouse data v1")
	if err != nil {
		return nil, err
	}
	head, err := hkdf.Key(
		sha256.New,
		master,
		nil,
		"gatehouse audit head v1",
		keySize,
	)
	if err != nil {
		return nil, err
	}
	doors, err := hkdf.Key(
		sha256.New,
		master,
		nil,
		"gatehouse device passwords v1",
		keySize,
	)
	if err != nil {
		return nil, err
	}
	return &Vault{
		wrapper: wrapper,
		Data:    data,
		head:    head,
		Doors:   doors,
		schools: map[g.SchoolID]*SchoolKeys{},
	}, nil
}

// derived is AES-256-GCM under a key derived by HKDF (RFC 5869).
func derived(key []byte, purpose string) (cipher.AEAD, error) {
	k, err := hkdf.Key(
		sha256.New,
		key,
		nil,
		purpose,
		keySize,
	)
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

// Seal encrypts; context binds the ciphertext to its row, so that rows cannot be swapped.
func Seal(a cipher.AEAD, plain []byte, context string) []byte {
	return a.Seal(nil, nil, plain, []byte(context))
}

// Unseal is the inverse of Seal.
func Unseal(a cipher.AEAD, sealed []byte, context string) ([]byte, error) {
	plain, err := a.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("unseal %s: the master key does not fit, or the data was changed",
			context)
	}
	return plain, nil
}

// NewKey returns a random key and its wrapped form.
func (v *Vault) NewKey(context string) (key, wrapped []byte) {
	key = make([]byte, keySize)
	rand.Read(key)
	return key, Seal(v.wrapper, key, "key "+context)
}

// Personal is the cipher for one person's fields.
func (v *Vault) Personal(id g.PersonID, wrapped []byte) (cipher.AEAD, error) {
	key, err := Unseal(v.wrapper, wrapped, "key "+string(id))
	if err != nil {
		return nil, err
	}
	return gcm(key)
}

// School returns a school's keys.
func (v *Vault) School(ctx context.Context, c Conn, id g.SchoolID) (*SchoolKeys, error) {
	v.mu.Lock()
	k := v.schools[id]
	v.mu.Unlock()
	if k != nil {
		return k, nil
	}
	var wrapped []byte
	if err := c.Row(ctx, "SELECT key_sealed FROM schools WHERE id = ?", id).Scan(&wrapped); err != nil {
		return nil, Missing(err, "school", string(id))
	}
	key, err := Unseal(v.wrapper, wrapped, "key "+string(id))
	if err != nil {
		return nil, err
	}
	secret, err1 := derived(key, "device secrets v1")
	template, err2 := derived(key, "face templates v1")
	kept, err3 := derived(key, "kept history v1")
	lookup, err4 := hkdf.Key(
		sha256.New,
		key,
		nil,
		"lookups v1",
		keySize,
	)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	k = &SchoolKeys{
		Secret:   secret,
		Template: template,
		Kept:     kept,
		lookup:   lookup,
	}
	v.mu.Lock()
	v.schools[id] = k
	v.mu.Unlock()
	return k, nil
}

// Mac is the keyed hash by which a number or a credential is looked up.
func (k *SchoolKeys) Mac(kind, value string) []byte {
	m := hmac.New(sha256.New, k.lookup)
	m.Write([]byte(kind + "\x00" + value))
	return m.Sum(nil)
}

// check refuses a master key other than the one that the registry was created with.
func (v *Vault) check(ctx context.Context, t *Tx) error {
	const text = "gatehouse registry"
	var sealed []byte
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM meta WHERE key = 'master'").Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		_, err := t.Exec(ctx, "INSERT INTO meta (key, value) VALUES ('master', ?)",
			Seal(v.Data, []byte(text), "master"))
		return err
	}
	if err := t.Row(ctx, "SELECT value FROM meta WHERE key = 'master'").Scan(&sealed); err != nil {
		return err
	}
	if _, err := Unseal(v.Data, sealed, "master"); err != nil {
		return g.Errorf(g.Unavailable,
			"the master key is not the one with which this registry was made: restore the key "+
				"file that belongs to it")
	}
	return nil
}
