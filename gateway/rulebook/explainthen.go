package rulebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Limits of an explanation of the past, besides those of backtests, with which it shares its places.
const (
	thenBack   = 7 * 24 * time.Hour // what devices said before that is not known
	thenEvents = 2_000_000          // the newest before the moment that it reads
	thenLooked = 100                // newest alerts among which those of the moment are sought
)

// then is what an explanation of the past is about.
type then struct {
	rule    rules.Rule
	devices []g.DeviceID
	seen    []g.SchoolID
	about   g.Alert // the place of an alert about them
	out     api.ExplainedThen
}

// ExplainThen begins to find out why a rule fired or did not at a moment of the past, for a device or
// a room, and returns at once. It runs the rule as it is in force now over the journal up to then;
// nobody's answers count, and names, rooms and profiles are those of now.
func (b *Book) ExplainThen(
	ctx context.Context, v *registry.View, id g.RuleID, about api.About, at time.Time,
) (api.ExplainedThen, error) {
	none := api.ExplainedThen{}
	if about.Device == "" && about.Zone == "" {
		return none, g.FieldErrorf("device", "say about which device or room: a moment of the past is "+
			"looked at for one")
	}
	kept, err := b.Find(ctx, v, id)
	if err != nil {
		return none, err
	}
	t, err := b.thenOf(ctx, v, kept, about, at)
	if err != nil {
		return none, err
	}
	first, err := b.firstHeard(ctx)
	if err != nil {
		return none, err
	}
	now := b.opt.Now()
	switch {
	case at.After(now):
		return none, g.FieldErrorf("at", "that is to come: give a moment of the past")
	case first.IsZero() || at.Before(first):
		return none, g.FieldErrorf("at", "the journal does not go back that far: it begins at %s",
			first.UTC().Format(time.RFC3339))
	}
	t.out.From = at.Add(-thenBack - t.rule.Learns())
	if t.out.From.Before(first) {
		t.out.From, t.out.Short = first, api.ShortJournal
	}
	job := &backtest{school: t.about.School, then: t, now: api.Backtest{
		ID:    g.NewID("exp"),
		State: api.BacktestRuns,
		From:  t.out.From,
		To:    at,
	}}
	life, err := b.begin(job)
	if err != nil {
		return none, err
	}
	b.running.Go(func() { b.runThen(life, job) })
	return job.explained(), nil
}

// thenOf is the question, with what the registry knows of the moment.
func (b *Book) thenOf(
	ctx context.Context, v *registry.View, kept api.Rule, about api.About, at time.Time,
) (*then, error) {
	t := &then{}
	for _, r := range b.InForce().Rules {
		if r.ID == kept.ID {
			t.rule = r
		}
	}
	if t.rule.ID == "" {
		return nil, g.Errorf(g.Conflict, "the rule is not in force: a backtest of its text says what it "+
			"would have found")
	}
	var err error
	if t.seen, err = b.sees(ctx, v, ""); err != nil {
		return nil, err
	}
	if t.devices, t.about, err = b.about(ctx, v, about, t.seen); err != nil {
		return nil, err
	}
	x := api.Explained{InForce: true}
	if x.Hiding, err = v.Alerts.Hiding(ctx, b.wouldBe(t.about, kept.ID), at); err != nil {
		return nil, err
	}
	list, _, err := v.Alerts.List(ctx, alerts.Filter{
		Rule:   kept.ID,
		Device: about.Device,
		Zone:   about.Zone,
		Page:   registry.Page{Limit: thenLooked},
	})
	for _, a := range list {
		over := !a.Firing && !a.Ended.IsZero() && a.Ended.Before(at)
		if !a.Opened.After(at) && !over && len(x.Alerts) < newestAlerts {
			x.Alerts = append(x.Alerts, a)
		}
	}
	t.out = api.ExplainedThen{
		Rule:      kept.ID,
		Device:    about.Device,
		Zone:      about.Zone,
		At:        at,
		Explained: x,
	}
	if kept.At.After(at) {
		t.out.RuleChanged = kept.At
	}
	return t, err
}

// firstHeard is when the oldest event of the journal was received; zero: there is none.
func (b *Book) firstHeard(ctx context.Context) (time.Time, error) {
	records, err := b.opt.Journal.ReadFrom(ctx, 0, backBatch)
	for _, r := range records {
		if ev, err := event.Decode(r.Seq, r.Data); err == nil {
			return ev.Received, nil
		}
	}
	return time.Time{}, err
}

// ThenState is how far an explanation of the past is, or what it has found.
func (b *Book) ThenState(
	ctx context.Context, v *registry.View, id string,
) (api.ExplainedThen, error) {
	t, err := b.find(ctx, v, id, true)
	if err != nil {
		return api.ExplainedThen{}, err
	}
	return t.explained(), nil
}

// StopThen ends an explanation of the past.
func (b *Book) StopThen(ctx context.Context, v *registry.View, id string) error {
	t, err := b.find(ctx, v, id, true)
	if err == nil {
		t.cancel()
	}
	return err
}

// explained is how far an explanation of the past is. What it says of the rule is there once it is
// done.
func (t *backtest) explained() api.ExplainedThen {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.then.out
	out.ID, out.State, out.Reached, out.Events = t.now.ID, t.now.State, t.now.Reached, t.now.Events
	out.Cut, out.Problem, out.From = t.now.Cut, t.now.Problem, t.now.From
	return out
}

// runThen reads the journal up to the moment, and explains what the rule made of it.
func (b *Book) runThen(ctx context.Context, t *backtest) {
	defer t.cancel()
	x := &replay{
		book:   b,
		test:   t,
		rule:   t.then.rule.ID,
		under:  []g.SchoolID{t.school},
		engine: rules.New(b.beside(t.then.rule), b.InForce().Procedures),
		facts:  alerting.FactsOf(b.opt.Directory),
		open:   map[g.AlertID]int{},
	}
	x.engine.SetCalendars(b.InForce().Calendars)
	err := x.readThen(ctx)
	if err == nil {
		b.answerThen(t, x.engine)
	}
	t.end(err)
	if err != nil && ctx.Err() == nil {
		b.opt.Logger.Error("an explanation of the past has failed", "error", err)
	}
}

// readThen observes what was received up to the moment, of the newest events if there are many.
func (x *replay) readThen(ctx context.Context) error {
	s := x.test.state()
	after, err := x.book.before(ctx, s.From)
	if err != nil {
		return err
	}
	last, err := x.book.before(ctx, s.To.Add(1))
	if err != nil {
		return err
	}
	cut := after+thenEvents < last
	if cut {
		after = last - thenEvents
	}
	reader := x.book.opt.Journal.Reader(after)
	for events := 0; after < last; {
		records, err := reader.Next(ctx, backBatch)
		if err != nil {
			return err
		}
		reached := s.From
		for _, rec := range records {
			after = rec.Seq
			ev, err := event.Decode(rec.Seq, rec.Data)
			if after > last || err != nil || ev.Received.After(s.To) {
				continue
			}
			if events++; events == 1 && cut {
				x.test.shortened(ev.Received)
			}
			reached = ev.Received
			if ev.Alert == nil && ev.School == x.test.school {
				x.engine.Observe(ev, x.facts)
			}
		}
		x.test.set(func(s *api.Backtest) { s.Events, s.Reached = events, reached })
	}
	x.engine.Tick(s.To)
	x.test.set(func(s *api.Backtest) { s.Reached = s.To })
	return nil
}

// shortened says that what came before a time was too much to be read.
func (t *backtest) shortened(from time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.From, t.then.out.Short = from, api.ShortEvents
}

// answerThen says what the engine makes of the devices at the moment.
func (b *Book) answerThen(t *backtest, e *rules.Engine) {
	x := t.then.out.Explained
	b.judge(e, t.then.rule.ID, t.then.devices, t.then.seen, &x)
	x.Names = b.names(x)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.then.out.Explained = x
}

// end says how a run over the journal has ended.
func (t *backtest) end(err error) {
	t.set(func(s *api.Backtest) {
		s.State = api.BacktestDone
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			s.Cut = api.CutTime
		case errors.Is(err, context.Canceled):
			s.Cut = api.CutStopped
		case err != nil:
			s.State, s.Problem = api.BacktestFailed, fmt.Sprint(err)
		}
	})
}
