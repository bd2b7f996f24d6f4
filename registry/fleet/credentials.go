package fleet

import (
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// credentialCache caches what the MQTT front needs at every connection of a device. Entries live 30
// s, so that changes by another process are seen; our own changes drop them at once. A full cache
// (maxCredentials) is emptied.
type credentialCache struct {
	mu  sync.Mutex
	m   map[g.DeviceID]credentials
	gen uint64 // incremented by drops, so that older reads are not added
}

type credentials struct {
	device   g.Device
	password string    // hash
	floor    time.Time // certificates issued before it are invalid
	certs    map[string]DeviceCertificate
	until    time.Time
}

const (
	maxCredentials  = 50_000
	credentialsLast = 30 * time.Second
)

func (c *credentialCache) get(id g.DeviceID, now time.Time) (d credentials, ok bool, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok = c.m[id]
	return d, ok && now.Before(d.until), c.gen
}

func (c *credentialCache) put(id g.DeviceID, d credentials, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gen != c.gen {
		return
	}
	if c.m == nil || len(c.m) >= maxCredentials {
		c.m = map[g.DeviceID]credentials{}
	}
	c.m[id] = d
}

func (c *credentialCache) forget(id g.DeviceID, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	if all {
		c.m = nil
		return
	}
	delete(c.m, id)
}
