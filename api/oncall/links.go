package oncall

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Links make and read the signed links by which one person takes one alert, without signing in. A
// link holds both ids and its end in clear, and 16 bytes of HMAC-SHA256 (RFC 2104, 5) over them: it
// cannot be made or changed by others, and it needs no row anywhere.
type Links struct{ key []byte }

// NewLinks signs with a key of 32 bytes that is used for nothing else.
func NewLinks(key []byte) *Links { return &Links{key} }

// link is what a token says.
type link struct {
	alert g.AlertID
	user  g.UserID
	until time.Time // to the second
}

const (
	linkVersion = 1
	macLength   = 16
	// mostToken is longer than a token of two ids of 64 characters.
	mostToken = 256
)

var (
	errForged  = errors.New("the link is not one that this gateway has made")
	errExpired = errors.New("the link has ended")
)

// Token is the link's last part, safe in a URL's path.
func (l *Links) Token(alert g.AlertID, user g.UserID, until time.Time) string {
	b := []byte{linkVersion}
	b = binary.BigEndian.AppendUint64(b, uint64(until.Unix()))
	b = append(b, byte(len(alert)))
	b = append(b, alert...)
	b = append(b, user...)
	return base64.RawURLEncoding.EncodeToString(append(b, l.mac(b)...))
}

func (l *Links) mac(b []byte) []byte {
	m := hmac.New(sha256.New, l.key)
	m.Write(b)
	return m.Sum(nil)[:macLength]
}

// open reads a token. errExpired comes with the link, so that the page is in the person's language.
func (l *Links) open(token string, now time.Time) (link, error) {
	if len(token) > mostToken {
		return link{}, errForged
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+8+1+macLength || b[0] != linkVersion {
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
		alert: g.AlertID(said[10 : 10+n]),
		user:  g.UserID(said[10+n:]),
		until: time.Unix(int64(binary.BigEndian.Uint64(said[1:9])), 0),
	}
	if !now.Before(out.until) {
		return out, errExpired
	}
	return out, nil
}
