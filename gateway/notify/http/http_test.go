package http_test

import (
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/http"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// house is a Matrix room as its server shows it (client-server API 1.11). A sync waits for the next of
// what somebody has read.
type house struct {
	receipts chan string // the content of m.receipt

	mu    sync.Mutex
	texts map[string]string // by transaction
	order []string
	syncs []string // since of each
}

const inRoom = "!abc:school.example"

func (h *house) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	if r.Header.Get("Authorization") != "Bearer token" {
		nethttp.Error(w, `{"errcode":"M_UNKNOWN_TOKEN"}`, nethttp.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/_matrix/client/v3/")
	switch {
	case path == "account/whoami":
		io.WriteString(w, `{"user_id":"@gate:school.example"}`)
	case path == "sync":
		h.mu.Lock()
		h.syncs = append(h.syncs, r.FormValue("since"))
		n := len(h.syncs)
		h.mu.Unlock()
		select {
		case content := <-h.receipts:
			fmt.Fprintf(w, `{"next_batch":"s%d","rooms":{"join":{%q:{"ephemeral":{"events":[`+
				`{"type":"m.receipt","content":%s}]}}}}}`, n, inRoom, content)
		case <-r.Context().Done():
		}
	case strings.HasPrefix(path, "rooms/"+inRoom+"/send/m.room.message/"):
		h.mu.Lock()
		defer h.mu.Unlock()
		id := path[strings.LastIndexByte(path, '/')+1:]
		var said struct{ Body string }
		_ = json.NewDecoder(r.Body).Decode(&said)
		if _, ok := h.texts[id]; !ok {
			h.order = append(h.order, id)
		}
		h.texts[id] = said.Body
		fmt.Fprintf(w, `{"event_id":"$%s"}`, id)
	default:
		nethttp.Error(w, path, nethttp.StatusNotFound)
	}
}

// A room gets a letter once, however often it is sent, and says by whom it was read: a receipt is of one
// event and of all before it, our own says nothing, and it counts for other events too.
func TestWhoHasReadARoom(t *testing.T) {
	h := &house{
		receipts: make(chan string),
		texts:    map[string]string{},
	}
	server := httptest.NewServer(h)
	reports := make(chan post.Report, 10)
	c, err := http.Open(post.Settings{
		Values:  map[string]string{"style": "matrix", "url": server.URL, "room": inRoom},
		Secrets: map[string]string{"token": "token"},
		Private: true,
		Report: func(all []post.Report) bool {
			for _, x := range all {
				reports <- x
			}
			return true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	t.Cleanup(func() { c.Close() })
	for _, id := range []string{"msg_1-1", "msg_1-1", "msg_2-2", "msg_3-3"} {
		out := c.Send(t.Context(), post.Letter{ID: id, Subject: "Fire", Text: "Lab 3", Now: time.Now()})
		if out.Err != nil || out.Peer != "$"+id {
			t.Fatalf("got %+v, want it taken under the room's name", out)
		}
	}
	if len(h.order) != 3 || h.texts["msg_1-1"] != "Fire\nLab 3" {
		t.Errorf("got %v, want three texts", h.texts)
	}
	h.receipts <- `{"$msg_3-3":{"m.read":{"@gate:school.example":{"ts":1}}}}`
	h.receipts <- `{"$msg_2-2":{"m.read":{"@li:school.example":{"ts":2}}}}`
	h.receipts <- `{"$before":{"m.read.private":{"@li:school.example":{"ts":3}}}}`
	for _, want := range []string{"$msg_1-1", "$msg_2-2", "$before"} {
		if got := <-reports; got.Peer != want || got.State != messages.Read {
			t.Errorf("got %+v, want %s read", got, want)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.syncs) < 3 || h.syncs[0] != "" || h.syncs[1] != "s1" || h.syncs[2] != "s2" {
		t.Errorf("got syncs since %v, want each to go on from the one before", h.syncs)
	}
}

// A topic of ntfy gets title, text, urgency and link; a token that is not ours is about all letters.
func TestATopic(t *testing.T) {
	var got map[string]any
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.Header.Get("Authorization") != "" {
			w.WriteHeader(nethttp.StatusForbidden)
			return
		}
		_ = json.NewDecoder(r.Body).Decode(&got)
		io.WriteString(w, `{"id":"x","event":"message"}`)
	}))
	defer server.Close()
	for token, want := range map[string]post.Verdict{"": post.Taken, "wrong": post.Away} {
		c, err := http.Open(post.Settings{
			Values:  map[string]string{"style": "ntfy", "url": server.URL, "room": "guards"},
			Secrets: map[string]string{"token": token},
			Private: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		out := c.Send(t.Context(), post.Letter{
			ID:      "msg_1-2",
			Subject: "Fire",
			Text:    "Lab 3",
			Link:    "https://gate.example/m/x",
			Urgent:  true,
			Now:     time.Now(),
		})
		if out.Verdict != want || (out.Err == nil) != (want == post.Taken) {
			t.Errorf("token %q: got %+v, want verdict %d", token, out, want)
		}
	}
	if got["topic"] != "guards" || got["title"] != "Fire" || got["message"] != "Lab 3" ||
		got["priority"] != 5.0 || got["click"] != "https://gate.example/m/x" {
		t.Errorf("got %v, want an urgent message with its link", got)
	}
}

// A success that does not name the letter is none: the next step must begin.
func TestAServerThatLies(t *testing.T) {
	for _, style := range []string{"ntfy", "matrix"} {
		for _, said := range []string{`{}`, `{"ok":true}`, `{"id":"","event_id":""}`, ``} {
			server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
				io.WriteString(w, said)
			}))
			c, err := http.Open(post.Settings{
				Values:  map[string]string{"style": style, "url": server.URL, "room": inRoom},
				Private: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			out := c.Send(t.Context(), post.Letter{ID: "msg_1-1", Text: "Fire", Now: time.Now()})
			if out.Err == nil || out.Verdict != post.Later {
				t.Errorf("%s, %q: got %+v, want it not taken", style, said, out)
			}
			c.Close()
			server.Close()
		}
	}
}
