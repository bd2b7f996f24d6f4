package mqttfront

import (
	"net"
	"sync"
	"time"
)

// Two clients that use one client identifier take over from each other for ever (MQTT5 3.1.4); a
// client that lost its connection does so once. At the Config.TakeOvers-th time within rivalsWithin
// the one that is connected stays, and others are refused for rivalRefused: so at least one of the
// two works, and they do not keep the front busy.
const (
	rivalsWithin = time.Minute
	rivalRefused = 30 * time.Second
	maxRivals    = 10_000 // ids that are remembered
)

// Rivals says that two clients use one client identifier.
type Rivals struct {
	Identity
	ClientID string
	Held     string // the address of the one that is connected
	Refused  string // and of the one that is not let in
}

// rivalry is what is remembered of one client identifier.
type rivalry struct {
	takeovers []time.Time // within rivalsWithin
	until     time.Time   // others are refused until then
}

type rivalries struct {
	mu sync.Mutex
	of map[sessionKey]*rivalry
}

// takeOver notes that a client comes while another with its identifier is connected. allowed is
// false where the newcomer is to be refused; told is true where that has just begun.
func (r *rivalries) takeOver(key sessionKey, most int, now time.Time) (allowed, told bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[sessionKey]*rivalry{}
	}
	x := r.of[key]
	if x == nil {
		if len(r.of) >= maxRivals {
			r.forget(now)
		}
		x = &rivalry{}
		r.of[key] = x
	}
	if now.Before(x.until) {
		return false, false
	}
	for len(x.takeovers) > 0 && now.Sub(x.takeovers[0]) > rivalsWithin {
		x.takeovers = x.takeovers[1:]
	}
	if len(x.takeovers)+1 < most {
		x.takeovers = append(x.takeovers, now)
		return true, false
	}
	x.until = now.Add(rivalRefused)
	return false, true
}

// forget drops what has expired, and everything if that leaves no room.
func (r *rivalries) forget(now time.Time) {
	for key, x := range r.of {
		if n := len(x.takeovers); now.After(x.until) &&
			(n == 0 || now.Sub(x.takeovers[n-1]) > rivalsWithin) {
			delete(r.of, key)
		}
	}
	if len(r.of) >= maxRivals {
		clear(r.of)
	}
}

// rival refuses a client that keeps taking over from another. The caller holds no lock.
func (f *Front) rival(c, old *client, key sessionKey) error {
	if ended(old.conn) {
		return nil // the same client reconnects: its old connection is closed already
	}
	allowed, told := f.rivalries.takeOver(key, f.cfg.TakeOvers, f.cfg.Now())
	if allowed {
		return nil
	}
	x := Rivals{
		Identity: key.id,
		ClientID: key.clientID,
		Held:     hostOf(old.conn),
		Refused:  hostOf(c.conn),
	}
	if told {
		f.log.Warn("two mqtt clients use one id: the one that is connected stays", "device",
			key.id.Device, "school", key.id.School,
			"client", clip(key.clientID), "connected", x.Held, "refused", x.Refused)
	}
	if f.cfg.OnRivals != nil {
		f.cfg.OnRivals(x)
	}
	return violation{
		rcConnectRate,
		"another client with the id " + clip(key.clientID) + " is connected from " + x.Held +
			", and the two throw each other out: give each device an id of its own",
	}
}

func hostOf(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return host
}
