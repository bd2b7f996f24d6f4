package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

const guardPassword = "a long walk home"

// level makes a level that locks the doors and unlocks them at the all-clear, and a guard.
func (s *school) level(t *testing.T) {
	t.Helper()
	a, err := open(t.Context(), configOf(s.dir), app.Options{
		Logger:  slog.New(slog.DiscardHandler),
		Version: "test",
	})
	ok(t, err)
	v := a.Registry().In(g.SystemScope("test"))
	_, err = v.Lockdown.PutLevel(t.Context(), g.ThreatLevel{
		ID:       g.LevelLockdown,
		School:   killSchool,
		Title:    "Lockdown",
		Severity: g.Critical,
		Raise:    []g.LevelAction{{Action: "lock"}},
		Clear:    []g.LevelAction{{Action: "unlock"}},
	})
	ok(t, err)
	_, err = v.Access.CreateUser(t.Context(), g.User{
		School:   killSchool,
		Name:     "guard",
		FullName: "Guard",
		Role:     g.RoleSecurity,
		Language: "en",
	}, guardPassword)
	ok(t, err)
	ok(t, a.Close())
}

// signedIn is a person's sign-in; nil: the school's key.
type signedIn struct {
	cookie *http.Cookie
	csrf   string
}

// send asks the gateway as somebody.
func (s *school) send(t *testing.T, method, url string, body any, as *signedIn) *http.Response {
	t.Helper()
	b, err := json.Marshal(body)
	ok(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(b))
	ok(t, err)
	r.Header.Set("Content-Type", "application/json")
	if as != nil {
		r.AddCookie(as.cookie)
		r.Header.Set("X-Gatehouse-CSRF", as.csrf)
	} else {
		r.Header.Set("Authorization", "Bearer "+s.key)
	}
	resp, err := http.DefaultClient.Do(r)
	ok(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// clear gives the all-clear as the guard, and returns the answer.
func (s *school) clear(t *testing.T, gw *process, l g.Lockdown) (status int, said string) {
	t.Helper()
	in := s.send(t, "POST", gw.url+"/v1/session",
		map[string]string{"name": "guard", "password": guardPassword}, nil)
	if len(in.Cookies()) == 0 {
		b, _ := io.ReadAll(in.Body)
		t.Fatalf("sign in: %s %s", in.Status, b)
	}
	guard := &signedIn{cookie: in.Cookies()[0]}
	var me struct{ CSRF string }
	ok(t, json.NewDecoder(s.send(t, "GET", gw.url+"/v1/me", nil, guard).Body).Decode(&me))
	guard.csrf = me.CSRF
	out := s.send(t, "POST", fmt.Sprintf("%s/v1/lockdowns/%s/clear", gw.url, l.ID),
		map[string]int{"version": l.Version}, guard)
	b, err := io.ReadAll(out.Body)
	ok(t, err)
	return out.StatusCode, string(b)
}

// all waits until the newest that each of the devices got is the action.
func (l *locks) all(t *testing.T, devices []string, action string) {
	t.Helper()
	eventually(t, "the doors' "+action, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, d := range devices {
			if l.last[d] != action {
				return false
			}
		}
		return true
	})
}

// TestLockdownReachesDoorsThatWereAway raises a level while half of the doors are away, kills the
// gateway, and has the other half come back to the next one: they are locked, too. The all-clear is
// given in the same way, its answer is lost with the gateway, and every door ends unlocked.
func TestLockdownReachesDoorsThatWereAway(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes; not with -short")
	}
	t.Parallel()
	s := newSchool(t)
	doors := s.locked(t)
	s.level(t)
	there, away := doors[:lockDevices/2], doors[lockDevices/2:]
	l := &locks{}

	gw := s.start(t, plan{Dir: s.dir, Point: "never"})
	left := s.connect(t, gw, l, there)
	raised := s.send(t, "POST", gw.url+"/v1/lockdowns", map[string]string{"level": "lockdown"}, nil)
	var stands g.Lockdown
	ok(t, json.NewDecoder(raised.Body).Decode(&stands))
	if stands.Commands != len(doors) {
		t.Fatalf("got %s and %d commands, want one to each of the %d doors", raised.Status,
			stands.Commands, len(doors))
	}
	l.all(t, there, "lock")
	gw.killAfter(0)
	gw.killed(t)
	left()

	gw = s.start(t, plan{Dir: s.dir, Point: "never"})
	left = s.connect(t, gw, l, away)
	l.all(t, away, "lock")
	if status, said := s.clear(t, gw, stands); status != http.StatusOK {
		t.Fatalf("the all-clear: got %d %s, want it taken", status, said)
	}
	l.all(t, away, "unlock")
	gw.killAfter(0)
	gw.killed(t)
	left()

	gw = s.start(t, plan{Dir: s.dir, Point: "never"})
	if status, said := s.clear(t, gw, stands); status != http.StatusConflict {
		t.Errorf("the all-clear again, as if its answer had been lost: got %d %s, want a conflict",
			status, said)
	}
	left = s.connect(t, gw, l, doors)
	l.all(t, doors, "unlock")
	for _, c := range s.settledCommands(t, gw, doors) {
		// The acknowledgement of a lock may have died with the gateway.
		if c.State != g.CommandDelivered && (c.Action != "lock" || c.State != g.CommandUnknown) {
			t.Errorf("%s of %s ended %s, want it delivered", c.Action, c.Device, c.State)
		}
	}
	l.all(t, doors, "unlock")
	gw.stop(t)
	left()
}
