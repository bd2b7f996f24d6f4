package directory

import (
	"context"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	mostPeople = 100_000         // remembered; when there are more, they are read anew
	asking     = 2 * time.Second // longest wait for the registry
)

// people remembers of what kind people are who were asked for.
type people struct {
	mu   sync.Mutex
	kind map[g.PersonID]who
}

type who struct {
	kind    g.PersonKind
	boarder bool
}

// forget is called for a person who has changed; "" stands for everybody.
func (p *people) forget(id g.PersonID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id == "" || len(p.kind) >= mostPeople {
		p.kind = nil
	}
	delete(p.kind, id)
}

func (p *people) get(id g.PersonID) (who, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.kind[id]
	return w, ok
}

func (p *people) put(id g.PersonID, w who) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kind == nil || len(p.kind) >= mostPeople {
		p.kind = map[g.PersonID]who{}
	}
	p.kind[id] = w
}

// Person says of what kind a person is, and whether they sleep in the school; false for who is not
// known, or while the registry does not answer. The first time somebody is asked for they are read
// from the registry, which may take asking; after that nothing is read until they change.
func (d *Directory) Person(id g.PersonID) (kind g.PersonKind, boarder, ok bool) {
	if w, ok := d.people.get(id); ok {
		return w.kind, w.boarder, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), asking)
	defer cancel()
	kind, boarder, err := d.reg.In(scope).People.Who(ctx, id)
	if err != nil {
		return "", false, false
	}
	d.people.put(id, who{kind, boarder})
	return kind, boarder, true
}
