package alerts

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// The life of an alert has two facts, as in ISA-18.2: the condition holds or is over, and somebody
// has it in hand or not. What fires stays on the wall; what is over and not acknowledged stays too,
// except info and warning; what is over and acknowledged is resolved by itself. A finding of a
// moment is never over: it stays until a person resolves it.

// life is an alert while it changes, with what its history is to say of that.
type life struct {
	g.Alert
	who  g.User // the person who acts; zero: a rule or the gateway
	now  time.Time
	log  []Entry
	told bool // it is to be told again by this change

	shelf     *shelving // it is being shelved
	unshelved *shelving // its shelf is being taken back
}

// note adds an entry to the history.
func (l *life) note(e Entry) {
	if e.At.IsZero() {
		e.At = l.now
	}
	if e.By == "" && e.ByName == "" {
		e.By, e.ByName = l.who.ID, l.who.FullName
	}
	l.log = append(l.log, e)
}

// restate derives the state from the facts.
func (l *life) restate() {
	switch {
	case !l.Closed.IsZero():
		l.State = g.AlertClosed
	case !l.Resolved.IsZero():
		l.State = g.AlertResolved
	case !l.Acknowledged.IsZero():
		l.State = g.AlertAcknowledged
	default:
		l.State = g.AlertOpen
	}
}

// retell makes an alert unanswered, back on the wall, and to be told again.
func (l *life) retell(why g.Retelling, at time.Time) {
	l.letGo()
	l.told = true
	l.Resolved, l.Resolver, l.ResolverName = time.Time{}, "", ""
	l.Closed, l.Closer, l.CloserName = time.Time{}, "", ""
	l.Comment = ""
	l.Retold++
	l.RetoldAt, l.RetoldWhy = at, why
	l.restate()
}

// letGo takes the acknowledgement back.
func (l *life) letGo() {
	l.Acknowledged, l.AckUntil = time.Time{}, time.Time{}
	l.Handler, l.HandlerName = "", ""
}

// settle resolves what needs nobody any more.
func (l *life) settle() {
	if !l.Unresolved() || l.Firing || l.Ended.IsZero() {
		return
	}
	if l.Acknowledged.IsZero() && l.Severity.AtLeast(g.Major) && !l.overWhileHidden() {
		return
	}
	l.AckUntil = time.Time{}
	l.Resolved = l.Ended
	if l.Acknowledged.After(l.Ended) {
		l.Resolved = l.Acknowledged
	}
	l.State = g.AlertResolved
	l.note(Entry{
		What: WasOver,
		At:   l.Resolved,
	})
}

// raised is a new alert as a rule found it, hidden if something hides it.
func raised(a g.Alert, now time.Time, all covers) *life {
	l := &life{Alert: a, now: now}
	l.Version = 0
	if l.State == "" {
		l.State = g.AlertOpen
	}
	l.note(Entry{
		What:     WasRaised,
		At:       a.Opened,
		Severity: a.Severity,
	})
	l.cover(all, momentOf(a))
	l.settle()
	return l
}

// momentOf is when the newest that a finding tells took place.
func momentOf(a g.Alert) time.Time {
	if !a.Firing && a.Ended.After(a.LastFired) {
		return a.Ended
	}
	return firstTime(a.LastFired, a.Opened)
}

// found merges a rule's newer finding into a stored alert: what people did stays. The state only
// moves forward, until the condition holds again after it was over.
func found(old, a g.Alert, now time.Time, all covers) *life {
	l := &life{
		Alert: mergeAlert(old, a),
		now:   now,
	}
	if !a.Firing && old.Firing {
		l.Ended = firstTime(a.Ended, a.Resolved, now)
		l.note(Entry{
			What: HasEnded,
			At:   l.Ended,
		})
	}
	switch {
	case a.Firing && !old.Firing:
		l.retell(g.FiredAgain, a.LastFired)
		l.note(Entry{
			What:  HasFiredAgain,
			At:    a.LastFired,
			Count: a.Count,
		})
	case l.Unresolved() && old.Severity != "" && a.Severity != old.Severity &&
		a.Severity.AtLeast(old.Severity):
		l.retell(g.Risen, a.LastFired)
	}
	if old.Severity != a.Severity {
		l.note(Entry{
			What:     HasRisen,
			At:       a.LastFired,
			Severity: a.Severity,
			From:     old.Severity,
		})
	}
	if l.State != old.State && l.State == g.AlertResolved {
		l.AckUntil = time.Time{}
		l.note(Entry{
			What: WasOver,
			At:   l.Resolved,
		})
	}
	l.cover(all, momentOf(a))
	l.settle()
	return l
}

// again reports whether a finding repeats one that was applied already, after the condition ended:
// the effects of one position of the journal may come twice.
func again(old, a g.Alert) bool {
	return a.Firing && !old.Firing && !old.Ended.IsZero() && a.Count <= old.Count &&
		!a.LastFired.After(old.LastFired)
}

func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
