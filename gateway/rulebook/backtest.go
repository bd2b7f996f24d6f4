package rulebook

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Limits of backtests. One that reaches a limit says so and gives what it has found.
const (
	backEvents  = 5_000_000       // events that one reads
	backTime    = 3 * time.Minute // that one may take
	backListed  = 200             // findings that one lists; all are counted
	backBatch   = 1000
	backLongest = 31 * 24 * time.Hour
	backAtOnce  = 2  // running; another is refused
	backKept    = 16 // results that are kept; the oldest is let go
)

// backtest is one run of a draft, or of a rule in force, over the journal.
type backtest struct {
	school g.SchoolID
	cancel context.CancelFunc
	then   *then // it explains a moment of the past; nil: it tries a draft

	mu  sync.Mutex
	now api.Backtest
}

func (t *backtest) state() api.Backtest {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.now
	out.Findings = slices.Clone(out.Findings)
	return out
}

func (t *backtest) set(f func(*api.Backtest)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.now)
}

// Backtest begins to run a draft over the journal of the last time, and returns at once. It counts
// nobody's answers, and takes names, rooms and profiles as they are now.
func (b *Book) Backtest(
	ctx context.Context, v *registry.View, d api.Draft, since time.Duration,
) (api.Backtest, error) {
	if _, err := v.Rules.List(ctx, d.School); err != nil {
		return api.Backtest{}, err
	}
	if since <= 0 || since > backLongest {
		return api.Backtest{}, g.FieldErrorf("since", "a backtest goes back at most %d days",
			int(backLongest/(24*time.Hour)))
	}
	d.Replaces = d.Replaces || b.hasElsewhere(d)
	r, errs := b.check(d, false)
	if len(errs) > 0 {
		return api.Backtest{}, refusal(d, errs)
	}
	now := b.opt.Now()
	t := &backtest{school: d.School, now: api.Backtest{
		ID:    g.NewID("bkt"),
		State: api.BacktestRuns,
		From:  now.Add(-since),
		To:    now,
	}}
	life, err := b.begin(t)
	if err != nil {
		return api.Backtest{}, err
	}
	b.running.Go(func() { b.runBacktest(life, t, r) })
	return t.state(), nil
}

// hasElsewhere reports whether the draft's ID is that of another rule: over the past that is no
// clash.
func (b *Book) hasElsewhere(d api.Draft) bool {
	r, err := rules.ParseOne(draftFile, []byte(d.Text))
	return err == nil && b.taken(b.now.Load(), d, r, false) != nil
}

// begin adds a backtest. Its context ends with Run.
func (b *Book) begin(t *backtest) (context.Context, error) {
	b.tests.Lock()
	defer b.tests.Unlock()
	if b.life == nil {
		return nil, g.Errorf(g.Unavailable, "the gateway is starting or stopping: try again")
	}
	runs := 0
	for _, x := range b.all {
		if x.state().State == api.BacktestRuns {
			runs++
		}
	}
	if runs >= backAtOnce {
		return nil, g.Errorf(g.RateLimited, "%d backtests are running: wait until one has ended", runs)
	}
	for i := 0; len(b.all) >= backKept && i < len(b.all); i++ {
		if b.all[i].state().State != api.BacktestRuns {
			b.all = slices.Delete(b.all, i, i+1)
			break
		}
	}
	life, cancel := context.WithTimeout(b.life, backTime)
	t.cancel = cancel
	b.all = append(b.all, t)
	return life, nil
}

// BacktestState is how far a backtest is, or what it has found.
func (b *Book) BacktestState(
	ctx context.Context, v *registry.View, id string,
) (api.Backtest, error) {
	t, err := b.find(ctx, v, id, false)
	if err != nil {
		return api.Backtest{}, err
	}
	return t.state(), nil
}

// StopBacktest ends a backtest; what it has found so far stays for a while.
func (b *Book) StopBacktest(ctx context.Context, v *registry.View, id string) error {
	t, err := b.find(ctx, v, id, false)
	if err == nil {
		t.cancel()
	}
	return err
}

// find finds a backtest, or an explanation of the past.
func (b *Book) find(
	ctx context.Context, v *registry.View, id string, explains bool,
) (*backtest, error) {
	b.tests.Lock()
	i := slices.IndexFunc(b.all, func(t *backtest) bool {
		return t.state().ID == id && (t.then != nil) == explains
	})
	var t *backtest
	if i >= 0 {
		t = b.all[i]
	}
	b.tests.Unlock()
	noun := "backtest"
	if explains {
		noun = "explanation"
	}
	missing := g.Errorf(g.NotFound, "there is no %s %q here", g.Noun(noun), id)
	if t == nil {
		return nil, missing
	}
	if _, err := v.Rules.List(ctx, t.school); err != nil {
		return nil, missing
	}
	return t, nil
}

// runBacktest reads the journal and observes it with an engine of its own.
func (b *Book) runBacktest(ctx context.Context, t *backtest, r rules.Rule) {
	defer t.cancel()
	x := &replay{
		book:   b,
		test:   t,
		rule:   r.ID,
		under:  b.now.Load().schools[t.school],
		engine: rules.New(b.beside(r), b.InForce().Procedures),
		facts:  alerting.FactsOf(b.opt.Directory),
		open:   map[g.AlertID]int{},
		lead:   r.Learns(),
	}
	x.engine.SetCalendars(b.InForce().Calendars)
	err := x.read(ctx)
	t.end(err)
	if err != nil && ctx.Err() == nil {
		b.opt.Logger.Error("a backtest has failed", "error", err)
	}
}

// beside is the draft with the rules in force that may mute it.
func (b *Book) beside(r rules.Rule) []rules.Rule {
	out := []rules.Rule{r}
	for _, m := range r.MutedBy {
		for _, by := range b.InForce().Rules {
			if plain, _ := rules.Plain(by.ID); plain == m.Rule && by.ID != r.ID {
				out = append(out, by)
			}
		}
	}
	return out
}

// replay observes the past with an engine of its own.
type replay struct {
	book   *Book
	test   *backtest
	rule   g.RuleID
	under  []g.SchoolID
	engine *rules.Engine
	facts  rules.Facts
	open   map[g.AlertID]int // findings that go on, by alert
	lead   time.Duration     // how much of the past before From the rule has to know
	begins time.Time         // of the first event since From
}

func (x *replay) read(ctx context.Context) error {
	s := x.test.state()
	begin := s.From.Add(-x.lead)
	after, err := x.book.before(ctx, begin)
	if err != nil {
		return err
	}
	last := x.book.opt.Journal.Newest()
	reader := x.book.opt.Journal.Reader(after)
	reached := s.From
	for events := 0; after < last; {
		records, err := reader.Next(ctx, backBatch)
		if err != nil {
			return err
		}
		for _, rec := range records {
			after = rec.Seq
			ev, err := event.Decode(rec.Seq, rec.Data)
			if err != nil || ev.Received.Before(begin) {
				continue // a damaged record is no finding
			}
			if events++; x.begins.IsZero() && !ev.Received.Before(s.From) {
				x.begins = ev.Received
				x.test.set(func(s *api.Backtest) { s.Begins = ev.Received })
			}
			if ev.Received.After(reached) {
				reached = ev.Received
			}
			x.observe(ev)
		}
		x.test.set(func(s *api.Backtest) { s.Events, s.Reached = events, reached })
		if events >= backEvents {
			x.test.set(func(s *api.Backtest) { s.Cut = api.CutEvents })
			x.keep(x.engine.Tick(reached))
			return nil
		}
	}
	x.keep(x.engine.Tick(s.To))
	x.test.set(func(s *api.Backtest) { s.Reached = s.To })
	return nil
}

// observe passes over what people and the gateway did about the alerts of then.
func (x *replay) observe(ev g.Event) {
	if ev.Alert == nil && slices.Contains(x.under, ev.School) {
		x.keep(x.engine.Observe(ev, x.facts))
	}
}

// keep lists what the draft has found.
func (x *replay) keep(effects []rules.Effect) {
	for _, e := range effects {
		if e.Alert == nil || e.Alert.Rule != x.rule {
			continue
		}
		x.test.set(func(s *api.Backtest) { x.note(s, e.Alert, e.At) })
	}
}

func (x *replay) note(s *api.Backtest, a *g.Alert, at time.Time) {
	i, known := x.open[a.ID]
	if !known && a.Opened.Before(s.From) {
		return // in the weeks that a baseline learns from
	}
	if !known {
		s.Found++
		i = -1
		if len(s.Findings) < backListed {
			i = len(s.Findings)
			s.Findings = append(s.Findings, x.book.finding(a))
		}
		x.open[a.ID] = i
	}
	if i < 0 {
		return
	}
	f := &s.Findings[i]
	f.Severity, f.Count = a.Severity, a.Count
	if !a.Firing && known {
		f.Ended = at
	}
}

// finding is an alert of the past with the names of now.
func (b *Book) finding(a *g.Alert) api.BacktestFinding {
	out := api.BacktestFinding{
		Device:   a.Device,
		Zone:     a.Zone,
		At:       a.Opened,
		Lasts:    a.Firing,
		Severity: a.Severity,
		Count:    a.Count,
		Values:   a.Values,
	}
	if e, ok := b.opt.Directory.Known(a.Device); ok {
		out.DeviceName = e.Device.Name
	}
	if z, ok := b.opt.Directory.Zone(a.Zone); ok {
		out.ZoneName = z.Name
	}
	return out
}

// before is a sequence of the journal after which everything that came since from follows.
func (b *Book) before(ctx context.Context, from time.Time) (uint64, error) {
	var failed error
	newest := b.opt.Journal.Newest()
	at := sort.Search(int(min(newest, 1<<62)), func(seq int) bool {
		records, err := b.opt.Journal.ReadFrom(ctx, uint64(seq), 1)
		if err != nil {
			failed = err
		}
		if err != nil || len(records) == 0 {
			return true
		}
		ev, err := event.Decode(records[0].Seq, records[0].Data)
		return err == nil && !ev.Received.Before(from)
	})
	return uint64(at), failed
}
