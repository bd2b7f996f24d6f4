//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// server is one side, running in a process of its own.
type server struct {
	*measure.Process
	addr string
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
	s := &server{Process: &measure.Process{
		Cmd:   cmd,
		Clean: func() { os.RemoveAll(dir) },
	}}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the gateway's side did not start: %w", err), s.Stop())
	}
	s.addr = strings.TrimSpace(addr)
	return s, nil
}

// startMosquitto runs Debian's broker in memory.
func startMosquitto(ctx context.Context, o options) (*server, error) {
	p, addr, err := measure.Mosquitto(ctx, o.dir)
	if err != nil {
		return nil, err
	}
	return &server{
		Process: p,
		addr:    addr,
	}, nil
}

// cpu is the CPU time used by the server's process, by this one, and by all others.
func (s *server) cpu() (theirs, own, rest time.Duration, err error) {
	var errs [3]error
	theirs, errs[0] = s.CPU()
	own, errs[1] = measure.OwnCPU()
	rest, errs[2] = measure.OthersCPU(s.Process)
	return theirs, own, rest, errors.Join(errs[:]...)
}

// anyone lets every client in: as the device of its client identifier, or as
// the reader of the school.
type anyone struct{}

func (anyone) Authenticate(
	_ context.Context, clientID, _ string, _ []byte, _ string, _ *x509.Certificate,
) (mqttfront.Identity, error) {
	id := mqttfront.Identity{
		School: "school",
		Device: gatehouse.DeviceID(clientID),
	}
	if clientID == "reader" {
		id.Device = ""
	}
	return id, nil
}

// toJournal appends topic and payload, and acknowledges when they are synced.
type toJournal struct{ j *journal.Journal }

func (t toJournal) Publish(
	id mqttfront.Identity, topic string, payload []byte, _ bool, done func(error),
) error {
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
	unprofile, err := measure.Profile(o.profile)
	if err != nil {
		return err
	}
	defer unprofile()
	j, err := journal.Open(o.dir, journal.Options{MaxBytes: 4 << 30})
	if err != nil {
		return err
	}
	defer j.Close()
	f, err := mqttfront.New(mqttfront.Config{
		Listen:         "127.0.0.1:0",
		MaxQueued:      60_000,
		MaxQueuedBytes: 64 << 20,
		MaxInflight:    16384,
		DeviceRate:     o.deviceRate,
	},
		anyone{}, toJournal{j}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	fmt.Println(f.Addr())
	return f.Run(ctx)
}
