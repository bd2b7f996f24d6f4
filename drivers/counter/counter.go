package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

const (
	remind = time.Minute // a calling device is reported online again at this interval

	// Calls of one device; beyond it they are answered with 429.
	perSecond = 20
	burst     = 100
)

// counter is the state of a registered device while Connect serves it.
type counter struct {
	device  drivers.Device
	secret  [sha256.Size]byte // its hash
	silence time.Duration
	emit    drivers.Emit
	over    context.Context // ends with Connect
	calls   chan struct{}   // capacity 1: it called
	queue   *commands
	pace    *rate.Limiter

	mu    sync.Mutex
	last  time.Time
	wrong time.Time // when somebody last called with its serial number and another secret
}

// parse reads and checks a device's address fields.
func parse(dev drivers.Device) (*counter, error) {
	c := &counter{
		device:  dev,
		silence: time.Minute,
		calls:   make(chan struct{}, 1),
		pace:    rate.NewLimiter(perSecond, burst),
	}
	if !gatehouse.ValidID(dev.Serial) {
		return nil, gatehouse.FieldErrorf("serial",
			"%q is no serial number; give 1 to 64 letters, digits, '-', '_' or '.', and type the same "+
				"at the device",
			dev.Serial)
	}
	secret := dev.Secret["secret"]
	if len(secret) < minSecret || len(secret) > maxSecret {
		return nil, gatehouse.FieldErrorf("secret", "the secret has %d characters; give %d to %d",
			len(secret), minSecret, maxSecret)
	}
	c.secret = sha256.Sum256([]byte(secret))
	if s := strings.TrimSpace(dev.Address["silence"]); s != "" {
		var err error
		if c.silence, err = time.ParseDuration(s); err != nil || c.silence < time.Second ||
			c.silence > 24*time.Hour {
			return nil, gatehouse.FieldErrorf("silence",
				"%q will not do; give a time from 1s to 24h, e.g. 60s", s)
		}
	}
	return c, nil
}

// The bounds of a secret, in bytes.
const (
	minSecret = 16
	maxSecret = 128
)

// proves tells whether a secret is the device's.
func (c *counter) proves(secret string) bool {
	got := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(got[:], c.secret[:]) == 1
}

// called records that the device has called.
func (c *counter) called(now time.Time) {
	c.mu.Lock()
	c.last = now
	c.mu.Unlock()
	select {
	case c.calls <- struct{}{}:
	default:
	}
}

// turnedAway records a call with the device's serial number and another secret.
func (c *counter) turnedAway(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = now
}

func (c *counter) heardWithin(d time.Duration, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.last.IsZero() && now.Sub(c.last) < d
}

// absence returns why the device counts as offline. where is the address it should call.
func (c *counter) absence(where string) gatehouse.Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.wrong.After(c.last):
		return gatehouse.Because(gatehouse.ReasonCounterSecret)
	case c.last.IsZero():
		return gatehouse.Because(gatehouse.ReasonCounterNever, "where", where, "serial",
			c.device.Serial)
	}
	return gatehouse.Because(gatehouse.ReasonCalledLast, "since",
		c.last.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// watch reports the device online while it calls and offline when it is silent, until ctx ends.
// where is the address it should call.
func (c *counter) watch(ctx context.Context, where string, now func() time.Time) error {
	silent := time.NewTimer(c.silence)
	defer silent.Stop()
	var told time.Time // when it was last reported online
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.calls:
			silent.Reset(c.silence)
			if at := now(); told.IsZero() || at.Sub(told) >= remind {
				if c.emit(ctx, status(gatehouse.StateOnline, gatehouse.Reason{})) == nil {
					told = at
				}
			}
		case <-silent.C:
			told = time.Time{}
			if err := c.emit(ctx, status(gatehouse.StateOffline, c.absence(where))); err != nil {
				silent.Reset(time.Second) // not stored: try again
			}
		}
	}
}

func status(s gatehouse.DeviceState, why gatehouse.Reason) gatehouse.Observation {
	o := gatehouse.Observation{Status: &gatehouse.Status{State: s}}
	if why.Code != "" {
		o.Status.Reason = why.String()
		o.Status.Causes = []gatehouse.Reason{why}
	}
	return o
}
