package telemetrytest

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Server is a real server of somebody else's that a test starts and stops.
type Server struct {
	Command []string
	Health  string    // an address that answers 200 or 204 once it is ready
	Signal  os.Signal // that ends it

	cmd  *exec.Cmd
	said *bytes.Buffer
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

// Stop ends it and waits until it has ended; again is nothing.
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
