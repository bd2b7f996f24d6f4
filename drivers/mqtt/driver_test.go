package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// deadline is how long a test waits for something expected at once.
const deadline = 30 * time.Second

// mosquitto is a real broker, which can be restarted.
type mosquitto struct {
	addr string
	conf string
	cmd  *exec.Cmd
}

// startMosquitto runs a broker until the test ends; more is added to its configuration.
func startMosquitto(t *testing.T, more string) *mosquitto {
	t.Helper()
	const program = "/usr/sbin/mosquitto"
	if _, err := os.Stat(program); err != nil {
		t.Skip("no mosquitto here; install Debian's package mosquitto")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mosquitto{addr: ln.Addr().String()}
	ln.Close()
	dir := t.TempDir()
	_, port, _ := net.SplitHostPort(m.addr)
	m.conf = filepath.Join(dir, "m.conf")
	text := fmt.Sprintf("listener %s 127.0.0.1\npersistence true\npersistence_location "+
		"%s/\nmax_queued_messages 0\nuser root\nlog_type none\n%s",
		port, dir, more)
	if !strings.Contains(more, "allow_anonymous") {
		text += "allow_anonymous true\n"
	}
	if err := os.WriteFile(m.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.start(t)
	return m
}

func (m *mosquitto) start(t *testing.T) {
	t.Helper()
	m.cmd = exec.Command("/usr/sbin/mosquitto", "-c", m.conf)
	// The broker reports that it is ready by sd_notify(3).
	path := filepath.Join(t.TempDir(), "notify")
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	m.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.stop)
	ready.SetReadDeadline(time.Now().Add(deadline))
	for b := make([]byte, 4096); ; {
		n, err := ready.Read(b)
		if err != nil {
			t.Fatalf("mosquitto does not listen: %v", err)
		}
		if strings.Contains(string(b[:n]), "READY=1") {
			break
		}
	}
	m.answers(t)
}

// answers waits for the broker's first response or disconnect: it loses a stop signal that arrives
// before its event loop runs.
func (m *mosquitto) answers(t *testing.T) {
	t.Helper()
	c, err := net.Dial("tcp", m.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(deadline))
	_, err = c.Write([]byte("\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05ready"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(make([]byte, 4))
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("mosquitto does not answer: %v", err)
	}
}

// stop shuts the broker down; it saves its state to its database.
func (m *mosquitto) stop() {
	if m.cmd == nil {
		return
	}
	m.cmd.Process.Signal(syscall.SIGTERM)
	m.cmd.Wait()
	m.cmd = nil
}

func publisher(t *testing.T, addr, id string) paho.Client {
	t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).SetCleanSession(
		false).
		SetAutoReconnect(true).
		SetConnectRetry(true).
		SetConnectRetryInterval(50 * time.Millisecond).
		SetMaxReconnectInterval(100 * time.Millisecond))
	if tok := c.Connect(); !tok.WaitTimeout(deadline) || tok.Error() != nil {
		t.Fatalf("publisher: %v", tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	return c
}

func publish(t *testing.T, c paho.Client, topic string, retained bool, payload string) {
	t.Helper()
	if tok := c.Publish(topic, 1, retained, payload); !tok.WaitTimeout(deadline) ||
		tok.Error() != nil {
		t.Fatalf("publish: %v", tok.Error())
	}
}

// inbox records what a driver emits, or refuses it while deaf is above 0.
type inbox struct {
	mu   sync.Mutex
	all  []gatehouse.Observation
	deaf int // how many more calls to refuse
}

func (b *inbox) emit(_ context.Context, o ...gatehouse.Observation) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deaf > 0 {
		b.deaf--
		return errors.New("the disk is full")
	}
	b.all = append(b.all, o...)
	return nil
}

func (b *inbox) wait(t *testing.T, what string, f func([]gatehouse.Observation) bool) {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		b.mu.Lock()
		ok := f(b.all)
		b.mu.Unlock()
		if ok {
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Fatalf("did not come: %s; there are %d observations", what, len(b.all))
}

func any1(f func(gatehouse.Observation) bool) func([]gatehouse.Observation) bool {
	return func(all []gatehouse.Observation) bool {
		for _, o := range all {
			if f(o) {
				return true
			}
		}
		return false
	}
}

func reads(name string, want gatehouse.Value) func([]gatehouse.Observation) bool {
	return any1(func(o gatehouse.Observation) bool {
		return o.Reading != nil && o.Reading.Values[name] == want
	})
}

func device(addr string) drivers.Device {
	prop := func(kind string, forms ...string) gatehouse.Property {
		p := gatehouse.Property{Type: kind, Forms: map[string]string{}}
		for _, f := range forms {
			k, v, _ := strings.Cut(f, "=")
			p.Forms[k] = v
		}
		return p
	}
	return drivers.Device{
		ID: "dev-1",
		Address: map[string]string{
			"broker":       "tcp://" + addr,
			"topic":        "z/window",
			"availability": "~/availability",
			"sightings":    "~/cards",
			"time":         "ts",
		},
		Profile: gatehouse.Profile{
			ID:        "window",
			Sightings: []gatehouse.Method{gatehouse.ByCard},
			Properties: map[string]gatehouse.Property{
				"contact":     prop("boolean", "path=contact"),
				"temperature": prop("number", "topic=~", "path=climate.0.t"),
				"tamper":      prop("boolean", "topic=~/tamper", "on=OPEN", "off=CLOSED"),
				"n":           prop("number", "topic=other/n"),
				"elsewhere":   {Type: "number"},
			},
		},
	}
}

// connect keeps a device connected, as Serve does, until the test ends.
func connect(t *testing.T, dev drivers.Device, emit drivers.Emit) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	d := newDriver()
	d.again = 5 * time.Millisecond
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			d.Connect(ctx, dev, emit)
			sleep(ctx, 20*time.Millisecond)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func TestReadsTopicsAndPayloads(t *testing.T) {
	m := startMosquitto(t, "")
	p := publisher(t, m.addr, "p")
	publish(t, p, "z/window/availability", true, `{"state":"online"}`)
	publish(t, p, "z/window/tamper", true, "OPEN")
	box := &inbox{}
	connect(t, device(m.addr), box.emit)
	box.wait(t, "the retained birth", any1(func(o gatehouse.Observation) bool {
		return o.Status != nil && o.Status.State == gatehouse.StateOnline
	}))
	box.wait(t, "the retained value", reads("tamper", gatehouse.BoolValue(true)))
	publish(t, p, "z/window", false,
		`{"contact":false,"climate":[{"t":21.5}],"battery":97,"ts":1767225600}`)
	box.wait(t, "contact", reads("contact", gatehouse.BoolValue(false)))
	box.wait(t, "temperature at its own time", any1(func(o gatehouse.Observation) bool {
		return o.Reading != nil && o.Reading.Values["temperature"] == gatehouse.NumberValue(21.5) &&
			o.Time.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	}))
	publish(t, p, "z/window", false, `{"contact":true}`)
	box.wait(t, "contact alone", reads("contact", gatehouse.BoolValue(true)))
	publish(t, p, "z/window/cards", false, `{"method":"card","credential":"0042","direction":"in"}`)
	box.wait(t, "the sighting", any1(func(o gatehouse.Observation) bool {
		return o.Sighting != nil && o.Sighting.Credential == "0042" &&
			o.Sighting.Method == gatehouse.ByCard && o.Sighting.Direction == gatehouse.In
	}))
	publish(t, p, "z/window/availability", true, "offline")
	box.wait(t, "the last will", any1(func(o gatehouse.Observation) bool {
		return o.Status != nil && o.Status.State == gatehouse.StateOffline &&
			o.Status.Reason == "its broker says that it is offline"
	}))
}

// Values that do not fit are emitted for the gateway to reject and show, and block nothing.
func TestOddPayloads(t *testing.T) {
	m := startMosquitto(t, "")
	p := publisher(t, m.addr, "p")
	box := &inbox{}
	connect(t, device(m.addr), box.emit)
	publish(t, p, "other/n", true, "1")
	box.wait(t, "a first value", reads("n", gatehouse.NumberValue(1)))
	for _, payload := range []string{
		"", "{", "null", "[]", `{"contact":{"a":1},"climate":[{"t":3}]}`,
		`{"contact":"maybe"}`, "\xff\xfe", strings.Repeat("x", 100000),
		"{\"contact\":1e999}",
	} {
		publish(t, p, "z/window", false, payload)
	}
	publish(t, p, "other/n", false, "many")
	publish(t, p, "other/n", false, "2")
	box.wait(t, "the value after them", reads("n", gatehouse.NumberValue(2)))
	box.wait(t, "the value that is no number", reads("n", gatehouse.StringValue("many")))
	box.wait(t, "the value beside one that does not fit",
		reads("temperature", gatehouse.NumberValue(3)))
	box.wait(t, "what does not fit", reads("contact", gatehouse.StringValue("a JSON object")))
	box.mu.Lock()
	defer box.mu.Unlock()
	for _, o := range box.all {
		if o.Reading == nil {
			continue
		}
		for name, v := range o.Reading.Values {
			if text, ok := v.Text(); ok && len(text) > gatehouse.MaxStringValue {
				t.Errorf("%s: a text of %d bytes was handed over", name, len(text))
			}
		}
	}
}

// counted reports whether every number from 1 to n was read.
func counted(n int) func([]gatehouse.Observation) bool {
	return func(all []gatehouse.Observation) bool {
		seen := make([]bool, n+1)
		missing := n
		for _, o := range all {
			if o.Reading == nil {
				continue
			}
			f, _ := o.Reading.Values["n"].Float()
			if i := int(f); i >= 1 && i <= n && !seen[i] {
				seen[i] = true
				missing--
			}
		}
		return missing == 0
	}
}

func TestNothingIsLostWhenTheBrokerRestartsAmidTheStream(t *testing.T) {
	m := startMosquitto(t, "")
	p := publisher(t, m.addr, "p")
	box := &inbox{}
	connect(t, device(m.addr), box.emit)
	publish(t, p, "other/n", true, "0")
	box.wait(t, "a first value", reads("n", gatehouse.NumberValue(0)))
	const n = 600
	var tokens []paho.Token
	for i := 1; i <= n; i++ {
		tokens = append(tokens, p.Publish("other/n", 1, false, fmt.Sprint(i)))
		if i == n/3 || i == 2*n/3 {
			m.stop()
			m.start(t)
		}
	}
	for i, tok := range tokens {
		for {
			if !tok.WaitTimeout(deadline) {
				t.Fatalf("message %d was not acknowledged", i+1)
			}
			if tok.Error() == nil {
				break
			}
			// the broker went while it was written: a publisher that minds sends it again
			tok = p.Publish("other/n", 1, false, fmt.Sprint(i+1))
		}
	}
	box.wait(t, "every message that was acknowledged", counted(n))
}

func TestNothingIsAcknowledgedBeforeTheGatewayHasIt(t *testing.T) {
	m := startMosquitto(t, "")
	p := publisher(t, m.addr, "p")
	dev := device(m.addr)
	box := &inbox{}
	// The gateway refuses everything: the driver reconnects with messages unacknowledged.
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan struct{}, 1000)
	done := make(chan error, 1)
	d := newDriver()
	d.again = time.Millisecond
	go func() {
		done <- d.Connect(ctx, dev, func(context.Context, ...gatehouse.Observation) error {
			select {
			case refused <- struct{}{}:
			default:
			}
			return errors.New("the disk is full")
		})
	}()
	publish(t, p, "other/n", true, "0") // received only once the driver has subscribed
	<-refused
	const n = 300
	for i := 1; i <= n; i++ {
		publish(t, p, "other/n", false, fmt.Sprint(i))
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Connect: got %v, want nil", err)
	}
	box.deaf = 3
	connect(t, dev, box.emit)
	box.wait(t, "every message of the time in which nothing was kept", counted(n))
}

func TestDeviceIsOnlineAgainWithItsBroker(t *testing.T) {
	m := startMosquitto(t, "")
	p := publisher(t, m.addr, "p")
	dev := device(m.addr)
	dev.Address["availability"] = ""
	box := &inbox{}
	connect(t, dev, box.emit)
	publish(t, p, "other/n", true, "1")
	box.wait(t, "a first value", reads("n", gatehouse.NumberValue(1)))
	publish(t, p, "other/n", true, "") // removes the retained message
	m.stop()
	m.start(t)
	box.wait(t, "it is online", any1(func(o gatehouse.Observation) bool {
		return o.Status != nil && o.Status.State == gatehouse.StateOnline
	}))
}

func TestProbe(t *testing.T) {
	dir := t.TempDir()
	passwords, acl := filepath.Join(dir, "passwords"), filepath.Join(dir, "acl")
	if _, err := exec.LookPath("mosquitto_passwd"); err != nil {
		t.Skip("no mosquitto_passwd here; install Debian's package mosquitto")
	}
	passwd := exec.Command("mosquitto_passwd", "-c", "-b", passwords, "anna", "right")
	if out, err := passwd.CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_passwd: %s", out)
	}
	if err := os.WriteFile(acl,
		[]byte("user anna\ntopic readwrite z/#\ntopic readwrite other/#\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := startMosquitto(t, "allow_anonymous false\npassword_file "+passwords+"\nacl_file "+acl+"\n")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	for _, c := range []struct {
		name   string
		change func(*drivers.Device)
		want   string
	}{
		{
			"good",
			func(d *drivers.Device) {},
			"0 of 4 values came within 3s: if the device publishes more rarely that is no fault; " +
				"otherwise check the topics other/n, z/window, z/window/availability, " +
				"z/window/cards, z/window/tamper",
		},
		{"wrong password", func(d *drivers.Device) {
			d.Secret["password"] = "wrong"
		}, "refuses the user name or the password"},
		{"no name", func(d *drivers.Device) {
			d.Address["username"] = ""
		}, "refuses the user name or the password"},
		{"nobody", func(d *drivers.Device) {
			d.Address["broker"] = "tcp://" + nobody
		}, "nothing listens at tcp://" + nobody},
		{"unknown host", func(d *drivers.Device) {
			d.Address["broker"] = "tcp://broker.invalid:1883"
		}, "the name in tcp://broker.invalid:1883 is unknown"},
		{"silence", func(d *drivers.Device) {
			d.Address["broker"] = "tcp://" + silent.Addr().String()
		}, "does not answer within 8s"},
		{"no scheme", func(d *drivers.Device) {
			d.Address["broker"] = "10.0.0.1"
		}, "broker: \"10.0.0.1\" is no broker; give e.g. tcp://10.1.4.9:1883"},
		{"wildcard", func(d *drivers.Device) {
			d.Address["topic"] = "z/+"
			d.Address["availability"] = ""
			d.Address["sightings"] = ""
		}, "properties.contact.forms.topic: \"z/+\" is no topic of one device"},
		{"no base", func(d *drivers.Device) {
			d.Address["topic"] = ""
			d.Address["availability"] = ""
			d.Address["sightings"] = ""
		}, "stands on the device's topic, which is not given"},
		{"no source", func(d *drivers.Device) {
			d.Profile.Properties, d.Address["sightings"] = nil, ""
		}, "says where it comes from"},
		{"sees nobody", func(d *drivers.Device) { d.Profile.Sightings = nil }, "sees nobody"},
		{"unknown form", func(d *drivers.Device) {
			d.Profile.Properties["x"] = gatehouse.Property{
				Type:  "number",
				Forms: map[string]string{"path": "a", "qos": "1"},
			}
		}, "properties.x.forms.qos: is no form of this driver"},
		{"no authority", func(d *drivers.Device) {
			d.Address["ca"] = "/none.pem"
		}, "ca: /none.pem cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dev := device(m.addr)
			dev.Address["username"], dev.Secret = "anna", map[string]string{"password": "right"}
			c.change(&dev)
			p, err := newDriver().Probe(t.Context(), dev)
			got := p.Message
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
			if strings.Contains(got, "right") || strings.Contains(got, "wrong") {
				t.Errorf("the password is in the message %q", got)
			}
		})
	}
}

// The simulated device publishes in the gateway's own format, which this driver can read too.
func TestSimulatedDevice(t *testing.T) {
	m := startMosquitto(t, "")
	sc, err := sim.Parse([]byte("equipment:\n- {id: board, kind: mqtt, connect: 'tcp://"+m.addr+
		"', topic: school/board, interval: 50ms, values: {backlight: 80}}\n"),
		".")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.New(sc, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	box := &inbox{}
	connect(t, drivers.Device{
		ID: "board",
		Address: map[string]string{
			"broker":    "tcp://" + m.addr,
			"topic":     "school/board",
			"sightings": "~/sighting",
			"time":      "time",
		},
		Profile: gatehouse.Profile{
			ID:        "board",
			Sightings: []gatehouse.Method{gatehouse.ByQR},
			Properties: map[string]gatehouse.Property{
				"backlight": {
					Type:  "number",
					Forms: map[string]string{"topic": "~/telemetry", "path": "values.backlight"},
				},
			},
		},
	}, box.emit)
	box.wait(t, "the backlight with its time", any1(func(o gatehouse.Observation) bool {
		return o.Reading != nil && o.Reading.Values["backlight"] == gatehouse.NumberValue(80) &&
			time.Since(o.Time) < deadline
	}))
	for _, on := range []bool{false, true} { // the device is power-cycled
		if err := s.Power(t.Context(), "board", on); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.See("board", sim.Sighting{Method: gatehouse.ByQR, Credential: "v-1"}); err != nil {
		t.Fatal(err)
	}
	box.wait(t, "the sighting", any1(func(o gatehouse.Observation) bool {
		return o.Sighting != nil && o.Sighting.Credential == "v-1"
	}))
}

// A broker's memory of the past is history: the retained smoke of a detector that is long gone, or
// whose clock is wrong, is no smoke of today.
func TestRetainedIsHistory(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	kept := []gatehouse.Observation{
		{},
		{Time: now.Add(-time.Minute)},
		{Time: now.Add(-time.Hour)},
		{Time: now.AddDate(-6, 0, 0)},
		{Time: now.AddDate(4, 0, 0)},
	}
	remember(kept, now)
	for i, want := range []bool{false, false, true, true, true} {
		if kept[i].Replayed != want {
			t.Errorf("%s: got history %t, want %t", kept[i].Time, kept[i].Replayed, want)
		}
	}
}

func TestObservations(t *testing.T) {
	set, err := parseSettings(device("h:1"))
	if err != nil {
		t.Fatal(err)
	}
	show := func(topic, payload string) string {
		b, err := json.Marshal(set.observations(topic, []byte(payload)))
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer(
			`"Device":"","Time":"0001-01-01T00:00:00Z","Sequence":0,"Replayed":false,`, "",
			`"Reading":null`, "", `"Sighting":null`, "", `"Status":null`, "",
			`,"Occurrence":null`, "", `,"Unreadable":null`, "").Replace(string(b))
	}
	got := []string{
		show("z/window", `{"contact":"ON"}`),
		show("z/window", `{"contact":null,"climate":[]}`),
		show("z/window/tamper", `closed`),
		show("other/n", ` 12.5 `),
		show("other/n", `true`),
		show("z/window/availability", `asleep`),
		show("unknown", `1`),
	}
	want := []string{
		`[{"Reading":{"values":{"contact":true}},,}]`,
		`null`,
		`[{"Reading":{"values":{"tamper":false}},,}]`,
		`[{"Reading":{"values":{"n":12.5}},,}]`,
		`[{"Reading":{"values":{"n":"true"}},,}]`,
		`[{,,"Status":{"state":"fault","reason":"the availability message \"asleep\" is neither \"online\" nor \"offline\"","causes":[{"code":"availability_odd","params":{"down":"offline","up":"online","word":"asleep"}}]}}]`,
		`null`,
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("observations, got - want +:\n%s", d)
	}
}

func TestDescribe(t *testing.T) {
	d := newDriver().Describe()
	for _, p := range d.Profiles {
		if err := p.Validate(); err != nil {
			t.Errorf("sample profile: %v", err)
		}
		dev := drivers.Device{
			ID:      "d",
			Address: map[string]string{"broker": "tcp://h:1", "topic": "t"},
			Profile: p,
		}
		if set, err := parseSettings(dev); err != nil || len(set.topics()) != 2 {
			t.Errorf("sample profile: got topics %v and %v, want two", set.topics(), err)
		}
	}
}

func FuzzObservations(f *testing.F) {
	for _, s := range []string{
		`{"contact":true,"climate":[{"t":1}],"ts":1767225600000}`,
		`{"method":"card","credential":7}`, "online", `{"state":"offline"}`, "[", "-0",
		`"\u0000"`, "{}{}",
	} {
		f.Add([]byte(s))
	}
	set, err := parseSettings(device("h:1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, topic := range set.topics() {
			for _, o := range set.observations(topic, b) {
				n := 0
				if o.Reading != nil {
					n++
					for name, v := range o.Reading.Values {
						if _, err := gatehouse.ValueOf(v.Any()); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					}
				}
				if o.Sighting != nil {
					n++
				}
				if o.Status != nil {
					n++
				}
				if n != 1 {
					t.Errorf("an observation with %d parts", n)
				}
			}
		}
	})
}
