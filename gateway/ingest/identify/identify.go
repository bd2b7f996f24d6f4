// Package identify says whose face, card or code a sighting is. It holds each school's consented
// face templates in memory. It compares with nobody who did not consent, never across schools, and
// keeps no face that it was shown.
package identify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Registry is what identification needs of the registry; a system view implements it.
type Registry interface {
	Templates(ctx context.Context, school g.SchoolID) ([]people.Template, error)
	ByCredential(ctx context.Context, school g.SchoolID, m g.Method, credential string) (g.PersonID, bool, error)
	ByNumber(ctx context.Context, school g.SchoolID, number string) (g.PersonID, bool, error)
	Standing(
		ctx context.Context, school g.SchoolID, m g.Method, credential string, orNumber bool,
	) (people.Holder, error)
	Duress(ctx context.Context, school g.SchoolID, pin string) (bool, error)
}

// Identifier is safe for concurrent use.
type Identifier struct {
	reg      Registry
	decision atomic.Pointer[vision.Decision]
	log      *slog.Logger

	mu      sync.Mutex
	schools map[g.SchoolID]*school
	model   string // of the newest face that a camera measured
}

type school struct {
	mu     sync.Mutex
	models map[string]*gallery // by model; nil: not loaded yet
}

// gallery is a school's templates of one model. Nobody changes it once it is filled.
type gallery struct {
	*vision.Gallery
	alike map[g.PersonID]bool // somebody else of the school looks like them
}

// New makes an Identifier that reads from reg and decides by d.
func New(reg Registry, d vision.Decision, log *slog.Logger) *Identifier {
	i := &Identifier{
		reg:     reg,
		log:     log,
		schools: map[g.SchoolID]*school{},
	}
	i.Decide(d)
	return i
}

// Decide makes Face decide by d from now on.
func (i *Identifier) Decide(d vision.Decision) { i.decision.Store(&d) }

// Changed drops what is cached of a school after a change of its people: the next face is compared
// with the registry's current templates. It is quick and may be called from any goroutine.
func (i *Identifier) Changed(c registry.Change) {
	switch c.Kind {
	case change.Person, change.Consent, change.Face:
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
func (i *Identifier) Face(
	ctx context.Context, id g.SchoolID, s *g.Sighting,
) (g.PersonID, *g.Match, error) {
	if len(s.Embedding) == 0 {
		return i.byTerminal(ctx, id, s.Credential)
	}
	quality := 0.0
	if s.Match != nil {
		quality = s.Match.Quality
	}
	m := g.Match{
		Score:    -1,
		RunnerUp: -1,
		Quality:  quality,
		Frames:   s.Frames,
		Reason:   g.MatchNobodyEnrolled,
	}
	all, err := i.galleries(ctx, id)
	if err != nil {
		return "", nil, err
	}
	i.saw(s.Model)
	one := all[s.Model]
	if one == nil || s.Model == "" {
		if len(all) > 0 {
			m.Reason = g.MatchWrongModel
		}
		return "", &m, nil
	}
	person, m := one.Match(vision.Query{
		Embedding: s.Embedding,
		Quality:   quality,
		Frames:    s.Frames,
	},
		*i.decision.Load())
	if person != "" && one.alike[person] {
		m.Reason = g.MatchLookAlike
		return "", &m, nil
	}
	return person, &m, nil
}

func (i *Identifier) byTerminal(
	ctx context.Context, id g.SchoolID, number string,
) (g.PersonID, *g.Match, error) {
	person, ok, err := i.reg.ByCredential(ctx, id, g.ByFace, number)
	if err != nil || ok {
		return person, nil, err
	}
	if _, ok, err = i.reg.ByNumber(ctx, id, number); err != nil || !ok {
		return "", nil, err
	}
	return "", &g.Match{
		Score:    -1,
		RunnerUp: -1,
		Reason:   g.MatchNoConsent,
	}, nil
}

// Credential says whose card, code or PIN it is, "" where it is nobody's. With orNumber a
// person's own number counts as well.
func (i *Identifier) Credential(
	ctx context.Context, id g.SchoolID, m g.Method, credential string, orNumber bool,
) (g.PersonID, error) {
	person, ok, err := i.reg.ByCredential(ctx, id, m, credential)
	if err == nil && !ok && orNumber {
		person, _, err = i.reg.ByNumber(ctx, id, credential)
	}
	return person, err
}

// Standing says whose card, code, PIN or user number it is, and why it does not let them pass. With
// orNumber a person's own number counts as well.
func (i *Identifier) Standing(
	ctx context.Context, id g.SchoolID, m g.Method, credential string, orNumber bool,
) (people.Holder, error) {
	return i.reg.Standing(ctx, id, m, credential, orNumber)
}

// Duress reports whether a PIN says that its holder is made to use it.
func (i *Identifier) Duress(ctx context.Context, id g.SchoolID, pin string) (bool, error) {
	return i.reg.Duress(ctx, id, pin)
}

// galleries returns the school's galleries by model, reloaded after a change. A face is never
// compared with templates of another model.
func (i *Identifier) galleries(ctx context.Context, id g.SchoolID) (map[string]*gallery, error) {
	i.mu.Lock()
	sc := i.schools[id]
	if sc == nil {
		sc = &school{}
		i.schools[id] = sc
	}
	i.mu.Unlock()
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.models == nil {
		templates, err := i.reg.Templates(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("load face templates: %w", err)
		}
		sc.models = i.fill(templates)
	}
	return sc.models, nil
}

func (i *Identifier) fill(templates []people.Template) map[string]*gallery {
	byPerson := map[string]map[g.PersonID][][]float32{}
	out := map[string]*gallery{}
	for _, t := range templates {
		if out[t.Model] == nil {
			out[t.Model] = &gallery{
				Gallery: vision.NewGallery(len(t.Embedding)),
				alike:   map[g.PersonID]bool{},
			}
			byPerson[t.Model] = map[g.PersonID][][]float32{}
		}
		if len(t.Alike) > 0 {
			out[t.Model].alike[t.Person] = true
		}
		byPerson[t.Model][t.Person] = append(byPerson[t.Model][t.Person], t.Embedding)
	}
	for model, people := range byPerson {
		for p, ts := range people {
			if err := out[model].Put(p, ts...); err != nil {
				i.log.Error("a face template is left out", "error", err)
			}
		}
	}
	return out
}
