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
	Time     time.Time // the device's clock; zero: the device has none, and the gateway's is used
	Sequence uint64    // the device's own counter, 0 where it has none; makes repeats recognisable
	// history that the device kept while it was out of reach: recorded, never alarmed on
	Replayed bool
	Reading  *Reading
	Sighting *Sighting
	Status   *Status

	Occurrence *Occurrence
	Unreadable *Unreadable
}

// MaxRaw bounds what is kept of one thing that nobody understands, in bytes.
const MaxRaw = 4096

// Unreadable is what a device sent and its driver could not read, or would not believe. The
// device was told that it was taken, so it is kept: journalled as rejected, with Raw sealed.
type Unreadable struct {
	Raw    []byte // at most MaxRaw bytes of it
	Reason string // what is wrong with it, without repeating it
	What   string // which kind of thing it is, e.g. a terminal's table "rtlog"
}

// Reading is a set of property values measured together.
type Reading struct {
	Values map[string]Value `json:"values"`
}

// Status is a claim about the device itself.
type Status struct {
	// online, offline, fault or driver_down; flapping is the gateway's own finding
	State  DeviceState `json:"state"`
	Reason string      `json:"reason,omitempty"`
	Weak   Weakness    `json:"weak,omitempty"` // how the device proves itself; "": as was last said

	// Causes are what Reason says, for programs and for other languages; none where a program
	// gives its own words alone. At most MaxReasons.
	Causes []Reason `json:"causes,omitempty"`
}

// Method is how somebody was recognised.
type Method string

// The methods. Face is never the only one that a place offers.
const (
	ByFace   Method = "face"
	ByCard   Method = "card"
	ByQR     Method = "qr"
	ByPIN    Method = "pin"
	ByOther  Method = "other"  // a terminal vouches, by fingerprint, palm or a way of its own
	ByManual Method = "manual" // a member of staff vouched
)

// Methods lists every method.
func Methods() []Method { return []Method{ByFace, ByCard, ByQR, ByPIN, ByOther, ByManual} }

// Direction of a passage, where the device knows it.
type Direction string

// The directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Sighting is somebody at a place. A driver fills what it saw; the gateway fills Person,
// Match and ID when it admits the sighting, and drops Embedding and Snapshot: neither is
// ever journalled. Media is set by older versions only: a picture belongs to the
// alert that it is evidence of, not to a sighting.
type Sighting struct {
	ID        SightingID `json:"id"`
	Method    Method     `json:"method"`
	Direction Direction  `json:"direction,omitempty"`
	Zone      ZoneID     `json:"zone,omitempty"`
	Person    PersonID   `json:"person,omitempty"` // "" is an unknown person
	// Credential is the card number, QR text or terminal's user number that was shown; the
	// gateway keeps it only while it cannot resolve it, and then as its last 4 characters.
	Credential string `json:"credential,omitempty"`
	// one face in one camera's view, from entering to leaving
	Track string  `json:"track,omitempty"`
	Match *Match  `json:"match,omitempty"` // for faces
	Media MediaID `json:"media,omitempty"` // the snapshot, in the media store

	// Sealed is the whole Credential of a passage of nobody yet, for the registry alone to open:
	// people, cards and numbers may come later than the passage.
	Sealed []byte `json:"-"`

	Embedding []float32 `json:"-"` // unit length
	Model     string    `json:"-"` // what made the embedding; "" where the driver does not say
	Snapshot  []byte    `json:"-"` // JPEG
	Frames    int       `json:"-"` // good frames behind the embedding
}

// Match reports how a face was decided. Person-specific numbers other than these are not kept.
type Match struct {
	Score    float64 `json:"score"`     // cosine similarity of the best candidate, -1…1
	RunnerUp float64 `json:"runner_up"` // of the second-best person; -1 where there is none
	Margin   float64 `json:"margin"`    // Score - RunnerUp
	Quality  float64 `json:"quality"`   // 0…1
	Frames   int     `json:"frames"`    // frames that voted
	Reason   string  `json:"reason"`    // one of MatchReasons
}

// NewSightingID is the deterministic id of a sighting: the same passage reported twice has
// the same id. subject is the track, card number or other thing that the device named.
func NewSightingID(d DeviceID, at time.Time, sequence uint64, subject string, m Method) SightingID {
	h := sha256.New()
	var n [8]byte
	if sequence != 0 {
		binary.BigEndian.PutUint64(n[:], sequence)
	} else {
		binary.BigEndian.PutUint64(n[:], uint64(at.UnixMilli()))
	}
	for _, s := range []string{string(d), string(n[:]), subject, string(m)} {
		var l [4]byte
		binary.BigEndian.PutUint32(l[:], uint32(len(s)))
		h.Write(l[:])
		h.Write([]byte(s))
	}
	return SightingID("sgt_" + idEncoding.EncodeToString(h.Sum(nil)[:10]))
}
