package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/live"
)

// message is one server-sent event.
type message struct {
	id, event, data string
}

// listen opens a stream and hands over its messages until the context or the stream ends.
func (c *client) listen(
	ctx context.Context, path string, headers ...string,
) (<-chan message, *http.Response) {
	c.w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", c.w.url+path, nil)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	out := make(chan message)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		var m message
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			key, value, _ := strings.Cut(in.Text(), ": ")
			switch key {
			case "id":
				m.id = value
			case "event":
				m.event = value
			case "data":
				m.data = value
			case "":
				if m.data != "" {
					select {
					case out <- m:
					case <-ctx.Done():
						return
					}
				}
				m = message{}
			}
		}
	}()
	return out, resp
}

// next waits for a message.
func next(t *testing.T, in <-chan message) message {
	t.Helper()
	select {
	case m, ok := <-in:
		if !ok {
			t.Fatal("the stream ended")
		}
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came in 20 s")
	}
	return message{}
}

func alertEvent(s g.School, n int) g.Event {
	return g.Event{
		Kind:   g.EventAlert,
		School: s.ID,
		Alert:  &g.Alert{ID: g.AlertID("alt_" + strconv.Itoa(n)), School: s.ID, Title: "n"},
	}
}

// Half of the events are there before the client connects, half come meanwhile, and the client
// disconnects again and again: it gets each event of its school once and in order.
func TestStreamHasNoGapAndNoDouble(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	const n = 6000
	var want []string
	for i := range n {
		if i%3 == 0 {
			want = append(want, strconv.Itoa(i+1))
		}
	}
	school := func(i int) g.School { return []g.School{w.a, w.b, w.b}[i%3] }
	for i := range n / 2 {
		w.live.add(alertEvent(school(i), i))
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := n / 2; i < n; i++ {
			w.live.add(alertEvent(school(i), i))
		}
	})
	defer writer.Wait()
	var got []string
	last := "0"
	for round := 0; len(got) < len(want); round++ {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := c.listen(ctx, "/v1/stream?kinds=alert", "Last-Event-ID", last)
		for range min(150+round*37, len(want)-len(got)) {
			m := next(t, in)
			got, last = append(got, m.id), m.id
			if m.event != "alert" {
				t.Fatalf("got event %q, want alert", m.event)
			}
		}
		cancel()
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("ids (-got +want):\n%.2000s", d)
	}
}

func TestStreamShowsOnlyWhatIsAllowed(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleTeacher) // sightings and attendance, no alerts
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if r := c.head("/v1/stream?kinds=alert"); r.status != 403 {
		t.Errorf("alerts for a teacher: got %d, want 403", r.status)
	}
	if r := c.head("/v1/stream?kinds=rumour"); r.status != 422 {
		t.Errorf("a kind that is none: got %d, want 422", r.status)
	}
	in, _ := c.listen(ctx, "/v1/stream?after=0")
	w.live.add(alertEvent(w.a, 1),
		g.Event{Kind: g.EventSighting, School: w.b.ID, Sighting: &g.Sighting{}},
		g.Event{Kind: g.EventReading, School: w.a.ID, Reading: &g.Reading{}},
		g.Event{
			Kind:     g.EventSighting,
			School:   w.a.ID,
			Received: time.Now(),
			Sighting: &g.Sighting{Method: g.ByCard},
		})
	if m := next(t, in); m.id != "4" || m.event != "sighting" {
		t.Errorf("got %+v first, want the sighting 4: not the alert, not the other school's, not "+
			"the reading",
			m)
	}
}

func TestStreamBeginsNow(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	w.live.add(alertEvent(w.a, 1))
	in, resp := c.listen(t.Context(), "/v1/stream")
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("got content type %q, want text/event-stream", got)
	}
	w.live.add(alertEvent(w.a, 2))
	if m := next(t, in); m.id != "2" {
		t.Errorf("got %+v, want the event 2, which came after the client", m)
	}
}

func TestStreamSaysWhatItCannotShow(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	for i := range 10 {
		w.live.add(alertEvent(w.a, i))
	}
	w.live.trim(6)
	in, _ := c.listen(t.Context(), "/v1/stream", "Last-Event-ID", "3")
	if m := next(t, in); m.event != "gap" || !strings.Contains(m.data, `"before":7`) {
		t.Errorf("got %+v after a trim, want a gap before 7", m)
	}
	if m := next(t, in); m.id != "7" {
		t.Errorf("got %+v, want the event 7", m)
	}
	in, _ = c.listen(t.Context(), "/v1/stream", "Last-Event-ID", "5000")
	if m := next(t, in); m.event != "reset" || m.id != "10" {
		t.Errorf("got %+v for an id of the future, want a reset to 10", m)
	}
	w.live.add(alertEvent(w.a, 11))
	if m := next(t, in); m.id != "11" {
		t.Errorf("got %+v, want the event 11", m)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Config.MaxStreams = 3 }).schools()
	c := w.user(w.a, g.RoleSecurity)
	ctx, cancel := context.WithCancel(t.Context())
	for range 3 {
		c.listen(ctx, "/v1/stream")
	}
	if r := c.head("/v1/stream"); r.status != 503 {
		t.Errorf("the fourth stream of three: got %d %s, want 503", r.status, r.body)
	}
	cancel()
	until(t, func() bool { return c.head("/v1/stream").status == 200 }) // the places are free again
}

// A client that does not read is dropped; others go on.
func TestSlowClientIsDropped(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the write limit, 10 s")
	}
	w := newWorld(t, func(d *api.Deps) { d.Config.MaxStreams = 2 }).schools()
	c := w.user(w.a, g.RoleSecurity)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn,
		"GET /v1/stream?after=0&kinds=alert HTTP/1.1\r\nHost: x\r\nCookie: %s=%s\r\n\r\n",
		c.cookie.Name, c.cookie.Value)
	in, _ := c.listen(t.Context(), "/v1/stream?kinds=alert&after=0")
	until(t, func() bool { return c.head("/v1/stream").status == 503 }) // both places are taken
	big := alertEvent(w.a, 1)
	big.Alert.Comment = strings.Repeat("x", 60_000)
	go func() {
		for range 300 { // 18 MB: more than the sockets hold
			w.live.add(big)
		}
	}()
	for range 300 {
		next(t, in)
	}
	// the slow one's place is free
	until(t, func() bool { return c.head("/v1/stream").status == 200 })
}

func TestEventsPage(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	for i := range 2500 {
		s := w.b
		if i%100 == 0 {
			s = w.a
		}
		w.live.add(alertEvent(s, i))
	}
	var got []uint64
	after := "0"
	for range 100 {
		var page live.EventPage
		c.do("GET", "/v1/events?kinds=alert&limit=7&after="+after, nil).want(200).into(&page)
		for _, e := range page.Items {
			got = append(got, e.Seq)
		}
		after = page.Next
		if !page.More {
			break
		}
	}
	var want []uint64
	for i := uint64(1); i <= 2500; i += 100 {
		want = append(want, i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if after != "2500" {
		t.Errorf("got next %s at the end, want 2500", after)
	}
}

func TestEventsSayWhatTheyCannotShow(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	for i := range 10 {
		w.live.add(alertEvent(w.a, i))
	}
	read := func(after string) (page live.EventPage) {
		t.Helper()
		c.do("GET", "/v1/events?kinds=alert&after="+after, nil).want(200).into(&page)
		return page
	}
	if p := read("5000"); !p.Reset || p.Next != "10" || len(p.Items) != 0 {
		t.Errorf("got %+v for an event of the future, want a reset to 10", p)
	}
	w.live.add(alertEvent(w.a, 11))
	if p := read("10"); p.Reset || p.Gap != 0 || len(p.Items) != 1 {
		t.Errorf("got %+v, want the event 11 alone", p)
	}
	w.live.trim(6)
	if p := read("3"); p.Gap != 7 || len(p.Items) != 5 {
		t.Errorf("got %+v after a trim, want a gap before 7 and five events", p)
	}
	if p := read("0"); p.Gap != 0 || len(p.Items) != 5 {
		t.Errorf("got %+v from the oldest on, want no gap", p)
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen in 40 s")
		}
		<-time.After(5 * time.Millisecond)
	}
}

// A stream that is never silent ends all the same when its caller's rights do.
func TestBusyStreamEndsWithTheRightToIt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the caller is not asked about, 15 s")
	}
	t.Parallel()
	w := newWorld(t).schools()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	somebody := g.User{
		ID:       g.UserID(w.ids["user"]),
		School:   w.a.ID,
		Name:     "somebody",
		FullName: "Somebody",
		Role:     g.RoleTeacher,
		Language: "en",
	}
	gone, _ := w.signIn("somebody").listen(ctx, "/v1/stream?kinds=sighting")
	stays, _ := w.user(w.a, g.RoleTeacher).listen(ctx, "/v1/stream?kinds=sighting")
	somebody.Role = g.RoleVendor
	if err := w.system().Access.UpdateUser(ctx, somebody); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for open := true; open; {
		<-tick.C
		w.live.add(g.Event{
			Kind:     g.EventSighting,
			School:   w.a.ID,
			Received: time.Now(),
			Sighting: &g.Sighting{Method: g.ByCard},
		})
		if _, ok := <-stays; !ok {
			t.Fatal("the stream of somebody whose rights are what they were has ended")
		}
		_, open = <-gone
	}
	if ctx.Err() != nil {
		t.Error("the stream goes on though its caller may no longer see sightings")
	}
}
