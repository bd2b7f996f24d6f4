package visits

import (
	"bytes"
	"errors"
	"net/url"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// No token but one that was made opens, and only for what it was made.
func FuzzLink(f *testing.F) {
	links := NewLinks(bytes.Repeat([]byte{9}, 32))
	now := time.Date(2026, 9, 8, 3, 0, 0, 0, time.UTC)
	good := links.token(forHost, link{"vis_1", "usr_1", now.Add(time.Hour)})
	other := links.token(forVisitor, link{"vis_1", "", now.Add(time.Hour)})
	for _, s := range []string{good, other, good[:len(good)-4], "AQ", "", "AgAAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		l, err := links.open(forHost, token, now)
		if token == good {
			if err != nil || l.visit != "vis_1" || l.who != "usr_1" {
				t.Errorf("got %+v, %v, want what was signed", l, err)
			}
			return
		}
		if !errors.Is(err, errForged) {
			t.Errorf("got %+v, %v for %q, want it refused", l, err, token)
		}
	})
}

// Whatever a form holds, it is refused with its field or is a visit of one day by the school's clock.
func FuzzForm(f *testing.F) {
	f.Add("name=A&phone=13800000000&host=B&purpose=C&day=2026-09-30&from=09:00&to=10:00&consent=yes&names=D%0AE")
	f.Add("day=2026-09-06&from=00:00&to=00:00&consent=yes&phone=12345") // Santiago has no such midnight
	f.Add("day=0000-00-00&from=24:00&to=&consent=yes&phone=１２３４５")
	f.Add("%zz=&;;&name=%00")
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		x, err := formOf(form, zone)
		var e *g.Error
		switch {
		case err != nil && (!errors.As(err, &e) || e.Code != g.Invalid || e.Field == ""):
			t.Errorf("got %v, want the field that is wrong", err)
		case err == nil && x.To.Sub(x.From).Abs() > 26*time.Hour:
			t.Errorf("got from %s to %s, want one day", x.From, x.To)
		}
	})
}
