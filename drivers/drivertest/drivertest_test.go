package drivertest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "drive" {
		drivers.Serve(meter{})
		return
	}
	os.Exit(m.Run())
}

// equipment is a thermometer that writes one number a line over TCP and can be switched off.
type equipment struct {
	addr string

	mu    sync.Mutex
	lis   net.Listener
	conns map[net.Conn]bool
	done  sync.WaitGroup
}

func newEquipment(t *testing.T) *equipment {
	t.Helper()
	e := &equipment{addr: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	if err := e.on(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.off() })
	return e
}

func (e *equipment) on() error {
	lis, err := net.Listen("tcp", e.addr)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lis, e.addr = lis, lis.Addr().String()
	e.done.Go(func() {
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			e.mu.Lock()
			e.conns[c] = true
			e.mu.Unlock()
			e.done.Go(func() {
				defer c.Close()
				interval := time.NewTicker(5 * time.Millisecond)
				defer interval.Stop()
				for {
					if _, err := fmt.Fprintln(c, "21.5"); err != nil {
						return
					}
					<-interval.C
				}
			})
		}
	})
	return nil
}

func (e *equipment) off() error {
	e.mu.Lock()
	e.lis.Close()
	for c := range e.conns {
		c.Close()
		delete(e.conns, c)
	}
	e.mu.Unlock()
	e.done.Wait()
	return nil
}

// meter is its driver. flaw names the mistake that it makes.
type meter struct{ flaw string }

var profile = gatehouse.Profile{
	ID:         "meter",
	Title:      "Meter",
	Type:       gatehouse.TypeSensor,
	Properties: map[string]gatehouse.Property{"temperature": {Type: "number"}},
}

func (m meter) Describe() drivers.Description {
	d := drivers.Description{
		Name: "meter", Title: "Meter", Version: "1", Profiles: []gatehouse.Profile{profile},
		Address: []drivers.Field{{Key: "host", Title: "Host and port", Required: true}},
	}
	switch m.flaw {
	case "nameless":
		d.Name = ""
	case "untitled field":
		d.Address[0].Title = ""
	}
	return d
}

func (m meter) Probe(ctx context.Context, d drivers.Device) (drivers.Probe, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", d.Address["host"])
	if err != nil {
		switch m.flaw {
		case "optimist":
			return drivers.Probe{Message: "fine"}, nil
		case "curt":
			return drivers.Probe{}, fmt.Errorf("EOF")
		}
		return drivers.Probe{}, gatehouse.FieldErrorf("host", "nothing answers at %s: %v",
			d.Address["host"], err)
	}
	c.Close()
	return drivers.Probe{Message: "a thermometer"}, nil
}

func (m meter) Connect(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", d.Address["host"])
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	if m.flaw == "leak" {
		go func() { select {} }()
	}
	for lines := bufio.NewScanner(c); lines.Scan(); {
		f, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			return err
		}
		o := gatehouse.Observation{
			Reading: &gatehouse.Reading{
				Values: map[string]gatehouse.Value{"temperature": gatehouse.NumberValue(f)},
			},
		}
		switch m.flaw {
		case "foreign":
			o.Device = "somebody-else"
			emit(ctx, o)
			o.Device = ""
		case "unknown property":
			o.Reading.Values["humidity"] = gatehouse.NumberValue(1)
		}
		if err := emit(ctx, o); err != nil && ctx.Err() == nil {
			return err
		}
	}
	switch m.flaw {
	case "stubborn":
		select {}
	case "deaf":
		if ctx.Err() == nil {
			<-ctx.Done() // never reports the lost equipment
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("the thermometer at %s hung up", d.Address["host"])
}

func fixture(t *testing.T, flaw string) drivertest.Fixture {
	one, two := newEquipment(t), newEquipment(t)
	return drivertest.Fixture{
		Driver: meter{flaw: flaw},
		Device: drivers.Device{Profile: profile, Address: map[string]string{"host": one.addr}},
		Other:  drivers.Device{Profile: profile, Address: map[string]string{"host": two.addr}},
		Wrong:  drivers.Device{Profile: profile, Address: map[string]string{"host": "127.0.0.1:1"}},
		Vanish: one.off, Return: one.on,
	}
}

func TestGoodDriverWithinTheTest(t *testing.T) { drivertest.Run(t, fixture(t, "")) }

func TestGoodProgram(t *testing.T) {
	f := fixture(t, "")
	f.Driver = nil
	f.Path, f.Args = os.Args[0], []string{"drive"}
	drivertest.Run(t, f)
}

// Each flaw is found by the check for it, with a message that says what it is.
func TestFlawsAreFound(t *testing.T) {
	for _, c := range []struct{ flaw, check, want string }{
		{"nameless", "starts", `Describe gives the name ""`},
		{"untitled field", "describes itself", `field "host" has no title`},
		{"optimist", "probes a wrong address", `succeeds: "fine"`},
		{"curt", "probes a wrong address", `the probe's error is "EOF"`},
		{"foreign", "observes", `of device "somebody-else", which the driver was not given`},
		{"unknown property", "observes", "has no such property"},
		{"deaf", "reports lost equipment", "for the device to be offline"},
		{"stubborn", "lets go of a device", "does Connect return when its context ends?"},
		{"leak", "leaves no goroutine", "goroutines more than before"},
	} {
		t.Run(c.flaw, func(t *testing.T) {
			f := fixture(t, c.flaw)
			if c.flaw != "deaf" {
				f.Vanish = nil // not what this flaw is about
			}
			if c.flaw == "deaf" || c.flaw == "stubborn" {
				t.Parallel() // they run into a timeout
				f.Patience = time.Second
			}
			var found []string
			for _, r := range drivertest.Check(t.Context(), f) {
				if r.Err == nil {
					continue
				}
				found = append(found, fmt.Sprintf("%s: %v", r.Check, r.Err))
				if r.Check == c.check && strings.Contains(r.Err.Error(), c.want) {
					return
				}
			}
			t.Errorf("got %q, want %s: …%s…", found, c.check, c.want)
		})
	}
}

func TestWrongFixture(t *testing.T) {
	got := drivertest.Check(t.Context(), drivertest.Fixture{})
	if len(got) != 1 || got[0].Err == nil ||
		!strings.Contains(got[0].Err.Error(), "give the path of the driver's program") {
		t.Errorf("got %+v, want one result that asks for the path", got)
	}
}
