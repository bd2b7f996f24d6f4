package telemetrytest

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a third-party server that a test starts and stops.
type Server struct {
	Command []string
	Health  string    // an address that answers 200 or 204 once it is ready
	Signal  os.Signal // that ends it

	cmd  *exec.Cmd
	said *bytes.Buffer
}

// Influxd is InfluxDB 1.8.10 with Flux, with authentication if passwords is true, and the address
// of its API. It is not started yet, and ends by SIGKILL: what it acknowledged it has to keep. The
// test is skipped where deploy/setup/influxd.sh has not built it.
func Influxd(t *testing.T, passwords bool) (*Server, string) {
	t.Helper()
	cache := os.Getenv("GATEHOUSE_CACHE")
	if cache == "" {
		cache = filepath.Join(root(t), ".cache")
	}
	program, err := filepath.Abs(filepath.Join(cache, "bin", "influxd-v1.8.10"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("influxd is not there; deploy/setup/influxd.sh builds it")
	}
	dir, addr := t.TempDir(), FreeAddr(t)
	config := filepath.Join(dir, "influxdb.conf")
	text := strings.NewReplacer("DIR", dir, "RPC", FreeAddr(t), "HTTP", addr, "PASSWORDS",
		strconv.FormatBool(passwords)).Replace(`
reporting-disabled = true
bind-address = "RPC"
[meta]
  dir = "DIR/meta"
[data]
  dir = "DIR/data"
  wal-dir = "DIR/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "HTTP"
  flux-enabled = true
  auth-enabled = PASSWORDS
  log-enabled = false
`)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Server{
		Command: []string{program, "-config", config},
		Health:  "http://" + addr + "/ping",
		Signal:  syscall.SIGKILL,
	}, "http://" + addr
}

// root is the folder of go.mod, above the test's own.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Fatal("no go.mod above the test")
	}
}

// Start starts it and waits until it is ready; whoever starts it stops it.
func (s *Server) Start(t *testing.T) {
	t.Helper()
	s.said = &bytes.Buffer{}
	s.cmd = exec.Command(s.Command[0], s.Command[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(s.Health)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusNoContent {
			return
		}
	}
	s.Stop(t)
	t.Fatalf("%s does not become ready:\n%s", s.Command[0], s.said)
}

// Stop ends it and waits until it has ended; a second call does nothing.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Process.Signal(s.Signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer stuck.Stop()
	_ = cmd.Wait() // how it ends is not what is tested
}

// FreeAddr is an address on loopback where nobody listens.
func FreeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
