package intake

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/registry/meals"
)

// Meals decides who is served, and has on disk what is given before it answers.
type Meals interface {
	Decide(ctx context.Context, q meals.Question) (meals.Verdict, error)
}

// serves says whether the device is a till whose questions are about meals.
func (in *Intake) serves(e directory.Entry) bool {
	return in.Meals != nil && e.Profile.Type == g.TypePOS
}

// meal decides a till's question. A threat level closes doors and lets nobody go hungry: it has no
// say here. That a code says that its holder is made to show it is told, whatever the answer is.
func (in *Intake) meal(
	ctx context.Context, driver g.DriverName, entry directory.Entry, a g.Ask,
) (g.Answer, error) {
	at, err := in.servedAt(a)
	if err != nil {
		return g.Answer{Reason: g.ReasonOf(err)}, nil // asking again would not help
	}
	device := entry.Device
	holder, err := in.Identify.Standing(ctx, device.School, a.Method, a.Credential, in.numbers(device.ID))
	if err != nil {
		return g.Answer{}, fmt.Errorf("look up a credential: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return g.Answer{}, err
	}
	subject := "/" + a.Credential
	if a.Sequence == 0 {
		subject += g.NewID("ask")
	}
	verdict, err := in.Meals.Decide(ctx, meals.Question{
		ID:       g.NewSightingID(device.ID, at, a.Sequence, subject, a.Method),
		School:   device.School,
		Device:   device.ID,
		Driver:   driver,
		Zone:     entry.Zone,
		Method:   a.Method,
		Person:   holder.Person,
		Refused:  holder.Why,
		At:       at,
		Override: a.Override,
		Served:   a.Served,
	})
	if err != nil {
		return g.Answer{}, fmt.Errorf("decide a meal: %w", err)
	}
	d := &g.Decision{
		Method:     a.Method,
		Direction:  a.Direction,
		Allow:      verdict.Allow,
		Person:     holder.Person,
		Credential: mask(a.Credential, holder.Person != ""),
	}
	answer := g.Answer{Allow: verdict.Allow, Serving: &verdict.Serving}
	if verdict.Why != "" {
		answer.Reason, d.Reason = g.Because(verdict.Why), g.Because(verdict.Why)
		if verdict.Allow {
			d.Reason = g.Because(g.ReasonServedAnyway)
		}
	}
	if d.Allow {
		answer.Person = holder.Person
	}
	if holder.Duress && !a.Served {
		e := in.event(driver, device)
		tellDuress(e, holder.Person, g.OccurrenceID(g.NewID("occ")))
		if err := in.journalled(e, "that somebody is made to pass"); err != nil {
			return g.Answer{}, err
		}
	}
	return answer, in.decided(driver, device, d)
}

// servedAt is when a meal is wanted, or was given: now, unless the till was without an answer.
func (in *Intake) servedAt(a g.Ask) (time.Time, error) {
	now := in.Now()
	switch {
	case a.Time.IsZero():
		return now, nil
	case a.Time.After(now.Add(g.MaxFuture)), a.Time.Before(now.Add(-g.MaxReplayed)):
		return a.Time, g.FieldErrorf("time", "%s cannot be when a meal was given: set the till's clock",
			a.Time.UTC().Format(time.RFC3339))
	case !a.Served && now.Sub(a.Time).Abs() > g.MaxLive:
		return a.Time, g.FieldErrorf("time", "%s is not now: set the till's clock",
			a.Time.UTC().Format(time.RFC3339))
	}
	return a.Time, nil
}
