package main

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	bounded "github.com/gatehouse-iot/gatehouse/drivers/listen"
)

// version is the driver's version.
const version = "1.0.0"

// defaultListen is used if the settings name no address: loopback only, because without a
// certificate the traffic is plain text.
const defaultListen = "127.0.0.1:8081"

// grace is how long after its Connect ended a terminal is told to try again before it counts as
// unregistered: longer than the driver host's longest back-off.
const grace = 2 * time.Minute

//go:embed profile.yaml
var pushProfile []byte

// driver is the server that terminals call.
type driver struct {
	now       func() time.Time
	strangers *strangers

	mu        sync.Mutex
	terminals map[string]*terminal             // by serial number, while connected
	left      map[string]time.Time             // when the Connect of each serial number ended
	queues    map[gatehouse.DeviceID]*commands // kept across reconnects
	server    *http.Server
	bound     *bounded.Listener
	where     string        // the address that terminals call
	secure    bool          // TLS, or listening on loopback only
	served    chan struct{} // closed when the server has ended
}

func newDriver() *driver {
	return &driver{
		now:       time.Now,
		strangers: newStrangers(),
		terminals: map[string]*terminal{},
		left:      map[string]time.Time{},
		queues:    map[gatehouse.DeviceID]*commands{},
	}
}

// Describe implements drivers.Driver.
func (d *driver) Describe() drivers.Description {
	var p gatehouse.Profile
	if err := yaml.Unmarshal(pushProfile, &p); err != nil {
		panic(err) // embedded and checked by a test
	}
	return drivers.Description{
		Name:     "zkteco",
		Title:    "ZKTeco PUSH terminals",
		TitleZH:  "中控 PUSH 终端",
		Version:  version,
		Profiles: []gatehouse.Profile{p},
		Settings: settingFields(),
		Address:  addressFields(),
	}
}

// Configure implements drivers.Configurer: it starts listening.
func (d *driver) Configure(_ context.Context, settings map[string]string) error {
	listen := strings.TrimSpace(settings["listen"])
	if listen == "" {
		listen = defaultListen
	}
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return gatehouse.FieldErrorf("listen", "%q is no address; give host:port, e.g. %s", listen,
			defaultListen)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return gatehouse.Errorf(gatehouse.Conflict,
			"the driver listens already; restart it to change its settings")
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		// Not Invalid: an earlier instance may still hold the port, and the host tries again.
		return gatehouse.Errorf(gatehouse.Unavailable,
			"%s cannot be listened on: %v; choose another port, or end what uses it", listen,
			err).At("listen")
	}
	b := bounded.Bound(ln, places())
	b.Refused = func(s bounded.Stats) {
		slog.Warn("connections are closed: too many at a time, or of one address, on which no "+
			"terminal has called",
			"open", s.Open, "of_one_address", s.Address, "last", s.LastAddress, "for_newer_ones",
			s.Displaced, "full", s.Full)
	}
	ln, d.bound = b, b
	scheme := "http://"
	if cert, key := settings["cert"], settings["key"]; cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			ln.Close()
			return gatehouse.FieldErrorf("cert", "certificate and key cannot be used: %v", err)
		}
		config := &tls.Config{
			Certificates: []tls.Certificate{pair},
			MinVersion:   tls.VersionTLS12,
		}
		if err := trust(config, settings["client_ca"]); err != nil {
			ln.Close()
			return err
		}
		ln = tls.NewListener(ln, config)
		scheme = "https://"
	}
	d.where = scheme + ln.Addr().String()
	host, _, _ := net.SplitHostPort(listen) // listen has been split above
	d.secure = scheme == "https://" || drivers.ThisMachine(host)
	d.served = make(chan struct{})
	d.server = &http.Server{
		Handler:           d.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnContext:       bounded.With,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(d.served)
		if err := d.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("terminals can no longer call", "error", err)
		}
	}()
	return nil
}

// close stops the server and waits for it.
func (d *driver) close() {
	d.mu.Lock()
	srv, served := d.server, d.served
	d.mu.Unlock()
	if srv != nil {
		srv.Close()
		<-served
	}
}

// Connect implements drivers.Driver: it serves one terminal's calls until ctx ends.
func (d *driver) Connect(ctx context.Context, dev drivers.Device, emit drivers.Emit) error {
	t, err := parse(dev)
	if err != nil {
		return err
	}
	t.emit = emit.Within(ctx)
	d.mu.Lock()
	if d.server == nil {
		d.mu.Unlock()
		return gatehouse.Because(gatehouse.ReasonNotListening).Err(gatehouse.Unavailable)
	}
	if other := d.terminals[dev.Serial]; other != nil {
		d.mu.Unlock()
		taken := gatehouse.Because(gatehouse.ReasonSerialTaken, "serial", dev.Serial, "device",
			other.device.ID)
		return taken.Err(gatehouse.Conflict)
	}
	if d.queues[dev.ID] == nil {
		d.queues[dev.ID] = &commands{next: int(d.now().Unix() % 1e8 * 10)}
	}
	t.queue = d.queues[dev.ID]
	d.terminals[dev.Serial] = t
	delete(d.left, dev.Serial)
	where := d.where
	d.mu.Unlock()
	d.strangers.registered(dev.Serial)
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.terminals, dev.Serial)
		for serial, at := range d.left {
			if d.now().Sub(at) > grace {
				delete(d.left, serial)
			}
		}
		d.left[dev.Serial] = d.now()
	}()
	return t.watch(ctx, where, d.now)
}

// Probe implements drivers.Prober: it waits until the terminal calls.
func (d *driver) Probe(ctx context.Context, dev drivers.Device) (drivers.Probe, error) {
	t, err := parse(dev)
	if err != nil {
		return drivers.Probe{}, err
	}
	d.mu.Lock()
	where := d.where
	d.mu.Unlock()
	if where == "" {
		return drivers.Probe{}, gatehouse.Because(gatehouse.ReasonNotListening).Err(
			gatehouse.Unavailable)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if from, ok := d.heard(dev.Serial); ok {
			if from.IsValid() && t.proof.pin.IsValid() && !t.proof.pin.Contains(from) {
				return drivers.Probe{}, gatehouse.FieldErrorf("ip",
					"the terminal calls from %s and would be refused; change the address that it "+
						"must call from",
					from)
			}
			if t.proof.weak() {
				return drivers.Probe{
					Message: fmt.Sprintf("terminal %s calls; %s", dev.Serial, weakness),
				}, nil
			}
			return drivers.Probe{Message: fmt.Sprintf("terminal %s calls", dev.Serial)}, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return drivers.Probe{}, gatehouse.Errorf(gatehouse.Unavailable,
				"no terminal with serial number %s calls: set its cloud server (ADMS) to %s",
				dev.Serial, where)
		}
	}
}

// Command implements drivers.Commander.
func (d *driver) Command(ctx context.Context, c drivers.Command) (drivers.Result, error) {
	text, err := compose(c.Action, c.Values)
	if err != nil {
		return drivers.Result{}, err
	}
	d.mu.Lock()
	q := d.queues[c.Device]
	d.mu.Unlock()
	if q == nil {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
			"device %q is not connected; try again once it is", c.Device).Because(
			gatehouse.NotConnected)
	}
	x, err := q.add(c.ID, text)
	if err != nil {
		return drivers.Result{}, err
	}
	ctx, cancel := drivers.Sooner(ctx)
	defer cancel()
	return q.wait(ctx, x)
}

// Discover implements drivers.Discoverer: it reports the terminals that called and were refused.
func (d *driver) Discover(_ context.Context, found func(drivers.Candidate)) error {
	for serial, s := range d.strangers.list() {
		d.mu.Lock()
		mine := d.terminals[serial] != nil // registered, but its call was refused
		d.mu.Unlock()
		if mine {
			continue
		}
		found(drivers.Candidate{
			Serial:  serial,
			Title:   fmt.Sprintf("Terminal %s, calling from %s", serial, s.address),
			Address: map[string]string{"ip": s.address},
			Profile: "zkteco-push-terminal",
		})
	}
	return nil
}
