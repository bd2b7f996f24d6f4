package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	resolveAfter = 2 * time.Second     // after a change, so that an import is one pass
	resolveRest  = 20                  // times what a pass took, it then rests
	resolvePage  = 500                 // passages looked at in one read
	resolveMost  = 200_000             // passages of nobody that one pass looks at, newest first
	cardsBack    = 14 * 24 * time.Hour // a card or code counts for passages of so long ago
)

// runResolve gives passages of nobody to people whose numbers, cards or consent came later: at
// the start for every school, and for a school whose people have changed. It reads and compares
// outside of the writers, a page at a time, and writes only what it has found.
func (a *App) runResolve(ctx context.Context) error {
	due := newDueSchools()
	cancel := a.reg.Subscribe(func(c registry.Change) {
		switch c.Kind {
		case "person", "pass", "consent":
			due.add(c.School)
		}
	})
	defer cancel()
	for _, s := range a.schoolIDs() {
		due.add(s)
	}
	pause := resolveAfter
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-due.some:
		}
		if !sleep(ctx, pause) {
			return nil
		}
		began := time.Now()
		for _, s := range due.take() {
			if !a.insist(ctx, "resolve", func() error { return a.resolve(ctx, s) }) {
				return nil
			}
		}
		pause = max(resolveAfter, resolveRest*time.Since(began))
	}
}

// sleep waits; false where ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// resolve is one pass over a school.
func (a *App) resolve(ctx context.Context, school g.SchoolID) error {
	view := a.reg.In(g.SystemScope("resolve"))
	known := map[claim]g.PersonID{}
	before, seen := uint64(0), 0
	for seen < resolveMost {
		page, err := view.UnresolvedPassages(ctx, school, before, resolvePage)
		if err != nil || len(page) == 0 {
			return err
		}
		before, seen = page[len(page)-1].Seq, seen+len(page)
		whose := map[uint64]g.PersonID{}
		var times []time.Time
		for _, p := range page {
			person, err := a.claimant(ctx, school, p, known)
			if err != nil {
				return fmt.Errorf("whose passage it was: %w", err)
			}
			if person != "" {
				whose[p.Seq] = person
				times = append(times, p.Time)
			}
		}
		if len(whose) == 0 {
			continue
		}
		if err := view.ResolvePassages(ctx, school, whose); err != nil {
			return err
		}
		if err := a.recompute(ctx, school, times); err != nil {
			return err
		}
	}
	return nil
}

// claim is what a passage gives to go by.
type claim struct {
	method     g.Method
	credential string
	number     bool // a person's number will do
}

// claimant is whose passage it is by now, "" where it is still nobody's. A number is a person's
// for good; a card may have been somebody else's, and counts for cardsBack only.
func (a *App) claimant(ctx context.Context, school g.SchoolID, p registry.Passage, known map[claim]g.PersonID) (g.PersonID, error) {
	e, _ := a.directory.Known(p.Device)
	c := claim{p.Method, p.Credential, e.Profile.Type == g.TypeTerminal}
	if p.Method != g.ByFace && a.now().Sub(p.Time) > cardsBack {
		if !c.number {
			return "", nil
		}
		c.method = "" // no pass has it: only the number counts
	}
	if person, ok := known[c]; ok {
		return person, nil
	}
	var person g.PersonID
	var err error
	if p.Method == g.ByFace {
		person, _, err = a.identify.Face(ctx, school, &g.Sighting{Method: g.ByFace, Credential: p.Credential})
	} else {
		person, err = a.identify.Credential(ctx, school, c.method, p.Credential, c.number)
	}
	if err == nil && len(known) < resolveMost {
		known[c] = person
	}
	return person, err
}

// recompute answers the sessions anew that passages at these times fall into.
func (a *App) recompute(ctx context.Context, school g.SchoolID, at []time.Time) error {
	first, last := slices.MinFunc(at, time.Time.Compare), slices.MaxFunc(at, time.Time.Compare)
	return a.compute(ctx, school, first, last.Add(1), func(s g.Session) bool {
		return slices.ContainsFunc(at, func(t time.Time) bool { return !t.Before(s.Start) && !t.After(s.End) })
	})
}
