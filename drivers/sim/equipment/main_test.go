package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const scenario = `
equipment:
- {id: meter, kind: modbus, listen: "127.0.0.1:0", values: {level: 1}, registers: {level: {register: "input:0"}}}
- {id: spare, kind: modbus, listen: "127.0.0.1:0", off: true}
`

func write(t *testing.T, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRunAnnouncesWhereItListens(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-scenario", write(t, scenario), "-control", "127.0.0.1:0"}, w,
			io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Ready     bool
		Control   string
		Equipment map[string]string
	}
	if err := json.Unmarshal(line, &got); err != nil || !got.Ready || len(got.Equipment) != 1 {
		t.Fatalf("ready line: got %s, want one address", line)
	}
	for _, addr := range []string{got.Control, got.Equipment["meter"]} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		c.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: got %v, want nil", err)
	}
	if c, err := net.Dial("tcp", got.Equipment["meter"]); err == nil {
		c.Close()
		t.Error("the meter still listens")
	}
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no scenario", nil, "name a scenario with -scenario"},
		{"absent", []string{"-scenario", "/none.yaml"}, "/none.yaml"},
		{
			"bad key",
			[]string{"-scenario", write(t, "equipmnt: []\n")},
			`line 1: "equipmnt" is no key of scenario`,
		},
		{
			"open control",
			[]string{"-scenario", write(t, scenario), "-control", "0.0.0.0:0"},
			"is not on the loopback interface",
		},
		{
			"port taken",
			[]string{
				"-scenario",
				write(t, strings.Replace(scenario, "127.0.0.1:0", taken.Addr().String(), 1)),
			},
			"equipment meter: listen for modbus",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), c.args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err,
		flag.ErrHelp) {
		t.Errorf("-h: got %v, want help", err)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"-check", "-scenario", "../sample.yaml"}, &out, io.Discard); err != nil ||
		!strings.Contains(out.String(), "is good: 5 pieces of equipment, 5 steps") {
		t.Errorf("-check: got %q, %v", out.String(), err)
	}
}
