package host

import (
	"math/rand/v2"
	"time"
)

// record keeps the history of a program's crashes.
type record struct {
	host    *Host
	crashes []time.Time // within CrashSpan
	tried   int         // failed attempts in quarantine
}

// next decides what follows the end of a run, and after what delay. 0 means never, until a restart
// is requested.
func (r *record) next(end outcome, now, quarantine time.Time) (State, time.Duration) {
	o := r.host.options
	if end.refused {
		return Refused, 0
	}
	if quarantine.IsZero() {
		r.tried = 0
	}
	if end.retry {
		return Backoff, backoff(o.LastPause, o.LastPause, 1, rand.Float64())
	}
	r.crashes = append(r.crashes, now)
	for len(r.crashes) > 0 && now.Sub(r.crashes[0]) > o.CrashSpan {
		r.crashes = r.crashes[1:]
	}
	if quarantine.IsZero() && len(r.crashes) < o.Crashes {
		return Backoff, backoff(o.FirstPause, o.LastPause, len(r.crashes), rand.Float64())
	}
	r.crashes = r.crashes[:0] // counted anew after the quarantine
	r.tried++
	return Quarantined, backoff(o.QuarantinePause, o.QuarantineMax, r.tried, rand.Float64())
}
