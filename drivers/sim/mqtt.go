package sim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/gatehouse-iot/gatehouse"
)

// maxUnsent limits the sightings and occurrences that an MQTT device keeps while its broker is away;
// beyond it the oldest is dropped. Readings are not kept: the next one is newer.
const maxUnsent = 1000

// client is a device that speaks MQTT 3.1.1 with QoS 1: it publishes to <topic>/telemetry,
// <topic>/sighting and <topic>/occurrence, and executes commands from <topic>/command/#.
type client struct {
	spec  Equipment
	state *state
	log   *slog.Logger
	now   func() time.Time
	tls   *tls.Config

	mu     sync.Mutex
	unsent []*told
	more   chan struct{} // capacity 1: something was added to unsent
	fresh  chan struct{} // size 1: values were set: publish them now
}

// told is a message that is kept until the broker acknowledges it.
type told struct {
	leaf    string // the last level of its topic
	payload []byte
}

func newClient(e Equipment, s *state, log *slog.Logger, now func() time.Time) (*client, error) {
	c := &client{
		spec:  e,
		state: s,
		log:   log,
		now:   now,
		more:  make(chan struct{}, 1),
		fresh: make(chan struct{}, 1),
	}
	if e.CA != "" {
		pem, err := os.ReadFile(e.CA)
		if err != nil {
			return nil, fmt.Errorf("equipment %s: read authority: %w", e.ID, err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, gatehouse.FieldErrorf("equipment "+e.ID+".ca",
				"%s holds no certificate in PEM form", e.CA)
		}
		c.tls = &tls.Config{RootCAs: pool}
	}
	return c, nil
}

func (c *client) see(s Sighting) error {
	if s.Time.IsZero() {
		s.Time = c.now()
	}
	s.Time = s.Time.UTC()
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write sighting: %w", err)
	}
	c.keep("sighting", b)
	return nil
}

// keep queues a message, which is published as soon as the broker is there.
func (c *client) keep(leaf string, payload []byte) {
	c.mu.Lock()
	c.unsent = append(c.unsent, &told{leaf, payload})
	if len(c.unsent) > maxUnsent {
		c.unsent = c.unsent[1:]
	}
	c.mu.Unlock()
	poke(c.more)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run stays connected until ctx ends and publishes one message at a time: an unacknowledged message
// is sent again after a reconnect, before the next one.
func (c *client) run(ctx context.Context) {
	m := mqtt.NewClient(c.options())
	connecting := m.Connect()
	defer m.Disconnect(100)
	select {
	case <-connecting.Done():
	case <-ctx.Done():
		return
	}
	every := c.spec.Interval
	if every == 0 {
		every = 5 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if len(c.state.gens) > 0 && !c.publish(ctx, m, "telemetry", c.telemetry()) {
			return
		}
		if !c.flush(ctx, m) {
			return
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return
			case <-c.more:
				if !c.flush(ctx, m) {
					return
				}
			case <-c.fresh:
				waiting = false
			case <-tick.C:
				waiting = false
			}
		}
	}
}

func (c *client) telemetry() []byte {
	now := c.now()
	b, err := json.Marshal(struct {
		Values map[string]gatehouse.Value `json:"values"`
		Time   time.Time                  `json:"time"`
	}{c.state.at(now), now.Add(-c.spec.Odd.Age).UTC()})
	if err != nil {
		return nil
	}
	return b
}

// flush publishes the kept messages, oldest first; false: ctx ended.
func (c *client) flush(ctx context.Context, m mqtt.Client) bool {
	for {
		c.mu.Lock()
		if len(c.unsent) == 0 {
			c.mu.Unlock()
			return true
		}
		next := c.unsent[0]
		c.mu.Unlock()
		if !c.publish(ctx, m, next.leaf, next.payload) {
			return false
		}
		c.mu.Lock()
		if len(c.unsent) > 0 && c.unsent[0] == next {
			c.unsent = c.unsent[1:]
		}
		c.mu.Unlock()
	}
}

// publish sends a message and waits for its acknowledgement, through reconnects; false: ctx ended.
func (c *client) publish(ctx context.Context, m mqtt.Client, leaf string, payload []byte) bool {
	for {
		t := m.Publish(c.spec.Topic+"/"+leaf, 1, false, payload)
		select {
		case <-t.Done():
			if t.Error() == nil {
				return true
			}
		case <-ctx.Done():
			return false
		}
		again := time.NewTimer(time.Second)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return false
		}
	}
}

func (c *client) options() *mqtt.ClientOptions {
	id := c.spec.ClientID
	if id == "" {
		id = c.spec.ID
	}
	var mu sync.Mutex
	told := ""
	o := mqtt.NewClientOptions().AddBroker(c.spec.Connect).SetClientID(id).
		SetUsername(c.spec.Username).SetPassword(c.spec.Password).
		SetCleanSession(false).SetOrderMatters(false).SetAutoReconnect(true).
		SetConnectRetry(true).SetConnectRetryInterval(time.Second).SetMaxReconnectInterval(5 * time.Second).
		SetConnectTimeout(5 * time.Second).SetKeepAlive(20 * time.Second).SetProtocolVersion(4)
	if c.tls != nil {
		o.SetTLSConfig(c.tls)
	}
	o.SetOnConnectHandler(func(m mqtt.Client) {
		m.Subscribe(c.spec.Topic+"/command/#", 1, c.command)
	})
	o.SetConnectionNotificationHandler(func(_ mqtt.Client, n mqtt.ConnectionNotification) {
		f, ok := n.(mqtt.ConnectionNotificationFailed)
		if !ok {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if f.Reason != nil && told != f.Reason.Error() {
			told = f.Reason.Error()
			c.log.Warn("the device's broker is out of reach", "equipment", c.spec.ID, "error",
				f.Reason)
		}
	})
	return o
}

// command sets those values of a command that the device has, and publishes them at once.
func (c *client) command(_ mqtt.Client, msg mqtt.Message) {
	var cmd struct {
		Values map[string]gatehouse.Value `json:"values"`
	}
	if err := json.Unmarshal(msg.Payload(), &cmd); err != nil {
		c.log.Warn("the device was sent a command that it cannot read", "equipment", c.spec.ID,
			"error", err)
		return
	}
	known := map[string]gatehouse.Value{}
	for name, v := range cmd.Values {
		if _, ok := c.state.gens[name]; ok {
			known[name] = v
		}
	}
	if err := c.state.set(known); err != nil {
		c.log.Warn("the device refuses a command", "equipment", c.spec.ID, "error", err)
		return
	}
	poke(c.fresh)
}
