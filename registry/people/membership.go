package people

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Membership is what a person was to the school up to Until: their kind, class, and whether they
// boarded.
type Membership struct {
	Until   int64        `json:"until"` // exclusive, microseconds
	Kind    g.PersonKind `json:"kind"`
	Class   string       `json:"class,omitempty"`
	Boarder bool         `json:"boarder,omitempty"`
	Left    int64        `json:"left,omitempty"` // from then on they had left; 0: they had not
}

// maxMemberships is how many changes of a person are kept; beyond it the oldest is forgotten, and
// what was before counts as what followed.
const maxMemberships = 64

// turned keeps what old was until now, if p differs in what a roster asks for.
func (p *Keyed) turned(old Keyed, now time.Time) {
	p.was = old.was
	back := !old.Left.IsZero() && p.Left.IsZero()
	if p.Kind == old.Kind && p.Class == old.Class && p.Boarder == old.Boarder && !back {
		return
	}
	p.was = append(p.was[:len(p.was):len(p.was)], Membership{
		Until:   store.Micros(now),
		Kind:    old.Kind,
		Class:   old.Class,
		Boarder: old.Boarder,
		Left:    store.Micros(old.Left),
	})
	if len(p.was) > maxMemberships {
		p.was = p.was[1:]
	}
}

// At is what the person was to the school at a time, and whether they were of it: enrolled, and
// not gone.
func (p Keyed) At(t time.Time) (m Membership, member bool) {
	m = Membership{
		Kind:    p.Kind,
		Class:   p.Class,
		Boarder: p.Boarder,
		Left:    store.Micros(p.Left),
	}
	at := store.Micros(t)
	for _, w := range p.was {
		if at < w.Until {
			m = w
			break
		}
	}
	return m, at >= store.Micros(p.Created) && (m.Left == 0 || at < m.Left)
}
