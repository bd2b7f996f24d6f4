package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	reghooks "github.com/gatehouse-iot/gatehouse/registry/hooks"
)

// hangUp ends the connection without an answer.
func hangUp(rw http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(rw).Hijack(); err == nil {
		conn.Close()
	}
}

// TestOneEventWithoutAnAnswerHoldsUpItsSubjectAlone: a server hangs up on one person's events, on
// each attempt, or breaks down over them. What was queued with them comes seconds later, and so
// does what comes afterwards; the person's own later events wait, in order.
func TestOneEventWithoutAnAnswerHoldsUpItsSubjectAlone(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter){
		"no answer": hangUp,
		"broke down": func(rw http.ResponseWriter) {
			rw.WriteHeader(http.StatusInternalServerError)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &clock{}
			w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
			admin := w.user(w.a, g.RoleAdmin)
			var to *receiver
			to = newReceiver(t, func(n int, rw http.ResponseWriter) {
				to.mu.Lock()
				subject := to.got[n].Get("gatehouse-subject")
				to.mu.Unlock()
				if subject == "alert/alt_1" {
					fail(rw)
					return
				}
				rw.WriteHeader(http.StatusNoContent)
			})
			made := w.webhook(admin, to.URL)
			done := func() (ids []string) {
				for _, d := range w.deliveries(admin, made.Webhook.ID) {
					if d.Done && d.Error == "" {
						ids = append(ids, d.EventID)
					}
				}
				slices.Sort(ids)
				return ids
			}
			tried := func() (attempts int) {
				for _, d := range w.deliveries(admin, made.Webhook.ID) {
					if d.EventID == "evt_1" {
						return d.Attempt
					}
				}
				return 0
			}
			events := numbered(
				alertEvent(w.a, 1), alertEvent(w.a, 1), alertEvent(w.a, 2), alertEvent(w.a, 2),
				alertEvent(w.a, 3),
				alertEvent(w.a, 2), alertEvent(w.a, 4))
			mustDo(t, w.hooks.Deliver(t.Context(), events[:5]))
			until(t, func() bool { return tried() == 1 })
			c.skip(7 * time.Second) // the first is due again as well
			until(t, func() bool {
				return slices.Equal(done(), []string{"evt_3", "evt_4", "evt_5"})
			})
			until(t, func() bool { return tried() == 2 })
			mustDo(t, w.hooks.Deliver(t.Context(), events[5:]))
			c.skip(7 * time.Second) // the first waits for minutes now
			until(t, func() bool {
				return slices.Equal(done(), []string{"evt_3", "evt_4", "evt_5", "evt_6", "evt_7"})
			})
			if _, taken := to.posted(); !slices.Equal(taken["alert/alt_2"], []int{3, 4, 6}) ||
				len(taken["alert/alt_1"]) != 2 {
				t.Errorf("got posts %v, want those of the second in order and the first tried twice",
					taken)
			}
		})
	}
}

// TestAServerThatIsAwayIsTriedSeldom: if events of two subjects get no response, all wait for the
// growing back-off, and a round makes two attempts however many wait.
func TestAServerThatIsAwayIsTriedSeldom(t *testing.T) {
	c := &clock{}
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	to := newReceiver(t, func(_ int, rw http.ResponseWriter) { hangUp(rw) })
	made := w.webhook(admin, to.URL)
	var events []g.Event
	for i := range 20 {
		events = append(events, alertEvent(w.a, i+1))
	}
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(events...)))
	attempts := func() (n int, next time.Time) {
		next = c.now().Add(1000 * time.Hour)
		for _, d := range w.deliveries(admin, made.Webhook.ID) {
			n += d.Attempt
			if d.Next.Before(next) {
				next = d.Next
			}
		}
		return n, next
	}
	reached := func(want int) func() bool {
		return func() bool { n, _ := attempts(); return n == want }
	}
	rounds := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}
	for i, pause := range rounds {
		until(t, reached(2*i+1))
		c.skip(hookProbe)
		until(t, reached(2*i+2))
		var next time.Time
		until(t, func() bool { // all wait
			_, next = attempts()
			return next.Sub(c.now()) > pause*8/10-hookProbe
		})
		c.skip(next.Sub(c.now()) + time.Second)
	}
	if ds := w.deliveries(admin, made.Webhook.ID); slices.ContainsFunc(ds,
		func(d reghooks.Delivery) bool { return d.Done }) {
		t.Errorf("got %+v, want none done", ds)
	}
}

const hookProbe = 6 * time.Second
