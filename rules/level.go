package rules

import (
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// AnyLevel is the word for a threat level of whatever kind.
const AnyLevel g.LevelID = "any"

// standing is the threat level of a school, and the time at which it stands.
type standing struct {
	ID    g.LockdownID `json:"id"`
	Level g.LevelID    `json:"level"`
}

func compileLevel(levels []g.LevelID) condition {
	return func(m *moment) tri {
		return known(m.level != "" &&
			(slices.Contains(levels, m.level) || slices.Contains(levels, AnyLevel)))
	}
}

// levelAt is the threat level where a subject is; "": none.
func (e *Engine) levelAt(s *subject, d *device) g.LevelID {
	switch {
	case len(e.levels) == 0:
		return ""
	case d != nil:
		return e.levels[d.School].Level
	case s == nil:
		return ""
	case len(s.members) > 0:
		return e.levels[s.members[0].School].Level
	}
	return e.levels[s.cause.School].Level
}

// StandLevels tells the engine which threat levels stand. Call it after Restore and before the first
// event, so that a level whose event is long past is known too: to an engine without a state, or with
// one of a version that knew no levels. It does nothing where the restored state says what stood,
// since what came after is still to be observed.
func (e *Engine) StandLevels(all []g.Lockdown) {
	if e.levelsKept {
		return
	}
	for i := range all {
		e.hearLevel(&all[i])
	}
}

// hearLevel follows a school's threat level. One that another takes the place of stands until that
// one's event, so that nothing ends between the two.
func (e *Engine) hearLevel(l *g.Lockdown) {
	before := e.levels[l.School]
	switch {
	case l.Cleared.IsZero() && before.ID != l.ID:
		e.levels[l.School] = standing{l.ID, l.Level}
	case !l.Cleared.IsZero() && l.Next == "" && before.ID == l.ID:
		delete(e.levels, l.School)
	default:
		return
	}
	for _, r := range e.rules {
		r.isNew = r.isNew || r.leveled
	}
	e.bindAll()
}

func (e *Engine) saveLevels() map[g.SchoolID]standing { return maps.Clone(e.levels) }
