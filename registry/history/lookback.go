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

// RunningDay is how far back passages of everybody are read without a reason: what whoever is on
// duty needs, also after midnight. Further back one reads after somebody, and says why.
const RunningDay = 24 * time.Hour

const (
	lookedFor = 10 * time.Minute // pages of the same look are one entry of the audit log
	mostLooks = 10_000
)

// looks remembers who looked back lately, and why.
type looks struct {
	mu sync.Mutex
	at map[string]time.Time
}

// again says whether the look is in the audit log already.
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
		clear(l.at) // a look is then in the log once more
	}
	l.at[key] = now
}

// bounded confines a list of everybody's passages that comes without a reason to the running day,
// and refuses one that asks for older ones.
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

// lookedBack audits that passages from before the running day are about to be shown; the pages of
// one look once.
func (v View) lookedBack(ctx context.Context, f SightingFilter, rows []SightingRow) error {
	if v.s.System != "" || f.Person != "" || len(rows) == 0 {
		return nil
	}
	now := v.s.Now()
	if !rows[len(rows)-1].Time.Before(now.Add(-RunningDay)) { // the oldest is the last
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
	if err := people.Looked(ctx, v.people, school, "sightings.back", string(school)); err != nil {
		return err
	}
	v.r.looks.note(key, now)
	return nil
}
