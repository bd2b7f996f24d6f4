package registry

import (
	"sync"
	"time"
)

// limiter counts failed sign-ins. A name from one address may fail 5 times in 15 minutes, an
// address 30 times over all names. It holds at most 10,000 counters; past that the finished
// ones are dropped, and where there are none, the oldest.
type limiter struct {
	mu sync.Mutex
	m  map[string]counter
}

type counter struct {
	n     int
	since time.Time
}

const (
	limitWindow = 15 * time.Minute
	nameLimit   = 5
	remoteLimit = 30
	maxCounters = 10_000
)

// over says whether the key has used up its attempts.
func (l *limiter) over(key string, limit int, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.m[key]
	return ok && c.n >= limit && now.Sub(c.since) < limitWindow
}

func (l *limiter) fail(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.m == nil {
		l.m = map[string]counter{}
	}
	c, ok := l.m[key]
	if !ok && len(l.m) >= maxCounters {
		l.drop(now)
	}
	if !ok || now.Sub(c.since) >= limitWindow {
		c = counter{since: now}
	}
	c.n++
	l.m[key] = c
}

func (l *limiter) drop(now time.Time) {
	oldest := ""
	for k, c := range l.m {
		if now.Sub(c.since) >= limitWindow {
			delete(l.m, k)
		} else if oldest == "" || c.since.Before(l.m[oldest].since) {
			oldest = k
		}
	}
	if len(l.m) >= maxCounters {
		delete(l.m, oldest)
	}
}

func (l *limiter) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.m, key)
}
