package visits

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Where the links lie. What follows is a secret and not in the log.
const (
	pagePath = "/visit/"     // a school's public page
	ownPath  = "/visit/at/"  // a visitor's own
	hostPath = "/visit/for/" // a host's
)

// Links make and read the signed links of a visitor to their own visit, and of a host to answer one.
// A link holds what it is for, the visit, whose it is and its end in clear, and 16 bytes of HMAC-SHA256
// (RFC 2104, 5) over them: it cannot be made or changed by others, and it needs no row anywhere.
type Links struct{ key []byte }

// NewLinks signs with a key of 32 bytes that is used for nothing else.
func NewLinks(key []byte) *Links { return &Links{key} }

// purpose is what a link is for; one for another purpose is forged.
type purpose byte

const (
	forVisitor purpose = 1
	forHost    purpose = 2
)

// link is what a token says.
type link struct {
	visit g.VisitID
	who   string    // a host's user or person
	until time.Time // to the second
}

const (
	macLength = 16
	mostToken = 256 // longer than a token of two ids of 64 characters
)

var (
	errForged  = errors.New("the link is not one that this gateway has made")
	errExpired = errors.New("the link has ended")
)

// Host is the path by which a host, a user or a person, answers a visit until a time.
func (l *Links) Host(visit g.VisitID, who string, until time.Time) string {
	return hostPath + l.token(forHost, link{visit, who, until})
}

// Own is the path of a visitor's own page, until a time.
func (l *Links) Own(visit g.VisitID, until time.Time) string {
	return ownPath + l.token(forVisitor, link{visit, "", until})
}

func (l *Links) token(p purpose, x link) string {
	b := []byte{byte(p)}
	b = binary.BigEndian.AppendUint64(b, uint64(x.until.Unix()))
	b = append(b, byte(len(x.visit)))
	b = append(b, x.visit...)
	b = append(b, x.who...)
	return base64.RawURLEncoding.EncodeToString(append(b, l.mac(b)...))
}

func (l *Links) mac(b []byte) []byte {
	m := hmac.New(sha256.New, l.key)
	m.Write(b)
	return m.Sum(nil)[:macLength]
}

// open reads a token. errExpired comes with the link.
func (l *Links) open(p purpose, token string, now time.Time) (link, error) {
	if len(token) > mostToken {
		return link{}, errForged
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+8+1+macLength || b[0] != byte(p) {
		return link{}, errForged
	}
	said, mac := b[:len(b)-macLength], b[len(b)-macLength:]
	if !hmac.Equal(mac, l.mac(said)) {
		return link{}, errForged
	}
	n := int(said[9])
	if len(said) < 10+n {
		return link{}, errForged
	}
	out := link{
		visit: g.VisitID(said[10 : 10+n]),
		who:   string(said[10+n:]),
		until: time.Unix(int64(binary.BigEndian.Uint64(said[1:9])), 0),
	}
	if !now.Before(out.until) {
		return out, errExpired
	}
	return out, nil
}
