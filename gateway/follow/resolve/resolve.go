// Package resolve assigns passages of nobody to people whose number, card or consent was registered
// later. It reads and compares outside the registry's write transactions, a page at a time, writes
// only what it has found, and has the affected attendance computed anew.
package resolve

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

const (
	resolveAfter = 2 * time.Second     // after a change, so that an import is one pass
	resolveRest  = 20                  // pause after a pass, as a multiple of its duration
	resolvePage  = 500                 // passages looked at in one read
	resolveMost  = 200_000             // passages of nobody that one pass looks at, newest first
	cardsBack    = 14 * 24 * time.Hour // age of passages that a new card still counts for
)

// Resolver follows the registry, not the journal.
type Resolver struct {
	View      *registry.View
	Directory *directory.Directory
	Identify  *identify.Identifier
	Health    *follow.Health
	Subscribe func(func(registry.Change)) (cancel func())
	Recompute func(ctx context.Context, school g.SchoolID, touches []follow.Touch) error
	Now       func() time.Time
	Log       *slog.Logger
}

// Run passes over every school at the start, and over one whose people have changed, until ctx
// ends.
func (x *Resolver) Run(ctx context.Context) error {
	due := newDueSchools()
	cancel := x.Subscribe(func(c registry.Change) {
		switch c.Kind {
		case change.Person, change.Pass, change.Consent:
			due.add(c.School)
		}
	})
	defer cancel()
	for _, s := range x.Directory.SchoolIDs() {
		due.add(s)
	}
	pause := resolveAfter
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-due.some:
		}
		if !follow.Rest(ctx, pause) {
			return nil
		}
		began := time.Now()
		for _, s := range due.take() {
			if !x.Health.Insist(ctx, "resolve", func() error { return x.resolve(ctx, s) }) {
				return nil
			}
		}
		pause = max(resolveAfter, resolveRest*time.Since(began))
	}
}

// resolve is one pass over a school.
func (x *Resolver) resolve(ctx context.Context, school g.SchoolID) error {
	known := map[claim]g.PersonID{}
	before, seen := uint64(0), 0
	for seen < resolveMost {
		page, err := x.View.History.UnresolvedPassages(ctx, school, before, resolvePage)
		if err != nil || len(page) == 0 {
			return err
		}
		before, seen = page[len(page)-1].Seq, seen+len(page)
		whose := map[uint64]g.PersonID{}
		var touches []follow.Touch
		for _, p := range page {
			person, err := x.claimant(ctx, school, p, known)
			if err != nil {
				return fmt.Errorf("whose passage it was: %w", err)
			}
			if person != "" {
				whose[p.Seq] = person
				touches = append(touches, follow.Touch{Person: person, At: p.Time})
			}
		}
		if len(whose) == 0 {
			continue
		}
		if err := x.View.History.ResolvePassages(ctx, school, whose); err != nil {
			return err
		}
		if err := x.Recompute(ctx, school, touches); err != nil {
			return err
		}
	}
	x.Log.Warn("only the newest passages of nobody were looked at for people who are known by now",
		"school", school, "passages", seen)
	return nil
}

// claim is what identifies the person of a passage.
type claim struct {
	method     g.Method
	credential string
	number     bool // a person's number is accepted, too
}

// claimant is whose passage it is by now, "" where it is still nobody's. A number is a person's
// for good; a card may have been somebody else's, and counts for cardsBack only.
func (x *Resolver) claimant(
	ctx context.Context, school g.SchoolID, p history.Passage, known map[claim]g.PersonID,
) (g.PersonID, error) {
	e, _ := x.Directory.Known(p.Device)
	c := claim{p.Method, p.Credential, e.Profile.Type == g.TypeTerminal}
	if p.Method != g.ByFace && x.Now().Sub(p.Time) > cardsBack {
		if !c.number {
			return "", nil
		}
		c.method = "" // no pass has an empty method: only the number counts
	}
	if person, ok := known[c]; ok {
		return person, nil
	}
	var person g.PersonID
	var err error
	if p.Method == g.ByFace {
		person, _, err = x.Identify.Face(ctx, school,
			&g.Sighting{
				Method:     g.ByFace,
				Credential: p.Credential,
			})
	} else {
		person, err = x.Identify.Credential(
			ctx,
			school,
			c.method,
			p.Credential,
			c.number,
		)
	}
	if err == nil && len(known) < resolveMost {
		known[c] = person
	}
	return person, err
}
