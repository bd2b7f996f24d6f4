package mqttfront

import (
	"strings"
	"sync"
)

// maxRefusals is how many refused connections are remembered.
const maxRefusals = 256

// refusals is a ring of the last refused connections.
type refusals struct {
	mu   sync.Mutex
	ring []Refusal
	next int
}

func (r *refusals) add(x Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < maxRefusals {
		r.ring = append(r.ring, x)
		return
	}
	r.ring[r.next] = x
	r.next = (r.next + 1) % maxRefusals
}

// Refusals are the last connections that were not let in, newest first.
func (f *Front) Refusals() []Refusal {
	f.refusals.mu.Lock()
	defer f.refusals.mu.Unlock()
	r := &f.refusals
	out := make([]Refusal, 0, len(r.ring))
	for i := range r.ring {
		out = append(out, r.ring[(r.next+len(r.ring)-1-i)%len(r.ring)])
	}
	return out
}

// clip bounds what a client that has not authenticated can make the gateway keep.
func clip(s string) string {
	if len(s) <= 128 {
		return s
	}
	return strings.ToValidUTF8(s[:128], "") // the cut may have split a character
}
