//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/mqttfront"
)

// server is one side, running in a process of its own.
type server struct {
	cmd   *exec.Cmd
	addr  string
	clean func()
}

// startFront runs this program with -serve.
func startFront(ctx context.Context, o options) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.dir, "journal")
	if err != nil {
		return nil, err
	}
	args := []string{"-serve", "-dir", dir, "-device-rate", strconv.Itoa(o.deviceRate)}
	if o.profile != "" {
		args = append(args, "-profile", o.profile)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, clean: func() { os.RemoveAll(dir) }}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the gateway's side did not start: %w", err), s.stop())
	}
	s.addr = strings.TrimSpace(addr)
	return s, nil
}

// startMosquitto runs Debian's broker in memory, with its bounds lifted.
func startMosquitto(ctx context.Context, o options) (*server, error) {
	bin, err := exec.LookPath("mosquitto")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			return nil, errors.New("mosquitto is not installed: apt-get install mosquitto")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(o.dir, "mosquitto.conf")
	text := "listener " + port + " 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\nsys_interval 0\n" +
		"max_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, bin, "-c", conf)
	cmd.Stderr = io.Discard
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, addr: addr, clean: func() {}}
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return s, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("mosquitto did not start: %w", err), s.stop())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *server) stop() error {
	defer s.clean()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		err := s.cmd.Process.Kill()
		<-done
		return errors.Join(errors.New("the server did not stop by itself"), err)
	}
	return nil
}

// cpu is what the server's process and this one have used.
func (s *server) cpu() (theirs, own time.Duration, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, 0, errors.New("unknown format of /proc/pid/stat")
	}
	var ticks int64
	for _, v := range f[11:13] {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		ticks += n
	}
	own, err = ownCPU()
	return time.Duration(ticks) * 10 * time.Millisecond, own, err
}

// resident is the memory of the server's process in bytes.
func (s *server) resident() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
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

// anyone lets every client in: as the device of its client identifier, or as
// the reader of the school.
type anyone struct{}

func (anyone) Authenticate(_ context.Context, clientID, _ string, _ []byte, _ string, _ *x509.Certificate) (mqttfront.Identity, error) {
	id := mqttfront.Identity{School: "school", Device: gatehouse.DeviceID(clientID)}
	if clientID == "reader" {
		id.Device = ""
	}
	return id, nil
}

// toJournal appends topic and payload, and acknowledges when they are synced.
type toJournal struct{ j *journal.Journal }

func (t toJournal) Publish(id mqttfront.Identity, topic string, payload []byte, _ bool, done func(error)) error {
	rec := make([]byte, 0, len(topic)+1+len(payload))
	rec = append(append(append(rec, topic...), 0), payload...)
	return t.j.Append(string(id.Device), rec, func(_ uint64, err error) { done(err) })
}

// serveFront is the gateway's side: front and journal as the gateway has them,
// with the bounds of the one reader lifted as Mosquitto's are.
func serveFront(ctx context.Context, o options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan os.Signal, 1)
	notifyTerm(stop)
	go func() { <-stop; cancel() }()
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	j, err := journal.Open(o.dir, journal.Options{MaxBytes: 4 << 30})
	if err != nil {
		return err
	}
	defer j.Close()
	f, err := mqttfront.New(mqttfront.Config{Listen: "127.0.0.1:0", MaxQueued: 1 << 20, MaxQueuedBytes: 64 << 20, MaxInflight: 16384, DeviceRate: o.deviceRate},
		anyone{}, toJournal{j}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	fmt.Println(f.Addr())
	return f.Run(ctx)
}
