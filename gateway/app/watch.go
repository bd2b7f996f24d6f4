package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	watchEvery = time.Second
	wellAfter  = 10 * time.Second // a trouble is over when nothing was seen of it for so long

	wellAgain   = "It is over by itself. / 已自行恢复正常。"
	becameWorse = "It became worse: see the newer alert. / 情况加重，请看新的告警。"
)

// trouble is something wrong with the gateway itself that a person has to know. What it says
// has no figures in it that change: those are on the status page.
type trouble struct {
	rule     g.RuleID // GatewayRule and what it is about
	severity g.Severity
	title    string
	titleZH  string
	text     string
	textZH   string
}

// watch raises alerts about the gateway itself and ends them. They are written straight into
// the registry, so that they come while the journal takes nothing; their events wait in the
// outbox meanwhile.
type watch struct {
	a      *App
	view   *registry.View
	raised map[g.SchoolID]map[g.RuleID]g.Alert // that fire, as they were written
	since  map[g.RuleID]time.Time              // when the trouble was first seen
	seen   map[g.RuleID]time.Time              // and last
	moved  map[string]position                 // readers
	logged time.Time                           // that alerts could not be written
}

// watchSelf looks after the gateway itself until ctx ends. What fires then is taken up again
// at the next start.
func (a *App) watchSelf(ctx context.Context) error {
	w := &watch{a: a, view: a.reg.In(g.SystemScope("watch")), raised: map[g.SchoolID]map[g.RuleID]g.Alert{},
		since: map[g.RuleID]time.Time{}, seen: map[g.RuleID]time.Time{}, moved: map[string]position{}}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// failed gives the journal's reserve to the registry where that has no room left for an alert.
func (w *watch) failed(err error) {
	if free, _ := w.a.disk(); free < needed && w.a.journal.Stat().Reserve {
		w.a.journal.GiveReserve()
	}
	if now := w.a.now(); w.logged.IsZero() || now.Sub(w.logged).Abs() > time.Minute {
		w.logged = now
		w.a.log.Error("an alert about the gateway itself is not written; it tries again", "error", err)
	}
}

// look compares what is wrong with what was told, and writes the difference in one go.
func (w *watch) look(ctx context.Context) error {
	now := w.a.now()
	wrong := map[g.RuleID]trouble{}
	for _, t := range w.troubles(now) {
		wrong[t.rule] = t
		if _, ok := w.since[t.rule]; !ok {
			w.since[t.rule] = now
		}
		w.seen[t.rule] = now
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
		if err := w.view.ApplyEffects(ctx, registry.Effects{Alerts: changed}); err != nil {
			return err
		}
	}
	for _, a := range changed {
		w.told(a)
	}
	for rule := range w.since {
		if _, ok := wrong[rule]; !ok && !w.firing(rule) {
			delete(w.since, rule)
			delete(w.seen, rule)
		}
	}
	return nil
}

func (w *watch) told(a g.Alert) {
	if a.Firing {
		w.raised[a.School][a.Rule] = a
		w.a.log.Error("the gateway is in trouble", "kind", a.Rule, "severity", a.Severity, "what", a.Title)
		return
	}
	if w.raised[a.School][a.Rule].ID == a.ID { // and no worse one has come in its place
		delete(w.raised[a.School], a.Rule)
	}
	w.a.log.Info("a trouble of the gateway is over", "kind", a.Rule, "what", a.Title)
}

func (w *watch) firing(rule g.RuleID) bool { return w.firingAs(rule, g.Severities()[0]) }

// firingAs says whether an alert fires that is at least so severe.
func (w *watch) firingAs(rule g.RuleID, severity g.Severity) bool {
	for _, raised := range w.raised {
		if a, ok := raised[rule]; ok && rank(a.Severity) >= rank(severity) {
			return true
		}
	}
	return false
}

// changes are the alerts of one school to write: new ones, such as say something else now,
// and such as are over. A trouble that became worse ends its alert, which somebody may have
// answered already, and raises a new one; one that eased lowers its alert, so that getting
// worse once more is told once more.
func (w *watch) changes(school g.SchoolID, wrong map[g.RuleID]trouble, now time.Time) []g.Alert {
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
		if ok && rank(t.severity) > rank(a.Severity) {
			over(a, becameWorse)
			w.since[rule] = now
			ok = false
		}
		switch {
		case !ok:
			out = append(out, t.alert(school, w.since[rule]))
		case a.Text != t.text || a.Title != t.title || a.Severity != t.severity:
			a.Severity, a.Audible = t.severity, t.severity == g.Critical
			a.Title, a.TitleZH, a.Text, a.TextZH = t.title, t.titleZH, t.text, t.textZH
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b g.Alert) int { // what is resolved before what is open
		return cmp.Or(-cmp.Compare(a.State, b.State), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

func rank(s g.Severity) int { return slices.Index(g.Severities(), s) }

// alert is the trouble as an alert of one school. Its id follows from what it is about and
// when it was first seen, so that writing it again raises nothing twice.
func (t trouble) alert(school g.SchoolID, since time.Time) g.Alert {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", school, t.rule, since.UnixMicro()))
	at := since.UTC().Truncate(time.Microsecond)
	return g.Alert{ID: g.AlertID("alt_" + hex.EncodeToString(sum[:8])), School: school, Rule: t.rule, Severity: t.severity, State: g.AlertOpen,
		Title: t.title, TitleZH: t.titleZH, Text: t.text, TextZH: t.textZH,
		Firing: true, Audible: t.severity == g.Critical, Count: 1, Opened: at, LastFired: at}
}

// roots are the schools that answer for the gateway: those above which there is none. What
// was left firing by the last run is taken up when a school is first met.
func (w *watch) roots(ctx context.Context) ([]g.SchoolID, error) {
	all, err := w.view.Schools(ctx)
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
func (w *watch) left(ctx context.Context, school g.SchoolID) (map[g.RuleID]g.Alert, error) {
	out := map[g.RuleID]g.Alert{}
	f := registry.AlertFilter{School: school, RulePrefix: g.GatewayRule}
	err := eachFiring(ctx, w.view, f, func(x g.Alert) {
		if _, ok := out[x.Rule]; ok {
			return
		}
		out[x.Rule] = x
		if _, ok := w.since[x.Rule]; !ok {
			w.since[x.Rule], w.seen[x.Rule] = x.Opened, w.a.now()
		}
	})
	return out, err
}
