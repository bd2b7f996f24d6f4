// Package e2e starts the built gateway as people do and watches it from outside: over HTTP,
// over MQTT and in a browser. It runs where GATEHOUSE_E2E is set, after make build.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// patience is generous on purpose: it ends a test that hangs, and measures nothing.
const patience = 3 * time.Minute

func root(t *testing.T) string {
	t.Helper()
	if os.Getenv("GATEHOUSE_E2E") == "" {
		t.Skip("GATEHOUSE_E2E is not set: make test sets it, after make build")
	}
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// house is a running gateway.
type house struct {
	t         *testing.T
	root      string
	make      bool // started as a newcomer does: make, with args
	args      []string
	cmd       *exec.Cmd
	exited    chan error
	url       string
	passwords map[string]string

	mu     sync.Mutex
	output bytes.Buffer
}

// start runs bin/gateway with args and waits until it says where its console is.
func start(t *testing.T, dir string, args ...string) *house {
	t.Helper()
	h := &house{t: t, root: dir, args: args, passwords: map[string]string{}}
	return h.begin()
}

// begin launches the house and sees to its end.
func (h *house) begin() *house {
	t := h.t
	t.Helper()
	h.launch()
	t.Cleanup(func() {
		if h.cmd != nil {
			h.stop()
		}
		if t.Failed() {
			h.mu.Lock()
			t.Logf("the gateway said:\n%s", tail(h.output.String(), 8000))
			h.mu.Unlock()
		}
	})
	return h
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

var (
	readyLine    = regexp.MustCompile(`(?:demo: ready: |console=)(http\S+)`)
	passwordLine = regexp.MustCompile(`^demo:   (\w+)\s+(\S{10,})`)
)

func (h *house) launch() {
	h.t.Helper()
	h.cmd = exec.Command(filepath.Join(h.root, "bin", "gateway"), h.args...)
	if h.make {
		h.cmd = exec.Command("make", h.args...)
		h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // for Ctrl-C, which all of it gets
	}
	h.cmd.Dir = h.root
	out, in, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	h.cmd.Stdout, h.cmd.Stderr = in, in
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	in.Close()
	ready := make(chan string, 1)
	h.exited = make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			h.mu.Lock()
			h.output.WriteString(lines.Text() + "\n")
			if m := passwordLine.FindStringSubmatch(lines.Text()); m != nil {
				h.passwords[m[1]] = m[2]
			}
			h.mu.Unlock()
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case ready <- m[1]:
				default:
				}
			}
		}
	}()
	cmd, exited := h.cmd, h.exited
	go func() { exited <- cmd.Wait() }()
	select {
	case h.url = <-ready:
	case err := <-h.exited:
		h.cmd = nil
		h.t.Fatalf("gateway %s ended before it was ready: %v\n%s", strings.Join(h.args, " "), err,
			h.output.String())
	case <-time.After(patience):
		h.t.Fatal("the gateway did not get ready")
	}
}

// stop ends the gateway as Ctrl-C does, and fails the test if it does not end well.
func (h *house) stop() {
	if h.make {
		syscall.Kill(-h.cmd.Process.Pid, syscall.SIGINT)
	} else {
		h.cmd.Process.Signal(syscall.SIGINT)
	}
	select {
	case err := <-h.exited:
		if err != nil && !h.make { // make itself says that it was interrupted
			h.t.Errorf("the gateway ended with %v, want 0", err)
		}
	case <-time.After(time.Minute):
		h.t.Error("the gateway did not stop within a minute")
		h.cmd.Process.Kill()
		<-h.exited
	}
	h.cmd = nil
}

// kill ends the gateway as a power cut does.
func (h *house) kill() {
	h.cmd.Process.Kill()
	<-h.exited
	h.cmd = nil
}

// portsFrom is where freePorts looks next: below the ports that the kernel gives to outgoing
// connections, since one of those may take a port before the gateway does, or between two runs.
var portsFrom = 10_000 + os.Getpid()*17%20_000

// freePorts are n ports in a row on which nobody listens.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	for range 200 {
		from := portsFrom
		if portsFrom += n; portsFrom > 32_000 {
			portsFrom = 10_000
		}
		if free(from, n) {
			return from
		}
	}
	t.Fatalf("no %d ports in a row are free below 32000", n)
	return 0
}

func free(from, n int) bool {
	for port := range n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", from+port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func freePort(t *testing.T) int {
	t.Helper()
	return freePorts(t, 1)
}

// client is somebody at the API.
type client struct {
	t    *testing.T
	base string
	http *http.Client
	csrf string
	key  string
}

func (h *house) signIn(name string) *client {
	h.t.Helper()
	h.mu.Lock()
	password := h.passwords[name]
	h.mu.Unlock()
	jar, _ := cookiejar.New(nil)
	c := &client{t: h.t, base: h.url, http: &http.Client{Jar: jar, Timeout: time.Minute}}
	var me struct {
		CSRF string `json:"csrf"`
	}
	c.do("POST", "/v1/session", map[string]string{"name": name, "password": password}, &me)
	c.do("GET", "/v1/me", nil, &me)
	c.csrf = me.CSRF
	return c
}

// status sends a request and returns the response's status and body.
func (c *client) status(method, path string, body any) (int, []byte) {
	c.t.Helper()
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		r, kind = bytes.NewReader(b), http.DetectContentType(b)
		if strings.HasPrefix(kind, "text/plain") {
			kind = "text/csv"
		}
	default:
		j, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, c.base+path, r)
	if err != nil {
		c.t.Fatal(err)
	}
	if r != nil {
		req.Header.Set("Content-Type", kind)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	} else if c.csrf != "" {
		req.Header.Set("X-Gatehouse-CSRF", c.csrf)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, b
}

// do sends a request that must succeed and decodes its answer.
func (c *client) do(method, path string, body, into any) {
	c.t.Helper()
	code, b := c.status(method, path, body)
	if code >= 300 {
		c.t.Fatalf("%s %s: got %d %s", method, path, code, tail(string(b), 2000))
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, tail(string(b), 500))
		}
	}
}

// page is a list's answer.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func list[T any](c *client, path string, query ...string) []T {
	c.t.Helper()
	q := url.Values{"limit": {"1000"}}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	var p page[T]
	c.do("GET", path+"?"+q.Encode(), nil, &p)
	return p.Items
}

// eventually asks until ask says yes; what it last said instead is the failure.
func eventually(t *testing.T, what string, ask func() (ok bool, got string)) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, got := ask()
		if ok {
			return time.Since(began)
		}
		if time.Since(began) > patience {
			t.Fatalf("%s: not within %s; last: %s", what, patience, got)
		}
		<-tick.C
	}
}

// watch follows the live stream and keeps every event; it fails the test at one without a
// journal sequence, out of order, or repeated.
type watch struct {
	mu     sync.Mutex
	events []g.Event
	last   uint64
	err    error
}

func (c *client) watch(ctx context.Context, kinds string, after uint64) *watch {
	w := &watch{last: after}
	req, err := http.NewRequestWithContext(ctx, "GET", c.base+"/v1/stream?kinds="+kinds, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", fmt.Sprint(after))
	stream := &http.Client{Jar: c.http.Jar}
	resp, err := stream.Do(req)
	if err != nil || resp.StatusCode != 200 {
		c.t.Fatalf("open the live stream: %v %v", resp, err)
	}
	go func() {
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data:")
			if ok {
				w.take([]byte(data))
			}
		}
	}()
	return w
}

func (w *watch) take(data []byte) {
	var e g.Event
	err := json.Unmarshal(data, &e)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.err = errors.Join(w.err, fmt.Errorf("%w in %s", err, data))
	case e.Seq == 0:
		w.err = errors.Join(w.err, fmt.Errorf("an event without a journal sequence: %s", data))
	case e.Seq <= w.last:
		w.err = errors.Join(w.err, fmt.Errorf("event %d came behind %d", e.Seq, w.last))
	}
	w.last = max(w.last, e.Seq)
	w.events = append(w.events, e)
}

func (w *watch) find(want func(*g.Event) bool) (found []g.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.events {
		if want(&w.events[i]) {
			found = append(found, w.events[i])
		}
	}
	return found
}
