package fleet

import (
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// credentialCache keeps what the MQTT front asks of a device at every sign-in. An entry lives 30 s,
// so that a change made by another process is seen; a change of our own drops it at once.
// It holds at most maxDoors entries; a full cache is emptied.
type credentialCache struct {
	mu  sync.Mutex
	m   map[g.DeviceID]credentials
	gen uint64 // rises when something is dropped: what was read before is not put in after
}

type credentials struct {
	device   g.Device
	password string    // hash
	floor    time.Time // certificates issued before it open nothing
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
