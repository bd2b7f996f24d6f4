package http

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Bounds of following a room.
const (
	waitsFor  = 30 * time.Second // the server answers a sync after that though nothing happened
	restsFor  = 30 * time.Second // after a sync that failed
	mostSent  = 200              // letters of the room that are remembered, the newest
	mostAsked = 10 * time.Second // for an answer beyond waitsFor
	// after one that did not: a server that does not wait is not asked all the time
	leastPause = 200 * time.Millisecond
)

// follower reads who has read what in a Matrix room (client-server API 1.11, sections "Syncing" and
// "Receipts"): a receipt is of one event and of all before it, so the room's letters are kept in order.
// After a restart those of before are forgotten, and a receipt counts for its own event only.
type follower struct {
	c      *Channel
	report func([]post.Report) bool
	self   string // our own user, whose receipts say nothing
	since  string

	stop    context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	sent []string // event IDs, the oldest first
}

func follow(c *Channel, report func([]post.Report) bool) *follower {
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{
		c:      c,
		report: report,
		stop:   stop,
	}
	f.running.Go(func() { f.run(ctx) })
	return f
}

// Close ends it; what is being sent goes on.
func (f *follower) close() {
	f.stop()
	f.running.Wait()
}

// add notes a letter that the room has.
func (f *follower) add(event string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if event == "" || slices.Contains(f.sent, event) {
		return
	}
	f.sent = append(f.sent, event)
	if over := len(f.sent) - mostSent; over > 0 {
		f.sent = slices.Delete(f.sent, 0, over)
	}
}

func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause := leastPause
		if f.look(ctx) != nil {
			pause = restsFor
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look waits for what is new in the room, and reports whose letters were read.
func (f *follower) look(ctx context.Context) error {
	if f.self == "" {
		var me struct {
			User string `json:"user_id"`
		}
		if err := f.get(ctx, "account/whoami", nil, &me); err != nil {
			return err
		}
		f.self = me.User
	}
	filter, err := json.Marshal(map[string]any{
		"presence":     map[string]any{"types": []string{}},
		"account_data": map[string]any{"types": []string{}},
		"room": map[string]any{
			"rooms":     []string{f.c.room},
			"timeline":  map[string]any{"limit": 1},
			"state":     map[string]any{"types": []string{}},
			"ephemeral": map[string]any{"types": []string{"m.receipt"}},
		},
	})
	if err != nil {
		return err
	}
	q := url.Values{"filter": {string(filter)}, "timeout": {fmt.Sprint(waitsFor.Milliseconds())}}
	if f.since != "" {
		q.Set("since", f.since)
	}
	var said synced
	if err := f.get(ctx, "sync", q, &said); err != nil {
		return err
	}
	if all := f.reports(said.Rooms.Join[f.c.room]); len(all) > 0 && !f.report(all) {
		return fmt.Errorf("there is no room for the reports") // the same again, later
	}
	f.since = said.Next
	return nil
}

// synced is the part of a sync's answer that is read.
type synced struct {
	Next  string `json:"next_batch"`
	Rooms struct {
		Join map[string]room `json:"join"`
	} `json:"rooms"`
}

type room struct {
	Ephemeral struct {
		Events []struct {
			Type    string                                           `json:"type"`
			Content map[string]map[string]map[string]json.RawMessage `json:"content"`
		} `json:"events"`
	} `json:"ephemeral"`
}

// reports are the letters that somebody else has read.
func (f *follower) reports(r room) (out []post.Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range r.Ephemeral.Events {
		if e.Type != "m.receipt" {
			continue
		}
		for event, kinds := range e.Content {
			if !f.readByOthers(kinds["m.read"]) && !f.readByOthers(kinds["m.read.private"]) {
				continue
			}
			read := []string{event}
			if i := slices.Index(f.sent, event); i >= 0 {
				read = slices.Clone(f.sent[:i+1])
				f.sent = slices.Delete(f.sent, 0, i+1)
			}
			for _, id := range read {
				out = append(out, post.Report{
					Peer:  id,
					State: messages.Read,
				})
			}
		}
	}
	return out[:min(len(out), messages.MaxReports)]
}

func (f *follower) readByOthers(users map[string]json.RawMessage) bool {
	for user := range users {
		if user != f.self {
			return true
		}
	}
	return false
}

func (f *follower) get(ctx context.Context, path string, q url.Values, out any) error {
	ctx, cancel := context.WithTimeout(ctx, waitsFor+mostAsked)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet,
		f.c.url+"/_matrix/client/v3/"+path+"?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+f.c.token)
	a, err := outward.Do(f.c.client, r, time.Now())
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return fmt.Errorf("the server answered %d", a.Status)
	}
	return json.Unmarshal(a.Body, out)
}
