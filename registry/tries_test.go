package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

const boss, bossPassword = "boss", "a long password"

func enter(d *district, name, password, remote, browser string) (access.Entry, error) {
	return d.r.Access.Enter(context.Background(),
		access.Attempt{Name: name, Password: password, Remote: remote, Browser: browser})
}

// TestDistributedGuesses: many addresses guessing at one name are limited together, while the user
// can sign in with a known browser anywhere, and from a known address.
func TestDistributedGuesses(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		must[g.User](t)(d.sys.Access.CreateUser(t.Context(),
			g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
		first, err := enter(d, boss, bossPassword, "10.0.0.1", "")
		ok(t, err)
		looked := 0
		for i := range 24 {
			for range 5 {
				_, err := enter(d, boss, "wrong", fmt.Sprintf("10.1.%d.1", i), "")
				if g.ErrorCode(err) == g.Unauthenticated {
					looked++
				}
				c.add(time.Second / 5)
			}
		}
		if looked > 30 {
			t.Errorf("%d of 120 guesses were looked at, want at most 30", looked)
		}
		if _, err := enter(d, boss, bossPassword, "10.0.0.1", ""); err != nil {
			t.Errorf("from the known address: %v", err)
		}
		if _, err := enter(d, boss, bossPassword, "10.9.9.9", first.Browser); err != nil {
			t.Errorf("in the known browser: %v", err)
		}
		_, err = enter(d, boss, bossPassword, "10.8.8.8", "")
		var early *access.TooSoon
		if !errors.As(err, &early) || early.After <= 0 || early.After > time.Minute {
			t.Fatalf("from elsewhere: got %v, want a wait of at most a minute", err)
		}
		c.add(early.After)
		if _, err := enter(d, boss, bossPassword, "10.8.8.8", ""); err != nil {
			t.Errorf("from elsewhere, after the wait: %v", err)
		}
	})
}

// TestNoLockThatAStrangerTurns: wrong names and passwords from the administrator's own address
// delay the administrator by seconds at most, and not at all in a known browser.
func TestNoLockThatAStrangerTurns(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		must[g.User](t)(d.sys.Access.CreateUser(t.Context(),
			g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
		first, err := enter(d, boss, bossPassword, "10.0.0.1", "")
		ok(t, err)
		for i := range 60 {
			_, _ = enter(d, fmt.Sprintf("no%d", i), "wrong wrong", "10.0.0.1", "")
			c.add(3 * time.Second)
		}
		if _, err := enter(d, boss, bossPassword, "10.0.0.1", ""); err != nil {
			t.Errorf("after wrong names at the same address: %v", err)
		}
		for range 200 { // early attempts are not counted: the wait does not grow
			_, _ = enter(d, boss, "wrong wrong", "10.0.0.1", "")
		}
		if _, err := enter(d, boss, bossPassword, "10.0.0.1", first.Browser); err != nil {
			t.Errorf("in the known browser: %v", err)
		}
		c.add(2 * time.Minute)
		if _, err := enter(d, boss, bossPassword, "10.0.0.1", ""); err != nil {
			t.Errorf("after two minutes: %v", err)
		}
		if _, err := enter(d, boss, bossPassword, "10.0.0.1", "ghb_of-a-stranger"); err != nil {
			t.Errorf("with a browser's token that is nobody's: %v", err)
		}
	})
}

// TestWaitsGrowAndSurviveARestart: the wait doubles with each failed attempt beyond the free ones,
// up to two minutes, across a restart.
func TestWaitsGrowAndSurviveARestart(t *testing.T) {
	c := newClock()
	o := registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}
	d := newDistrict(t, o, c)
	must[g.User](t)(d.sys.Access.CreateUser(t.Context(),
		g.User{School: "a", Name: boss, Role: g.RoleAdmin, Language: "en"}, bossPassword))
	var waits []time.Duration
	for range 14 {
		_, err := enter(d, boss, "wrong", "10.0.0.1", "")
		wantCode(t, err, g.Unauthenticated)
		_, err = enter(d, boss, "wrong", "10.0.0.1", "")
		var early *access.TooSoon
		if errors.As(err, &early) {
			waits = append(waits, early.After)
			c.add(early.After)
		} else if g.ErrorCode(err) == g.Unauthenticated && len(waits) > 0 {
			t.Fatal("a try was not held back")
		}
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] < waits[i-1] || waits[i] > 2*time.Minute {
			t.Errorf("got waits of %v", waits)
		}
	}
	if last := waits[len(waits)-1]; last != 2*time.Minute {
		t.Errorf("the longest wait is %s, want 2m", last)
	}
	_, err := enter(d, boss, "wrong", "10.0.0.1", "")
	wantCode(t, err, g.Unauthenticated)
	ok(t, d.r.Close())
	again, err := registry.Open(t.Context(), o)
	ok(t, err)
	defer again.Close()
	_, err = again.Access.Enter(t.Context(),
		access.Attempt{Name: boss, Password: bossPassword, Remote: "10.0.0.1"})
	wantCode(t, err, g.RateLimited)
}

// TestOneIPv6Network: addresses of one /64 count as one.
func TestOneIPv6Network(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	limited := false
	for i := range 8 {
		_, err := enter(d, "nobody", "wrong", fmt.Sprintf("2001:db8::%x", i+1), "")
		limited = limited || g.ErrorCode(err) == g.RateLimited
	}
	if !limited {
		t.Error("eight addresses of one network made eight guesses")
	}
}

// TestBadPasswords: weak passwords are refused wherever a password is set.
func TestBadPasswords(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ctx := t.Context()
	u := must[g.User](t)(d.sys.Access.CreateUser(ctx,
		g.User{
			School:   "a",
			Name:     "liwei",
			FullName: "Li Weiming",
			Role:     g.RoleAdmin,
			Language: "en",
		},
		bossPassword))
	bad := []string{"1234567890", "13812345678", "2008-08-08-08", "password123", "qwertyuiop",
		"1q2w3e4r5t", "aaaaaaaaaaaa", "abcdefghijkl", "Password1234", "P@ssw0rd123",
		"iloveyou1234", "liwei123456", "weiming2024", "liweiliwei", "1234567890ab",
		"woaini1314520", "gatehouse1", "123456789a", "000000000000"}
	for _, p := range bad {
		if _, err := d.sys.Access.CreateUser(ctx,
			g.User{
				School:   "a",
				Name:     "x" + g.NewID("u")[:9],
				FullName: "Li Weiming Liwei",
				Role:     g.RoleAdmin,
				Language: "en",
			},
			p); g.ErrorCode(err) != g.Invalid {
			t.Errorf("create: %q: got %v, want invalid", p, err)
		}
		if err := d.sys.Access.ChangePassword(ctx, u.ID, "", p); g.ErrorCode(err) != g.Invalid {
			t.Errorf("change: %q: got %v, want invalid", p, err)
		}
		if err := d.r.Access.SetPassword(ctx, "liwei", p); g.ErrorCode(err) != g.Invalid {
			t.Errorf("passwd: %q: got %v, want invalid", p, err)
		}
	}
	for _, p := range []string{
		"correct-horse-battery", "河边小学的三棵老树真好看", "mint tulip 48 gravel", "x7#kQ2!vRz9p",
		"long enough words",
	} {
		if err := d.r.Access.SetPassword(ctx, "liwei", p); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

// TestHashingIsBounded: when too many passwords are being hashed, further requests fail at once,
// and all others succeed.
func TestHashingIsBounded(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	codes := make(chan g.Code)
	for i := range 200 {
		go func() {
			_, err := enter(d, fmt.Sprintf("nobody%d", i), "wrong", fmt.Sprintf("10.2.%d.1", i), "")
			codes <- g.ErrorCode(err)
		}()
	}
	for range 200 {
		if got := <-codes; got != g.Unauthenticated && got != g.Unavailable {
			t.Errorf("got %q", got)
		}
	}
	_, err := enter(d, "nobody", "wrong", "10.3.0.1", "")
	wantCode(t, err, g.Unauthenticated)
}
