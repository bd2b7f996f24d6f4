package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// pace is a limit on failed sign-ins, which are counted by name and address together, by name, and
// by address. After free failed attempts each further one must wait, with exponential back-off up
// to a limit. Attempts that come too early are not counted, so that nobody can extend another's
// wait.
//
// Strangers must not be able to lock a user out. In a browser in which the user has signed in
// before, only that browser's own attempts count; from an address from which the user has signed in
// before, only those with this name from this address. All others, including the user at a new
// place, share the limits of the name and of the address, and wait a minute or two at most.
type pace struct {
	free  int           // failed attempts without a wait
	first time.Duration // wait after these
	most  time.Duration
}

var (
	// name from an address, browser, second factor
	pairPace = pace{
		free:  5,
		first: 2 * time.Second,
		most:  2 * time.Minute,
	}
	namePace = pace{
		free:  20,
		first: 2 * time.Second,
		most:  time.Minute,
	}
	addressPace = pace{
		free:  30,
		first: time.Second,
		most:  30 * time.Second,
	}
)

const (
	forgetTries = time.Hour            // after the last one
	placeFor    = 180 * 24 * time.Hour // after its last use
	maxPlaces   = 20                   // for each user; the least recently used is dropped
)

// wait is the wait after the n-th failed attempt.
func (p pace) wait(n int) time.Duration {
	if n < p.free {
		return 0
	}
	return min(p.most, p.first<<min(n-p.free, 20))
}

// TooSoon is an attempt before its time: the error's code is RateLimited.
type TooSoon struct {
	err   *g.Error
	After time.Duration
}

// Error is the message for people.
func (e *TooSoon) Error() string { return e.err.Error() }

// Unwrap returns the error with its code.
func (e *TooSoon) Unwrap() error { return e.err }

func tooSoon(after time.Duration) error {
	s := int(math.Ceil(after.Seconds()))
	return &TooSoon{
		g.Errorf(g.RateLimited,
			"too many wrong tries: try again in %d seconds, or in a browser in which you have "+
				"signed in before",
			s).Because("too_soon"),
		after,
	}
}

// try is one counter of an attempt; kept: it is counted but not enforced.
type try struct {
	key  string
	pace pace
	kept bool
	own  bool // reset by a successful attempt
}

func pairTry(kind string, parts ...string) try {
	return try{
		key:  tryKey(kind, parts...),
		pace: pairPace,
		own:  true,
	}
}

func tryKey(kind string, parts ...string) string {
	for _, p := range parts {
		kind += " " + p
	}
	return tokenHash(kind)
}

// begin counts an attempt before it is made, so that concurrent attempts all count. If the attempt
// must wait, it returns TooSoon and counts nothing.
func (r *Book) begin(ctx context.Context, tries []try) error {
	return r.s.Write(ctx, func(t *store.Tx) error {
		if _, err := t.Exec(ctx, "DELETE FROM signin_tries WHERE last < ?",
			store.Micros(t.Now.Add(-forgetTries))); err != nil {
			return fmt.Errorf("forget tries: %w", err)
		}
		for _, x := range tries {
			var n int
			var last int64
			err := t.Row(ctx, "SELECT n, last FROM signin_tries WHERE key = ?", x.key).Scan(&n,
				&last)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("read tries: %w", err)
			}
			if left := store.Moment(last).Add(x.pace.wait(n)).Sub(t.Now); err == nil && left > 0 &&
				!x.kept {
				return tooSoon(min(left, x.pace.most)) // the clock may have been set back
			}
		}
		for _, x := range tries {
			_, err := t.Exec(ctx,
				"INSERT INTO signin_tries (key, n, last) VALUES (?, 1, ?) ON CONFLICT (key) DO "+
					"UPDATE SET n = signin_tries.n + 1, last = excluded.last",
				x.key, store.Micros(t.Now))
			if err != nil {
				return fmt.Errorf("count a try: %w", err)
			}
		}
		return nil
	})
}

// right undoes the count of a successful attempt.
func right(ctx context.Context, t *store.Tx, tries []try) error {
	for _, x := range tries {
		q := "UPDATE signin_tries SET n = n - 1 WHERE key = ? AND n > 0"
		if x.own {
			q = "DELETE FROM signin_tries WHERE key = ?"
		}
		if _, err := t.Exec(ctx, q, x.key); err != nil {
			return fmt.Errorf("forget tries: %w", err)
		}
	}
	return nil
}

// uncount undoes the count of attempts that were not checked.
func (r *Book) uncount(ctx context.Context, tries []try) error {
	return r.s.Write(ctx, func(t *store.Tx) error {
		for _, x := range tries {
			if _, err := t.Exec(ctx, "UPDATE signin_tries SET n = n - 1 WHERE key = ? AND n > 0",
				x.key); err != nil {
				return fmt.Errorf("take back a try: %w", err)
			}
		}
		return nil
	})
}

// triesOf are the counters for an attempt with a user's name.
func (r *Book) triesOf(ctx context.Context, id g.UserID, a Attempt) ([]try, error) {
	from := network(a.Remote)
	pair := pairTry("pair", a.Name, from)
	name := try{
		key:  tryKey("name", a.Name),
		pace: namePace,
	}
	address := try{
		key:  tryKey("address", from),
		pace: addressPace,
	}
	if a.Browser != "" {
		known, err := r.knownPlace(ctx, id, browserPlace(a.Browser))
		if err != nil {
			return nil, err
		}
		if known {
			return []try{pairTry("browser", a.Name, a.Browser)}, nil
		}
	}
	known, err := r.knownPlace(ctx, id, addressPlace(from))
	if err != nil {
		return nil, err
	}
	if known {
		address.kept = true
		return []try{pair, address}, nil
	}
	return []try{pair, name, address}, nil
}

// KnownBrowser reports whether anybody has signed in with this browser's token before.
func (r *Book) KnownBrowser(ctx context.Context, token string) bool {
	n := 0
	err := r.s.Reg.Row(ctx, "SELECT COUNT(*) FROM signin_places WHERE place = ? AND seen >= ?",
		browserPlace(token), store.Micros(r.s.Now().Add(-placeFor))).Scan(&n)
	return err == nil && n > 0
}

func browserPlace(token string) string { return "browser " + tokenHash(token) }
func addressPlace(from string) string  { return "address " + tokenHash(from) }

// network is what counts as one address: for IPv6 its /64.
func network(remote string) string {
	a, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	a = a.Unmap().WithZone("")
	if p, err := a.Prefix(64); err == nil && a.Is6() {
		return p.String()
	}
	return a.String()
}

func (r *Book) knownPlace(ctx context.Context, id g.UserID, place string) (bool, error) {
	n := 0
	since := store.Micros(r.s.Now().Add(-placeFor))
	err := r.s.Reg.Row(ctx,
		"SELECT COUNT(*) FROM signin_places WHERE usr = ? AND place = ? AND seen >= ?", string(id),
		place, since).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read a sign-in's place: %w", err)
	}
	return n > 0, nil
}

// rememberPlaces records where a user has signed in, and returns the browser's token: the given one
// if it is ours, or a new one.
func rememberPlaces(
	ctx context.Context, t *store.Tx, id g.UserID, a Attempt,
) (browser string, err error) {
	browser, n := a.Browser, 0
	if browser != "" {
		if err := t.Row(ctx, "SELECT COUNT(*) FROM signin_places WHERE place = ?",
			browserPlace(browser)).Scan(&n); err != nil {
			return "", fmt.Errorf("read a sign-in's place: %w", err)
		}
	}
	if n == 0 {
		browser, _ = newToken("ghb_")
	}
	for _, place := range []string{browserPlace(browser), addressPlace(network(a.Remote))} {
		_, err := t.Exec(ctx,
			"INSERT INTO signin_places (usr, place, seen) VALUES (?, ?, ?) ON CONFLICT (usr, "+
				"place) DO UPDATE SET seen = excluded.seen",
			string(id), place, store.Micros(t.Now))
		if err != nil {
			return "", fmt.Errorf("keep a sign-in's place: %w", err)
		}
	}
	_, err = t.Exec(ctx,
		"DELETE FROM signin_places WHERE usr = ? AND place NOT IN (SELECT place FROM "+
			"signin_places WHERE usr = ? ORDER BY seen DESC, place LIMIT ?)",
		string(id), string(id), maxPlaces)
	if err != nil {
		return "", fmt.Errorf("forget a sign-in's place: %w", err)
	}
	return browser, nil
}
