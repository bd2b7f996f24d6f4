// Package mqttfront is the gateway's own MQTT listener, for MQTT 3.1.1 and 5. It authenticates
// devices, hands each publication to an Intake, and fans it out to subscribers and retains it once
// the intake says that it is on disk; PUBACK and PUBREC are not sent before that.
//
// It refuses: clients that do not authenticate (counted and shown, with when, who claimed to be
// whom, and why); topics outside a device's own, which are acknowledged as "not authorized" and
// journalled as rejected, so that a wrong topic never jams a client; and publications that cannot
// be made durable, which close the connection unacknowledged, so that the client sends them again.
// It does not decode payloads and offers no topic aliases, subscription identifiers or enhanced
// authentication; MQTT 5 clients are told so.
//
// With Config.Dir, sessions that outlive their connection, their subscriptions (shared ones too)
// and queues, QoS 2 exchanges, retained messages and wills are on disk before anybody is told that
// they are kept, and are restored after a restart. Without it all of this is in memory only.
//
// Clauses such as MQTT5 3.3.4 name sections of the OASIS standards MQTT Version
// 5.0 and MQTT Version 3.1.1.
package mqttfront

import (
	"context"
	"crypto/cipher"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Config of a front; zero values take the defaults.
type Config struct {
	Listen    string      // TCP address for plain MQTT, such as ":1883"; "" for none
	ListenTLS string      // TCP address for MQTT over TLS, such as ":8883"; "" for none
	TLS       *tls.Config // for ListenTLS; ClientAuth decides about client certificates

	MaxClients int // connections; default 20000
	// connections of one address that have not authenticated; default 512,
	// at most half of Strangers
	MaxPerAddress int
	MaxSessions   int // sessions of one identity; default 4
	MaxInflight   int // unacknowledged publications per client and direction; default 64
	MaxPacket     int // bytes of one packet; default 256 KiB
	MaxQueued     int // messages that wait for one session; default 1000
	// bytes that one session has not acknowledged, and bytes that wait for
	// its socket; default 1 MiB
	MaxQueuedBytes int
	// retained messages of one device; default 16, of MaxPacket together
	MaxRetained int
	// a session outlives its connection at most this long; default 24 h
	SessionExpiry time.Duration
	Dir           string      // folder for what outlives the process; "" keeps nothing
	Seal          cipher.AEAD // seals what is kept there; nil: plain
	FS            journal.FS  // the disk below Dir; default the operating system's
	// from so many take-overs of one client identifier within a minute on, two clients are taken to
	// share it, and the newcomer is refused; default 4
	TakeOvers      int
	ConnectTimeout time.Duration // from accept to an authenticated CONNECT; default 10 s
	// a client that takes nothing for this long is cut off; default 30 s
	WriteTimeout time.Duration

	// Publications per second of one device over all its connections, and of one school; 0 for no
	// limit. About ten seconds' worth may come at once. Above that the client is read no faster
	// than the rate; nothing is lost.
	DeviceRate, SchoolRate int
	Now                    func() time.Time // the clock of the rates; default time.Now

	// OnConnect is called when the first connection of an identity is up,
	// OnDisconnect when its last is gone. Calls come one at a time and in
	// order; they must be quick and must not call the front.
	OnConnect    func(Identity, Way)
	OnDisconnect func(Identity)

	// OnRivals is called each time that a client is refused because another with its
	// identifier is connected and the two keep taking over from each other; it must be quick
	// and must not call the front.
	OnRivals func(Rivals)

	// OnHeld is called when a device, or with an empty Device a whole school, publishes more
	// than its rate and is held back: at most once a minute for each, from its reader.
	OnHeld func(Identity)
}

func (c Config) withDefaults() (Config, error) {
	def(&c.MaxClients, 20000)
	def(&c.MaxPerAddress, 512)
	def(&c.MaxSessions, 4)
	def(&c.MaxInflight, 64)
	def(&c.MaxPacket, 256<<10)
	def(&c.MaxQueued, 1000)
	def(&c.MaxQueuedBytes, 1<<20)
	def(&c.MaxRetained, 16)
	def(&c.SessionExpiry, 24*time.Hour)
	def(&c.ConnectTimeout, 10*time.Second)
	def(&c.TakeOvers, 4)
	def(&c.WriteTimeout, 30*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	switch {
	case c.Listen == "" && c.ListenTLS == "":
		return c, errors.New("mqtt: neither a plain nor a TLS address to listen on")
	case c.ListenTLS != "" && c.TLS == nil:
		return c, fmt.Errorf("mqtt: no certificate for the TLS address %s", c.ListenTLS)
	case c.MaxInflight < 1 || c.MaxInflight > 65535:
		return c, fmt.Errorf("mqtt: %d in flight: want 1 to 65535", c.MaxInflight)
	case c.MaxPacket < 1024 || c.MaxPacket > 256<<20:
		return c, fmt.Errorf("mqtt: packets of %d bytes: want 1 KiB to 256 MiB", c.MaxPacket)
	case c.MaxQueued < 1 || c.MaxQueued > 60000:
		return c, fmt.Errorf("mqtt: %d messages queued: want 1 to 60000", c.MaxQueued)
	case c.DeviceRate < 0 || c.SchoolRate < 0:
		return c, fmt.Errorf("mqtt: rates of %d and %d a second: want 0 for none, or more",
			c.DeviceRate, c.SchoolRate)
	}
	return c, nil
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Identity is who a client has proved to be. With an empty Device it is a
// reader of the whole school: it may subscribe below gh/v1/<school>/ and
// publish nothing.
type Identity struct {
	School gatehouse.SchoolID
	Device gatehouse.DeviceID
}

// Authenticator decides who a client is. An error refuses the connection; its
// text is shown to the operator and not to the client. cert is the verified
// client certificate, if there is one. Calls come from several goroutines.
type Authenticator interface {
	Authenticate(
		ctx context.Context, clientID, username string, password []byte,
		remote string, cert *x509.Certificate,
	) (Identity, error)
}

// Intake takes the publications of authenticated clients on their own topics.
// Publish must be quick; it may block for room in a queue, which holds back
// this client only. topic and payload may be kept and must not be changed.
// Unless Publish returns an error, done must be called exactly once, from any
// goroutine: with nil once the message is on disk, admitted or journalled as
// rejected, or with the error that kept it off. Either error leaves the message
// unacknowledged and closes the connection.
type Intake interface {
	Publish(id Identity, topic string, payload []byte, retain bool, done func(err error)) error
}

// Rejector is what an Intake also implements to journal the publications that
// the front refuses for their topic. Without it they are only counted.
type Rejector interface {
	Reject(id Identity, topic string, payload []byte, why string, done func(err error)) error
}

// Once is what an Intake also implements so that a QoS 2 publication or a will of a kept session
// becomes one event even if the gateway crashes between two steps. once names the publication and
// is never used again. Mark returns a position; whatever is handed over later comes after it. Known
// sets seen[once] to true for each key of seen that is on disk after such a position.
type Once interface {
	PublishOnce(id Identity, topic string, payload []byte, retain bool, once string, done func(err error)) error
	Mark() uint64
	Known(ctx context.Context, after uint64, seen map[string]bool) error
}

// ErrNoSubscriber is what Publish returns when nobody is there to take it.
var ErrNoSubscriber = errors.New("no subscriber for the topic")

// Way is how a client came.
type Way struct {
	TLS    bool
	Remote string // host:port
}

// Stats are counts since the start, and sizes now.
type Stats struct {
	Clients   int64  `json:"clients"`
	Sessions  int64  `json:"sessions"`
	Retained  int64  `json:"retained"`
	Kept      int64  `json:"kept"`      // bytes on disk for sessions, retained messages and wills
	Trouble   string `json:"trouble"`   // why nothing more of them can be kept now, or ""
	Connected uint64 `json:"connected"` // connections that authenticated
	Refused   uint64 `json:"refused"`   // connections that did not; see Refusals
	Received  uint64 `json:"received"`  // publications read from clients
	Acked     uint64 `json:"acked"`     // PUBACK and PUBREC sent
	Rejected  uint64 `json:"rejected"`  // publications on topics that are not the client's
	Shed      uint64 `json:"shed"`      // publications left unacknowledged for want of durability
	// publications that waited because their device or school sends too fast
	Throttled uint64 `json:"throttled"`
	Delivered uint64 `json:"delivered"` // messages written to subscribers
	Dropped   uint64 `json:"dropped"`   // messages that a subscriber was too slow or too full for
	// connections closed before they authenticated: too many of one address, or to make room
	Crowded   uint64 `json:"crowded"`
	CrowdedBy string `json:"crowdedBy"` // the last address that had too many
	Violation uint64 `json:"violation"` // connections closed for breaking the protocol
}

// Refusal is one connection that was not let in.
type Refusal struct {
	Time     time.Time `json:"time"`
	Remote   string    `json:"remote"`
	ClientID string    `json:"client_id"`
	Username string    `json:"username"`
	Why      string    `json:"why"`
}
