package notify

import (
	"context"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// fresh is how long targets are cached without a change: a maker's key can expire without one.
const fresh = time.Minute

// targets are the webhooks and each school's parent, in memory for as long as nothing changes.
type targets struct {
	view *registry.View
	now  func() time.Time

	mu     sync.Mutex
	loaded time.Time // when all and parent were read; zero: they are to be read again
	all    []g.Webhook
	parent map[g.SchoolID]g.SchoolID
}

// forget makes the next use read webhooks and schools again.
func (t *targets) forget() {
	t.mu.Lock()
	t.loaded = time.Time{}
	t.mu.Unlock()
}

func (t *targets) load(ctx context.Context) ([]g.Webhook, map[g.SchoolID]g.SchoolID, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if age := now.Sub(t.loaded); age >= 0 && age < fresh {
		return t.all, t.parent, nil
	}
	t.loaded = now // before reading: a change while reading sets it back after the lock
	all, err := t.view.Hooks.List(ctx, "")
	if err != nil {
		t.loaded = time.Time{}
		return nil, nil, err
	}
	schools, err := t.view.Places.Schools(ctx)
	if err != nil {
		t.loaded = time.Time{}
		return nil, nil, err
	}
	t.all, t.parent = all, map[g.SchoolID]g.SchoolID{}
	for _, s := range schools {
		t.parent[s.ID] = s.Parent
	}
	return t.all, t.parent, nil
}

// find is a webhook and the secrets that sign; the zero Webhook where it is deleted.
func (t *targets) find(ctx context.Context, id g.WebhookID) (g.Webhook, []string, error) {
	all, _, err := t.load(ctx)
	if err != nil {
		return g.Webhook{}, nil, err
	}
	i := slices.IndexFunc(all, func(w g.Webhook) bool { return w.ID == id })
	if i < 0 {
		return g.Webhook{}, nil, nil
	}
	secrets, err := t.view.Hooks.Secrets(ctx, id, t.now())
	return all[i], secrets, err
}

// wants says whether the webhook is for the event: of its school or one below, and of a kind
// that it asks for and its maker may read. A silent alert is told to none: it may be the maker's.
func wants(w g.Webhook, e *g.Event, parent map[g.SchoolID]g.SchoolID) bool {
	if w.Disabled || !slices.Contains(w.Effective, e.Kind) || e.Alert != nil && e.Alert.Rule.Silent() {
		return false
	}
	for s, depth := e.School, 0; s != "" && depth < 16; s, depth = parent[s], depth+1 {
		if s == w.School {
			return true
		}
	}
	return false
}
