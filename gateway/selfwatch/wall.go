package selfwatch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

const (
	watchEvery = time.Second
	wellAfter  = 10 * time.Second // a trouble is over when it was not seen for so long

	wellAgain   = "It is over by itself. / 已自行恢复正常。"
	becameWorse = "It became worse: see the newer alert. / 情况加重，请看新的告警。"
)

// wall raises alerts about the gateway itself and ends them. They are written straight
// into the registry, so that they come even while the journal accepts nothing; their
// events then wait in the outbox.
type wall struct {
	Options
	raised map[g.SchoolID]map[g.RuleID]g.Alert // firing ones, as they were written
	since  map[g.RuleID]time.Time              // when the trouble was first seen
	seen   map[g.RuleID]time.Time              // and last
	logged time.Time                           // when a failure to write was last logged
}

func newWall(o Options) *wall {
	return &wall{
		Options: o,
		raised:  map[g.SchoolID]map[g.RuleID]g.Alert{},
		since:   map[g.RuleID]time.Time{},
		seen:    map[g.RuleID]time.Time{},
	}
}

// Run watches the gateway itself until ctx ends. Alerts that fire then go on at the next start.
func (w *Watch) Run(ctx context.Context) error {
	l := newWall(w.o)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *wall) failed(err error) {
	if w.Unwritten != nil {
		w.Unwritten()
	}
	if now := w.Now(); w.logged.IsZero() || now.Sub(w.logged).Abs() > time.Minute {
		w.logged = now
		w.Log.Error("an alert about the gateway itself is not written; it tries again", "error",
			err)
	}
}

// troubles is everything that is wrong now.
func (w *wall) troubles(now time.Time) []Trouble {
	var out []Trouble
	for _, subject := range w.Subjects {
		if subject.Troubles != nil {
			out = append(out, subject.Troubles(now, w.firing)...)
		}
	}
	return out
}

// look compares what is wrong with the alerts that fire, and writes the difference at once.
func (w *wall) look(ctx context.Context) error {
	now := w.Now()
	wrong := map[g.RuleID]Trouble{}
	for _, t := range w.troubles(now) {
		wrong[t.Rule] = t
		if _, ok := w.since[t.Rule]; !ok {
			w.since[t.Rule] = now
		}
		w.seen[t.Rule] = now
	}
	roots, err := w.roots(ctx)
	if err != nil {
		return err
	}
	var changed []g.Alert
	for _, school := range roots {
		changed = append(changed, w.changes(school, wrong, now)...)
	}
	if len(changed) > 0 {
		if err := w.View.Alerts.Apply(ctx, alerts.Effects{Alerts: changed}); err != nil {
			return err
		}
	}
	for _, a := range changed {
		w.told(a)
	}
	w.forget(wrong)
	return nil
}

// forget drops the times of troubles that are over and whose alerts have ended.
func (w *wall) forget(wrong map[g.RuleID]Trouble) {
	for rule := range w.since {
		if _, ok := wrong[rule]; !ok && !w.firing(rule, anySeverity()) {
			delete(w.since, rule)
			delete(w.seen, rule)
		}
	}
}

func (w *wall) told(a g.Alert) {
	if a.Firing {
		w.raised[a.School][a.Rule] = a
		w.Log.Error("the gateway is in trouble", "kind", a.Rule, "severity", a.Severity, "what",
			a.Title)
		return
	}
	if w.raised[a.School][a.Rule].ID == a.ID { // and no worse one has come in its place
		delete(w.raised[a.School], a.Rule)
	}
	w.Log.Info("a trouble of the gateway is over", "kind", a.Rule, "what", a.Title)
}

// firing says whether an alert fires that is at least so severe.
func (w *wall) firing(rule g.RuleID, atLeast g.Severity) bool {
	for _, raised := range w.raised {
		if a, ok := raised[rule]; ok && rank(a.Severity) >= rank(atLeast) {
			return true
		}
	}
	return false
}

// changes are the alerts of one school to write: new ones, those whose text has changed, and those
// that are over. A trouble that became worse ends its alert, which somebody may have answered
// already, and raises a new one; one that eased lowers its alert's severity, so that a new one is
// raised if it becomes worse again.
func (w *wall) changes(school g.SchoolID, wrong map[g.RuleID]Trouble, now time.Time) []g.Alert {
	var out []g.Alert
	over := func(a g.Alert, comment string) {
		a.Firing, a.State, a.Resolved, a.Comment = false, g.AlertResolved, now.UTC(), comment
		out = append(out, a)
	}
	raised := w.raised[school]
	for rule, a := range raised {
		if _, ok := wrong[rule]; !ok && now.Sub(w.seen[rule]).Abs() >= wellAfter {
			over(a, wellAgain)
		}
	}
	for rule, t := range wrong {
		a, ok := raised[rule]
		if ok && rank(t.Severity) > rank(a.Severity) {
			over(a, becameWorse)
			w.since[rule] = now
			ok = false
		}
		switch {
		case !ok:
			out = append(out, t.alert(school, w.since[rule]))
		case a.Text != t.Text || a.Title != t.Title || a.Severity != t.Severity:
			a.Severity, a.Audible = t.Severity, t.Severity == g.Critical
			a.Title, a.TitleZH, a.Text, a.TextZH = t.Title, t.TitleZH, t.Text, t.TextZH
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b g.Alert) int { // what is resolved before what is open
		return cmp.Or(-cmp.Compare(a.State, b.State), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

// anySeverity is the least severe of all.
func anySeverity() g.Severity { return g.Severities()[0] }

func rank(s g.Severity) int { return slices.Index(g.Severities(), s) }

// alert is the trouble as an alert of one school. Its id follows from what it is about and
// when it was first seen, so that writing it again raises nothing twice.
func (t Trouble) alert(school g.SchoolID, since time.Time) g.Alert {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", school, t.Rule, since.UnixMicro()))
	at := since.UTC().Truncate(time.Microsecond)
	return g.Alert{
		ID:        g.AlertID("alt_" + hex.EncodeToString(sum[:8])),
		School:    school,
		Rule:      t.Rule,
		Severity:  t.Severity,
		State:     g.AlertOpen,
		Title:     t.Title,
		TitleZH:   t.TitleZH,
		Text:      t.Text,
		TextZH:    t.TextZH,
		Firing:    true,
		Audible:   t.Severity == g.Critical,
		Count:     1,
		Opened:    at,
		LastFired: at,
	}
}

// roots are the schools that answer for the gateway: those without a parent. What the last run left
// firing is taken over when a school is first met.
func (w *wall) roots(ctx context.Context) ([]g.SchoolID, error) {
	all, err := w.View.Places.Schools(ctx)
	if err != nil {
		return nil, err
	}
	var out []g.SchoolID
	for _, s := range all {
		if s.Parent != "" {
			continue
		}
		if w.raised[s.ID] == nil {
			raised, err := w.left(ctx, s.ID)
			if err != nil {
				return nil, err
			}
			w.raised[s.ID] = raised
		}
		out = append(out, s.ID)
	}
	return out, nil
}

// left finds the alerts about the gateway itself that still fire.
func (w *wall) left(ctx context.Context, school g.SchoolID) (map[g.RuleID]g.Alert, error) {
	out := map[g.RuleID]g.Alert{}
	f := alerts.Filter{
		School:     school,
		RulePrefix: g.GatewayRule,
	}
	err := EachFiring(ctx, w.View, f, func(x g.Alert) {
		if _, ok := out[x.Rule]; ok {
			return
		}
		out[x.Rule] = x
		if _, ok := w.since[x.Rule]; !ok {
			w.since[x.Rule], w.seen[x.Rule] = x.Opened, w.Now()
		}
	})
	return out, err
}
