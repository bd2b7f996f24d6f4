package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// version is the driver's version.
const version = "1.0.0"

const (
	queue       = 1024            // messages of one device waiting for the gateway
	batch       = 64              // most messages emitted together
	connectTime = 8 * time.Second // wait for the broker's response
	probeTime   = 3 * time.Second // wait for the first values in a probe
)

//go:embed profile.yaml
var sampleProfile []byte

type driver struct {
	again time.Duration // wait before the gateway is offered refused messages again

	mu    sync.Mutex
	heard map[gatehouse.DeviceID]bool // devices that have sent something since the program started
}

func newDriver() *driver {
	return &driver{
		again: time.Second,
		heard: map[gatehouse.DeviceID]bool{},
	}
}

// Describe implements drivers.Driver.
func (d *driver) Describe() drivers.Description {
	var sample gatehouse.Profile
	if err := yaml.Unmarshal(sampleProfile, &sample); err != nil {
		panic(err) // embedded, and read by a test
	}
	return drivers.Description{
		Name:     "mqtt",
		Title:    "MQTT devices on another broker",
		TitleZH:  "其他代理上的 MQTT 设备",
		Version:  version,
		Template: true,
		Profiles: []gatehouse.Profile{sample},
		Address: []drivers.Field{
			{
				Key:      "broker",
				Title:    "Broker",
				TitleZH:  "代理地址",
				Required: true,
				Kind:     drivers.FieldURL,
				Options:  []string{"tcp", "mqtt", "ssl", "tls", "mqtts", "ws", "wss"},
				Help:     "tcp://host:1883, ssl://host:8883, ws:// or wss://",
				HelpZH:   "tcp://主机:1883、ssl://主机:8883、ws:// 或 wss://",
			},
			{
				Key:     "topic",
				Title:   "Topic",
				TitleZH: "主题",
				Help:    "of this device; ~ in the profile and below stands for it",
				HelpZH:  "此设备的主题；配置文件及以下字段中的 ~ 代表它",
			},
			{Key: "username", Title: "User name", TitleZH: "用户名"},
			{
				Key:     "password",
				Title:   "Password",
				TitleZH: "密码",
				Secret:  true,
			},
			{
				Key:     "availability",
				Title:   "Availability topic",
				TitleZH: "可用性主题",
				Help:    "retained birth and last will, e.g. ~/availability",
				HelpZH:  "保留的上线与遗嘱消息，例如 ~/availability",
			},
			{
				Key:     "available",
				Title:   "Says when available",
				TitleZH: "可用时的内容",
				Default: "online",
			},
			{
				Key:     "unavailable",
				Title:   "Says when not",
				TitleZH: "不可用时的内容",
				Default: "offline",
			},
			{
				Key:     "sightings",
				Title:   "Sightings topic",
				TitleZH: "通行主题",
				Help:    "of readers: {\"method\": \"card\", \"credential\": …}",
				HelpZH:  "读卡器等：{\"method\": \"card\", \"credential\": …}",
			},
			{
				Key:     "time",
				Title:   "Time in the payload",
				TitleZH: "消息中的时间",
				Help:    "path to RFC 3339 or Unix time, e.g. meta.ts",
				HelpZH:  "RFC 3339 或 Unix 时间的路径，例如 meta.ts",
			},
			{
				Key:     "client_id",
				Title:   "Client id",
				TitleZH: "客户端标识",
				Help:    "must be this device's alone",
				HelpZH:  "须为此设备独有",
			},
			{
				Key:     "ca",
				Title:   "Authority",
				TitleZH: "证书颁发机构",
				Kind:    drivers.FieldPath,
				Help:    "PEM file on the gateway, for ssl:// with a certificate of one's own",
				HelpZH:  "网关上的 PEM 文件，用于自签证书的 ssl://",
			},
		},
	}
}

// Connect implements drivers.Driver. It uses a persistent session, so that the broker keeps QoS 1
// messages while the driver is disconnected.
func (d *driver) Connect(ctx context.Context, dev drivers.Device, emit drivers.Emit) error {
	set, err := parseSettings(dev)
	if err != nil {
		return err
	}
	c, err := dial(ctx, set, set.clientID, false)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer c.close()
	if set.availability == "" && d.spoke(dev.ID, false) {
		// Only the broker was away. Without an availability topic the device is online as before,
		// instead of offline until its next message.
		if err := emit(ctx,
			gatehouse.Observation{Status: &gatehouse.Status{State: gatehouse.StateOnline}}); err != nil &&
			ctx.Err() == nil {
			return fmt.Errorf("report the device: %w", err)
		}
	}
	for {
		msgs, err := c.next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if err := d.handOver(
			ctx,
			c,
			set,
			msgs,
			emit,
		); err != nil {
			return nil // ctx ended; messages that were not emitted stay unacknowledged
		}
		d.spoke(dev.ID, true)
	}
}

// spoke reports whether the device has sent something before, and records that it has if now is
// set.
func (d *driver) spoke(id gatehouse.DeviceID, now bool) (before bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before = d.heard[id]
	if now {
		d.heard[id] = true
	}
	return before
}

// handOver emits the messages' observations and then acknowledges the messages. It retries until
// the gateway accepts them or ctx ends.
func (d *driver) handOver(
	ctx context.Context, c *conn, set settings, msgs []mqtt.Message, emit drivers.Emit,
) error {
	var obs []gatehouse.Observation
	for _, m := range msgs {
		said := set.observations(m.Topic(), m.Payload())
		if m.Retained() {
			remember(said, time.Now())
		}
		obs = append(obs, said...)
	}
	for told := false; len(obs) > 0; told = true {
		err := emit(ctx, obs...)
		if err == nil {
			break
		}
		if !told {
			slog.Warn("the gateway did not keep messages; they are handed over until it does",
				"error", err)
		}
		if !sleep(ctx, d.again) {
			return ctx.Err()
		}
	}
	for _, m := range msgs {
		m.Ack()
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Probe implements drivers.Prober: it listens for a moment, in a session of its own.
func (d *driver) Probe(ctx context.Context, dev drivers.Device) (drivers.Probe, error) {
	set, err := parseSettings(dev)
	if err != nil {
		return drivers.Probe{}, err
	}
	c, err := dial(ctx, set, gatehouse.NewID("gatehouse-probe"), true)
	if err != nil {
		return drivers.Probe{}, err
	}
	defer c.close()
	wait, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	want := 0
	for _, s := range set.sources {
		want += len(s)
	}
	values := map[string]gatehouse.Value{}
	odd := ""
	for len(values) < want {
		msgs, err := c.next(wait)
		if err != nil {
			if wait.Err() == nil {
				return drivers.Probe{}, err
			}
			break
		}
		for _, m := range msgs {
			for _, o := range set.observations(m.Topic(), m.Payload()) {
				if o.Reading == nil {
					continue
				}
				for name, v := range o.Reading.Values {
					if err := dev.Profile.Properties[name].Check(v); err != nil {
						odd = fmt.Sprintf("; %s: %v", name, err)
						continue
					}
					values[name] = v
				}
			}
			m.Ack()
		}
	}
	msg := fmt.Sprintf("the broker takes the name and the topics; %d of %d values came within %s",
		len(values), want, probeTime)
	if len(values) == 0 && want > 0 && odd == "" {
		msg += ": if the device publishes more rarely that is no fault; otherwise check the topics " +
			strings.Join(set.topics(), ", ")
	}
	return drivers.Probe{
		Message: msg + odd,
		Values:  values,
	}, nil
}

// conn is one connection to a broker.
type conn struct {
	client  mqtt.Client
	queue   chan mqtt.Message
	socket  *socket
	lost    chan error // size 1
	gone    chan struct{}
	dropped atomic.Int64 // QoS 0 messages dropped because the queue was full
}

// dial connects and subscribes; the error is for the person who typed the address.
func dial(ctx context.Context, set settings, id string, clean bool) (*conn, error) {
	o, err := options(set, id, clean)
	if err != nil {
		return nil, err
	}
	c := &conn{
		socket: &socket{reach: set.reach},
		queue:  make(chan mqtt.Message, queue),
		lost:   make(chan error, 1),
		gone:   make(chan struct{}),
	}
	o.SetCustomOpenConnectionFn(c.socket.open)
	o.SetConnectionLostHandler(func(_ mqtt.Client, err error) { c.lost <- err })
	o.SetDefaultPublishHandler(c.take) // a resumed session delivers before any subscription
	topics := map[string]byte{}
	for _, t := range set.topics() {
		topics[t] = 1
	}
	subscribed := make(chan error, 1)
	o.SetOnConnectHandler(func(m mqtt.Client) { subscribed <- subscribe(m, topics) })
	c.client = mqtt.NewClient(o)
	late := time.NewTimer(connectTime)
	defer late.Stop()
	token := c.client.Connect()
	select {
	case <-token.Done():
		err = token.Error()
	case <-late.C:
		err = os.ErrDeadlineExceeded
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		select {
		case err = <-subscribed:
		case err = <-c.lost:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		c.close()
		return nil, explain(set, err)
	}
	return c, nil
}

func options(set settings, id string, clean bool) (*mqtt.ClientOptions, error) {
	o := mqtt.NewClientOptions().AddBroker(set.broker).SetClientID(id).SetUsername(set.username).SetPassword(
		set.password).
		SetCleanSession(clean).SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(
		connectTime).
		SetKeepAlive(20 * time.Second).SetPingTimeout(10 * time.Second).SetWriteTimeout(10 * time.Second).
		SetAutoAckDisabled(true).SetOrderMatters(true).SetProtocolVersion(4)
	if set.ca != "" {
		pem, err := os.ReadFile(set.ca)
		if err != nil {
			return nil, gatehouse.FieldErrorf("ca",
				"%s cannot be read: give the path of a PEM file on the gateway", set.ca)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, gatehouse.FieldErrorf("ca", "%s holds no certificate in PEM form", set.ca)
		}
		o.SetTLSConfig(&tls.Config{
			RootCAs:    pool,
			MinVersion: tls.VersionTLS12,
		})
	}
	return o, nil
}

// subscribe subscribes to the topics; a broker may refuse single ones (MQTT 3.1.1, section 3.9.3).
func subscribe(m mqtt.Client, topics map[string]byte) error {
	token := m.SubscribeMultiple(topics, nil)
	if !token.WaitTimeout(connectTime) {
		return away(gatehouse.ReasonNoSubscription, "within", connectTime)
	}
	if s, ok := token.(*mqtt.SubscribeToken); ok {
		for t, code := range s.Result() {
			if code == 0x80 {
				return gatehouse.Because(gatehouse.ReasonTopicForbidden, "topic", t).Err(
					gatehouse.Forbidden)
			}
		}
	}
	return token.Error()
}

// take queues a message. If the queue is full, a QoS 0 message is dropped and counted; others
// block, which holds the broker back by its limit of unacknowledged messages.
func (c *conn) take(_ mqtt.Client, m mqtt.Message) {
	if m.Qos() == 0 {
		select {
		case c.queue <- m:
		default:
			c.dropped.Add(1)
		}
		return
	}
	select {
	case c.queue <- m:
	case <-c.gone:
	}
}

// next blocks until there is a message, and returns those that are queued, at most a batch.
func (c *conn) next(ctx context.Context) ([]mqtt.Message, error) {
	var out []mqtt.Message
	select {
	case m := <-c.queue:
		out = append(out, m)
	case err := <-c.lost:
		return nil, away(gatehouse.ReasonBrokerHungUp, "detail", err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(out) < batch {
		select {
		case m := <-c.queue:
			out = append(out, m)
		default:
			return out, nil
		}
	}
	return out, nil
}

func (c *conn) close() {
	close(c.gone)
	if !c.client.IsConnectionOpen() {
		c.socket.close()
	}
	c.client.Disconnect(250)
	c.socket.close()
	if n := c.dropped.Load(); n > 0 {
		slog.Warn("messages of QoS 0 came faster than the gateway takes them and were dropped",
			"count", n)
	}
}

// explain turns a broker error into a message for people.
func explain(set settings, err error) error {
	var people *gatehouse.Error
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var ne net.Error
	text := err.Error()
	at := set.broker
	switch {
	case errors.As(err, &people), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded):
		return err
	case strings.Contains(text, "not Authorized") ||
		strings.Contains(text, "bad user name or password"):
		return gatehouse.Because(gatehouse.ReasonLoginRefused, "address", at).Err(
			gatehouse.Unauthenticated)
	case strings.Contains(text, "identifier rejected"):
		e := gatehouse.Because(gatehouse.ReasonClientID, "address", at, "client_id", set.clientID).Err(
			gatehouse.Invalid)
		e.Field = "client_id"
		return e
	case errors.As(err, &dns), strings.Contains(text, "no such host"):
		return away(gatehouse.ReasonNameUnknown, "address", at)
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(text, "connection refused"):
		return away(gatehouse.ReasonNothingThere, "address", at, "protocol", "MQTT", "port",
			"1883, or 8883 with ssl://")
	case errors.As(err, &cert), strings.Contains(text, "certificate"):
		return away(
			gatehouse.ReasonNotTrusted,
			"address",
			at,
			"detail",
			err,
		)
	case errors.As(err, &ne) && ne.Timeout(), strings.Contains(text, "timeout"),
		strings.Contains(text, "timed out"):
		return away(gatehouse.ReasonNoAnswer, "address", at, "within", connectTime, "protocol",
			"MQTT")
	}
	return away(
		gatehouse.ReasonOddAnswer,
		"address",
		at,
		"protocol",
		"MQTT",
		"detail",
		err,
	)
}

func away(code gatehouse.ReasonCode, params ...any) error {
	return gatehouse.Because(code, params...).Err(gatehouse.Unavailable)
}
