package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// deadline is how long a test waits for something expected at once.
const deadline = 20 * time.Second

const lab = `
equipment:
- id: lab
  kind: modbus
  listen: 127.0.0.1:0
  values: {smoke: false, temperature: 23.1, flow: 1.5, counter: 0, siren: false, tenths: 21.5}
  registers:
    smoke: {register: "discrete:0"}
    temperature: {register: "input:0", as: int16, scale: 0.1}
    flow: {register: "input:1", as: float32, order: CDAB}
    counter: {register: "holding:0", as: uint16}
    tenths: {register: "holding:1", as: int16, scale: 0.5}
    siren: {register: "coil:0"}
- id: neighbour
  kind: modbus
  behind: lab
  unit: 2
  values: {level: 7}
  registers: {level: {register: "input:0"}}
`

// equip runs simulated equipment until the test ends.
func equip(t *testing.T, scenario string) *sim.Sim {
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
			t.Errorf("equipment: got %v, want nil", err)
		}
	})
	<-s.Ready()
	return s
}

func property(register string, more ...string) gatehouse.Property {
	p := gatehouse.Property{Type: "number", Forms: map[string]string{"register": register}}
	for _, m := range more {
		k, v, _ := strings.Cut(m, "=")
		switch k {
		case "type":
			p.Type = v
		case "writable":
			p.Writable = true
		default:
			p.Forms[k] = v
		}
	}
	return p
}

func labDevice(s *sim.Sim) drivers.Device {
	return drivers.Device{
		ID: "lab-1",
		Address: map[string]string{
			"address":  s.Addr("lab"),
			"interval": "10ms",
			"timeout":  "500ms",
		},
		Profile: gatehouse.Profile{ID: "lab", Properties: map[string]gatehouse.Property{
			"smoke":       property("discrete:0", "type=boolean"),
			"temperature": property("input:0", "scale=0.1"),
			"flow":        property("input:1", "as=float32", "order=CDAB"),
			"counter":     property("holding:0", "as=uint16", "writable"),
			"tenths":      property("holding:1", "scale=0.5", "writable"),
			"siren":       property("coil:0", "type=boolean", "writable"),
			"serial":      {Type: "string"}, // has no register
		}},
	}
}

// inbox records what a driver emits.
type inbox struct {
	mu  sync.Mutex
	all []gatehouse.Observation
}

func (b *inbox) emit(_ context.Context, o ...gatehouse.Observation) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, o...)
	if len(b.all) > 10000 {
		b.all = b.all[5000:]
	}
	return nil
}

func (b *inbox) wait(
	t *testing.T, what string, f func(gatehouse.Observation) bool,
) gatehouse.Observation {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		b.mu.Lock()
		for _, o := range b.all {
			if f(o) {
				b.mu.Unlock()
				return o
			}
		}
		b.mu.Unlock()
	}
	t.Fatalf("did not come: %s", what)
	return gatehouse.Observation{}
}

func (b *inbox) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = nil
}

// connect runs Connect until the test ends; outcome receives what it returns.
func connect(
	t *testing.T, d *driver, dev drivers.Device, emit drivers.Emit,
) (outcome <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done, copied := make(chan error, 1), make(chan error, 1)
	go func() {
		err := d.Connect(ctx, dev, emit)
		done <- err
		copied <- err
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return copied
}

func reads(name string, want gatehouse.Value) func(gatehouse.Observation) bool {
	return func(o gatehouse.Observation) bool {
		return o.Reading != nil && o.Reading.Values[name] == want
	}
}

func TestReadsEverythingByItsForm(t *testing.T) {
	s := equip(t, lab)
	box := &inbox{}
	connect(t, newDriver(), labDevice(s), box.emit)
	got := box.wait(t, "a reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	want := map[string]gatehouse.Value{
		"smoke":       gatehouse.BoolValue(false),
		"temperature": gatehouse.NumberValue(23.1), "flow": gatehouse.NumberValue(1.5),
		"counter": gatehouse.NumberValue(0),
		"tenths":  gatehouse.NumberValue(21.5), "siren": gatehouse.BoolValue(false),
	}
	if d := cmp.Diff(got.Reading.Values, want,
		cmp.Comparer(func(a, b gatehouse.Value) bool { return a == b })); d != "" {
		t.Errorf("values, got - want +:\n%s", d)
	}
	if got.Time.IsZero() {
		t.Error("time: got none, want that of the poll")
	}
	if err := s.Set("lab",
		map[string]gatehouse.Value{
			"smoke":       gatehouse.BoolValue(true),
			"temperature": gatehouse.NumberValue(-7.2),
		}); err != nil {
		t.Fatal(err)
	}
	box.wait(t, "smoke", reads("smoke", gatehouse.BoolValue(true)))
	box.wait(t, "frost", reads("temperature", gatehouse.NumberValue(-7.2)))
}

func TestWrite(t *testing.T) {
	s := equip(t, lab)
	d, box := newDriver(), &inbox{}
	connect(t, d, labDevice(s), box.emit)
	box.wait(t, "a reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	write := func(id string, values map[string]gatehouse.Value) string {
		r, err := d.Command(t.Context(),
			drivers.Command{ID: id, Device: "lab-1", Action: "write", Values: values})
		if err != nil {
			return "error: " + err.Error()
		}
		return r.Message
	}
	var got []string
	one := func(name string, v gatehouse.Value) map[string]gatehouse.Value {
		return map[string]gatehouse.Value{name: v}
	}
	got = append(got,
		write("a",
			map[string]gatehouse.Value{
				"siren":  gatehouse.BoolValue(true),
				"tenths": gatehouse.NumberValue(-3.5),
			}),
		write("b", one("counter", gatehouse.NumberValue(65535))),
		write("c", one("counter", gatehouse.NumberValue(12))),
		// the same command ID again: not executed twice
		write("b", one("counter", gatehouse.NumberValue(65535))),
		write("d", one("counter", gatehouse.NumberValue(70000))),
		write("e", one("temperature", gatehouse.NumberValue(1))),
		write("f", one("nothing", gatehouse.NumberValue(1))),
		write("g", one("siren", gatehouse.StringValue("loud"))),
		write("h", nil))
	want := []string{
		"wrote siren=true, tenths=-3.5",
		"wrote counter=65535",
		"wrote counter=12",
		"wrote counter=65535",
		"error: counter: 70000 does not fit into holding:0 as uint16; it takes 0 to 65535",
		"error: temperature: is no property that can be written; give it a register and " +
			"writable: true in the profile",
		"error: nothing: is no property that can be written; give it a register and writable: " +
			"true in the profile",
		`error: siren: "loud" is neither a number nor true or false`,
		"error: name at least one value to write",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("answers, got - want +:\n%s", d)
	}
	box.clear()
	box.wait(t, "siren", reads("siren", gatehouse.BoolValue(true)))
	box.wait(t, "tenths", reads("tenths", gatehouse.NumberValue(-3.5)))
	box.wait(t, "counter", reads("counter", gatehouse.NumberValue(12)))
	if _, err := d.Command(t.Context(), drivers.Command{Device: "lab-9", Action: "write"}); gatehouse.ErrorCode(
		err) != gatehouse.Unavailable {
		t.Errorf("unknown device: got %v, want it to be unavailable", err)
	}
}

func TestOneLateReplyPoisonsNothing(t *testing.T) {
	const polls = 5000
	s := equip(t, lab)
	tgt, err := parseTarget(s.Addr("lab"))
	if err != nil {
		t.Fatal(err)
	}
	l := newLine(tgt)
	defer l.close()
	p := point{
		property: "counter",
		table:    holding,
		addr:     0,
		form:     "uint16",
		order:    "ABCD",
		scale:    1,
	}
	b := block{table: holding, addr: 0, count: 1, points: []point{p}}
	const timeout = 500 * time.Millisecond
	wrong, failed := 0, 0
	for i := range polls {
		want := gatehouse.NumberValue(float64(i))
		if err := s.Set("lab", map[string]gatehouse.Value{"counter": want}); err != nil {
			t.Fatal(err)
		}
		if i == 100 {
			if err := s.Late("lab", timeout+100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		data, err := l.read(t.Context(), manner{unit: 1, timeout: timeout}, b)
		if err != nil {
			failed++
			continue
		}
		if got, err := p.decode(data); err != nil || got != want {
			wrong++
		}
	}
	// A machine under load may be late once more; only late answers may fail.
	if wrong != 0 || failed < 1 || failed > 20 {
		t.Errorf("of %d polls, got %d wrong and %d without an answer, want 0 and 1", polls, wrong,
			failed)
	}
}

func TestPowerCycleAndLongOutage(t *testing.T) {
	s := equip(t, lab)
	d := newDriver()
	dev := labDevice(s)
	box := &inbox{}
	first := connect(t, d, dev, box.emit)
	box.wait(t, "a reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if err := s.Power(ctx, "lab", false); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-first:
		if gatehouse.ErrorCode(err) != gatehouse.Unavailable {
			t.Errorf("without power: got %v, want it to be unavailable", err)
		}
	case <-ctx.Done():
		t.Fatal("Connect did not notice that the power is off")
	}
	for range 50 { // an outage that spans many polls
		err := d.Connect(ctx, dev, box.emit)
		if err == nil || !strings.Contains(err.Error(), "nothing listens at") {
			t.Fatalf("without power: got %v, want that nothing listens", err)
		}
	}
	if err := s.Power(ctx, "lab", true); err != nil {
		t.Fatal(err)
	}
	box.clear()
	connect(t, d, dev, box.emit)
	box.wait(t, "a reading after the outage", func(o gatehouse.Observation) bool {
		return o.Reading != nil
	})
}

func TestManyUnitsShareOneConnection(t *testing.T) {
	s := equip(t, lab)
	counted := countConns(t, s.Addr("lab"))
	d, box := newDriver(), &inbox{}
	for i := range 20 {
		dev := labDevice(s)
		dev.ID = gatehouse.DeviceID(fmt.Sprint("d", i))
		dev.Address["address"] = counted.addr
		if i%2 == 1 {
			dev.Address["unit"] = "2"
			dev.Profile.Properties = map[string]gatehouse.Property{"level": property("input:0")}
		}
		connect(t, d, dev, func(ctx context.Context, o ...gatehouse.Observation) error {
			for i := range o {
				o[i].Device = dev.ID
			}
			return box.emit(ctx, o...)
		})
	}
	for i := range 20 {
		box.wait(t, "a reading of each", func(o gatehouse.Observation) bool {
			return o.Device == gatehouse.DeviceID(fmt.Sprint("d", i)) &&
				(i%2 == 0 && reads("temperature", gatehouse.NumberValue(23.1))(o) ||
					i%2 == 1 && reads("level", gatehouse.NumberValue(7))(o))
		})
	}
	if got := counted.count(); got != 1 {
		t.Errorf("connections: got %d, want 1", got)
	}
}

// proxy counts the connections to an address.
type proxy struct {
	addr string
	mu   sync.Mutex
	n    int
}

func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func countConns(t *testing.T, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: ln.Addr().String()}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.n++
			p.mu.Unlock()
			up, err := net.Dial("tcp", to)
			if err != nil {
				c.Close()
				continue
			}
			wg.Go(func() { io.Copy(up, c); up.Close() })
			wg.Go(func() { io.Copy(c, up); c.Close() })
		}
	})
	return p
}

func TestMissingRegisterIsNamedAndTheRestIsRead(t *testing.T) {
	s := equip(t, lab)
	dev := labDevice(s)
	// adjacent to an existing register, so read with it at first
	dev.Profile.Properties["ghost"] = property("holding:2")
	box := &inbox{}
	connect(t, newDriver(), dev, box.emit)
	st := box.wait(t, "a fault", func(o gatehouse.Observation) bool { return o.Status != nil })
	if st.Status.State != gatehouse.StateFault ||
		!strings.Contains(st.Status.Reason,
			"holding:2 of unit 1: the equipment has no such register (exception 2): check the "+
				"address") {
		t.Errorf("status: got %+v, want a fault that names holding:2 and the mend", *st.Status)
	}
	box.wait(t, "its neighbour", reads("tenths", gatehouse.NumberValue(21.5)))
	n := 0
	box.mu.Lock()
	for _, o := range box.all {
		if o.Status != nil {
			n++
		}
	}
	box.mu.Unlock()
	if n != 1 {
		t.Errorf("statuses while nothing changes: got %d, want 1", n)
	}
}

func TestProbe(t *testing.T) {
	s := equip(t, lab)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never responds
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
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
		{"good", func(d *drivers.Device) {}, "answers: 6 of 6 values read"},
		{"one register amiss", func(d *drivers.Device) {
			d.Profile.Properties["x"] = property("input:9")
		}, "6 of 7 values read; input:9 of unit 1"},
		{"no address", func(d *drivers.Device) {
			d.Address["address"] = ""
		}, "address: give the equipment's address"},
		{"bad port", func(d *drivers.Device) {
			d.Address["address"] = "10.0.0.1:modbus"
		}, "is no address; give host or host:port"},
		{"nobody", func(d *drivers.Device) {
			d.Address["address"] = nobody
		}, "nothing listens at " + nobody},
		{"unknown name", func(d *drivers.Device) {
			d.Address["address"] = "meter.invalid"
		}, "the name in meter.invalid:502 is unknown"},
		{"silence", func(d *drivers.Device) {
			d.Address["address"], d.Address["timeout"] = silent.Addr().String(), "100ms"
		}, "does not answer within 100ms"},
		{"wrong unit", func(d *drivers.Device) {
			d.Address["unit"] = "9"
		}, "no such unit answers behind the Modbus gateway (exception 11)"},
		{"bad unit", func(d *drivers.Device) { d.Address["unit"] = "300" }, "is no unit id"},
		{"bad interval", func(d *drivers.Device) {
			d.Address["interval"] = "1"
		}, "give a time from 10ms to 1h0m0s"},
		{"no registers", func(d *drivers.Device) {
			d.Profile = gatehouse.Profile{ID: "p"}
		}, "says in which register it lives"},
		{"bad register", func(d *drivers.Device) {
			d.Profile.Properties["x"] = property("hold:9")
		}, `properties.x.forms.register: "hold:9" is no register`},
		{"bad form", func(d *drivers.Device) {
			d.Profile.Properties["x"] = property("holding:9", "as=int17")
		}, `properties.x.forms.as: "int17" is no form`},
		{"unknown form", func(d *drivers.Device) {
			d.Profile.Properties["x"] = property("holding:9", "is=int16")
		}, "properties.x.forms.is: is no form of this driver"},
		{"no serial line", func(d *drivers.Device) {
			d.Address["address"] = "rtu:///dev/ttyNONE0?baud=9600"
		}, "there is no serial line /dev/ttyNONE0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dev := labDevice(s)
			c.change(&dev)
			p, err := newDriver().Probe(t.Context(), dev)
			got := p.Message
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}

// Garbage, truncated responses and responses to another request are errors, never values.
func TestNonsenseIsNoValue(t *testing.T) {
	for name, reply := range map[string][]byte{
		"text":              []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"cut":               {0, 1, 0, 0, 0, 5, 1, 3, 2},
		"no length":         {0, 1, 0, 0, 0, 0, 1, 3, 2, 0, 7},
		"huge length":       {0, 1, 0, 0, 0xFF, 0xFF, 1, 3, 2, 0, 7},
		"nothing in it":     {0, 1, 0, 0, 0, 1, 1},
		"only a function":   {0, 1, 0, 0, 0, 2, 1, 3},
		"other transaction": {0, 9, 0, 0, 0, 5, 1, 3, 2, 0, 7},
		"other unit":        {0, 1, 0, 0, 0, 5, 9, 3, 2, 0, 7},
		"other function":    {0, 1, 0, 0, 0, 5, 1, 4, 2, 0, 7},
		"too many bytes":    {0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 7, 0, 8},
		"too few bytes":     {0, 1, 0, 0, 0, 3, 1, 3, 0},
		"bare exception":    {0, 1, 0, 0, 0, 2, 1, 0x83},
	} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					io.ReadFull(c, make([]byte, 12))
					c.Write(reply)
					c.Close()
				}
			}()
			tgt, _ := parseTarget(ln.Addr().String())
			l := newLine(tgt)
			defer l.close()
			got, err := l.read(t.Context(), manner{unit: 1, timeout: time.Second},
				block{table: holding, count: 1})
			if err == nil {
				t.Errorf("got %x, want an error", got)
			}
		})
	}
}

func TestPlan(t *testing.T) {
	pts := []point{{table: coil, addr: 0}, {table: coil, addr: 1},
		{table: holding, addr: 0, form: "float32"}, {table: holding, addr: 2},
		{table: holding, addr: 5}, {table: holding, addr: 124, form: "int32"},
		{table: input, addr: 125}}
	show := func(gap int) string {
		var s []string
		for _, b := range plan(pts, gap) {
			s = append(s, fmt.Sprintf("%s:%d+%d", b.table, b.addr, b.count))
		}
		return strings.Join(s, " ")
	}
	for gap, want := range map[int]string{
		0:   "coil:0+2 holding:0+3 holding:5+1 holding:124+2 input:125+1",
		2:   "coil:0+2 holding:0+6 holding:124+2 input:125+1",
		100: "coil:0+2 holding:0+6 holding:124+2 input:125+1",
		200: "coil:0+2 holding:0+6 holding:124+2 input:125+1", // 126 registers are one too many
	} {
		if got := show(gap); got != want {
			t.Errorf("gap %d: got %s, want %s", gap, got, want)
		}
	}
}

func TestFormsThereAndBack(t *testing.T) {
	for _, form := range []string{"int16", "uint16", "int32", "uint32", "float32"} {
		for _, order := range []string{"ABCD", "CDAB", "BADC", "DCBA"} {
			p := point{
				property: "x",
				kind:     "number",
				table:    holding,
				form:     form,
				order:    order,
				scale:    0.5,
				offset:   10,
			}
			for _, want := range []float64{10, 10.5, 42, 1000} {
				b, err := p.encode(gatehouse.NumberValue(want))
				if err != nil {
					t.Fatal(err)
				}
				if got, err := p.decode(b); err != nil || got != gatehouse.NumberValue(want) {
					t.Errorf("%s %s: got %v, %v, want %v", form, order, got, err, want)
				}
			}
		}
	}
	p := point{
		property: "x",
		kind:     "number",
		table:    holding,
		form:     "float32",
		order:    "ABCD",
		scale:    1,
	}
	b := []byte{0x7f, 0xc0, 0, 0}
	if got, err := p.decode(b); err == nil {
		t.Errorf("not a number: got %v, want an error", got)
	}
	p.form = "int16"
	for _, f := range []float64{math.MaxFloat64, math.NaN(), -32769} {
		if got, err := p.encode(gatehouse.NumberValue(f)); err == nil {
			t.Errorf("%v: got % x, want an error", f, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	d := newDriver().Describe()
	if len(d.Profiles) != 1 {
		t.Fatalf("profiles: got %d, want 1", len(d.Profiles))
	}
	if err := d.Profiles[0].Validate(); err != nil {
		t.Errorf("sample profile: %v", err)
	}
	if pts, err := points(d.Profiles[0]); err != nil || len(pts) != 3 {
		t.Errorf("sample profile: got %d points and %v, want 3", len(pts), err)
	}
}

func FuzzPoint(f *testing.F) {
	f.Add("holding:100", "int16", "ABCD", "0.1", "0", []byte{1, 2, 3, 4})
	f.Add("coil:65535", "", "", "", "", []byte{1})
	f.Add("input:65535", "float32", "DCBA", "1e308", "NaN", []byte{0xff, 0xff, 0xff, 0xff})
	f.Add("holding:-1", "bit:16", "AB", "0", "", []byte{})
	f.Fuzz(func(t *testing.T, register, as, order, scale, offset string, data []byte) {
		prop := gatehouse.Property{Type: "number", Forms: map[string]string{"register": register}}
		for k, v := range map[string]string{
			"as":     as,
			"order":  order,
			"scale":  scale,
			"offset": offset,
		} {
			if v != "" {
				prop.Forms[k] = v
			}
		}
		p, err := parsePoint("x", prop)
		if err != nil || p.form == "" || len(data) < 2*p.size() {
			return
		}
		if v, err := p.decode(data[:2*p.size()]); err == nil {
			if _, err := gatehouse.ValueOf(v.Any()); err != nil {
				t.Errorf("decoded %v: %v", v, err)
			}
		}
	})
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"10.0.0.1", "[::1]:502", "tcp://x:1",
		"rtu:///dev/ttyUSB0?baud=9600&parity=e&stop=2", "rtu:", "::", "rtu:///x?baud=0",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tgt, err := parseTarget(s); err == nil && tgt.address == "" {
			t.Errorf("%q: got an empty address and no error", s)
		}
	})
}

// Polls ten registers over one connection; the metric that matters is polls/s.
func BenchmarkPoll(b *testing.B) {
	sc, err := sim.Parse([]byte("equipment:\n- {id: m, kind: modbus, listen: '127.0.0.1:0', "+
		"values: {a: 1, b: 2, c: 3, d: 4, e: 5}, registers: {a: {register: 'holding:0', as: "+
		"int32}, b: {register: 'holding:2', as: int32}, c: {register: 'holding:4', as: int32}, "+
		"d: {register: 'holding:6', as: int32}, e: {register: 'holding:8', as: int32}}}\n"),
		".")
	if err != nil {
		b.Fatal(err)
	}
	s, err := sim.New(sc, nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() { cancel(); <-done }()
	<-s.Ready()
	tgt, _ := parseTarget(s.Addr("m"))
	l := newLine(tgt)
	defer l.close()
	for b.Loop() {
		if _, err := l.read(b.Context(), manner{unit: 1, timeout: time.Second},
			block{table: holding, count: 10}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "polls/s")
}
