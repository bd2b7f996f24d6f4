package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// Bounds of reading events.
const (
	eventPage  = 1000             // events taken from the journal at a time
	eventScan  = 50 * eventPage   // events that one GET /v1/events looks at
	heartbeat  = 5 * time.Second  // silence after which a stream shows that it is alive
	recheck    = 15 * time.Second // how often a stream asks whether its caller still may look
	writeLimit = 10 * time.Second // a client that takes longer for one write is dropped
)

// EventPage is a page of events.
type EventPage struct {
	Items []g.Event `json:"items" nullable:"false" doc:"The events, in order. It can be empty although more is true: what was passed over was not asked for."`
	Next  string    `json:"next" doc:"Pass it as after to go on."`
	More  bool      `json:"more" doc:"There is more to read already."`
	Gap   uint64    `json:"gap,omitempty" doc:"Events between after and this one are no longer kept: read the lists again."`
	Reset bool      `json:"reset,omitempty" doc:"The journal is younger than after, as once a backup is restored: read the lists again, and go on from next."`
}

type eventsInput struct {
	gate.InSchool
	After uint64   `query:"after" doc:"The sequence after which to begin; 0: the oldest that is kept."`
	Kinds []string `query:"kinds" maxItems:"13" doc:"Kinds of event, comma-separated: reading, sighting, status, occurrence, decision, rejected, alert, incident, attendance, command, lockdown, rule, suppression. Default: all that the caller may see, but readings." example:"alert,attendance"`
	Limit int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Events of a page."`
}

type streamInput struct {
	gate.InSchool
	Kinds     []string `query:"kinds" maxItems:"13" doc:"Kinds of event, comma-separated; as in GET /v1/events." example:"alert,status"`
	After     string   `query:"after" maxLength:"20" pattern:"^[0-9]*$" doc:"As Last-Event-ID, for clients that cannot send it. Absent: from now on."`
	LastEvent string   `header:"Last-Event-ID" maxLength:"20" pattern:"^[0-9]*$" doc:"The id of the last event that was received; the stream goes on after it."`
}

func (s *area) registerEvents() {
	const tag = "Events"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/events",
		ID:      "list-events",
		Tag:     tag,
		Summary: "The journal, from any point on",
		Doc: "Every event has a sequence number; the ids are those of the webhooks, so what " +
			"a webhook missed is read here. Which kinds are shown depends on the caller's " +
			"permissions. Of people (sighting, attendance) whoever is signed in at the console " +
			"sees the last 24 hours here; a key, whose purpose is its reason, all. " +
			"Where events after the one that is named are no longer kept, gap says from which on they " +
			"are; where the journal is younger, reset says so and next goes on from its end.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/events?after=0&kinds=status&limit=5"`,
	}, s.listEvents)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/stream",
		ID:      "stream",
		Screen:  true,
		Tag:     tag,
		Stream:  true,
		Raw:     "text/event-stream",
		Summary: "The live stream (server-sent events)",
		Doc: "Each message's id is the sequence, its event the kind and its data the event as " +
			"JSON. A client that reconnects with Last-Event-ID misses nothing and sees nothing " +
			"twice. " +
			"After 5 s of silence comes a comment: a client that hears nothing for longer has no " +
			"news. `event: gap` says that events were trimmed before they could be sent, `event: " +
			"reset` that the journal is younger than Last-Event-ID: read the lists again. A " +
			"client that is too slow is dropped and may reconnect. " +
			"Where the sign-in or key ends, or its rights change, an open stream ends within 15 " +
			"s and may send until then.",
		Example: `curl -fsSN --max-time 1 -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/stream?kinds=alert&after=0" || [ $? = 28 ]`,
	}, s.stream)
}

// wanted is which events a caller gets.
type wanted struct {
	kinds   map[g.EventKind]bool
	schools map[g.SchoolID]bool
	now     func() time.Time // set without a reason: older events of people are left out
	scope   g.Scope
	over    func(g.AlertID) bool // looks over to whoever asks, though it is not
}

func (w wanted) has(e *g.Event) bool {
	if !w.kinds[e.Kind] || !w.schools[e.School] {
		return false
	}
	if e.Alert != nil && w.scope.Unseen(e.Alert.Rule) {
		return false
	}
	if e.Alert != nil && e.Alert.Unresolved() && e.Alert.Rule.OfLockdown() && w.over(e.Alert.ID) {
		return false
	}
	if w.now == nil || e.Kind != g.EventSighting && e.Kind != g.EventAttendance {
		return true
	}
	return w.now().Sub(e.Received) <= history.RunningDay
}

// want checks what is asked for against the caller's permissions and schools.
func (s *area) want(ctx context.Context, asked []string, school g.SchoolID) (wanted, error) {
	w := wanted{
		kinds:   map[g.EventKind]bool{},
		schools: map[g.SchoolID]bool{},
	}
	scope := gate.CallerOf(ctx).Scope
	w.scope = scope
	w.over = func(id g.AlertID) bool {
		over, err := s.View(ctx).Alerts.LooksOver(ctx, id)
		return over && err == nil
	}
	if scope.Reason == "" {
		w.now = s.Now
	}
	for _, k := range asked {
		kind := g.EventKind(k)
		if !slices.Contains(g.EventKinds(), kind) {
			return w, g.FieldErrorf("kinds", "%q is no kind of event; use some of %v", k,
				g.EventKinds())
		}
		if !scope.Can(kind.Permission()) {
			return w, g.Errorf(g.Forbidden, "events of kind %s need the permission %s", kind,
				kind.Permission())
		}
		w.kinds[kind] = true
	}
	if len(asked) == 0 {
		for _, k := range g.EventKinds() {
			if k != g.EventReading && scope.Can(k.Permission()) {
				w.kinds[k] = true
			}
		}
	}
	if len(w.kinds) == 0 {
		return w, g.Errorf(g.Forbidden, "none of the caller's permissions shows any kind of event")
	}
	all, err := s.View(ctx).Places.Schools(ctx)
	if err != nil {
		return w, err
	}
	for _, x := range all {
		if school == "" || x.ID == school {
			w.schools[x.ID] = true
		}
	}
	if len(w.schools) == 0 {
		return w, g.Errorf(g.NotFound, "there is no school %q here", school)
	}
	return w, nil
}

func (s *area) listEvents(ctx context.Context, in *eventsInput) (*gate.Body[EventPage], error) {
	w, err := s.want(ctx, in.Kinds, in.School)
	if err != nil {
		return nil, err
	}
	page := EventPage{Items: []g.Event{}}
	at := in.After
	if newest := s.journal.Newest(); at > newest {
		at, page.Reset = newest, true
	}
	for scanned := 0; scanned < eventScan && len(page.Items) < in.Limit; {
		events, err := s.journal.After(ctx, at, eventPage)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			break
		}
		if scanned == 0 && at > 0 && events[0].Seq > at+1 {
			page.Gap = events[0].Seq
		}
		for i := range events {
			if len(page.Items) == in.Limit {
				break
			}
			if at = events[i].Seq; w.has(&events[i]) {
				page.Items = append(page.Items, *events[i].Dated())
			}
		}
		scanned += len(events)
	}
	page.Next, page.More = strconv.FormatUint(at, 10), at < s.journal.Newest()
	return gate.Answer(page, nil)
}

func (s *area) stream(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	w, err := s.want(ctx, in.Kinds, in.School)
	if err != nil {
		return nil, err
	}
	name := gate.CallerOf(ctx).Name()
	if err := s.streams.take(name); err != nil {
		return nil, err
	}
	newest := s.journal.Newest()
	at, resumed := newest, false
	for _, id := range []string{in.LastEvent, in.After} {
		if n, err := strconv.ParseUint(id, 10, 64); err == nil {
			at, resumed = n, true
			break
		}
	}
	return &huma.StreamResponse{
		Body: func(hc huma.Context) {
			defer s.streams.give(name)
			r, rw := humago.Unwrap(hc)
			f := &feed{
				s:    s,
				r:    r.WithContext(ctx),
				in:   in,
				want: w,
				at:   at,
				w:    rw,
				rc:   http.NewResponseController(rw),
			}
			f.serve(newest, resumed)
		},
	}, nil
}

// feed is one live stream.
type feed struct {
	s      *area
	r      *http.Request
	in     *streamInput
	want   wanted
	schema uint64 // changes() when want was computed
	at     uint64 // the last event that was looked at
	w      http.ResponseWriter
	rc     *http.ResponseController
	buf    bytes.Buffer
	wrote  time.Time
	asked  time.Time // when the caller's credential was last looked at
}

func (f *feed) serve(newest uint64, resumed bool) {
	h := f.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in front must not hold messages back
	f.w.WriteHeader(http.StatusOK)
	f.schema, f.asked = f.s.changes(), time.Now()
	f.buf.WriteString("retry: 2000\n\n")
	if f.at > newest {
		fmt.Fprintf(&f.buf, "event: reset\nid: %d\ndata: {\"newest\":%d}\n\n", newest, newest)
		f.at = newest
	}
	// the connection may serve other requests
	defer func() { _ = f.rc.SetWriteDeadline(time.Time{}) }()
	if f.flush() != nil {
		return
	}
	ctx := f.r.Context()
	for first := resumed; ctx.Err() == nil; first = false {
		events, err := f.s.journal.After(ctx, f.at, eventPage)
		if err != nil {
			f.s.Log().WarnContext(ctx, "live stream broke off", "request_id", gate.RequestID(ctx),
				"error", err)
			return
		}
		if first && len(events) > 0 && events[0].Seq > f.at+1 {
			f.gap(events[0].Seq)
		}
		if err := f.send(events); err != nil {
			return
		}
		if err := f.beat(ctx); err != nil {
			return
		}
		if len(events) == 0 {
			f.wait(ctx)
		}
	}
}

// leap is a jump of the sequence that happens only where the gateway was restored from a backup:
// the events that it gave out after the backup was made are gone.
const leap = 1 << 32

// gap tells that events before one are missing.
func (f *feed) gap(before uint64) {
	fmt.Fprintf(&f.buf, "event: gap\ndata: {\"after\":%d,\"before\":%d}\n\n", f.at, before)
}

func (f *feed) send(events []g.Event) error {
	for i := range events {
		e := &events[i]
		if i > 0 && e.Seq-f.at >= leap {
			f.gap(e.Seq)
		}
		f.at = e.Seq
		if !f.want.has(e) {
			continue
		}
		data, err := json.Marshal(e.Dated())
		if err != nil {
			return err
		}
		fmt.Fprintf(&f.buf, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Kind,
			g.OmitUnsetTimes(data))
		if f.buf.Len() > 64<<10 {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
	return f.flush()
}

// beat shows after a silence that the stream is alive and how far it has looked. However busy the
// stream is, it checks the caller's credential now and then, and what the caller may see.
func (f *feed) beat(ctx context.Context) error {
	if f.schema != f.s.changes() {
		f.schema = f.s.changes()
		w, err := f.s.want(ctx, f.in.Kinds, f.in.School)
		if err != nil {
			return err
		}
		f.want = w
	}
	if time.Since(f.asked) >= recheck {
		f.asked = time.Now()
		now, err := f.s.Authenticate(f.r)
		if err != nil {
			return err
		}
		if was := gate.CallerOf(ctx).Scope; now.Scope.School != was.School ||
			now.Scope.Subtree != was.Subtree ||
			!slices.Equal(now.Scope.Permissions, was.Permissions) {
			return g.Errorf(g.Forbidden, "the caller's rights have changed; connect again")
		}
	}
	if time.Since(f.wrote) < heartbeat {
		return nil
	}
	fmt.Fprintf(&f.buf, ": alive\nid: %d\n\n", f.at)
	return f.flush()
}

// wait returns when there is more, or when it is time for a beat.
func (f *feed) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, max(time.Millisecond, heartbeat-time.Since(f.wrote)))
	defer cancel()
	_ = f.s.journal.Wait(ctx, f.at) // its error is the context's, which the loop looks at
}

// flush sends what is in the buffer. The deadline is the socket's, so it is of the real clock.
func (f *feed) flush() error {
	if f.buf.Len() == 0 {
		return nil
	}
	if err := f.rc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	if _, err := f.w.Write(f.buf.Bytes()); err != nil {
		return err
	}
	f.buf.Reset()
	f.wrote = time.Now()
	return f.rc.Flush()
}

// slots bounds the live streams, in all and of one caller.
type slots struct {
	max, each int
	mu        sync.Mutex
	n         int
	by        map[string]int
}

func newSlots(max, each int) *slots {
	return &slots{
		max:  max,
		each: each,
		by:   map[string]int{},
	}
}

func (s *slots) take(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[name] >= s.each {
		return g.Errorf(g.RateLimited,
			"there are %d live streams of this caller already; close one", s.each)
	}
	if s.n >= s.max {
		return g.Errorf(g.Unavailable,
			"the gateway serves %d live streams already; try again later", s.max)
	}
	s.n++
	s.by[name]++
	return nil
}

func (s *slots) give(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n--
	if s.by[name]--; s.by[name] == 0 {
		delete(s.by, name)
	}
}
