package api_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/access"
	"github.com/gatehouse-iot/gatehouse/api/webhooks"
	"github.com/gatehouse-iot/gatehouse/registry"
	reghooks "github.com/gatehouse-iot/gatehouse/registry/hooks"
)

// receiver is a school's own server. It keeps what came and answers as it is told.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []http.Header
	bodies []string
	answer func(n int, w http.ResponseWriter) // n counts from 0; nil: 204
}

func newReceiver(t *testing.T, answer func(int, http.ResponseWriter)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		n := len(r.got)
		r.got, r.bodies = append(r.got, req.Header.Clone()), append(r.bodies, string(b))
		r.mu.Unlock()
		if r.answer == nil {
			w.WriteHeader(204)
			return
		}
		r.answer(n, w)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// clock is a clock that tests set ahead.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) skip(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func (w *world) webhook(c *client, url string, kinds ...string) webhooks.NewWebhook {
	w.t.Helper()
	var made webhooks.NewWebhook
	c.do("POST", "/v1/webhooks", map[string]any{"url": url, "kinds": kinds}).want(201).into(&made)
	return made
}

func (w *world) deliveries(c *client, id g.WebhookID) []reghooks.Delivery {
	w.t.Helper()
	var list struct{ Items []reghooks.Delivery }
	c.do("GET", "/v1/webhooks/"+string(id)+"/deliveries", nil).want(200).into(&list)
	return list.Items
}

// numbered makes events as they come from the journal.
func numbered(events ...g.Event) []g.Event {
	for i := range events {
		events[i].Seq = uint64(i + 1)
		if events[i].ID == "" {
			events[i].ID = "evt_" + strconv.Itoa(i+1)
		}
		events[i].Time = time.Date(2026, 9, 1, 8, 0, i, 0, time.UTC)
	}
	return events
}

func TestWebhookIsSignedAndComplete(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	to := newReceiver(t, nil)
	made := w.webhook(admin, to.URL+"/in")
	events := numbered(alertEvent(w.a, 1), alertEvent(w.b, 2),
		g.Event{Kind: g.EventReading, School: w.a.ID, Reading: &g.Reading{}},
		g.Event{
			Kind:   g.EventStatus,
			School: w.a.ID,
			Device: "lab-1-smoke",
			Status: &g.Status{State: g.StateOnline},
		})
	mustDo(t, w.hooks.Deliver(t.Context(), events))
	mustDo(t, w.hooks.Deliver(t.Context(), events)) // replayed by the cursor
	until(t, func() bool { return to.count() >= 2 })
	until(t, func() bool {
		ds := w.deliveries(admin, made.Webhook.ID)
		return len(ds) == 2 && ds[0].Done && ds[1].Done
	})
	if n := to.count(); n != 2 {
		t.Fatalf("got %d posts, want 2: this school's alert and status, each once, no reading", n)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(made.Secret, "whsec_"))
	if err != nil || len(key) < 24 {
		t.Fatalf("got secret %q, want whsec_ and base64 of at least 24 bytes", made.Secret)
	}
	for i, h := range to.got {
		m := hmac.New(sha256.New, key)
		fmt.Fprintf(m, "%s.%s.%s", h.Get("webhook-id"), h.Get("webhook-timestamp"), to.bodies[i])
		if want := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)); h.Get("webhook-signature") != want {
			t.Errorf("got signature %s, want %s", h.Get("webhook-signature"), want)
		}
		if sec, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64); err != nil ||
			time.Since(time.Unix(sec, 0)).Abs() > time.Minute {
			t.Errorf("got timestamp %q, want the time in seconds", h.Get("webhook-timestamp"))
		}
		if got := h.Get("Content-Type"); !strings.HasPrefix(got, "application/cloudevents+json") {
			t.Errorf("got content type %q, want application/cloudevents+json", got)
		}
		var e struct {
			SpecVersion, ID, Source, Type, Subject, Time, DataContentType string
			Data                                                          g.Event
		}
		if err := json.Unmarshal([]byte(to.bodies[i]), &e); err != nil {
			t.Fatal(err)
		}
		if e.SpecVersion != "1.0" || e.ID != h.Get("webhook-id") ||
			e.Source != "/gatehouse/schools/"+string(w.a.ID) ||
			e.Type != "school.gatehouse."+string(e.Data.Kind) || e.Data.School != w.a.ID {
			t.Errorf("got %+v, want a CloudEvent of school A with the webhook's id", e)
		}
	}
}

// A webhook gets what its maker may read, when it is queued and when it is sent.
func TestWebhookGetsWhatItsMakerMayRead(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var key access.NewKey
	admin.do("POST", "/v1/keys",
		map[string]any{
			"name":        "hooks",
			"purpose":     "only to manage hooks",
			"permissions": []string{"keys:admin"},
		}).want(201).into(&key)
	program := w.nobody()
	program.key = key.Secret
	to := newReceiver(t, nil)
	program.do("POST", "/v1/webhooks",
		map[string]any{"url": to.URL, "kinds": []string{"attendance"}}).want(403)
	made := w.webhook(program, to.URL)
	if len(made.Webhook.Effective) != 0 {
		t.Errorf("got %v for a maker that may read no event, want nothing", made.Webhook.Effective)
	}
	var head g.User
	admin.do("POST", "/v1/users",
		map[string]any{"name": "head", "role": "admin", "language": "en", "password": password}).want(201).into(&head)
	second := w.signIn("head")
	hook := w.webhook(second, to.URL+"/in")
	if err := w.hooks.Deliver(t.Context(), numbered(alertEvent(w.a, 1))); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return to.count() == 1 })
	admin.do("PUT", "/v1/users/"+string(head.ID), map[string]any{"disabled": true}).want(200)
	events := numbered(alertEvent(w.a, 1), alertEvent(w.a, 2))
	if err := w.hooks.Deliver(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if got := w.deliveries(admin, hook.Webhook.ID); len(got) != 1 {
		t.Errorf("got %d deliveries, want only that of before its maker was disabled", len(got))
	}
	admin.do("POST", "/v1/webhooks/"+string(hook.Webhook.ID)+"/take-over", nil).want(204)
	if err := w.hooks.Deliver(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return to.count() == 2 })
}

// A key that may write alerts handles them under its own name.
func TestAKeyAnswersAlerts(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var key access.NewKey
	admin.do("POST", "/v1/keys",
		map[string]any{
			"name":        "fire panel",
			"purpose":     "resets its own alarms",
			"permissions": []string{"alerts:read", "alerts:write"},
		}).want(201).into(&key)
	program := w.nobody()
	program.key = key.Secret
	var a g.Alert
	program.do("GET", "/v1/alerts/"+w.ids["alert"], nil).want(200).into(&a)
	program.do("POST", "/v1/alerts/"+w.ids["alert"]+"/acknowledge",
		map[string]any{"version": a.Version}).want(200).into(&a)
	if a.State != g.AlertAcknowledged || a.HandlerName != "fire panel" || a.Handler != "" {
		t.Errorf("got %+v, want it handled by the fire panel", a)
	}
	program.do("POST", "/v1/alerts/"+w.ids["alert"]+"/resolve",
		map[string]any{"version": a.Version, "comment": "reset at the panel"}).want(200).into(&a)
	if a.State != g.AlertResolved {
		t.Errorf("got %s, want it resolved", a.State)
	}
}

func TestWebhookTriesAgain(t *testing.T) {
	c := &clock{}
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	to := newReceiver(t, func(n int, rw http.ResponseWriter) {
		switch n {
		case 0:
			rw.WriteHeader(500)
		case 1:
			rw.Header().Set("Retry-After", "7200")
			rw.WriteHeader(503)
		default:
			rw.WriteHeader(200)
		}
	})
	made := w.webhook(admin, to.URL)
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(alertEvent(w.a, 1), alertEvent(w.a, 2))))
	state := func() (first reghooks.Delivery) {
		for _, d := range w.deliveries(admin, made.Webhook.ID) {
			if d.EventID == "evt_1" {
				first = d
			}
		}
		return first
	}
	until(t, func() bool { return state().Attempt == 1 })
	d := state()
	if d.Done || d.Status != 500 || !strings.Contains(d.Error, "500") ||
		d.Next.Sub(c.now()) > 6*time.Second {
		t.Errorf("got %+v after a 500, want another attempt in about 5 s", d)
	}
	if n := to.count(); n != 1 {
		t.Errorf("got %d posts, want 1: the second event waits for the first", n)
	}
	c.skip(10 * time.Second)
	// The second event shows whether the server or the first event is at fault;
	// Retry-After applies to both.
	until(t, func() bool { return to.count() == 2 && state().Next.Sub(c.now()) > 110*time.Minute })
	if d = state(); d.Attempt != 1 {
		t.Errorf("got %+v, want the first to wait as Retry-After asks", d)
	}
	c.skip(3 * time.Hour)
	until(t, func() bool {
		ds := w.deliveries(admin, made.Webhook.ID)
		return len(ds) == 2 && ds[0].Done && ds[1].Done
	})
	if d = state(); d.Error != "" || d.Status != 200 || d.Finished.IsZero() {
		t.Errorf("got %+v, want it delivered", d)
	}
	before := to.count()
	admin.do("POST", fmt.Sprintf("/v1/webhooks/deliveries/%d/redeliver", d.ID), nil).want(202)
	until(t, func() bool { return to.count() == before+1 })
	var fired webhooks.TestFired
	admin.do("POST", "/v1/webhooks/"+string(made.Webhook.ID)+"/test", nil).want(202).into(&fired)
	until(t, func() bool { return to.count() == before+2 })
	to.mu.Lock()
	defer to.mu.Unlock()
	if h := to.got[before+1]; h.Get("webhook-id") != fired.EventID ||
		!strings.Contains(to.bodies[before+1], "school.gatehouse.test") {
		t.Errorf("got %v %s, want the test event %s", h, to.bodies[before+1], fired.EventID)
	}
}

func TestWebhookIsDisabled(t *testing.T) {
	c := &clock{}
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	hook := func(id g.WebhookID) g.Webhook {
		var list struct{ Items []g.Webhook }
		admin.do("GET", "/v1/webhooks", nil).want(200).into(&list)
		for _, h := range list.Items {
			if h.ID == id {
				return h
			}
		}
		t.Fatal("the webhook is gone")
		return g.Webhook{}
	}
	gone := newReceiver(t, func(_ int, rw http.ResponseWriter) { rw.WriteHeader(410) })
	a := w.webhook(admin, gone.URL, "alert")
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(alertEvent(w.a, 1))))
	until(t, func() bool { return hook(a.Webhook.ID).Disabled })
	if got := hook(a.Webhook.ID).Reason; !strings.Contains(got, "410") {
		t.Errorf("got reason %q, want 410 named", got)
	}
	admin.do("POST", "/v1/webhooks/"+string(a.Webhook.ID)+"/test", nil).want(409)

	moved := newReceiver(t, func(_ int, rw http.ResponseWriter) {
		rw.Header().Set("Location", gone.URL)
		rw.WriteHeader(302)
	})
	b := w.webhook(admin, moved.URL, "status")
	before := gone.count()
	mustDo(t,
		w.hooks.Deliver(t.Context(),
			[]g.Event{
				{
					Seq:    9,
					ID:     "evt_9",
					Kind:   g.EventStatus,
					School: w.a.ID,
					Status: &g.Status{State: g.StateOnline},
				},
			}))
	for attempt := 1; attempt <= 10; attempt++ {
		until(t, func() bool {
			ds := w.deliveries(admin, b.Webhook.ID)
			return len(ds) == 1 && ds[0].Attempt == attempt
		})
		c.skip(30 * time.Hour)
	}
	until(t, func() bool { return hook(b.Webhook.ID).Disabled })
	if gone.count() != before {
		t.Error("a redirect was followed, want it refused")
	}
	if d := w.deliveries(admin, b.Webhook.ID)[0]; !d.Done ||
		!strings.Contains(d.Error, "redirect") {
		t.Errorf("got %+v after ten attempts, want it given up with the redirect named", d)
	}
	admin.do("PUT", "/v1/webhooks/"+string(b.Webhook.ID),
		map[string]any{
			"url":        moved.URL,
			"kinds":      []string{"status"},
			"new_secret": true,
			"disabled":   false,
		}).want(200)
	if got := hook(b.Webhook.ID); got.Disabled || got.Reason != "" {
		t.Errorf("got %+v after enabling it again, want it enabled without a reason", got)
	}
}

// One server that is away holds up nobody else.
func TestWebhooksAreApart(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	stop := make(chan struct{})
	slow := newReceiver(t, func(_ int, rw http.ResponseWriter) { <-stop })
	defer close(stop)
	good := newReceiver(t, nil)
	w.webhook(admin, slow.URL)
	w.webhook(admin, good.URL)
	var events []g.Event
	for i := range 50 {
		events = append(events, alertEvent(w.a, i))
	}
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(events...)))
	until(t, func() bool { return slow.count() >= 1 && good.count() == 50 })
	if n := slow.count(); n != 1 {
		t.Errorf("got %d posts to the slow server, want one at a time", n)
	}
}

func TestWebhookAddresses(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Webhooks = newHooks(*d, false) }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	for _, bad := range []string{"http://school.example/in", "https://10.0.0.7/in",
		"https://127.0.0.1/in", "https://169.254.169.254/latest", "https://[::1]/in",
		"https://[fe80::1]/",
		"https://[64:ff9b::a9fe:a9fe]/", "https://[2002:a9fe:a9fe::]/",
		"https://[::169.254.169.254]/", "https://[2001:0:4136:e378:8000:63bf:5601:5601]/",
		"https://[64:ff9b::10.0.0.7]/", "https://①⑥⑨.254.169.254/", "https://１０．０．０．７/",
		"https://10。0。0。7/", "ftp://x.example", "https://u:p@x.example/", "nonsense",
		"https://"} {
		if p := admin.do("POST", "/v1/webhooks", map[string]any{"url": bad}).want(422).problem(); len(
			p.Errors) != 1 ||
			p.Errors[0].Field != "url" {
			t.Errorf("%s: got %+v, want an error of the field url", bad, p)
		}
	}
	to := newReceiver(t, nil)
	// The name passes the check when the webhook is made, and resolves to a
	// private address on connect.
	made := w.webhook(admin,
		strings.Replace(strings.Replace(to.URL, "127.0.0.1", "localhost", 1), "http:", "https:", 1))
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(alertEvent(w.a, 1))))
	until(t, func() bool {
		ds := w.deliveries(admin, made.Webhook.ID)
		return len(ds) == 1 && ds[0].Attempt == 1
	})
	if d := w.deliveries(admin, made.Webhook.ID)[0]; d.Done ||
		!strings.Contains(d.Error, "webhooks.private") || to.count() != 0 {
		t.Errorf("got %+v and %d posts, want the connection refused by the setting", d, to.count())
	}
}

// Addresses that no setting allows are refused even if private ones are allowed, in every spelling.
func TestNoSettingLetsWebhooksReachMetadata(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	for _, host := range []string{
		"169.254.169.254", "①⑥⑨.254.169.254", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]",
		"[::169.254.169.254]", "[::ffff:169.254.169.254]",
	} {
		p := admin.do("POST", "/v1/webhooks", map[string]any{"url": "http://" + host + "/"}).want(422).problem()
		if len(p.Errors) != 1 || p.Errors[0].Field != "url" ||
			strings.Contains(p.Detail, "webhooks.private") {
			t.Errorf("%s: got %+v, want it refused for good", host, p)
		}
	}
	admin.do("POST", "/v1/webhooks", map[string]any{"url": "http://[::1]:9/"}).want(201)
}

func TestLargeEventGoesByReference(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	to := newReceiver(t, nil)
	w.webhook(admin, to.URL)
	big := alertEvent(w.a, 1)
	big.Alert.Comment = strings.Repeat("火", 10_000)
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(big)))
	until(t, func() bool { return to.count() == 1 })
	to.mu.Lock()
	defer to.mu.Unlock()
	if b := to.bodies[0]; len(b) > 20_000 || !strings.Contains(b, `"dataref":"/v1/events?after=0`) {
		t.Errorf("got %d bytes %.200s, want under 20 kB with a dataref", len(b), b)
	}
}

// TestWebhookThatIsAwayHoldsUpNoOther has much to deliver to a server that fails, and then
// one event to another: that one comes, and the first server is asked once for all.
func TestWebhookThatIsAwayHoldsUpNoOther(t *testing.T) {
	c := &clock{}
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	away := newReceiver(t, func(_ int, rw http.ResponseWriter) { rw.WriteHeader(503) })
	well := newReceiver(t, nil)
	behind := w.webhook(admin, away.URL, "status")
	w.webhook(admin, well.URL, "alert")
	var many []g.Event
	for range 1200 {
		many = append(many,
			g.Event{Kind: g.EventStatus, School: w.a.ID, Status: &g.Status{State: g.StateOnline}})
	}
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(append(many, alertEvent(w.a, 1))...)))
	until(t, func() bool { return well.count() == 1 })
	until(t, func() bool { return away.count() == 1 })
	until(t, func() bool {
		due, err := w.reg.In(g.SystemScope("test")).Hooks.Due(t.Context(), c.now())
		mustDo(t, err)
		return len(due) == 0 // all of it waits with the one that failed
	})
	if n := away.count(); n > 1 {
		t.Errorf("the server that is away was asked %d times at once", n)
	}
	c.skip(10 * time.Second)
	until(t, func() bool { return away.count() == 2 })
	if d := w.deliveries(admin, behind.Webhook.ID); len(d) == 0 || d[0].Done {
		t.Errorf("got %d deliveries, want them to wait", len(d))
	}
}

// TestRefusedEventWaitsAlone has a server that refuses one event and takes those of other subjects:
// they come at once, and the webhook stays enabled though the refused one is given up.
func TestRefusedEventWaitsAlone(t *testing.T) {
	c := &clock{}
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	var to *receiver
	to = newReceiver(t, func(n int, rw http.ResponseWriter) {
		to.mu.Lock()
		id := to.got[n].Get("webhook-id")
		to.mu.Unlock()
		if id == "evt_1" {
			rw.WriteHeader(422)
			return
		}
		rw.WriteHeader(204)
	})
	made := w.webhook(admin, to.URL)
	mustDo(t,
		w.hooks.Deliver(t.Context(),
			numbered(alertEvent(w.a, 1), alertEvent(w.a, 2), alertEvent(w.a, 3))))
	done := func() (refused reghooks.Delivery, done int) {
		for _, d := range w.deliveries(admin, made.Webhook.ID) {
			if d.EventID == "evt_1" {
				refused = d
			} else if d.Done && d.Error == "" {
				done++
			}
		}
		return refused, done
	}
	until(t, func() bool { _, n := done(); return n == 2 })
	if d, _ := done(); d.Attempt != 1 || d.Status != 422 || d.Done || to.count() != 3 {
		t.Errorf("got %+v and %d posts, want the first refused once and each posted once", d,
			to.count())
	}
	for attempt := 2; attempt <= 10; attempt++ {
		c.skip(30 * time.Hour)
		late := alertEvent(w.a, 10) // of another subject
		late.ID = fmt.Sprint("evt_late_", attempt)
		mustDo(t, w.hooks.Deliver(t.Context(), numbered(late)))
		until(t, func() bool { d, n := done(); return d.Attempt == attempt && n == attempt+1 })
	}
	if d, _ := done(); !d.Done || !strings.Contains(d.Error, "422") {
		t.Errorf("got %+v after ten attempts, want it given up", d)
	}
	var list struct{ Items []g.Webhook }
	admin.do("GET", "/v1/webhooks", nil).want(200).into(&list)
	enabled := slices.ContainsFunc(list.Items, func(h g.Webhook) bool {
		return h.ID == made.Webhook.ID && !h.Disabled
	})
	if !enabled {
		t.Errorf("got %+v, want the webhook enabled: other events were delivered", list.Items)
	}
}

// Whether other events wait with a failed one depends on whether the server
// or the event is at fault.
func TestWhatWaitsWithAFailure(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(d *api.Deps) { d.Now = func() time.Time { return now } }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	posts := map[int]int{302: 3, 400: 3, 404: 3, 413: 3, 422: 3, 408: 1, 429: 1, 500: 1, 503: 1}
	servers := map[int]*receiver{}
	for status := range posts {
		servers[status] = newReceiver(t, func(_ int, rw http.ResponseWriter) {
			rw.Header().Set("Retry-After", "3600")
			rw.WriteHeader(status)
		})
		w.webhook(admin, servers[status].URL)
	}
	mustDo(t,
		w.hooks.Deliver(t.Context(),
			numbered(alertEvent(w.a, 1), alertEvent(w.a, 2), alertEvent(w.a, 3))))
	until(t, func() bool {
		due, err := w.reg.In(g.SystemScope("test")).Hooks.Due(t.Context(), now)
		mustDo(t, err)
		return len(due) == 0
	})
	for status, want := range posts {
		if got := servers[status].count(); got != want {
			t.Errorf("%d: got %d posts at once, want %d", status, got, want)
		}
	}
}

// TestWebhookRestsWhereTheRegistryFails has outcomes that cannot be saved and a secret that
// cannot be read: neither is tried again before a minute has gone by.
func TestWebhookRestsWhereTheRegistryFails(t *testing.T) {
	c, log, dir := &clock{}, &lines{}, t.TempDir()
	reg, err := registry.Open(t.Context(),
		registry.Options{Dir: dir, MasterKey: bytes.Repeat([]byte{7}, 32), Now: time.Now})
	mustDo(t, err)
	t.Cleanup(func() { reg.Close() })
	w := newWorld(t, func(d *api.Deps) {
		d.Registry, d.Now, d.Logger = reg, c.now, slog.New(slog.NewTextHandler(log, nil))
	})
	w.reg = reg
	w.schools()
	admin := w.user(w.a, g.RoleAdmin)
	full, unread, well := newReceiver(t, nil), newReceiver(t, nil), newReceiver(t, nil)
	unsaved, sealed := w.webhook(admin, full.URL, "alert"), w.webhook(admin, unread.URL, "alert")
	w.webhook(admin, well.URL, "status")
	db, err := sql.Open("sqlite",
		"file:"+filepath.Join(dir, "registry.db")+"?_pragma=busy_timeout(10000)")
	mustDo(t, err)
	defer db.Close()
	do := func(q string) {
		t.Helper()
		_, err := db.ExecContext(t.Context(), q)
		mustDo(t, err)
	}
	do("CREATE TRIGGER full BEFORE UPDATE ON deliveries WHEN OLD.webhook = '" +
		string(unsaved.Webhook.ID) + "' BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
	do("UPDATE webhooks SET secret_sealed = x'00' WHERE id = '" + string(sealed.Webhook.ID) + "'")

	mustDo(t, w.hooks.Deliver(t.Context(), numbered(alertEvent(w.a, 1))))
	ids := []g.WebhookID{unsaved.Webhook.ID, sealed.Webhook.ID}
	rests := func(id g.WebhookID) int { return log.count("webhook rests", string(id)) }
	for round := 1; round <= 3; round++ {
		for _, id := range ids {
			until(t, func() bool { return rests(id) >= round })
		}
		for range 20 { // deliveries to another webhook wake the queue
			n := well.count()
			e := numbered(g.Event{
				ID:     fmt.Sprint("evt_", round, "_", n),
				Kind:   g.EventStatus,
				School: w.a.ID,
				Status: &g.Status{State: g.StateOnline},
			})
			mustDo(t, w.hooks.Deliver(t.Context(), e))
			until(t, func() bool { return well.count() == n+1 })
		}
		for _, id := range ids {
			if n := rests(id); n != round {
				t.Errorf("got %d tries of %s in %d minutes, want one a minute", n, id, round)
			}
		}
		if got := [2]int{full.count(), unread.count()}; got != [2]int{round, 0} {
			t.Errorf("got %v posts in %d minutes, want one a minute and none", got, round)
		}
		if round == 3 {
			do("DROP TRIGGER full")
		}
		c.skip(61 * time.Second)
	}
	until(t, func() bool {
		ds := w.deliveries(admin, unsaved.Webhook.ID)
		return len(ds) == 1 && ds[0].Done
	})
}

// TestSlowServersPassTheWorkersOn has as many servers as there are workers, each with much to
// take and 14 s for each delivery, and one more server: its turn comes soon.
func TestSlowServersPassTheWorkersOn(t *testing.T) {
	c, open := &clock{}, make(chan struct{})
	w := newWorld(t, func(d *api.Deps) { d.Now = c.now }).schools()
	admin := w.user(w.a, g.RoleAdmin)
	slow := newReceiver(t, func(_ int, rw http.ResponseWriter) {
		<-open
		c.skip(14 * time.Second)
		rw.WriteHeader(204)
	})
	before := make(chan int, 1)
	well := newReceiver(t, func(_ int, rw http.ResponseWriter) {
		before <- slow.count()
		rw.WriteHeader(204)
	})
	release := sync.OnceFunc(func() { close(open) })
	defer release()
	const workers, each = 8, 20
	for range workers {
		w.webhook(admin, slow.URL, "status")
	}
	w.webhook(admin, well.URL, "alert")
	var many []g.Event
	for range each {
		many = append(many,
			g.Event{Kind: g.EventStatus, School: w.a.ID, Status: &g.Status{State: g.StateOnline}})
	}
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(many...)))
	until(t, func() bool { return slow.count() == workers })
	mustDo(t, w.hooks.Deliver(t.Context(), numbered(alertEvent(w.a, 1))))
	release()
	until(t, func() bool { return well.count() == 1 })
	if n := <-before; n > 4*workers {
		t.Errorf("got %d posts to the slow servers before the other's turn, want about %d of %d",
			n, workers, workers*each)
	}
	until(t, func() bool { return slow.count() == workers*each }) // what was left stays due
}

// lines is a log in memory.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(b))
	return len(b), nil
}

// count is how many lines have all the words.
func (l *lines) count(words ...string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			n++
		}
	}
	return n
}
