package rules

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// stays is the value of clear.unknown that keeps an alert whose condition has become unknown.
const stays = "stays"

// muteGrace is how long a muted condition must still hold after the muting alert has ended, or For
// if that is shorter: devices behind a network come back one after another.
const muteGrace = time.Minute

// hush records that another rule is muted while this one fires at the same place.
func (r *rule) hush(other *rule, same Subject) {
	if same == SameBehind {
		if !slices.Contains(r.awaited, other) {
			r.awaited = append(r.awaited, other)
		}
		return
	}
	if !slices.Contains(r.quiets, same) {
		r.quiets = append(r.quiets, same)
	}
	if !slices.Contains(r.hushed, other) {
		r.hushed = append(r.hushed, other)
	}
}

// placeKey is the place of a cause, with its kind; "" if there is none.
func placeKey(same Subject, c cause) string {
	if k := same.of(c); k != "" {
		return string(same) + " " + k
	}
	return ""
}

// muting returns the rule that mutes the subject, and with SameBehind the device at which; nil if
// none does.
func (e *Engine) muting(s *subject) (*rule, g.DeviceID) {
	for _, m := range s.rule.MutedBy {
		if m.Same == SameBehind {
			if by, head := e.headHolds(m.Rule, s.cause.Device); by != nil {
				return by, head
			}
			continue
		}
		k := placeKey(m.Same, s.cause)
		for _, by := range e.plain[m.Rule] {
			if by != s.rule && k != "" && by.fires[k] > 0 {
				return by, ""
			}
		}
	}
	return nil, ""
}

// mute makes a firing subject mute others.
func (e *Engine) mute(s *subject) {
	if len(s.mutes) > 0 {
		return
	}
	for _, same := range s.rule.quiets {
		if k := placeKey(same, s.cause); k != "" {
			s.mutes = append(s.mutes, k)
			s.rule.fires[k]++
		}
	}
}

// unmute undoes mute, and reschedules the subjects that were muted.
func (e *Engine) unmute(s *subject) {
	if len(s.mutes) == 0 {
		return
	}
	r := s.rule
	for _, k := range s.mutes {
		if r.fires[k]--; r.fires[k] <= 0 {
			delete(r.fires, k)
		}
	}
	s.mutes = nil
	for _, other := range r.hushed {
		for _, x := range other.subjects {
			if x.phase != pending || !x.muted {
				continue
			}
			e.grant(x)
		}
	}
}

// rise raises the severity of a firing alert by the stages reached, and returns when time alone may
// reach the next.
func (e *Engine) rise(s *subject, m *moment) int64 {
	r := s.rule
	next, reached := int64(never), s.stage
	for i := s.stage; i < len(r.Rises); i++ {
		st := r.Rises[i]
		due := max(s.fired, s.told) + int64(st.After)
		switch {
		case st.After > 0 && s.answered && st.When == nil:
			continue
		case e.now < due:
			next = min(next, due)
		case r.risesWhen[i] == nil || r.risesWhen[i](m) == yes:
			reached = i + 1
		}
	}
	if reached == s.stage {
		return next
	}
	s.stage = reached
	if s.alert != nil {
		s.alert.Severity = r.Rises[reached-1].Severity
		s.alert.LastFired = instant(e.now)
		e.tellAgain(s)
	}
	return next
}

// answer records what somebody did about an alert. The stages of an acknowledged alert no longer
// advance by time alone. Once it is told again they count anew from then; an acknowledgement that is
// undone leaves them as if it had never been given. One that a person resolved counts no more
// repeats, so that the next finding raises a new alert; what was over by itself does.
func (e *Engine) answer(a *g.Alert) {
	r := e.named[a.Rule]
	if r == nil {
		return
	}
	for _, s := range r.subjects {
		if s.phase == firing && s.alert != nil && s.alert.ID == a.ID {
			e.answered(s, a)
		}
	}
	if !settledByPerson(a) {
		return
	}
	for k, o := range r.once {
		if o.alert != nil && o.alert.ID == a.ID {
			delete(r.once, k)
			r.onceChanged[k] = true
		}
	}
}

func settledByPerson(a *g.Alert) bool {
	byPerson := a.Resolver != "" || a.ResolverName != "" || a.Closer != "" || a.CloserName != ""
	return byPerson && !a.Unresolved()
}

// answered updates a firing subject from its alert as the registry keeps it. An alert that was told
// again because it rose counts from its beginning, unless that took it out of somebody's hands.
func (e *Engine) answered(s *subject, a *g.Alert) {
	// what is hidden does not become worse by time alone either
	answered, told := !a.Unanswered(), s.told
	if a.Retold > 0 && (a.RetoldWhy != g.Risen || s.answered) {
		told = e.now
		if !a.RetoldAt.IsZero() {
			told = min(told, a.RetoldAt.UnixNano())
		}
	}
	settled := settledByPerson(a)
	if s.answered == answered && s.told == told && s.settled == settled {
		return
	}
	s.answered, s.told, s.settled = answered, told, settled
	e.touch(s)
	if !answered || settled {
		e.schedule(s, e.now)
	}
}

// severity is the severity of a subject at its stage.
func (s *subject) severity() g.Severity {
	if n := min(s.stage, len(s.rule.Rises)); n > 0 {
		return s.rule.Rises[n-1].Severity
	}
	return s.rule.Severity
}

// retitle updates a kept alert to the rule's current title and severity.
func (e *Engine) retitle(s *subject) {
	a, r := s.alert, s.rule
	if a == nil || !slices.ContainsFunc(r.Then, func(x Action) bool { return x.Alert != nil }) {
		return
	}
	title, titleZH := e.titles(s)
	if a.Title == title && a.TitleZH == titleZH && a.Severity == s.severity() {
		return
	}
	if a.Severity != s.severity() {
		a.LastFired = instant(e.now)
	}
	a.Title, a.TitleZH, a.Severity = title, titleZH, s.severity()
	e.tellAgain(s)
}

// tellAgain emits a firing alert again, as it is now.
func (e *Engine) tellAgain(s *subject) {
	e.emitAlert(s, nil)
	e.touch(s)
	if s.rule.Once.Every > 0 {
		s.rule.onceChanged[s.rule.onceKey(s)] = true // it may be the repeated alert
	}
}
