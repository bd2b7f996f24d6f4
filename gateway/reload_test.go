package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const patience = 30 * time.Second

// record keeps what is written and tells of each write.
type record struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func newRecord() *record { return &record{wrote: make(chan struct{}, 1)} }

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Write(b)
	select {
	case r.wrote <- struct{}{}:
	default:
	}
	return len(b), nil
}

// wait returns once all of these stand in one line.
func (r *record) wait(t *testing.T, words ...string) {
	t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		text := r.text.String()
		r.mu.Unlock()
		for line := range strings.Lines(text) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				return
			}
		}
		select {
		case <-r.wrote:
		case <-late:
			t.Fatalf("no line with %q in:\n%s", words, text)
		}
	}
}

// TestHangupReloads: a running gateway reads its files anew at SIGHUP and for gateway reload, goes
// on with the old ones where they are wrong, and says what a restart is needed for.
func TestHangupReloads(t *testing.T) {
	safe := make(chan os.Signal, 1) // or a signal before the gateway listens would end the test
	signal.Notify(safe, syscall.SIGHUP)
	defer signal.Stop(safe)
	dir := t.TempDir()
	file := filepath.Join(dir, "gatehouse.yaml")
	write := func(lines string) {
		t.Helper()
		text := "data_dir: data\nhttp: {listen: '127.0.0.1:0'}\nmqtt: {listen: ''}\n" + lines
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	write("")
	log, code := newRecord(), make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"serve", "--config", file}, strings.NewReader(""), log, log)
	}()
	log.wait(t, "the gateway is ready")

	write("log: {level: debug}\naudit: {anchor_every: 2h}\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	log.wait(t, "reloaded", "key=log.level", "from=info", "to=debug", "needs_restart=false")
	log.wait(t, "reloaded", "key=audit.anchor_every", "needs_restart=true")

	reload := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(ctx, append([]string{"reload", "--config", file}, args...),
			strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	write("log: {level: warn}\n")
	if code, out := reload("--dry-run"); code != 0 ||
		out != "log.level: debug -> warn\nThis would change; nothing was.\n" {
		t.Errorf("a preview: got %d and %q", code, out)
	}
	if code, out := reload(); code != 0 || out != "log.level: debug -> warn\nIn force.\n" {
		t.Errorf("a reload: got %d and %q", code, out)
	}
	if code, out := reload(); code != 0 || out != "Nothing is otherwise.\n" {
		t.Errorf("once more: got %d and %q", code, out)
	}
	rule := filepath.Join(dir, "data", "rules", "broken.yaml")
	if err := os.WriteFile(rule, []byte("rules:\n  - {id: broken}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := reload(); code != 1 || !strings.Contains(out, "broken.yaml:2") {
		t.Errorf("with a wrong rule: got %d and %q, want the file and the line", code, out)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("the gateway ends with %d", got)
	}
}
