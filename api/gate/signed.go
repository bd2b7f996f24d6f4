package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Signer makes and reads the secret parts of signed links: words and an end in clear, and 16 bytes of
// HMAC-SHA256 (RFC 2104, 5) over them. They cannot be made or changed by others, and need no row anywhere.
type Signer struct{ key []byte }

// NewSigner signs with a key of 32 bytes that is used for nothing else.
func NewSigner(key []byte) *Signer { return &Signer{key} }

// Errors of Open.
var (
	ErrForged  = errors.New("the link is not one that this gateway has made")
	ErrExpired = errors.New("the link has ended")
)

const (
	macLength = 16
	mostToken = 512
	mostWord  = 255 // bytes
)

// Token is words, each of at most 255 bytes, that hold until a time, to the second; safe in a URL's path.
func (s *Signer) Token(until time.Time, words ...string) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))
	for _, w := range words {
		w = w[:min(len(w), mostWord)]
		b = append(append(b, byte(len(w))), w...)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, s.mac(b)...))
}

func (s *Signer) mac(b []byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write(b)
	return m.Sum(nil)[:macLength]
}

// Open reads a token of n words. ErrExpired comes with the words.
func (s *Signer) Open(token string, n int, now time.Time) ([]string, error) {
	if len(token) > mostToken {
		return nil, ErrForged
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 8+macLength {
		return nil, ErrForged
	}
	said, mac := b[:len(b)-macLength], b[len(b)-macLength:]
	if !hmac.Equal(mac, s.mac(said)) {
		return nil, ErrForged
	}
	var words []string
	for rest := said[8:]; len(rest) > 0; {
		length := int(rest[0])
		if len(rest) < 1+length {
			return nil, ErrForged
		}
		words, rest = append(words, string(rest[1:1+length])), rest[1+length:]
	}
	if len(words) != n {
		return nil, ErrForged
	}
	if until := time.Unix(int64(binary.BigEndian.Uint64(said)), 0); !now.Before(until) {
		return words, ErrExpired
	}
	return words, nil
}
