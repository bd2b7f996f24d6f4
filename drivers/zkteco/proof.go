package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

const (
	settled  = 10 * time.Minute // silence after which a weak terminal may call from another address
	believed = 24 * time.Hour   // how long after such a move replayed entries are not believed
	warnings = time.Minute      // at most one refused call is recorded per terminal in this time
)

// weakness describes a terminal that authenticates itself by its serial number only.
const weakness = "weak: its serial number, which others can read, is all that it proves itself " +
	"with; give it its address (ip), a token or a certificate"

// proof is what a terminal must present besides its serial number.
type proof struct {
	pin         netip.Prefix // required source address; zero: any
	token       string       // required in the path; "": none
	certificate string       // required common name of its TLS client certificate; "": none
}

// weak reports whether the serial number alone is enough to pose as this terminal.
func (p proof) weak() bool {
	return (!p.pin.IsValid() || p.pin.Bits() == 0) && p.token == "" && p.certificate == ""
}

// weakness returns the worst weakness of the terminal's proofs; secure: it calls over TLS or from
// this machine. A token in plain text is no weakness if the address is pinned as well.
func (p proof) weakness(secure bool) gatehouse.Weakness {
	pinned := p.pin.IsValid() && p.pin.Bits() > 0
	switch {
	case p.weak():
		return gatehouse.WeakSerialOnly
	case !secure && !pinned && p.token != "" && p.certificate == "":
		return gatehouse.WeakPlainText
	}
	return gatehouse.WeakNone
}

// Assess implements drivers.Assessor.
func (d *driver) Assess(dev drivers.Device) gatehouse.Weakness {
	t, err := parse(dev)
	if err != nil {
		return ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return t.proof.weakness(d.secure)
}

// refuses returns why a call does not prove to be the terminal's; "": it does.
func (p proof) refuses(r *http.Request, from netip.Addr, token string) string {
	if p.pin.IsValid() && !p.pin.Contains(from) {
		return fmt.Sprintf("it must call from %s", p.pin)
	}
	if p.token != "" {
		got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(p.token))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return "its token is missing or wrong: put it into the server's path, before /iclock"
		}
	}
	if p.certificate != "" && p.certificate != commonName(r) {
		return fmt.Sprintf("it must show a certificate of %q", p.certificate)
	}
	return ""
}

// commonName returns the common name of the verified client certificate.
func commonName(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return ""
	}
	return r.TLS.VerifiedChains[0][0].Subject.CommonName
}

// usual is the address that a weak terminal calls from: learned, and lost with the program.
type usual struct {
	addr  netip.Addr
	heard time.Time
	moved time.Time // when it replaced another address; zero: never
}

// admits reports whether a weak terminal may call from an address: its usual one, or another one
// after the usual one was silent for settled. It records the call.
func (u *usual) admits(from netip.Addr, now time.Time) bool {
	switch {
	case !u.addr.IsValid():
		u.addr = from
	case u.addr != from && now.Sub(u.heard) < settled:
		return false
	case u.addr != from:
		u.addr, u.moved = from, now
	}
	u.heard = now
	return true
}

// distant reports whether replayed entries from the present address are not believed.
func (u *usual) distant(now time.Time) bool {
	return !u.moved.IsZero() && now.Sub(u.moved) < believed
}

// check returns why a call is refused; "": it is accepted.
func (t *terminal) check(r *http.Request, from netip.Addr, token string, now time.Time) string {
	if why := t.proof.refuses(r, from, token); why != "" {
		return why
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.proof.weak() && !t.usual.admits(from, now) {
		return fmt.Sprintf("it calls from %s at the same time; %s", t.usual.addr, weakness)
	}
	return ""
}

// turnedAway records a refused call with the terminal's serial number and the beginning of its
// body, at most one per warnings.
func (t *terminal) turnedAway(r *http.Request, from netip.Addr, why string, now time.Time) {
	t.mu.Lock()
	t.wrong, t.why = from, why
	due := now.Sub(t.warned) >= warnings
	if due {
		t.warned = now
	}
	t.mu.Unlock()
	if !due {
		return
	}
	raw := make([]byte, gatehouse.MaxRaw)
	n := 0
	for n < len(raw) {
		m, err := r.Body.Read(raw[n:])
		if n += m; err != nil {
			break
		}
	}
	reason := fmt.Sprintf("a call with its serial number from %s was turned away: %s", from, why)
	what := strings.TrimSpace("call " + r.URL.Query().Get("table"))
	_ = t.emit(r.Context(), kept(what, string(raw[:n]), reason)) // the call is refused in any case
}
