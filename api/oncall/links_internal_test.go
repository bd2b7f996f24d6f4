package oncall

import (
	"bytes"
	"errors"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// No token but one that was made opens, and none makes it panic.
func FuzzToken(f *testing.F) {
	links := NewLinks(bytes.Repeat([]byte{9}, 32))
	now := time.Date(2026, 9, 8, 3, 0, 0, 0, time.UTC)
	good := links.Token("alt_1", "usr_1", now.Add(time.Hour))
	f.Add(good)
	f.Add(good[:len(good)-4])
	f.Add("AQ")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		l, err := links.open(token, now)
		if token == good {
			if err != nil || l.alert != "alt_1" || l.user != "usr_1" {
				t.Errorf("got %+v, %v, want what was signed", l, err)
			}
			return
		}
		if !errors.Is(err, errForged) {
			t.Errorf("got %+v, %v for %q, want it refused", l, err, token)
		}
	})
}

func TestTokensSayWhatWasSigned(t *testing.T) {
	links := NewLinks(bytes.Repeat([]byte{9}, 32))
	now := time.Date(2026, 9, 8, 3, 0, 0, 0, time.UTC)
	for _, ids := range [][2]string{{"alt_1", "usr_1"}, {"", ""}, {"a", ""}, {"", "b"}} {
		token := links.Token(g.AlertID(ids[0]), g.UserID(ids[1]), now.Add(time.Hour))
		l, err := links.open(token, now)
		if err != nil || string(l.alert) != ids[0] || string(l.user) != ids[1] {
			t.Errorf("got %+v, %v, want %v", l, err, ids)
		}
		if _, err := links.open(token, now.Add(time.Hour)); !errors.Is(err, errExpired) {
			t.Errorf("got %v at the end, want it over", err)
		}
	}
}
