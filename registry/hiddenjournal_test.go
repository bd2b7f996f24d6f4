package registry_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// step is what happens in a minute: a rule finds something of an alert, or a person does something.
type step struct {
	minute int
	what   string // fires, ends, seen; shelve, unshelve, take, window, edit (of the newest window)
	alert  int
	long   int // minutes
	worse  bool
}

const (
	lastMinute = 20
	lookGap    = 3 // at most so many minutes between two looks; windows are longer
)

func drawSteps(rt *rapid.T) []step {
	one := rapid.Custom(func(rt *rapid.T) step {
		return step{
			minute: rapid.IntRange(0, lastMinute-1).Draw(rt, "minute"),
			what: rapid.SampledFrom([]string{"fires", "fires", "ends", "seen", "shelve", "shelve",
				"unshelve", "take", "window", "window", "edit"}).Draw(rt, "what"),
			alert: rapid.IntRange(0, 2).Draw(rt, "alert"),
			long:  rapid.IntRange(lookGap+1, 10).Draw(rt, "long"),
			worse: rapid.Bool().Draw(rt, "worse"),
		}
	})
	steps := rapid.SliceOfN(one, 1, 12).Draw(rt, "steps")
	slices.SortStableFunc(steps, func(a, b step) int { return a.minute - b.minute })
	return steps
}

// play is one way in which the same journal and the same people's deeds come to the registry.
type play struct {
	*desk
	rt    *rapid.T
	name  string
	base  time.Time
	now   map[int]g.Alert // as the rules have found it
	late  []alerts.Effects
	done  []alerts.Effects
	fresh bool // the registry is looked after each minute, and nothing is late

	edited alerts.SuppressionRow // the newest window
}

func (p *play) id(n int) g.AlertID { return g.AlertID(fmt.Sprintf("alt_%s_%d", p.name, n)) }

func (p *play) find(s step) {
	at := p.base.Add(time.Duration(s.minute) * time.Minute)
	a, there := p.now[s.alert]
	if !there {
		a = g.Alert{ID: p.id(s.alert), School: "a", Rule: g.RuleID(p.name), Severity: g.Major,
			Device: p.device["a"].ID, Zone: p.gate["a"].ID, Opened: at}
	}
	switch {
	case s.what == "ends" && !a.Firing:
		return
	case s.what == "ends":
		a.Firing, a.Ended = false, at
	case s.what == "seen" && there:
		return
	default:
		a.Firing, a.Ended, a.LastFired = s.what == "fires", time.Time{}, at
		a.Count++
		if s.worse {
			a.Severity = g.Critical
		}
	}
	p.now[s.alert] = a
	p.seq++
	p.late = append(p.late, alerts.Effects{Seq: p.seq, Alerts: []g.Alert{a}})
}

// hear applies what is late, and again some of what was applied before.
func (p *play) hear() {
	if !p.fresh && len(p.done) > 0 {
		p.apply(p.done[rapid.IntRange(0, len(p.done)-1).Draw(p.rt, "again from"):])
	}
	p.apply(p.late)
	p.done, p.late = append(p.done, p.late...), nil
}

func (p *play) apply(all []alerts.Effects) {
	for _, e := range all {
		if err := p.sys.Alerts.Apply(p.t.Context(), e); err != nil {
			p.rt.Fatal(err)
		}
	}
}

// person does what a person does, whether it fits or not.
func (p *play) person(s step) {
	p.c.add(time.Millisecond) // two deeds are never at the same moment, which only random ids would tell apart
	p.hear()
	ctx, id, long := p.t.Context(), p.id(s.alert), time.Duration(s.long)*time.Minute
	var err error
	switch s.what {
	case "shelve":
		_, err = p.v.Alerts.Shelve(ctx, id, alerts.AnyVersion, p.lin, long,
			fmt.Sprintf("known since %d", s.minute))
	case "unshelve":
		_, err = p.v.Alerts.Unshelve(ctx, id, alerts.AnyVersion, p.wei, "")
	case "take":
		_, err = p.v.Alerts.AcknowledgeFor(ctx, id, alerts.AnyVersion, p.lin, 23*time.Hour)
	case "window":
		p.edited, err = p.v.Alerts.PutWindow(ctx, g.Suppression{School: "a", Reason: "it is serviced",
			From:  p.c.now().Add(time.Duration(s.alert) * time.Minute),
			Until: p.c.now().Add(time.Duration(s.alert)*time.Minute + long),
			Rules: []g.RuleID{g.RuleID(p.name)}}, p.lin)
	case "edit":
		x := p.edited.Suppression
		if x.ID == "" || x.From.After(p.c.now()) {
			return // one that is planned would hide for less than the registry's longest wait
		}
		x.Until, x.Reason = p.c.now().Add(long), fmt.Sprintf("longer since %d", s.minute)
		if s.worse {
			x.UpTo = g.Warning
		}
		p.edited, err = p.v.Alerts.PutWindow(ctx, x, p.lin)
	}
	if err != nil && g.ErrorCode(err) == "" {
		p.rt.Fatal(err)
	}
}

// run plays all steps, and returns what became of the alerts, with times counted from the base.
func (p *play) run(steps []step) string {
	looked := 0
	for minute := range lastMinute + 20 {
		if minute > 0 {
			p.c.add(time.Minute)
		}
		for _, s := range steps {
			switch {
			case s.minute != minute:
			case slices.Contains([]string{"fires", "ends", "seen"}, s.what):
				p.find(s)
			default:
				p.person(s)
			}
		}
		if p.fresh || minute-looked >= lookGap ||
			rapid.IntRange(0, 3).Draw(p.rt, "look") == 0 {
			looked = minute
			p.hear()
			p.follow()
		}
	}
	p.hear()
	p.follow()
	out := ""
	for n := range 3 {
		out += p.tell(n)
	}
	return out
}

// tell is an alert with its history, in words that do not depend on when the play began.
func (p *play) tell(n int) string {
	row, err := p.v.Alerts.Find(p.t.Context(), p.id(n))
	if g.ErrorCode(err) == g.NotFound {
		return "none\n"
	}
	if err != nil {
		p.rt.Fatal(err)
	}
	a := row.Alert
	a.ID, a.Rule = "alt", "rule"
	back := p.base.Sub(began())
	for _, at := range []*time.Time{&a.Opened, &a.LastFired, &a.Ended, &a.Acknowledged, &a.AckUntil,
		&a.RetoldAt, &a.Resolved, &a.Returned, &a.Hidden.Since, &a.Hidden.Until,
		&a.Hidden.Set} {
		if !at.IsZero() {
			*at = at.Add(-back)
		}
	}
	if a.Hidden.Suppression != "" {
		a.Hidden.Suppression = "sup"
	}
	a.Seq = 0
	b, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		p.rt.Fatal(err)
	}
	out := string(b) + "\n"
	all, _, err := p.v.Alerts.History(p.t.Context(), p.id(n), 0)
	if err != nil {
		p.rt.Fatal(err)
	}
	for _, e := range all {
		out += fmt.Sprintf("%d %s %s %s\n", e.N, e.What, e.At.Add(-back).Format(time.TimeOnly),
			e.Comment)
	}
	return out
}

func began() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }

// TestSameJournalSameHiddenAlerts: with shelves and windows in it, the same journal and the same
// deeds of people make byte-identical alerts and histories, whether the registry looks at each
// minute, or findings come late, again and again, and it looks seldom, as after a stop.
func TestSameJournalSameHiddenAlerts(t *testing.T) {
	c := newClock()
	x := newDesk(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		steps := drawSteps(rt)
		play := func(kind string, fresh bool) string {
			c.add(c.now().Truncate(time.Hour).Add(time.Hour).Sub(c.now()))
			p := &play{
				desk:  x,
				rt:    rt,
				name:  fmt.Sprintf("%s%d", kind, run),
				base:  c.now(),
				now:   map[int]g.Alert{},
				fresh: fresh,
			}
			x.knows(p.name)
			return p.run(steps)
		}
		want := play("a", true)
		if diff := cmp.Diff(want, play("b", false)); diff != "" {
			rt.Fatalf("%+v\n-each minute +late and again\n%s", steps, diff)
		}
	})
}
