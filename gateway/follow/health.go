package follow

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const retryAfter = time.Second // between two tries of what failed

// Health records, for the status page, what holds up the parts that follow the journal and others
// that try again until it works.
type Health struct {
	log *slog.Logger

	mu      sync.Mutex
	held    map[string]string    // part -> what keeps it, "" where it is well
	current map[string]time.Time // part -> when it had last seen everything
}

// NewHealth makes a Health that knows no part yet.
func NewHealth(log *slog.Logger) *Health {
	return &Health{
		log:     log,
		held:    map[string]string{},
		current: map[string]time.Time{},
	}
}

// Insist tries f until it works or ctx ends, which it reports as false.
func (h *Health) Insist(ctx context.Context, part string, f func() error) bool {
	for {
		err := f()
		if ctx.Err() != nil && err != nil {
			return false
		}
		h.set(part, err)
		if err == nil {
			return true
		}
		h.log.Error("a part of the gateway is held up; it tries again", "part", part, "error", err)
		if !Rest(ctx, retryAfter) {
			return false
		}
	}
}

func (h *Health) set(part string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held[part] = ""
	if err != nil {
		h.held[part] = err.Error()
	}
}

// CaughtUp notes that a part has seen everything that there was at the time.
func (h *Health) CaughtUp(part string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current[part] = at
}

// Held returns one part that is held up, and why; both are empty where all are well.
func (h *Health) Held() (part, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for part, why := range h.held {
		if why != "" {
			return part, why
		}
	}
	return "", ""
}

// Current is when a part had last seen everything; well is false while it is held up.
func (h *Health) Current(part string) (at time.Time, well bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current[part], h.held[part] == ""
}
