package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// spoken is a channel that keeps messages in memory: the queue's promises hold for any channel.
type spoken struct {
	answer func(m notify.Message) notify.Outcome

	mu  sync.Mutex
	got []notify.Message
}

func (s *spoken) Write(e *g.Event) ([]byte, error) { return []byte(e.Kind), nil }

func (s *spoken) Trial(g.Webhook, string, time.Time) ([]byte, error) { return []byte("trial"), nil }

func (s *spoken) Kind(body []byte) (g.EventKind, bool) {
	if string(body) == "trial" {
		return "", true
	}
	return g.EventKind(body), len(body) > 0
}

func (s *spoken) Send(_ context.Context, m notify.Message) notify.Outcome {
	s.mu.Lock()
	s.got = append(s.got, m)
	s.mu.Unlock()
	if s.answer == nil {
		return notify.Outcome{}
	}
	return s.answer(m)
}

func (s *spoken) ids() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.got {
		ids = append(ids, m.ID)
	}
	return ids
}

// newQueue is a queue that runs, over a registry with one school and one webhook of it.
func newQueue(t *testing.T, c notify.Channel) (*notify.Queue, *registry.View, g.Webhook) {
	t.Helper()
	ctx := t.Context()
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: bytes.Repeat([]byte{7}, 32),
		Now:       time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	v := reg.In(g.SystemScope("test"))
	school, err := v.Places.CreateSchool(ctx,
		g.School{Kind: g.KindSchool, Name: "A", Timezone: "Asia/Shanghai", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	hook, _, err := v.Hooks.Create(ctx, g.Webhook{School: school.ID, URL: "https://sis.example"})
	if err != nil {
		t.Fatal(err)
	}
	q := notify.New(reg, c, time.Now, slog.New(slog.DiscardHandler))
	run, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { q.Run(run) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return q, v, hook
}

func alerts(school g.SchoolID, ids ...string) (events []g.Event) {
	for i, id := range ids {
		events = append(events, g.Event{
			Seq:    uint64(i + 1),
			ID:     id,
			Kind:   g.EventAlert,
			School: school,
			Time:   time.Now(),
			Alert:  &g.Alert{ID: g.AlertID(id), School: school},
		})
	}
	return events
}

// eventually asks until something holds, and ends the test after half a minute.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("%s: not within half a minute", what)
		}
		<-tick.C
	}
}

// A message has what a channel needs to send it, and is sent once though it was queued twice.
func TestAMessageIsWhole(t *testing.T) {
	c := &spoken{}
	q, v, hook := newQueue(t, c)
	events := alerts(hook.School, "evt_1")
	for range 2 {
		if err := q.Deliver(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Try(t.Context(), hook, "evt_test_1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both are sent", func() bool { return len(c.ids()) == 2 })
	secret, err := v.Hooks.Secret(t.Context(), hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	got := c.got[slices.IndexFunc(c.got, func(m notify.Message) bool { return m.ID == "evt_1" })]
	if got.To != hook.URL || got.Seq != 1 || got.Subject != "alert/evt_1" ||
		string(got.Body) != "alert" ||
		!slices.Equal(got.Secrets, []string{secret}) {
		t.Errorf("got %+v, want the alert of evt_1 for %s with its secret", got, hook.URL)
	}
	if !slices.Contains(c.ids(), "evt_test_1") {
		t.Errorf("got %v, want the trial too", c.ids())
	}
}

// What waits with a failure follows from whose fault the channel says it is, and from nothing else.
func TestTheFaultDecidesWhatWaits(t *testing.T) {
	for name, c := range map[string]struct {
		fault    notify.Fault
		sent     []string // at once
		disabled bool
	}{
		"refused": {notify.Refused, []string{"evt_1", "evt_2", "evt_3"}, false},
		"unclear": {notify.Unclear, []string{"evt_1"}, false},
		"away":    {notify.Away, []string{"evt_1"}, false},
		"gone":    {notify.Gone, []string{"evt_1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ch := &spoken{
				answer: func(m notify.Message) notify.Outcome {
					if m.ID != "evt_1" {
						return notify.Outcome{}
					}
					return notify.Outcome{
						Err:   errors.New("not taken"),
						Fault: c.fault,
						Pause: time.Hour,
					}
				},
			}
			q, v, hook := newQueue(t, ch)
			if err := q.Deliver(t.Context(), alerts(hook.School, "evt_1", "evt_2", "evt_3")); err != nil {
				t.Fatal(err)
			}
			eventually(t, "what is due is tried", func() bool {
				due, err := v.Hooks.Due(t.Context(), time.Now())
				return err == nil && len(due) == 0 && len(ch.ids()) >= len(c.sent)
			})
			if got := ch.ids(); !slices.Equal(got, c.sent) {
				t.Errorf("got %v sent at once, want %v", got, c.sent)
			}
			all, err := v.Hooks.List(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != 1 || all[0].Disabled != c.disabled ||
				c.disabled && !strings.Contains(all[0].Reason, "not taken") {
				t.Errorf("got %+v, want it disabled, with the reason: %v", all, c.disabled)
			}
		})
	}
}
