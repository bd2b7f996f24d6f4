package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// version is the driver's version.
const version = "1.0.0"

//go:embed profile.yaml
var sampleProfile []byte

// driver holds the connections that its devices share.
type driver struct {
	now func() time.Time

	mu      sync.Mutex
	lines   map[target]*shared
	devices map[gatehouse.DeviceID]*session
	done    *results
}

type shared struct {
	line  *line
	users int
}

func newDriver() *driver {
	return &driver{
		now:     time.Now,
		lines:   map[target]*shared{},
		devices: map[gatehouse.DeviceID]*session{},
		done:    newResults(256),
	}
}

// Describe implements drivers.Driver.
func (d *driver) Describe() drivers.Description {
	var sample gatehouse.Profile
	if err := yaml.Unmarshal(sampleProfile, &sample); err != nil {
		panic(err) // embedded, and read by a test
	}
	return drivers.Description{
		Name:     "modbus",
		Title:    "Modbus TCP and RTU",
		TitleZH:  "Modbus TCP 与 RTU",
		Version:  version,
		Template: true,
		Profiles: []gatehouse.Profile{sample},
		Address: []drivers.Field{
			{
				Key:      "address",
				Title:    "Address",
				TitleZH:  "地址",
				Required: true,
				Kind:     drivers.FieldHost,
				Options:  []string{"tcp", "rtu", "rtu+tcp"},
				Help:     "host or host:port, or rtu:///dev/ttyUSB0?baud=9600&parity=N&stop=1",
				HelpZH:   "主机或 主机:端口；串口写 rtu:///dev/ttyUSB0?baud=9600&parity=N&stop=1",
			},
			{
				Key:     "unit",
				Title:   "Unit id",
				TitleZH: "站号",
				Default: "1",
				Kind:    drivers.FieldInt,
				Max:     255,
				Help:    "1 to 247; several units may share one address",
				HelpZH:  "1 到 247；多个站号可共用一个地址",
			},
			{
				Key:     "interval",
				Title:   "Poll every",
				TitleZH: "轮询间隔",
				Default: "5s",
				Kind:    drivers.FieldDuration,
				Min:     0.01,
				Max:     3600,
				Help:    "time between two readings, 10ms to 1h",
				HelpZH:  "两次读取之间的时间，10ms 到 1h",
			},
			{
				Key:     "timeout",
				Title:   "Answer within",
				TitleZH: "应答时限",
				Default: "2s",
				Kind:    drivers.FieldDuration,
				Min:     0.02,
				Max:     30,
				Help:    "20ms to 30s",
				HelpZH:  "20ms 到 30s",
			},
			{
				Key:     "pause",
				Title:   "Pause between requests",
				TitleZH: "请求间隔",
				Default: "0s",
				Kind:    drivers.FieldDuration,
				Max:     10,
				Help:    "for equipment that misses requests in quick succession, e.g. 150ms",
				HelpZH:  "用于无法快速连续应答的设备，例如 150ms",
			},
			{
				Key:     "gap",
				Title:   "Gap",
				TitleZH: "间隙",
				Default: "0",
				Kind:    drivers.FieldInt,
				Max:     100,
				Help:    "unused registers that may be read along to save requests, 0 to 100",
				HelpZH:  "为减少请求可一并读取的未用寄存器数，0 到 100",
			},
		},
	}
}

// settings is a device's parsed address.
type settings struct {
	target   target
	unit     byte
	interval time.Duration
	timeout  time.Duration
	pause    time.Duration
	points   []point
	gap      int
}

func (s settings) manner() manner {
	return manner{
		unit:    s.unit,
		timeout: s.timeout,
		pause:   s.pause,
	}
}

func parseSettings(d drivers.Device) (settings, error) {
	s := settings{
		unit:     1,
		interval: 5 * time.Second,
		timeout:  2 * time.Second,
	}
	var err error
	s.target, err = parseTarget(d.Address["address"])
	s.target.reach = d.Reach
	if err != nil {
		return s, err
	}
	if u := strings.TrimSpace(d.Address["unit"]); u != "" {
		n, err := strconv.Atoi(u)
		if err != nil || n < 0 || n > 255 {
			return s, gatehouse.FieldErrorf("unit",
				"%q is no unit id; use 1 to 247 (0 and 255 for equipment that wants them)", u)
		}
		s.unit = byte(n)
	}
	if err := parseDuration(
		d,
		"interval",
		&s.interval,
		10*time.Millisecond,
		time.Hour,
	); err != nil {
		return s, err
	}
	if err := parseDuration(
		d,
		"timeout",
		&s.timeout,
		20*time.Millisecond,
		30*time.Second,
	); err != nil {
		return s, err
	}
	if err := parseDuration(
		d,
		"pause",
		&s.pause,
		0,
		10*time.Second,
	); err != nil {
		return s, err
	}
	if g := strings.TrimSpace(d.Address["gap"]); g != "" {
		if s.gap, err = strconv.Atoi(g); err != nil || s.gap < 0 || s.gap > 100 {
			return s, gatehouse.FieldErrorf("gap", "%q is none; use 0 to 100", g)
		}
	}
	s.points, err = points(d.Profile)
	return s, err
}

func parseDuration(
	d drivers.Device, key string, into *time.Duration, least, most time.Duration,
) error {
	s := strings.TrimSpace(d.Address[key])
	if s == "" {
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < least || v > most {
		return gatehouse.FieldErrorf(key, "%q will not do; give a time from %s to %s, e.g. 5s", s,
			least, most)
	}
	*into = v
	return nil
}

// borrow returns the shared line to a target; release it with giveBack.
func (d *driver) borrow(t target) *line {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.lines[t]
	if s == nil {
		s = &shared{line: newLine(t)}
		d.lines[t] = s
	}
	s.users++
	return s.line
}

// giveBack closes a line without users. The line stays in the map until it is closed, so that a
// device that connects meanwhile gets the same line, which dials again: a serial line is never
// opened twice.
func (d *driver) giveBack(t target) {
	d.mu.Lock()
	s := d.lines[t]
	s.users--
	last := s.users == 0
	d.mu.Unlock()
	if !last {
		return
	}
	s.line.close()
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.users == 0 && d.lines[t] == s {
		delete(d.lines, t)
	}
}

// Connect implements drivers.Driver: it polls one device until ctx ends.
func (d *driver) Connect(ctx context.Context, dev drivers.Device, emit drivers.Emit) error {
	set, err := parseSettings(dev)
	if err != nil {
		return err
	}
	l := d.borrow(set.target)
	defer d.giveBack(set.target)
	s := &session{
		set:    set,
		line:   l,
		blocks: plan(set.points, set.gap),
		now:    d.now,
		poke:   make(chan struct{}, 1),
	}
	d.mu.Lock()
	d.devices[dev.ID] = s
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.devices[dev.ID] == s {
			delete(d.devices, dev.ID)
		}
	}()
	return s.run(ctx, emit)
}

// Probe implements drivers.Prober: it reads everything once.
func (d *driver) Probe(ctx context.Context, dev drivers.Device) (drivers.Probe, error) {
	set, err := parseSettings(dev)
	if err != nil {
		return drivers.Probe{}, err
	}
	l := d.borrow(set.target)
	defer d.giveBack(set.target)
	s := &session{
		set:    set,
		line:   l,
		blocks: plan(set.points, set.gap),
		now:    d.now,
	}
	values, troubles, err := s.readAll(ctx)
	if err != nil {
		return drivers.Probe{}, err
	}
	msg := fmt.Sprintf("unit %d at %s answers: %d of %d values read", set.unit, set.target.address,
		len(values), len(set.points))
	if len(troubles) > 0 {
		msg += "; " + sentence(troubles)
	}
	return drivers.Probe{
		Message: msg,
		Values:  values,
	}, nil
}

// Command implements drivers.Commander: "write" sets writable properties.
func (d *driver) Command(ctx context.Context, c drivers.Command) (drivers.Result, error) {
	if c.Action != "write" {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Invalid,
			"%q is no action of this driver; it knows write", c.Action)
	}
	d.mu.Lock()
	s := d.devices[c.Device]
	d.mu.Unlock()
	if s == nil {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
			"device %q is not connected; try again once it is", c.Device).Because(
			gatehouse.NotConnected)
	}
	return d.done.once(ctx, c.ID, func() (drivers.Result, error) { return s.write(ctx, c.Values) })
}

// write checks every value before it writes the first, and returns the outcome of each.
func (s *session) write(
	ctx context.Context, values map[string]gatehouse.Value,
) (drivers.Result, error) {
	type task struct {
		point point
		data  []byte
	}
	var tasks []task
	for _, name := range names(values) {
		p, ok := s.point(name)
		if !ok || !p.writable {
			return drivers.Result{}, gatehouse.FieldErrorf(name,
				"is no property that can be written; give it a register and writable: true in "+
					"the profile")
		}
		data, err := p.encode(values[name])
		if err != nil {
			return drivers.Result{}, err
		}
		tasks = append(tasks, task{p, data})
	}
	if len(tasks) == 0 {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Invalid,
			"name at least one value to write")
	}
	r := drivers.Result{Values: map[string]gatehouse.Value{}}
	var done []string
	over := false // the remaining writes are not tried
	for _, t := range tasks {
		w := drivers.Write{
			Property: t.point.property,
			Outcome:  drivers.WriteNotTried,
		}
		if over {
			w.Reason = gatehouse.Because(gatehouse.ReasonNotTried)
		} else {
			w.Outcome, w.Reason = outcome(s.line.write(ctx, s.set.manner(), t.point, t.data))
			over = w.Outcome == drivers.WriteUnconfirmed || w.Outcome == drivers.WriteNotTried
		}
		r.Writes = append(r.Writes, w)
		if w.Outcome == drivers.WriteDone {
			r.Values[w.Property] = values[w.Property]
			done = append(done, w.Property+"="+values[w.Property].String())
		}
	}
	if len(done) > 0 {
		r.Message = "wrote " + strings.Join(done, ", ")
	}
	select {
	case s.poke <- struct{}{}:
	default:
	}
	return r, nil
}

// outcome is the outcome of one write. A Modbus exception means that the device refused the value;
// no response means that the outcome is unknown, unless nothing could be sent.
func outcome(err error) (drivers.Outcome, gatehouse.Reason) {
	if err == nil {
		return drivers.WriteDone, gatehouse.Reason{}
	}
	why := gatehouse.ReasonOf(err)
	var exc *exceptionError
	if errors.As(err, &exc) {
		return drivers.WriteRefused, why
	}
	switch why.Code {
	case gatehouse.ReasonNameUnknown, gatehouse.ReasonNothingThere, gatehouse.ReasonNoRoute,
		gatehouse.ReasonSerialMissing, gatehouse.ReasonSerialClosed:
		return drivers.WriteNotTried, why
	}
	return drivers.WriteUnconfirmed, why
}

func names(values map[string]gatehouse.Value) []string {
	out := make([]string, 0, len(values))
	for n := range values {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}
