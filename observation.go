package gatehouse

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Observation is a driver's claim about one device: exactly one of Reading, Sighting, Status,
// Occurrence and Unreadable is set. It becomes an Event once the gateway has admitted it and has it
// on disk.
type Observation struct {
	Device   DeviceID
	Time     time.Time // the device's clock; zero: it has none, and the time of receipt is used
	Sequence uint64    // the device's own counter, 0 if it has none; identifies repeats
	// history that the device buffered while it was unreachable: recorded, but raises no alerts
	Replayed bool
	Reading  *Reading
	Sighting *Sighting
	Status   *Status

	Occurrence *Occurrence
	Unreadable *Unreadable
}

// MaxRaw is the most bytes kept of an unreadable message.
const MaxRaw = 4096

// Unreadable is a message that its driver could not parse, or did not believe. The device got an
// acknowledgement, so the message is kept: journalled as rejected, with Raw encrypted.
type Unreadable struct {
	Raw    []byte // its first MaxRaw bytes
	Reason string // what is wrong with it, without quoting it
	What   string // what kind of message it is, e.g. a terminal's table "rtlog"
}

// Reading is a set of property values measured together.
type Reading struct {
	Values map[string]Value `json:"values"`
}

// Status is a claim about the device itself.
type Status struct {
	// online, offline, fault or driver_down; flapping is only set by the gateway
	State  DeviceState `json:"state"`
	Reason string      `json:"reason,omitempty"`
	Weak   Weakness    `json:"weak,omitempty"` // how the device proves itself; "": unchanged

	// Causes are Reason in machine-readable form; empty if a program gives only a sentence. At most
	// MaxReasons.
	Causes []Reason `json:"causes,omitempty"`
}

// Method is how somebody was recognised.
type Method string

// The methods. No place offers face recognition only.
const (
	ByFace   Method = "face"
	ByCard   Method = "card"
	ByQR     Method = "qr"
	ByPIN    Method = "pin"
	ByPlate  Method = "plate"  // a car's number plate, read by a camera; see NormalPlate
	ByOther  Method = "other"  // a terminal vouches: fingerprint, palm or another method of its own
	ByManual Method = "manual" // a member of staff vouched
)

// Methods lists every method.
func Methods() []Method { return []Method{ByFace, ByCard, ByQR, ByPIN, ByPlate, ByOther, ByManual} }

// Direction of a passage, if the device knows it.
type Direction string

// The directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Sighting is a person at a place. The driver sets what it saw; when it admits the sighting, the
// gateway sets Person, Match and ID, and drops Embedding and Snapshot, which are never journalled.
// Media is set by older versions only: a picture belongs to the alert that it is evidence for.
type Sighting struct {
	ID        SightingID `json:"id"`
	Method    Method     `json:"method"`
	Direction Direction  `json:"direction,omitempty"`
	Zone      ZoneID     `json:"zone,omitempty"`
	Person    PersonID   `json:"person,omitempty"` // "" is an unknown person
	// Credential is the card number, QR text or terminal's user number that was presented. The
	// gateway keeps it only if it cannot resolve it, and then only its last 4 characters.
	Credential string `json:"credential,omitempty"`
	// identifies one face in one camera's view, from entering to leaving
	Track string  `json:"track,omitempty"`
	Match *Match  `json:"match,omitempty"` // for faces
	Media MediaID `json:"media,omitempty"` // the snapshot, in the media store

	// Sealed is the whole Credential of an unresolved sighting, which only the registry can
	// decrypt: the person, card or number may be registered later.
	Sealed []byte `json:"-"`

	Embedding []float32 `json:"-"` // unit length
	Model     string    `json:"-"` // the embedding model; "" if the driver does not say
	Snapshot  []byte    `json:"-"` // JPEG
	Frames    int       `json:"-"` // good frames combined in the embedding
}

// Match reports how a face was matched. No other person-specific numbers are kept.
type Match struct {
	Score    float64 `json:"score"`     // cosine similarity of the best candidate, -1…1
	RunnerUp float64 `json:"runner_up"` // of the second-best person; -1 if there is none
	Margin   float64 `json:"margin"`    // Score - RunnerUp
	Quality  float64 `json:"quality"`   // 0…1
	Frames   int     `json:"frames"`    // frames that voted
	Reason   string  `json:"reason"`    // one of MatchReasons
}

// NewSightingID is the deterministic ID of a sighting, so that a passage reported twice has one ID.
// subject is the track, card number or other subject that the device named.
func NewSightingID(d DeviceID, at time.Time, sequence uint64, subject string, m Method) SightingID {
	n := sequence
	if n == 0 {
		n = uint64(at.UnixMilli())
	}
	return SightingID("sgt_" + hashed(string(d), bytesOf(n), subject, string(m)))
}

// bytesOf encodes a number for hashed.
func bytesOf(n uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return string(b[:])
}

// hashed returns a deterministic id without its prefix. Each part is hashed with its length.
func hashed(parts ...string) string {
	h := sha256.New()
	for _, s := range parts {
		var l [4]byte
		binary.BigEndian.PutUint32(l[:], uint32(len(s)))
		h.Write(l[:])
		h.Write([]byte(s))
	}
	return idEncoding.EncodeToString(h.Sum(nil)[:10])
}
