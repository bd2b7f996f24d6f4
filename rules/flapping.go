package rules

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// retellAfter is how long the count of a flapping alert may lag behind: it is emitted with a repeat
// at most this often.
const retellAfter = time.Minute

// repeat makes a subject that fires the repeat of an alert that is there: as severe as that was, and
// flapping if it comes and goes too often.
func (e *Engine) repeat(s *subject, o *repeat, key string) {
	r, a := s.rule, o.alert
	r.onceChanged[key] = true
	a.Count++
	a.Title, a.TitleZH = e.titles(s)
	a.LastFired = instant(e.now)
	a.Firing, a.Ended = !r.momentary, time.Time{}
	s.alert = a
	if !r.momentary {
		a.Device, a.Zone = s.shownDevice(), s.cause.Zone
		s.stage = r.stageOf(a.Severity)
		a.Severity = s.severity()
		a.Flapping = a.Count >= FlapsFrom
		if values := e.values(s); values != nil {
			a.Values = values
		}
	}
	e.emitAlert(s, nil)
}

// stageOf is how many stages of the rule an alert of this severity has reached.
func (r *rule) stageOf(severity g.Severity) int {
	for i, st := range r.Rises {
		if st.Severity == severity {
			return i + 1
		}
	}
	return 0
}

// returns counts that the condition of a flapping alert holds again before the alert has ended.
func (e *Engine) returns(s *subject) {
	a := s.alert
	if a == nil || !a.Flapping {
		return
	}
	a.Count++
	e.touch(s)
	s.rule.onceChanged[s.rule.onceKey(s)] = true
	if e.now >= a.LastFired.UnixNano()+int64(retellAfter) {
		a.LastFired = instant(e.now)
		e.emitAlert(s, nil)
	}
}

// clearAfter is how long the condition of a firing subject must be over for its alert to end, in
// nanoseconds: while it flaps, at least as long as a repeat would be counted in it.
func (s *subject) clearAfter() int64 {
	after := s.rule.Clear.After
	if s.alert != nil && s.alert.Flapping {
		after = max(after, s.rule.Once.Every)
	}
	return int64(after)
}

// overAt records when the condition of a firing subject was over, from where the time for a repeat
// counts.
func (r *rule) overAt(s *subject, now int64) {
	if r.Once.Every <= 0 {
		return
	}
	key := r.onceKey(s)
	if o := r.once[key]; o == nil || o.alert == nil || o.alert.ID != s.alert.ID {
		r.remember(key, now, s.alert) // of a rule that was changed since
		return
	}
	r.once[key].at = now
	r.onceChanged[key] = true
}

// statedOnce is Once without what it is by default.
func (r Rule) statedOnce() Once {
	once := r.Once
	if !r.When.momentary() && once.Every == DefaultEvery {
		once.Every = 0
	}
	return once
}
