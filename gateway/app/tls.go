package app

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
)

// renewing serves a certificate and reads it again, at most once a minute, when its file is
// newer; a renewed file that does not load leaves the old certificate in use.
type renewing struct {
	name      string // of the key in the configuration
	cert, key string // files

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed time.Time
	looked  time.Time
}

func (r *renewing) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
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

func (r *renewing) read() (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(r.cert, r.key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no certificate with its key: %w", r.cert, r.key, err)
	}
	return &c, nil
}

// again reads the certificate for a reload, whenever its file was written.
func (r *renewing) again() (renewal, error) {
	next, err := r.read()
	if err != nil {
		return renewal{}, fmt.Errorf("%s: %w", r.name, err)
	}
	r.mu.Lock()
	old := r.loaded
	r.mu.Unlock()
	return renewal{
		key:  r.name + ".certificate",
		from: certificateName(old),
		to:   certificateName(next),
		put: func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.loaded, r.looked = next, time.Now()
			if info, err := os.Stat(r.cert); err == nil {
				r.changed = info.ModTime()
			}
		},
	}, nil
}

// certificateName tells a certificate from others in front of people.
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

// authorities have devices show certificates, and can be exchanged while devices are connected:
// each handshake asks what holds now.
type authorities struct {
	base *tls.Config // the listener's, without authorities
	now  atomic.Pointer[trusted]
}

// trusted is what devices' certificates are held against.
type trusted struct {
	config *tls.Config
	sum    string // of the file
}

// trust has a listener ask for certificates of the authorities in a file.
func trust(t *tls.Config, file string, required bool) (*authorities, error) {
	x := &authorities{base: t.Clone()}
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

func (x *authorities) read(file string, required bool) (*trusted, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("mqtt.client_ca: %w", err)
	}
	t := x.base.Clone()
	t.ClientCAs = x509.NewCertPool()
	if !t.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("mqtt.client_ca: %s holds no certificate in PEM", file)
	}
	t.ClientAuth = tls.VerifyClientCertIfGiven
	if required {
		t.ClientAuth = tls.RequireAndVerifyClientCert
	}
	sum := sha256.Sum256(pem)
	return &trusted{config: t, sum: "SHA-256 " + hex.EncodeToString(sum[:8])}, nil
}

// again reads the authorities for a reload.
func (x *authorities) again(file string, required bool) (renewal, error) {
	next, err := x.read(file, required)
	if err != nil {
		return renewal{}, err
	}
	return renewal{
		key:  "mqtt.client_ca",
		from: x.now.Load().sum,
		to:   next.sum,
		put:  func() { x.now.Store(next) },
	}, nil
}
