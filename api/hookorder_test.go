package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/registry"
	reghooks "github.com/gatehouse-iot/gatehouse/registry/hooks"
)

// posted are the events that came, in order, with what the headers say of each.
func (r *receiver) posted() (ids []string, taken map[string][]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken = map[string][]int{}
	for _, h := range r.got {
		ids = append(ids, h.Get("webhook-id"))
		n, _ := strconv.Atoi(h.Get("gatehouse-sequence"))
		taken[h.Get("gatehouse-subject")] = append(taken[h.Get("gatehouse-subject")], n)
	}
	return ids, taken
}

// TestSubjectsKeepTheirOrder: while one event of an alert is refused the alert's later ones
// wait, also those that are queued meanwhile and after the turn; other subjects go on.
func TestSubjectsKeepTheirOrder(t *testing.T) {
	c := &clock{}
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var to *receiver
	refused := 0
	to = newReceiver(t, func(n int, rw http.ResponseWriter) {
		to.mu.Lock()
		defer to.mu.Unlock()
		if to.got[n].Get("webhook-id") == "evt_1" && refused < 2 {
			refused++
			rw.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	made := w.webhook(admin, to.URL)
	sighting := g.Event{
		Kind:     g.EventSighting,
		School:   w.a.ID,
		Device:   "cam-7",
		Sighting: &g.Sighting{Person: "per_1"},
	}
	attended := g.Event{
		Kind:       g.EventAttendance,
		School:     w.a.ID,
		Attendance: &g.Attendance{Person: "per_1"},
	}
	status := g.Event{
		Kind:   g.EventStatus,
		School: w.a.ID,
		Device: "cam-7",
		Status: &g.Status{State: g.StateOnline},
	}
	events := numbered(alertEvent(w.a, 1), sighting, alertEvent(w.a, 1), alertEvent(w.a, 2),
		attended, alertEvent(w.a, 1), status)
	mustDo(t, w.hooks.Deliver(t.Context(), events[:5]))
	until(t, func() bool { return to.count() == 4 })
	mustDo(t, w.hooks.Deliver(t.Context(), events[5:]))
	until(t, func() bool { return to.count() == 5 })
	ids, _ := to.posted()
	if want := []string{"evt_1", "evt_2", "evt_4", "evt_5", "evt_7"}; !slices.Equal(ids, want) {
		t.Errorf("got %v while the first is refused, want %v", ids, want)
	}
	c.skip(10 * time.Second)
	// the second refusal is kept: the pause after it counts from before the clock is set ahead
	until(t, func() bool {
		ds := w.deliveries(admin, made.Webhook.ID)
		return slices.ContainsFunc(ds, func(d reghooks.Delivery) bool {
			return d.EventID == "evt_1" && d.Attempt == 2
		})
	})
	c.skip(10 * time.Minute)
	until(t, func() bool {
		ds := w.deliveries(admin, made.Webhook.ID)
		return !slices.ContainsFunc(ds, func(d reghooks.Delivery) bool { return !d.Done })
	})
	_, subjects := to.posted()
	want := map[string][]int{
		"alert/alt_1":  {1, 1, 1, 3, 6},
		"alert/alt_2":  {4},
		"person/per_1": {2, 5},
		"device/cam-7": {7},
	}
	if d := cmp.Diff(subjects, want); d != "" {
		t.Errorf("posts of each subject (-got +want):\n%s", d)
	}
}

// TestOneSentAgainGoesBeforeLaterOnes: one that was delivered and is sent again by hand is
// posted before those of its subject that wait and came after it; others keep their turn.
func TestOneSentAgainGoesBeforeLaterOnes(t *testing.T) {
	now := time.Now()
	reg, err := registry.Open(t.Context(), registry.Options{
		Dir:       t.TempDir(),
		MasterKey: bytes.Repeat([]byte{7}, 32),
		Now:       func() time.Time { return now },
	})
	mustDo(t, err)
	defer reg.Close()
	v := reg.In(g.SystemScope("test"))
	school := must(v.Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "A", Timezone: "Asia/Shanghai", Language: "en"}))(t)
	hook, _, err := v.Hooks.Create(t.Context(),
		g.Webhook{School: school.ID, URL: "https://sis.example"})
	mustDo(t, err)
	queue := func(id, subject string, next time.Time) {
		mustDo(t, v.Hooks.QueueDeliveries(t.Context(), []reghooks.Delivery{
			{Webhook: hook.ID, EventID: id, Subject: subject, Body: []byte("{}"), Next: next},
		}))
	}
	due := func(at time.Time) (ids []string, all []reghooks.Delivery) {
		all, err := v.Hooks.DueDeliveries(t.Context(), hook.ID, at, 100)
		mustDo(t, err)
		for _, d := range all {
			ids = append(ids, d.EventID)
		}
		return ids, all
	}
	queue("a1", "a", now)
	_, ds := due(now)
	first := ds[0]
	first.Done, first.Finished = true, now
	mustDo(t, v.Hooks.SaveDelivery(t.Context(), first))
	queue("a2", "a", now)
	queue("b1", "b", now)
	now = now.Add(time.Minute)
	mustDo(t, v.Hooks.Redeliver(t.Context(), first.ID))
	if got, _ := due(now); !slices.Equal(got, []string{"b1", "a1", "a2"}) {
		t.Errorf("got %v due, want b1, a1, a2", got)
	}

	queue("c1", "c", now.Add(time.Hour))
	queue("c2", "c", now)
	if got, _ := due(now); slices.Contains(got, "c2") {
		t.Errorf("got %v due, want c2 to wait for c1", got)
	}
	if got, _ := due(now.Add(2 * time.Hour)); !slices.Equal(got,
		[]string{"b1", "a1", "a2", "c1", "c2"}) {
		t.Errorf("got %v due, want b1, a1, a2, c1, c2", got)
	}
}

// TestACrowdedSubjectGivesUp: a refused event that a thousand newer ones of its subject wait
// for is given up, the list says so, and the newer ones come.
func TestACrowdedSubjectGivesUp(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var to *receiver
	to = newReceiver(t, func(n int, rw http.ResponseWriter) {
		to.mu.Lock()
		defer to.mu.Unlock()
		if to.got[n].Get("webhook-id") == "evt_1" {
			rw.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	made := w.webhook(admin, to.URL)
	events := make([]g.Event, 1001)
	for i := range events {
		events[i] = alertEvent(w.a, 1)
	}
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(events...)))
	until(t, func() bool { return to.count() == 1001 })
	var list struct {
		Items []reghooks.Delivery
		Next  string
	}
	path := fmt.Sprintf("/v1/webhooks/%s/deliveries?limit=1000", made.Webhook.ID)
	admin.do("GET", path, nil).want(200).into(&list)
	admin.do("GET", path+"&cursor="+list.Next, nil).want(200).into(&list)
	first := list.Items[len(list.Items)-1] // the newest come first
	if !first.Done || !strings.Contains(first.Error, "1000 newer events of alert/alt_1 waited") {
		t.Errorf("got %+v, want the first given up with the reason", first)
	}
	var hooks struct{ Items []g.Webhook }
	admin.do("GET", "/v1/webhooks", nil).want(200).into(&hooks)
	if slices.ContainsFunc(hooks.Items, func(h g.Webhook) bool {
		return h.ID == made.Webhook.ID && h.Disabled
	}) {
		t.Errorf("got %+v, want the webhook enabled", hooks.Items)
	}
}
