// Package listeners has what the gateway's listeners share: how many connections each may take, so
// that all of them leave the stores and the drivers their descriptors, certificates that are
// renewed while they are in use, and the server of the API. It refuses to look into a request, and
// to know a device or a person.
package listeners

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Renewal is a TLS file that was read again: descriptions of its old and new content, and Put,
// which puts the new one in force and cannot fail.
type Renewal struct {
	Key, From, To string
	Put           func()
}

// Certificate serves a certificate and reads it again, at most once a minute, when its file is
// newer; a renewed file that does not load leaves the old certificate in use.
type Certificate struct {
	name      string // of the key in the configuration
	cert, key string // files

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed time.Time
	looked  time.Time
}

// NewCertificate reads a certificate and its key. The name is that of the key in the configuration.
func NewCertificate(name, cert, key string) (*Certificate, error) {
	r := &Certificate{
		name: name,
		cert: cert,
		key:  key,
	}
	if _, err := r.get(nil); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Config makes a listener use the current certificate at each handshake.
func (r *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: r.get,
	}
}

func (r *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loaded != nil && time.Since(r.looked) < time.Minute {
		return r.loaded, nil
	}
	r.looked = time.Now()
	info, err := os.Stat(r.cert)
	if err == nil && r.loaded != nil && info.ModTime().Equal(r.changed) {
		return r.loaded, nil
	}
	c, loadErr := r.read()
	if loadErr != nil {
		if r.loaded != nil {
			return r.loaded, nil
		}
		return nil, loadErr
	}
	r.loaded = c
	if err == nil {
		r.changed = info.ModTime()
	}
	return r.loaded, nil
}

func (r *Certificate) read() (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(r.cert, r.key)
	if err != nil {
		return nil, g.Errorf(g.Invalid, "%s and %s are no certificate with its key: %v", r.cert, r.key,
			err)
	}
	return &c, nil
}

// Again reads the certificate for a reload, whether or not its file is newer.
func (r *Certificate) Again() (Renewal, error) {
	next, err := r.read()
	if err != nil {
		return Renewal{}, fmt.Errorf("%s: %w", r.name, err)
	}
	r.mu.Lock()
	old := r.loaded
	r.mu.Unlock()
	return Renewal{
		Key:  r.name + ".certificate",
		From: certificateName(old),
		To:   certificateName(next),
		Put: func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.loaded, r.looked = next, time.Now()
			if info, err := os.Stat(r.cert); err == nil {
				r.changed = info.ModTime()
			}
		},
	}, nil
}

// certificateName identifies a certificate to people, by its expiry and part of its hash.
func certificateName(c *tls.Certificate) string {
	if c == nil || len(c.Certificate) == 0 {
		return ""
	}
	sum := sha256.Sum256(c.Certificate[0])
	text := "SHA-256 " + hex.EncodeToString(sum[:8])
	if leaf, err := x509.ParseCertificate(c.Certificate[0]); err == nil {
		text = "valid until " + leaf.NotAfter.UTC().Format(time.DateOnly) + ", " + text
	}
	return text
}

// Authorities are the CAs of devices' certificates. They can be replaced while devices are
// connected: each handshake uses the current ones.
type Authorities struct {
	base *tls.Config // the listener's, without authorities
	now  atomic.Pointer[trusted]
}

// trusted is one version of the authorities, as a TLS configuration that
// verifies devices against them.
type trusted struct {
	config *tls.Config
	sum    string // of the file
}

// Trust makes a listener request client certificates signed by the authorities in a file.
func Trust(t *tls.Config, file string, required bool) (*Authorities, error) {
	x := &Authorities{base: t.Clone()}
	first, err := x.read(file, required)
	if err != nil {
		return nil, err
	}
	x.now.Store(first)
	t.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return x.now.Load().config, nil
	}
	return x, nil
}

func (x *Authorities) read(file string, required bool) (*trusted, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("mqtt.client_ca: %w", err)
	}
	t := x.base.Clone()
	t.ClientCAs = x509.NewCertPool()
	if !t.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, g.FieldErrorf("mqtt.client_ca", "%s holds no certificate in PEM form", file)
	}
	t.ClientAuth = tls.VerifyClientCertIfGiven
	if required {
		t.ClientAuth = tls.RequireAndVerifyClientCert
	}
	sum := sha256.Sum256(pem)
	return &trusted{
		config: t,
		sum:    "SHA-256 " + hex.EncodeToString(sum[:8]),
	}, nil
}

// Again reads the authorities for a reload.
func (x *Authorities) Again(file string, required bool) (Renewal, error) {
	next, err := x.read(file, required)
	if err != nil {
		return Renewal{}, err
	}
	return Renewal{
		Key:  "mqtt.client_ca",
		From: x.now.Load().sum,
		To:   next.sum,
		Put:  func() { x.now.Store(next) },
	}, nil
}
