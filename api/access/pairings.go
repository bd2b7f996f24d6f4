package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
	"time"
)

const (
	pairingLife = 10 * time.Minute
	maxPairings = 64
	codeLength  = 8 // of 32 letters and digits each
)

// pairings are the screens that wait for an administrator, in memory: a restart forgets them, and
// each asks for another code. When there are too many the oldest goes.
type pairings struct {
	mu  sync.Mutex
	all []*waiting // oldest first
}

// waiting is one screen.
type waiting struct {
	code    string
	secret  [sha256.Size]byte // of what the screen asks with
	expires time.Time
	claimed bool // an administrator has entered its code
	key     screenKey
}

// screenKey is what a screen is let in with.
type screenKey struct {
	secret  string
	expires time.Time
}

// begin lets another screen wait, and returns what it shows and what it asks with.
func (p *pairings) begin(now time.Time) (Pairing, string) {
	secret := "ghp_" + rand.Text()
	w := &waiting{
		code:    rand.Text()[:codeLength],
		secret:  sha256.Sum256([]byte(secret)),
		expires: now.Add(pairingLife).UTC(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	if len(p.all) >= maxPairings {
		p.all = p.all[1:]
	}
	p.all = append(p.all, w)
	return w.shown(), secret
}

// shown is how a screen sees its pairing.
func (w *waiting) shown() Pairing {
	return Pairing{
		State:   "waiting",
		Code:    w.code[:codeLength/2] + "-" + w.code[codeLength/2:],
		Expires: w.expires,
	}
}

// ask says what has become of a screen's pairing. A key is given once: then the pairing is over.
func (p *pairings) ask(secret string, now time.Time) (Pairing, screenKey) {
	sum := sha256.Sum256([]byte(secret))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	for i, w := range p.all {
		if subtle.ConstantTimeCompare(w.secret[:], sum[:]) != 1 {
			continue
		}
		if w.key.secret == "" {
			return w.shown(), screenKey{}
		}
		p.all = append(p.all[:i:i], p.all[i+1:]...)
		return Pairing{State: "paired"}, w.key
	}
	return Pairing{State: "none"}, screenKey{}
}

// claim finds the screen that shows a code, for one administrator; nil: none does. It is either
// paired or released.
func (p *pairings) claim(code string, now time.Time) *waiting {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	for _, w := range p.all {
		if !w.claimed && subtle.ConstantTimeCompare([]byte(w.code), []byte(code)) == 1 {
			w.claimed = true
			return w
		}
	}
	return nil
}

func (p *pairings) release(w *waiting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.claimed = false
}

func (p *pairings) pair(w *waiting, k screenKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.key = k
}

// sweep forgets those whose time is up.
func (p *pairings) sweep(now time.Time) {
	kept := p.all[:0]
	for _, w := range p.all {
		if now.Before(w.expires) {
			kept = append(kept, w)
		}
	}
	clear(p.all[len(kept):])
	p.all = kept
}
