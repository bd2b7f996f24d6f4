// Package demo runs a whole small school for somebody who wants to see Gatehouse work: it
// starts simulated equipment that speaks the real protocols, opens a gateway, and puts a
// school, its devices and its people into the registry. It inserts configuration, people and
// devices only; every observation comes through a socket. The two men in the videos are
// adults playing a part, and the console says so.
package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// Options say where things are and where to listen.
type Options struct {
	DataDir  string
	BinDir   string // folder of drivers/ and gatehouse-sim; empty: that of this program
	Assets   string // folder of models/, onnxruntime/ and media/
	Listen   string // console and API
	PortBase int
	Language string
	LogLevel string
	Version  string
	Console  fs.FS
	Out      io.Writer
	Launcher []string // as in app.Options
}

// ports are where the equipment is reached, counted from PortBase.
func (o Options) mqtt() string     { return o.addr(1) } // the gateway's own listener
func (o Options) rtsp() string     { return o.addr(2) }
func (o Options) terminal() string { return o.addr(3) } // the zkteco driver's listener
func (o Options) broker() string   { return o.addr(4) } // a broker that is not the gateway's
func (o Options) control() string  { return o.addr(5) } // the simulator's
func (o Options) modbus() string   { return o.addr(6) }
func (o Options) addr(n int) string {
	return fmt.Sprintf("127.0.0.1:%d", o.PortBase+n)
}

// Run runs the demo school until ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	if o.BinDir == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		o.BinDir = filepath.Dir(self)
	}
	for _, p := range []*string{&o.DataDir, &o.BinDir, &o.Assets} {
		if *p, err = filepath.Abs(*p); err != nil {
			return err
		}
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(o.DataDir, "gateway.log"),
		os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.LogLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	log := slog.New(slog.NewTextHandler(logFile, &slog.HandlerOptions{Level: level}))
	cfg, err := o.config()
	if err != nil {
		return err
	}
	o.say("opening the gateway in %s", o.DataDir)
	a, err := app.Open(ctx, cfg, app.Options{
		Logger:   log,
		Version:  o.Version,
		Console:  o.Console,
		Demo:     true,
		Launcher: o.Launcher,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	prepared := make(chan error, 1)
	go func() { prepared <- o.prepare(ctx, a, log) }()
	for {
		select {
		case err := <-prepared: // the equipment stopped, or the school could not be prepared
			cancel()
			return errors.Join(err, <-ran)
		case err := <-ran:
			cancel()
			return errors.Join(err, <-prepared)
		}
	}
}

// check says what is missing and which command brings it.
func (o Options) check() error {
	for _, f := range []string{
		"gatehouse-sim", "drivers/modbus", "drivers/mqtt", "drivers/zkteco",
		"drivers/camera",
	} {
		if _, err := os.Stat(filepath.Join(o.BinDir, f)); err != nil {
			return fmt.Errorf("%s is missing in %s: make build makes it", f, o.BinDir)
		}
	}
	for _, f := range []string{
		"models/fr_detect.onnx",
		"media/franck.mp4",
		"onnxruntime/libonnxruntime.so.1",
	} {
		if _, err := os.Stat(filepath.Join(o.Assets, f)); err != nil {
			return fmt.Errorf("%s is missing in %s: deploy/setup/assets.sh fetches it", f, o.Assets)
		}
	}
	return nil
}

// config is the demo's configuration: real drivers, pinned to what lies in BinDir.
func (o Options) config() (config.Config, error) {
	c := config.Default()
	c.DataDir, c.HTTP.Listen, c.MQTT.Listen = o.DataDir, o.Listen, o.mqtt()
	// The demonstration's equipment is on this machine, and whoever tries webhooks has a server
	// here.
	if at, err := netip.ParseAddrPort(o.Listen); err == nil && at.Port() != 0 && !at.Addr().IsUnspecified() {
		c.HTTP.BaseURL = "http://" + o.Listen // so that its messages carry links
	}
	c.PlainText = true
	c.Reach.ThisMachine = true
	c.Webhooks.Private = true
	for _, d := range []config.Driver{
		{
			Name: "camera",
			Settings: map[string]string{
				"models_dir":  filepath.Join(o.Assets, "models"),
				"ort_library": filepath.Join(o.Assets, "onnxruntime", "libonnxruntime.so.1"),
				"repeat":      "10",
			},
		},
		{Name: "modbus"},
		{Name: "mqtt"},
		{Name: "zkteco", Settings: map[string]string{"listen": o.terminal()}},
	} {
		d.Path = filepath.Join(o.BinDir, "drivers", string(d.Name))
		b, err := os.ReadFile(d.Path)
		if err != nil {
			return c, err
		}
		sum := sha256.Sum256(b)
		d.SHA256 = hex.EncodeToString(sum[:])
		c.Drivers = append(c.Drivers, d)
	}
	return c, c.Validate()
}

func (o Options) say(format string, args ...any) {
	fmt.Fprintf(o.Out, "demo: "+format+"\n", args...)
}

// prepare waits for the drivers, puts the school into the registry where it is not there
// yet, and runs the equipment until ctx ends.
func (o Options) prepare(ctx context.Context, a *app.App, log *slog.Logger) error {
	o.say("starting the drivers")
	for _, d := range []string{"camera", "modbus", "mqtt", "zkteco"} {
		if err := a.WaitDriver(ctx, d, time.Minute); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	s, err := o.seed(ctx, a)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("prepare the school: %w", err)
	}
	eq, err := o.startEquipment(ctx, s, log)
	if err != nil {
		return err
	}
	if len(s.passwords) > 0 {
		o.say("sign in as:")
		for _, u := range users {
			o.say("  %-9s %s   (%s)", u.name, s.passwords[u.name], u.role)
		}
		o.say("these are shown once; gateway passwd --data-dir %s NAME sets another", o.DataDir)
	} else {
		o.say("sign in as admin with the password of the first start; gateway passwd --data-dir "+
			"%s admin sets another",
			o.DataDir)
	}
	o.say("ready: %s", a.URL()) // last: whoever waits for it has read the rest
	return eq.wait()
}
