package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goburrow/modbus"
	"github.com/google/go-cmp/cmp"
	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// start runs a scenario until the test ends.
func start(t *testing.T, scenario string) *sim.Sim {
	t.Helper()
	sc, err := sim.Parse([]byte(scenario), ".")
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
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("sim: got %v, want nil", err)
		}
	})
	select {
	case <-s.Ready():
	case <-time.After(deadline):
		t.Fatal("the equipment did not get ready")
	}
	return s
}

func power(t *testing.T, s *sim.Sim, id string, on bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if err := s.Power(ctx, id, on); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until f holds.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !f(); {
		if time.Now().After(end) {
			t.Fatalf("did not happen: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const instruments = `
equipment:
- id: meter
  kind: modbus
  listen: 127.0.0.1:0
  values: {temperature: -12.5, flow: 3.25, pulses: 70000, door: true, siren: false, valve: 5}
  registers:
    temperature: {register: "input:0", as: int16, scale: 0.1}
    flow: {register: "input:1", as: float32, order: CDAB}
    pulses: {register: "holding:10", as: uint32, order: DCBA}
    valve: {register: "holding:12", scale: 0.5, offset: 1}
    door: {register: "discrete:3"}
    siren: {register: "coil:0"}
- id: second
  kind: modbus
  behind: meter
  unit: 7
  values: {level: 42}
  registers: {level: {register: "input:0"}}
`

func dial(t *testing.T, addr string, unit byte) (modbus.Client, *modbus.TCPClientHandler) {
	t.Helper()
	h := modbus.NewTCPClientHandler(addr)
	h.SlaveId, h.Timeout = unit, 2*time.Second
	t.Cleanup(func() { h.Close() })
	return modbus.NewClient(h), h
}

func TestModbusRegisters(t *testing.T) {
	s := start(t, instruments)
	c, _ := dial(t, s.Addr("meter"), 1)
	read := func(f func(uint16, uint16) ([]byte, error), addr, n uint16) string {
		b, err := f(addr, n)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%x", b)
	}
	for _, x := range []struct{ what, got, want string }{
		{
			"temperature -12.5 as tenths, and half of a float",
			read(c.ReadInputRegisters, 0, 2),
			"ff830000",
		},
		{"3.25, low word first", read(c.ReadInputRegisters, 1, 2), "00004050"},
		{"70000, lowest byte first", read(c.ReadHoldingRegisters, 10, 2), "70110100"},
		{"5 with scale 0.5 and offset 1", read(c.ReadHoldingRegisters, 12, 1), "0008"},
		{"door", read(c.ReadDiscreteInputs, 3, 1), "01"},
		{"siren", read(c.ReadCoils, 0, 1), "00"},
		{
			"no such register",
			read(c.ReadHoldingRegisters, 99, 1),
			"modbus: exception '2' (illegal data address), function '131'",
		},
	} {
		if x.got != x.want {
			t.Errorf("%s: got %s, want %s", x.what, x.got, x.want)
		}
	}
	if _, err := c.WriteSingleCoil(0, 0xFF00); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteMultipleRegisters(10, 2, []byte{1, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if got := read(c.ReadCoils, 0, 1) + read(c.ReadHoldingRegisters, 10, 2); got != "0101000000" {
		t.Errorf("after writing: got %s, want 0101000000", got)
	}
	if _, err := c.WriteSingleRegister(10, 1); err == nil {
		t.Error("half a value written: got nil, want an exception")
	}
	other, _ := dial(t, s.Addr("second"), 7)
	if got := read(other.ReadInputRegisters, 0, 1); got != "002a" {
		t.Errorf("unit 7: got %s, want 002a", got)
	}
	power(t, s, "second", false)
	if got := read(other.ReadInputRegisters, 0, 1); !strings.Contains(got, "exception '11'") {
		t.Errorf("unit 7 without power: got %s, want exception 11", got)
	}
}

func TestModbusPowerCycle(t *testing.T) {
	s := start(t, instruments)
	addr := s.Addr("meter")
	c, h := dial(t, addr, 1)
	if _, err := c.ReadCoils(0, 1); err != nil {
		t.Fatal(err)
	}
	power(t, s, "meter", false)
	if _, err := c.ReadCoils(0, 1); err == nil {
		t.Error("without power: got an answer, want none")
	}
	h.Close()
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("without power: got a connection, want none")
	}
	power(t, s, "meter", true)
	if got := s.Addr("meter"); got != addr {
		t.Errorf("address after a power cycle: got %s, want %s", got, addr)
	}
	if _, err := c.ReadCoils(0, 1); err != nil {
		t.Errorf("with power again: got %v, want an answer", err)
	}
}

// pushServer is a server that terminals push to.
type pushServer struct {
	mu    sync.Mutex
	down  bool
	lines []string
	seen  []string // other requests
	cmds  string
}

func (p *pushServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	b, _ := io.ReadAll(r.Body)
	switch {
	case r.URL.Query().Get("table") == "ATTLOG":
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		p.lines = append(p.lines, lines...)
		fmt.Fprintf(w, "OK: %d", len(lines))
	case strings.HasSuffix(r.URL.Path, "getrequest"):
		io.WriteString(w, p.cmds)
		p.cmds = ""
	default:
		p.seen = append(p.seen, r.Method+" "+r.URL.Path+" "+string(b))
		io.WriteString(w, "OK")
	}
}

func (p *pushServer) with(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func TestTerminalPushesItsLog(t *testing.T) {
	p := &pushServer{
		down: true,
		cmds: "C:1:CHECK\nC:2:DATA UPDATE USERINFO PIN=9\tName=x\nC:3:USER ADD PIN=9\n",
	}
	srv := httptest.NewServer(p)
	defer srv.Close()
	s := start(t, `
equipment:
- {id: gate, kind: zkteco, serial: S1, timezone: Asia/Shanghai, interval: 20ms, connect: "`+srv.URL+
		`"}
script:
- {at: 1ms, equipment: gate, sighting: {method: card, credential: "77", time: 2026-03-02T00:00:00Z}}
`)
	at := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	for i := range 120 {
		if err := s.See("gate",
			sim.Sighting{
				Method:     gatehouse.ByFace,
				Credential: fmt.Sprint(1000 + i),
				Direction:  gatehouse.Out,
				Time:       at,
			}); err != nil {
			t.Fatal(err)
		}
	}
	p.with(func() { p.down = false })
	eventually(t, "the log is pushed and the commands are confirmed", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.lines) >= 121 && strings.Contains(strings.Join(p.seen, "\n"), "devicecmd")
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	got := map[string]int{}
	for _, l := range p.lines {
		got[l]++
	}
	for _, want := range []string{
		"1000\t2026-03-02 07:30:00\t1\t15\t0\t0\t0",
		"1119\t2026-03-02 07:30:00\t1\t15\t0\t0\t0",
		"77\t2026-03-02 08:00:00\t0\t4\t0\t0\t0",
	} {
		if got[want] != 1 {
			t.Errorf("line %q: got %d times, want once", want, got[want])
		}
	}
	if last := p.seen[len(p.seen)-1]; !strings.HasSuffix(last,
		"ID=1&Return=0&CMD=CHECK\nID=2&Return=0&CMD=DATA\nID=3&Return=-1002&CMD=USER") {
		t.Errorf("confirmations: got %q", last)
	}
}

// startBroker runs a broker; the returned function stops it.
func startBroker(t *testing.T, addr string, m *mailbox) (string, *broker.Server, func()) {
	t.Helper()
	b := broker.New(&broker.Options{InlineClient: true, Logger: nil})
	if err := b.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	l := listeners.NewTCP(listeners.Config{ID: "t", Address: addr})
	if err := b.AddListener(l); err != nil {
		t.Fatal(err)
	}
	m.listen(t, b) // before anybody can connect, so that nothing is missed
	if err := b.Serve(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() { b.Close() })
	t.Cleanup(stop)
	return l.Address(), b, stop
}

// mailbox records what is published below a prefix.
type mailbox struct {
	mu sync.Mutex
	in map[string][]map[string]any
}

func (m *mailbox) listen(t *testing.T, b *broker.Server) {
	t.Helper()
	err := b.Subscribe("school/#", 1,
		func(_ *broker.Client, _ packets.Subscription, p packets.Packet) {
			var x map[string]any
			json.Unmarshal(p.Payload, &x)
			m.mu.Lock()
			defer m.mu.Unlock()
			m.in[p.TopicName] = append(m.in[p.TopicName], x)
		})
	if err != nil {
		t.Fatal(err)
	}
}

func (m *mailbox) has(topic string, f func(map[string]any) bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.in[topic] {
		if f(x) {
			return true
		}
	}
	return false
}

func TestMQTTDeviceSurvivesItsBroker(t *testing.T) {
	m := &mailbox{in: map[string][]map[string]any{}}
	addr, b, stop := startBroker(t, "127.0.0.1:0", m)
	s := start(t, `
equipment:
- {id: board, kind: mqtt, connect: "tcp://`+addr+
		`", topic: school/board, interval: 50ms, values: {backlight: 80}}
`)
	backlight := func(want float64) func() bool {
		return func() bool {
			return m.has("school/board/telemetry", func(x map[string]any) bool {
				v, _ := x["values"].(map[string]any)
				_, err := time.Parse(time.RFC3339, fmt.Sprint(x["time"]))
				return err == nil && v["backlight"] == want
			})
		}
	}
	eventually(t, "a reading", backlight(80))
	eventually(t, "a subscription to commands", func() bool {
		return len(b.Topics.Subscribers("school/board/command/set").Subscriptions) == 1
	})
	if err := b.Publish("school/board/command/set",
		[]byte(`{"values":{"backlight":20,"other":1}}`), false, 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the commanded reading", backlight(20))
	stop()
	for i := range 5 {
		if err := s.See("board",
			sim.Sighting{Method: gatehouse.ByCard, Credential: fmt.Sprint("c", i)}); err != nil {
			t.Fatal(err)
		}
	}
	startBroker(t, addr, m)
	for i := range 5 {
		eventually(t, "a sighting from the time without a broker", func() bool {
			return m.has("school/board/sighting", func(x map[string]any) bool {
				return x["credential"] == fmt.Sprint("c", i) && x["method"] == "card"
			})
		})
	}
}

func TestControl(t *testing.T) {
	s := start(t, instruments)
	if _, err := sim.NewControl(s, "0.0.0.0:0"); err == nil {
		t.Error("control open to the network: got nil, want a refusal")
	}
	c, err := sim.NewControl(s, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("control: got %v, want nil", err)
		}
	}()
	post := func(path, body string) string {
		resp, err := http.Post("http://"+c.Addr()+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(string(b)))
	}
	value := func(name string) any {
		resp, err := http.Get("http://" + c.Addr() + "/equipment")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var out []struct{ Values map[string]any }
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return out[0].Values[name]
	}
	var got bytes.Buffer
	for _, x := range [][2]string{
		{"/equipment/meter/set", `{"values": {"temperature": 70}}`},
		{"/equipment/meter/set", `{"values": {"temperature": "hot"}}`},
		{"/equipment/meter/set", `{"value": 1}`},
		{"/equipment/nobody/set", `{"values": {}}`},
		{"/equipment/meter/sighting", `{"method": "card", "credential": "1"}`},
		{"/equipment/meter/late", `{"by": "soon"}`},
		{"/equipment/meter/off", ``},
		{"/equipment/meter/sighting", `{"method": "card", "credential": "1"}`},
		{"/equipment/meter/on", ``},
	} {
		fmt.Fprintln(&got, strings.TrimSpace(post(x[0], x[1])))
	}
	want := `204
400 {"code":"invalid","message":"\"hot\" is of another type than what the equipment measures","field":"temperature"}
400 {"code":"invalid","message":"the body is not what is wanted here: json: unknown field \"value\""}
404 {"code":"not_found","message":"there is no equipment \"nobody\""}
400 {"code":"invalid","message":"modbus equipment sees nobody"}
400 {"code":"invalid","message":"\"soon\" is no time; write e.g. 3s","field":"by"}
204
409 {"code":"unavailable","message":"meter has no power"}
204
`
	if d := cmp.Diff(got.String(), want); d != "" {
		t.Errorf("answers, got - want +:\n%s", d)
	}
	if got := value("temperature"); got != 70.0 {
		t.Errorf("temperature: got %v, want 70", got)
	}
	post("/equipment/meter/set", `{"values": {"temperature": 90}, "for": "30ms"}`)
	eventually(t, "the temperature is generated again", func() bool {
		return value("temperature") == -12.5
	})
}
