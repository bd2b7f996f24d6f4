package gate

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"
)

// No token but one that was made opens, and only with as many words.
func FuzzSigned(f *testing.F) {
	s := NewSigner(bytes.Repeat([]byte{9}, 32))
	now := time.Date(2026, 9, 8, 3, 0, 0, 0, time.UTC)
	good := s.Token(now.Add(time.Hour), "leave", "lea_1", "0", "usr_1")
	for _, x := range []string{good, s.Token(now.Add(time.Hour), "leave"), good[:len(good)-4], "AQ", "", "AgAAAAA"} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, token string) {
		words, err := s.Open(token, 4, now)
		if token == good {
			if err != nil || !slices.Equal(words, []string{"leave", "lea_1", "0", "usr_1"}) {
				t.Errorf("got %q, %v, want what was signed", words, err)
			}
			return
		}
		if !errors.Is(err, ErrForged) {
			t.Errorf("got %q, %v for %q, want it refused", words, err, token)
		}
	})
}

func TestSignedEnds(t *testing.T) {
	s := NewSigner(bytes.Repeat([]byte{9}, 32))
	now := time.Date(2026, 9, 8, 3, 0, 0, 0, time.UTC)
	if words, err := s.Open(s.Token(now, "a"), 1, now); !errors.Is(err, ErrExpired) || words[0] != "a" {
		t.Errorf("got %q, %v, want it over, with its words", words, err)
	}
	if _, err := NewSigner(bytes.Repeat([]byte{8}, 32)).Open(s.Token(now.Add(1), "a"), 1,
		now.Add(-time.Hour)); !errors.Is(err, ErrForged) {
		t.Errorf("got %v, want another gateway's refused", err)
	}
}
