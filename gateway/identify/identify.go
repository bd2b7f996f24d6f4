// Package identify says whose face, card or code a sighting is. It holds each school's
// consented face templates in memory, asks nobody without consent, never compares across
// schools, and keeps no face that it was shown.
package identify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Registry is what is asked of the registry; a system view has it.
type Registry interface {
	Templates(ctx context.Context, school g.SchoolID) ([]registry.Template, error)
	ByCredential(ctx context.Context, school g.SchoolID, m g.Method, credential string) (g.PersonID, bool, error)
	ByNumber(ctx context.Context, school g.SchoolID, number string) (g.PersonID, bool, error)
}

// Identifier is safe for concurrent use.
type Identifier struct {
	reg      Registry
	decision vision.Decision
	log      *slog.Logger

	mu      sync.Mutex
	schools map[g.SchoolID]*school
}

type school struct {
	mu      sync.Mutex
	gallery map[int]*vision.Gallery // by length of the template; nil: not loaded yet
}

// New asks reg, and decides by d.
func New(reg Registry, d vision.Decision, log *slog.Logger) *Identifier {
	return &Identifier{reg: reg, decision: d, log: log, schools: map[g.SchoolID]*school{}}
}

// Changed tells that something about the people of a school changed: the next face there is
// compared with what the registry holds by then. It is quick and may be called from anywhere.
func (i *Identifier) Changed(c registry.Change) {
	switch c.Kind {
	case "person", "consent", "face":
	default:
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if c.School != "" {
		delete(i.schools, c.School)
		return
	}
	clear(i.schools)
}

// Face says whose face it is, "" where it is nobody's, and how it was decided. A terminal
// that compares faces itself gives the user number instead of an embedding; that counts only
// with the person's consent.
func (i *Identifier) Face(ctx context.Context, id g.SchoolID, s *g.Sighting) (g.PersonID, *g.Match, error) {
	if len(s.Embedding) == 0 {
		return i.byTerminal(ctx, id, s.Credential)
	}
	gallery, err := i.galleryFor(ctx, id, len(s.Embedding))
	if err != nil {
		return "", nil, err
	}
	quality := 0.0
	if s.Match != nil {
		quality = s.Match.Quality
	}
	person, m := gallery.Match(vision.Query{Embedding: s.Embedding, Quality: quality, Frames: s.Frames}, i.decision)
	return person, &m, nil
}

func (i *Identifier) byTerminal(ctx context.Context, id g.SchoolID, number string) (g.PersonID, *g.Match, error) {
	person, ok, err := i.reg.ByCredential(ctx, id, g.ByFace, number)
	if err != nil || ok {
		return person, nil, err
	}
	if _, ok, err = i.reg.ByNumber(ctx, id, number); err != nil || !ok {
		return "", nil, err
	}
	return "", &g.Match{Score: -1, RunnerUp: -1, Reason: "no_consent"}, nil
}

// Credential says whose card, code or PIN it is, "" where it is nobody's. With orNumber a
// person's own number counts as well.
func (i *Identifier) Credential(ctx context.Context, id g.SchoolID, m g.Method, credential string, orNumber bool) (g.PersonID, error) {
	person, ok, err := i.reg.ByCredential(ctx, id, m, credential)
	if err == nil && !ok && orNumber {
		person, _, err = i.reg.ByNumber(ctx, id, credential)
	}
	return person, err
}

// galleryFor answers the school's gallery of templates of n numbers, loaded anew after a
// change. Those of another model are left out; their people enrol again.
func (i *Identifier) galleryFor(ctx context.Context, id g.SchoolID, n int) (*vision.Gallery, error) {
	i.mu.Lock()
	sc := i.schools[id]
	if sc == nil {
		sc = &school{}
		i.schools[id] = sc
	}
	i.mu.Unlock()
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.gallery == nil {
		templates, err := i.reg.Templates(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("load face templates: %w", err)
		}
		sc.gallery = i.fill(templates)
	}
	if sc.gallery[n] == nil {
		sc.gallery[n] = vision.NewGallery(n)
	}
	return sc.gallery[n], nil
}

func (i *Identifier) fill(templates []registry.Template) map[int]*vision.Gallery {
	byPerson := map[int]map[g.PersonID][][]float32{}
	for _, t := range templates {
		n := len(t.Embedding)
		if byPerson[n] == nil {
			byPerson[n] = map[g.PersonID][][]float32{}
		}
		byPerson[n][t.Person] = append(byPerson[n][t.Person], t.Embedding)
	}
	out := map[int]*vision.Gallery{}
	for n, people := range byPerson {
		out[n] = vision.NewGallery(n)
		for p, ts := range people {
			if err := out[n].Put(p, ts...); err != nil {
				i.log.Error("a face template is left out", "error", err)
			}
		}
	}
	return out
}
