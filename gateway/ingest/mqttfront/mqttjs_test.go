package mqttfront_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// TestMQTTjs has npm's mqtt publish, subscribe, leave a will, share, and find
// its sessions again after the front was restarted; testdata/npm/script.mjs says
// what it expects.
func TestMQTTjs(t *testing.T) {
	const dir = "testdata/npm"
	if _, err := os.Stat(dir + "/node_modules/mqtt"); err != nil {
		t.Skip("npm's mqtt is not installed; make test installs it, or npm ci in " +
			"gateway/ingest/mqttfront/testdata/npm")
	}
	// makes cached test results depend on the script
	if _, err := os.Stat(dir + "/script.mjs"); err != nil {
		t.Fatal(err)
	}
	node := program(t, "node")
	versions(t, func(t *testing.T, v mqtt) {
		h := newHouse(t, mqttfront.Config{MaxSessions: 20})
		h.cfg.Listen = h.f.Addr().String() // the restarted front uses the same port
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		js := exec.CommandContext(ctx, node, "script.mjs", port(t, h.f.Addr()), fmt.Sprint(v))
		js.Dir = dir
		var stderr bytes.Buffer
		js.Stderr = &stderr
		in, err := js.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := js.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := js.Start(); err != nil {
			t.Fatal(err)
		}
		last := ""
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if last = lines.Text(); last == "restart" {
				h.restart()
				fmt.Fprintln(in)
			}
		}
		if err := js.Wait(); err != nil || last != "done" {
			t.Fatalf("it ended after %q with %v: %s", last, err, stderr.String())
		}
	})
}
