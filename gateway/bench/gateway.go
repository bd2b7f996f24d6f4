//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// gateway is "gateway serve" in a process of its own.
type gateway struct {
	*measure.Process
	mqtt, url string
	keys      []string // of the API
}

// start runs the gateway on a school, with the rates of MQTT lifted and everything else as it
// is by default.
func start(ctx context.Context, o options, s *school) (*gateway, error) {
	mqtt, err := measure.FreeAddr()
	if err != nil {
		return nil, err
	}
	web, err := measure.FreeAddr()
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(s.dir, "bench.yaml")
	text := fmt.Sprintf("data_dir: %s\nhttp: {listen: %q}\nmqtt: {listen: %q, device_rate: 0, "+
		"school_rate: 0}\nlog: {level: info}\nwebhooks: {private: true}\n",
		s.dir, web, mqtt)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(
		ctx,
		o.gateway,
		"serve",
		"--config",
		conf,
	)
	if o.profile != "" || o.gateway == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd = exec.CommandContext(
			ctx,
			self,
			"-serve",
			conf,
			"-profile",
			o.profile,
		)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	gw := &gateway{
		Process: &measure.Process{Cmd: cmd},
		mqtt:    mqtt,
		url:     "http://" + web,
		keys:    s.keys,
	}
	ready := make(chan bool, 1)
	go func() { // ends with the process
		lines := bufio.NewScanner(errs)
		for lines.Scan() {
			switch text := lines.Text(); {
			case strings.Contains(text, "the gateway is ready"):
				ready <- true
			case !strings.Contains(text, "level=INFO"):
				say("the gateway says: %s", text)
			}
		}
		close(ready)
	}()
	if !<-ready {
		return nil, errors.Join(errors.New("the gateway did not start"), gw.Stop())
	}
	return gw, measure.Listening(ctx, mqtt, 10*time.Second)
}

// serve is "gateway serve" with a profile.
func serve(ctx context.Context, o options) error {
	cfg, err := config.Load(o.serve)
	if err != nil {
		return err
	}
	unprofile, err := measure.Profile(o.profile)
	if err != nil {
		return err
	}
	defer unprofile()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	a, err := app.Open(ctx, cfg, app.Options{
		Logger:    log,
		Version:   "bench",
		FreeBytes: func(string) (uint64, error) { return 1 << 40, nil }, // no alert about this machine's disk
	})
	if err != nil {
		return err
	}
	log.Info("the gateway is ready", "console", a.URL())
	return a.Run(ctx)
}

// status is the part of the status page that is used here.
type status struct {
	Cursors []struct {
		Name string `json:"name"`
		Lag  uint64 `json:"lag"`
	} `json:"cursors"`
	Journal struct {
		Newest   uint64 `json:"newest"`
		Accepted uint64 `json:"accepted"`
		Rejected uint64 `json:"rejected"`
	} `json:"journal"`
	MQTT struct {
		Clients      int    `json:"clients"`
		Received     uint64 `json:"received"`
		Acknowledged uint64 `json:"acknowledged"`
		Shed         uint64 `json:"shed"`
	} `json:"mqtt"`
}

// lag returns the largest lag of the cursors, and whose it is.
func (s *status) lag() (worst uint64, who string) {
	for _, c := range s.Cursors {
		if c.Lag > worst {
			worst, who = c.Lag, c.Name
		}
	}
	return worst, who
}

func (gw *gateway) get(ctx context.Context, path string) (*http.Response, error) {
	return gw.getAs(ctx, 0, path)
}

// getAs is get by one of the callers.
func (gw *gateway) getAs(ctx context.Context, caller int, path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", gw.url+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+gw.keys[caller%callers])
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
		return nil, fmt.Errorf("GET %s: %s: %s", path, resp.Status, text)
	}
	return resp, nil
}

func (gw *gateway) status(ctx context.Context) (s status, err error) {
	resp, err := gw.get(ctx, "/v1/status")
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// metrics reads some of the gateway's own, by name and without labels.
func (gw *gateway) metrics(ctx context.Context, names ...string) (map[string]float64, error) {
	resp, err := gw.get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	got := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if got[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
	}
	for _, n := range names {
		if _, ok := got[n]; !ok {
			return nil, fmt.Errorf("the gateway has no metric %s", n)
		}
	}
	return got, lines.Err()
}

// caughtUp waits until every reader has seen everything.
func (gw *gateway) caughtUp(ctx context.Context, patience time.Duration) (status, error) {
	for deadline := time.Now().Add(patience); ; {
		s, err := gw.status(ctx)
		if err != nil {
			return s, err
		}
		lag, who := s.lag()
		if lag == 0 && len(s.Cursors) > 0 {
			return s, nil
		}
		if time.Now().After(deadline) {
			return s, fmt.Errorf("after %s the reader %s is still %d events behind", patience, who,
				lag)
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
