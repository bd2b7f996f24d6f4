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
const defaultListen = "127.0.0.1:8082"

// grace is how long after its Connect ended a device is told to try again before it counts as
// unregistered: longer than the driver host's longest back-off. After a start every device is told so.
const (
	grace      = 2 * time.Minute
	startGrace = 15 * time.Second
)

//go:embed profile.yaml
var tillProfile []byte

// driver is the server that devices call.
type driver struct {
	now   func() time.Time
	wrong *wrongs

	mu       sync.Mutex
	counters map[string]*counter              // by serial number, while connected
	left     map[string]time.Time             // when the Connect of each serial number ended
	queues   map[gatehouse.DeviceID]*commands // kept across reconnects
	server   *http.Server
	began    time.Time     // when it began to listen
	where    string        // the address that devices call
	secure   bool          // TLS, or listening on loopback only
	tls      bool          // TLS
	served   chan struct{} // closed when the server has ended
	sockets  sync.WaitGroup
	stop     context.CancelFunc // ends the sockets
	ctx      context.Context    // of the sockets
}

func newDriver() *driver {
	ctx, stop := context.WithCancel(context.Background())
	return &driver{
		now:      time.Now,
		wrong:    newWrongs(),
		counters: map[string]*counter{},
		left:     map[string]time.Time{},
		queues:   map[gatehouse.DeviceID]*commands{},
		ctx:      ctx,
		stop:     stop,
	}
}

// Describe implements drivers.Driver.
func (d *driver) Describe() drivers.Description {
	var p gatehouse.Profile
	if err := yaml.Unmarshal(tillProfile, &p); err != nil {
		panic(err) // embedded and checked by a test
	}
	return drivers.Description{
		Name:     "counter",
		Title:    "Tills, class boards and kiosks (counter protocol)",
		TitleZH:  "取餐机、班牌与自助机（counter 协议）",
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
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
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
			"registered device has called",
			"open", s.Open, "of_one_address", s.Address, "last", s.LastAddress, "for_newer_ones",
			s.Displaced, "full", s.Full)
	}
	ln = b
	scheme := "http://"
	if cert, key := settings["cert"], settings["key"]; cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			ln.Close()
			return gatehouse.FieldErrorf("cert", "certificate and key cannot be used: %v", err)
		}
		ln = tls.NewListener(ln, &tls.Config{
			Certificates: []tls.Certificate{pair},
			MinVersion:   tls.VersionTLS12,
		})
		scheme = "https://"
	}
	d.began = d.now()
	d.where = scheme + ln.Addr().String()
	d.tls = scheme == "https://"
	d.secure = d.tls || drivers.ThisMachine(host)
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
			slog.Error("devices can no longer call", "error", err)
		}
	}()
	return nil
}

// close stops the server and the sockets, and waits for them.
func (d *driver) close() {
	d.stop()
	d.mu.Lock()
	srv, served := d.server, d.served
	d.mu.Unlock()
	if srv != nil {
		srv.Close()
		<-served
	}
	d.sockets.Wait()
}

// Connect implements drivers.Driver: it serves one device's calls until ctx ends.
func (d *driver) Connect(ctx context.Context, dev drivers.Device, emit drivers.Emit) error {
	c, err := parse(dev)
	if err != nil {
		return err
	}
	c.emit = emit.Within(ctx)
	c.over = ctx
	d.mu.Lock()
	if d.server == nil {
		d.mu.Unlock()
		return gatehouse.Because(gatehouse.ReasonNotListening).Err(gatehouse.Unavailable)
	}
	if other := d.counters[dev.Serial]; other != nil {
		d.mu.Unlock()
		taken := gatehouse.Because(gatehouse.ReasonSerialTaken, "serial", dev.Serial, "device",
			other.device.ID)
		return taken.Err(gatehouse.Conflict)
	}
	if d.queues[dev.ID] == nil {
		d.queues[dev.ID] = newCommands()
	}
	c.queue = d.queues[dev.ID]
	d.counters[dev.Serial] = c
	delete(d.left, dev.Serial)
	where := d.where
	d.mu.Unlock()
	d.wrong.registered(dev.Serial)
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.counters, dev.Serial)
		for serial, at := range d.left {
			if d.now().Sub(at) > grace {
				delete(d.left, serial)
			}
		}
		d.left[dev.Serial] = d.now()
	}()
	return c.watch(ctx, where, d.now)
}

// Probe implements drivers.Prober: it waits until the device calls.
func (d *driver) Probe(ctx context.Context, dev drivers.Device) (drivers.Probe, error) {
	c, err := parse(dev)
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
		d.mu.Lock()
		there := d.counters[dev.Serial]
		d.mu.Unlock()
		if there != nil && there.heardWithin(c.silence, d.now()) {
			return drivers.Probe{Message: fmt.Sprintf("device %s calls", dev.Serial)}, nil
		}
		if d.wrong.heard(dev.Serial, d.now()) {
			return drivers.Probe{Message: fmt.Sprintf("device %s calls; it is let in once it is "+
				"registered with the secret that it shows", dev.Serial)}, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return drivers.Probe{}, gatehouse.Errorf(gatehouse.Unavailable,
				"no device with serial number %s calls: open %s/till/ on it, or set that as its server",
				dev.Serial, where)
		}
	}
}

// Assess implements drivers.Assessor.
func (d *driver) Assess(dev drivers.Device) gatehouse.Weakness {
	if _, err := parse(dev); err != nil {
		return ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.secure {
		return gatehouse.WeakPlainText
	}
	return gatehouse.WeakNone
}

// Command implements drivers.Commander.
func (d *driver) Command(ctx context.Context, c drivers.Command) (drivers.Result, error) {
	d.mu.Lock()
	q := d.queues[c.Device]
	d.mu.Unlock()
	if q == nil {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
			"device %q is not connected; try again once it is", c.Device).Because(
			gatehouse.NotConnected)
	}
	x, err := q.add(c)
	if err != nil {
		return drivers.Result{}, err
	}
	ctx, cancel := drivers.Sooner(ctx)
	defer cancel()
	return q.wait(ctx, x)
}

// Discover implements drivers.Discoverer: it reports the devices that called and were refused.
func (d *driver) Discover(_ context.Context, found func(drivers.Candidate)) error {
	for serial, address := range d.wrong.list() {
		d.mu.Lock()
		mine := d.counters[serial] != nil // registered, but its call was refused
		d.mu.Unlock()
		if mine {
			continue
		}
		found(drivers.Candidate{
			Serial:  serial,
			Title:   fmt.Sprintf("Device %s, calling from %s", serial, address),
			Profile: "counter-till",
		})
	}
	return nil
}
