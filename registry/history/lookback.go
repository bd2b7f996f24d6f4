package history

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// RunningDay is how far back everybody's sightings can be read without a reason, enough for staff
// on duty, also after midnight. Older ones require a reason.
const RunningDay = 24 * time.Hour

const (
	lookedFor = 10 * time.Minute // pages of the same query within this time are one audit entry
	mostLooks = 10_000
)

// looks remembers recent audited queries.
type looks struct {
	mu sync.Mutex
	at map[string]time.Time
}

// again reports whether the query has been audited recently.
func (l *looks) again(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.at[key]
	return ok && now.Sub(at).Abs() < lookedFor
}

func (l *looks) note(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil {
		l.at = map[string]time.Time{}
	}
	if len(l.at) >= mostLooks {
		maps.DeleteFunc(l.at, func(_ string, at time.Time) bool {
			return now.Sub(at).Abs() >= lookedFor
		})
	}
	if len(l.at) >= mostLooks {
		clear(l.at) // queries are audited again then
	}
	l.at[key] = now
}

// bounded limits a list of everybody's sightings without a reason to the running day, and refuses
// one that asks for older ones.
func (v View) bounded(f *SightingFilter) error {
	if v.s.System != "" || f.Person != "" {
		return nil
	}
	bound := v.s.Now().Add(-RunningDay)
	asked := !f.From.IsZero() && f.From.Before(bound) || !f.To.IsZero() && f.To.Before(bound)
	switch {
	case asked && strings.TrimSpace(v.s.Reason) == "":
		return g.FieldErrorf("reason",
			"say why you look back over more than %d hours; it is kept in the audit log",
			RunningDay/time.Hour)
	case asked:
		return people.Because(v.people, g.Student)
	case f.From.IsZero() && people.Because(v.people, g.Student) != nil:
		f.From = bound
	}
	return nil
}

// lookedBack audits that sightings older than the running day are returned, once for all pages of a
// query.
func (v View) lookedBack(ctx context.Context, f SightingFilter, rows []SightingRow) error {
	if v.s.System != "" || f.Person != "" || len(rows) == 0 {
		return nil
	}
	now := v.s.Now()
	if !rows[len(rows)-1].Time.Before(now.Add(-RunningDay)) { // the last row is the oldest
		return nil
	}
	school := f.School
	if school == "" {
		school = v.s.School
	}
	key := strings.Join([]string{v.s.Actor, string(school), v.s.Reason}, "\x00")
	if v.r.looks.again(key, now) {
		return nil
	}
	if err := people.Looked(
		ctx,
		v.people,
		school,
		"sightings.back",
		string(school),
	); err != nil {
		return err
	}
	v.r.looks.note(key, now)
	return nil
}
