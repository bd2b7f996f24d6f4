//go:build linux

package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is one that is measured.
type Process struct {
	Cmd   *exec.Cmd
	Clean func() // called by Stop, once the process is gone; nil does nothing
}

// Stop ends the process, kills it after 20 s, and cleans up.
func (p *Process) Stop() error {
	if p.Clean != nil {
		defer p.Clean()
	}
	gone := p.Cmd.Process.Signal(syscall.SIGTERM)
	if gone != nil && !errors.Is(gone, os.ErrProcessDone) {
		return gone
	}
	done := make(chan error, 1)
	go func() { done <- p.Cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		err := p.Cmd.Process.Kill()
		<-done
		return errors.Join(errors.New("the server did not stop by itself"), err)
	}
	return nil
}

// CPU is what the process has used, user and system.
func (p *Process) CPU() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, errors.New("unknown format of /proc/pid/stat")
	}
	return ticks(f[11:13]...)
}

// Resident is the memory of the process in bytes.
func (p *Process) Resident() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.Cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, errors.New("unknown format of /proc/pid/statm")
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// Peak is the most memory that the process ever had, in bytes.
func (p *Process) Peak() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "\nVmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("VmHWM of /proc/pid/status: %w", err)
	}
	return kb << 10, nil
}

// FreeAddr is an address of the loopback that nobody listens on.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Listening waits until something accepts connections at addr.
func Listening(ctx context.Context, addr string, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Mosquitto runs Debian's broker in memory, with its bounds lifted, and its configuration in
// dir.
func Mosquitto(ctx context.Context, dir string) (_ *Process, addr string, err error) {
	bin, err := exec.LookPath("mosquitto")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			return nil, "", errors.New("mosquitto is not installed: apt-get install mosquitto")
		}
	}
	if addr, err = FreeAddr(); err != nil {
		return nil, "", err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", err
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	text := "listener " + port +
		" 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\nsys_interval 0\n" +
		"max_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	cmd := exec.CommandContext(ctx, bin, "-c", conf)
	cmd.Stderr = io.Discard
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	p := &Process{Cmd: cmd}
	if err := Listening(ctx, addr, 10*time.Second); err != nil {
		return nil, "", errors.Join(fmt.Errorf("mosquitto did not start: %w", err), p.Stop())
	}
	return p, addr, nil
}
