package gate

import (
	"container/list"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter bounds how often each of many callers may do something. It remembers max callers;
// beyond, the one that was away longest is forgotten, which at worst gives it a fresh burst.
type Limiter struct {
	per   rate.Limit
	burst int
	max   int

	mu    sync.Mutex
	by    map[string]*list.Element
	order *list.List // of *limited, the latest first
}

type limited struct {
	key string
	l   *rate.Limiter
}

// Verdict is the limiter's answer and what the RateLimit headers say.
type Verdict struct {
	OK               bool
	limit, remaining int
	reset            time.Duration // until the burst is whole again
	Retry            time.Duration // where not ok: until one more is allowed
}

// NewLimiter makes a limiter of per events a second and caller, with bursts, for at most max
// callers.
func NewLimiter(per rate.Limit, burst, max int) *Limiter {
	return &Limiter{
		per:   per,
		burst: burst,
		max:   max,
		by:    map[string]*list.Element{},
		order: list.New(),
	}
}

// Allow takes one token of a caller and tells whether there was one.
func (l *Limiter) Allow(key string, now time.Time) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.by[key]
	if !ok {
		if l.order.Len() >= l.max {
			old := l.order.Back()
			delete(l.by, old.Value.(*limited).key)
			l.order.Remove(old)
		}
		e = l.order.PushFront(&limited{key, rate.NewLimiter(l.per, l.burst)})
		l.by[key] = e
	}
	l.order.MoveToFront(e)
	lim := e.Value.(*limited).l
	v := Verdict{
		OK:    lim.AllowN(now, 1),
		limit: l.burst,
	}
	tokens := lim.TokensAt(now)
	v.remaining = max(0, int(tokens))
	v.reset = time.Duration((float64(l.burst) - tokens) / float64(l.per) * float64(time.Second))
	if !v.OK {
		v.Retry = time.Duration((1 - tokens) / float64(l.per) * float64(time.Second))
	}
	return v
}

// tell writes the RateLimit headers of the IETF draft and their older X- form.
func (v Verdict) tell(h http.Header) {
	seconds := func(d time.Duration) string {
		return strconv.Itoa(int(math.Ceil(max(0, d.Seconds()))))
	}
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-"} {
		h.Set(prefix+"Limit", strconv.Itoa(v.limit))
		h.Set(prefix+"Remaining", strconv.Itoa(v.remaining))
		h.Set(prefix+"Reset", seconds(v.reset))
	}
	if !v.OK {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(v.Retry.Seconds())))))
	}
}
