package main

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

const (
	late   = 10 * time.Minute // entries older than this are replayed ones
	remind = time.Minute      // a calling terminal is reported online again at this interval
)

// terminal is the state of a registered terminal while Connect serves it.
type terminal struct {
	device  drivers.Device
	zone    *time.Location
	proof   proof
	way     string // status, in, out or none
	silence time.Duration
	emit    drivers.Emit
	calls   chan struct{} // capacity 1: it called
	queue   *commands

	mu     sync.Mutex
	last   time.Time
	wrong  netip.Addr // source address of the last refused call
	why    string     // why it was refused
	warned time.Time  // when one was last recorded
	usual  usual
	fault  gatehouse.Reason // what is wrong with its log; zero: nothing
	untold bool             // the gateway has not stored fault yet
}

// parse reads and checks a device's address fields.
func parse(dev drivers.Device) (*terminal, error) {
	t := &terminal{
		device:  dev,
		way:     "status",
		silence: time.Minute,
		calls:   make(chan struct{}, 1),
	}
	if !validSerial(dev.Serial) {
		return nil, gatehouse.FieldErrorf("serial",
			"%q is no serial number; give the one that the terminal shows under system information",
			dev.Serial)
	}
	name := strings.TrimSpace(dev.Address["timezone"])
	if name == "" {
		return nil, gatehouse.FieldErrorf("timezone",
			"give the zone of the terminal's clock, e.g. Asia/Shanghai: its log holds local times")
	}
	var err error
	if t.zone, err = time.LoadLocation(name); err != nil || name == "Local" {
		return nil, gatehouse.FieldErrorf("timezone",
			"%q is no time zone; give a name such as Asia/Shanghai", name)
	}
	if s := strings.TrimSpace(dev.Address["ip"]); s != "" {
		if t.proof.pin, err = parsePin(s); err != nil {
			return nil, err
		}
	}
	t.proof.certificate = strings.TrimSpace(dev.Address["certificate"])
	if t.proof.token = strings.TrimSpace(dev.Secret["token"]); t.proof.token != "" &&
		(len(t.proof.token) < 12 || !validSerial(t.proof.token)) {
		return nil, gatehouse.FieldErrorf("token",
			"give 12 to 64 letters, digits, '-', '_' or '.': it stands in the path that the "+
				"terminal calls")
	}
	if s := strings.TrimSpace(dev.Address["direction"]); s != "" {
		if !slices.Contains(ways(), s) {
			return nil, gatehouse.FieldErrorf("direction",
				"%q is none; use status (as the terminal says), in, out or none", s)
		}
		t.way = s
	}
	if s := strings.TrimSpace(dev.Address["silence"]); s != "" {
		if t.silence, err = time.ParseDuration(s); err != nil || t.silence < 10*time.Millisecond ||
			t.silence > 24*time.Hour {
			return nil, gatehouse.FieldErrorf("silence",
				"%q will not do; give a time from 10ms to 24h, e.g. 60s", s)
		}
	}
	return t, nil
}

// ways returns the values of the field direction.
func ways() []string { return []string{"status", "in", "out", "none"} }

func parsePin(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, gatehouse.FieldErrorf("ip",
			"%q is no address; give e.g. 10.1.4.30, or 10.1.4.0/24", s)
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func validSerial(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' ||
			r == '_' || r == '.')
	}) < 0
}

// called records that the terminal has called.
func (t *terminal) called(now time.Time) {
	t.mu.Lock()
	t.last = now
	t.mu.Unlock()
	select {
	case t.calls <- struct{}{}:
	default:
	}
}

// absence returns why the terminal counts as offline. where is the address it should call.
func (t *terminal) absence(where string) gatehouse.Reason {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.wrong.IsValid():
		return gatehouse.Because(gatehouse.ReasonWrongCaller, "from", t.wrong, "detail", t.why)
	case t.last.IsZero():
		return gatehouse.Because(gatehouse.ReasonNeverCalled, "where", where, "serial",
			t.device.Serial)
	}
	return gatehouse.Because(gatehouse.ReasonCalledLast, "since",
		t.last.In(t.zone).Format("2006-01-02 15:04:05"))
}

// watch reports the terminal online while it calls and offline when it is silent, until ctx ends.
// where is the address it should call.
func (t *terminal) watch(ctx context.Context, where string, now func() time.Time) error {
	silent := time.NewTimer(t.silence)
	defer silent.Stop()
	var told time.Time // when it was last reported online
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.calls:
			silent.Reset(t.silence)
			if at := now(); told.IsZero() || at.Sub(told) >= remind {
				if t.report(ctx) == nil {
					told = at
				}
			}
		case <-silent.C:
			told = time.Time{}
			if err := t.emit(ctx, status(gatehouse.StateOffline, t.absence(where))); err != nil {
				silent.Reset(time.Second) // not stored: try again
			}
		}
	}
}

// report emits the terminal's state: online, or the fault of its log.
func (t *terminal) report(ctx context.Context) error {
	t.mu.Lock()
	fault := t.fault
	t.mu.Unlock()
	if fault.Code != "" {
		return t.emit(ctx, status(gatehouse.StateFault, fault))
	}
	return t.emit(ctx, status(gatehouse.StateOnline, gatehouse.Reason{}))
}

func status(s gatehouse.DeviceState, why gatehouse.Reason) gatehouse.Observation {
	o := gatehouse.Observation{Status: &gatehouse.Status{State: s}}
	if why.Code != "" {
		o.Status.Reason = why.String()
		o.Status.Causes = []gatehouse.Reason{why}
	}
	return o
}

// facts emits what the terminal reports about itself.
func (t *terminal) facts(ctx context.Context, values map[string]gatehouse.Value) error {
	if len(values) == 0 {
		return nil
	}
	return t.emit(ctx, gatehouse.Observation{Reading: &gatehouse.Reading{Values: values}})
}
