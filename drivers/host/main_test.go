package host_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/confine"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// TestMain turns the test binary into a driver program if its first argument names one, so that
// tests talk to real processes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if kind, ok := strings.CutPrefix(os.Args[1], "drive="); ok {
			drive(kind)
			return
		}
	}
	os.Exit(m.Run())
}

func drive(kind string) {
	switch kind {
	case "steady":
		drivers.Serve(testDriver{})
	case "crash":
		fmt.Fprintln(os.Stderr, "panic: out of cheese")
		os.Exit(2)
	case "exit":
	case "confine": // a gateway that is the launcher of its drivers
		fmt.Fprintln(os.Stderr, confine.Become())
		os.Exit(1)
	case "thief":
		drivers.Serve(thief{})
	case "until": // crashes until a file exists
		if _, err := os.Stat(os.Args[2]); err != nil {
			os.Exit(2)
		}
		drivers.Serve(testDriver{})
	case "host": // a gateway, for a test that kills it
		runHost()
	case "chatter":
		fmt.Println("hello, I am a driver")
		drivers.Serve(testDriver{})
	case "newer":
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: plugin.HandshakeConfig{
				ProtocolVersion:  drivers.ContractVersion + 1,
				MagicCookieKey:   driverpb.CookieKey,
				MagicCookieValue: driverpb.CookieValue,
			},
			Plugins:    plugin.PluginSet{driverpb.PluginName: raw{}},
			GRPCServer: plugin.DefaultGRPCServer,
		})
	case "flood", "bytes", "empty", "hog", "idle", "wordy", "curious", "film":
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: plugin.HandshakeConfig{
				ProtocolVersion:  drivers.ContractVersion,
				MagicCookieKey:   driverpb.CookieKey,
				MagicCookieValue: driverpb.CookieValue,
			},
			Plugins:    plugin.PluginSet{driverpb.PluginName: raw{kind: kind}},
			GRPCServer: plugin.DefaultGRPCServer,
		})
	default:
		fmt.Fprintln(os.Stderr, "no such driver:", kind)
		os.Exit(1)
	}
}

// testDriver counts: each device emits readings with a rising number, each after the previous one
// was acknowledged. The device's address selects other behaviour.
type testDriver struct{}

func (testDriver) Describe() drivers.Description {
	return drivers.Description{
		Name:    "steady",
		Title:   "Steady",
		Version: "1.0",
		Settings: []drivers.Field{
			{Key: "greeting", Title: "Greeting", Default: "hello"},
			{Key: "mode", Title: "Mode"},
		},
		Address: []drivers.Field{
			{Key: "behave", Title: "Behaviour"},
			{
				Key:     "host",
				Title:   "Host",
				Kind:    drivers.FieldHost,
				Options: []string{"tcp", "rtu"},
				Proves:  true,
			},
			{Key: "pause", Title: "Pause", Kind: drivers.FieldDuration, Min: 0.01, Max: 3600},
		},
		Profiles: []gatehouse.Profile{
			{
				ID:         "counter",
				Title:      "Counter",
				Type:       gatehouse.TypeOther,
				Properties: map[string]gatehouse.Property{"n": {Type: "number"}},
			},
		},
	}
}

func (testDriver) Configure(_ context.Context, settings map[string]string) error {
	switch settings["mode"] {
	case "wrong":
		return gatehouse.FieldErrorf("mode", "%q is no mode; leave it out", settings["mode"])
	case "busy":
		return errors.New("listen tcp :8081: bind: address already in use")
	case "panic":
		panic("no such mode\nand a second line")
	}
	slog.Info("configured", "greeting", settings["greeting"])
	return nil
}

func (testDriver) Connect(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	switch d.Address["behave"] {
	case "refuse":
		return gatehouse.Errorf(gatehouse.Unavailable, "nobody answers at %s", d.Address["host"])
	case "panic":
		var m map[string]int
		//lint:ignore SA5000 the panic is what is tested
		m["x"] = 1
	case "stubborn":
		select {}
	case "session": // a child in its own session
		cmd := exec.Command("/bin/sh", "-c", "/bin/sleep 300 & echo $! >&2; exec /bin/sleep 301")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return err
		}
	case "orphan": // a child whose parent has exited
		cmd := exec.Command("/bin/sh", "-c", "/bin/sleep 302 & exit 0")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Run(); err != nil {
			return err
		}
	case "leak":
		var kept [][]byte
		for ctx.Err() == nil {
			b := make([]byte, 16<<20)
			for i := range b {
				b[i] = 1
			}
			kept = append(kept, b)
			if err := emit(ctx,
				gatehouse.Observation{Status: &gatehouse.Status{State: gatehouse.StateOnline}}); err != nil {
				return err
			}
		}
		runtime.KeepAlive(kept)
		return nil
	case "child":
		if err := exec.Command("/bin/sleep", "300").Start(); err != nil {
			return err
		}
	case "burst":
		many := make([]gatehouse.Observation, 100)
		for i := range many {
			many[i].Reading = &gatehouse.Reading{
				Values: map[string]gatehouse.Value{"n": gatehouse.NumberValue(float64(i))},
			}
		}
		for ctx.Err() == nil {
			if err := emit(ctx, many...); err != nil && ctx.Err() == nil {
				return err
			}
		}
		return nil
	case "quiet":
		<-ctx.Done()
		return nil
	case "ask":
		return asks(ctx, d, emit)
	}
	for n := 1; ; n++ {
		err := emit(ctx,
			gatehouse.Observation{
				Sequence: uint64(n),
				Reading: &gatehouse.Reading{
					Values: map[string]gatehouse.Value{"n": gatehouse.NumberValue(float64(n))},
				},
			})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// asks asks about the device's serial number repeatedly and reports the answers: n is 1 if it may
// pass and 0 if not.
func asks(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	for ctx.Err() == nil {
		n := 0.0
		answer, err := d.Ask(ctx, gatehouse.Ask{Method: gatehouse.ByCard, Credential: d.Serial})
		if err != nil {
			return err
		}
		if answer.Allow {
			n = 1
		}
		o := gatehouse.Observation{
			Reading: &gatehouse.Reading{
				Values: map[string]gatehouse.Value{"n": gatehouse.NumberValue(n)},
			},
		}
		if err := emit(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (testDriver) Probe(ctx context.Context, d drivers.Device) (drivers.Probe, error) {
	switch d.Address["behave"] {
	case "refuse":
		return drivers.Probe{}, gatehouse.FieldErrorf("host", "nobody answers at %s",
			d.Address["host"])
	case "hang":
		<-ctx.Done()
		return drivers.Probe{}, ctx.Err()
	case "panic":
		panic("probe gone wrong")
	case "die":
		os.Exit(3)
	case "environment":
		return drivers.Probe{Message: strings.Join(os.Environ(), "\n")}, nil
	}
	return drivers.Probe{
		Message: "counts",
		Values: map[string]gatehouse.Value{
			"n":      gatehouse.NumberValue(1),
			"secret": gatehouse.BoolValue(d.Secret["key"] == "s3cret"),
		},
		Snapshot: []byte{0xff, 0xd8},
	}, nil
}

func (testDriver) Command(_ context.Context, c drivers.Command) (drivers.Result, error) {
	if c.Action != "echo" {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.NotFound, "no action %q", c.Action)
	}
	return drivers.Result{Message: c.ID, Values: c.Values, Data: c.Data}, nil
}

func (testDriver) Discover(_ context.Context, found func(drivers.Candidate)) error {
	found(drivers.Candidate{
		Serial:  "A1",
		Title:   "One",
		Address: map[string]string{"host": "10.0.0.1"},
		Profile: "counter",
	})
	found(drivers.Candidate{Serial: "A2", Title: "Two"})
	return nil
}

// raw is a program that breaks the contract.
type raw struct {
	plugin.NetRPCUnsupportedPlugin
	driverpb.UnimplementedDriverServer
	kind string
}

func (r raw) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	driverpb.RegisterDriverServer(s, r)
	return nil
}

func (raw) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("serves only")
}

func (r raw) Describe(context.Context, *driverpb.DescribeRequest) (*driverpb.Description, error) {
	if r.kind == "wordy" {
		d := &driverpb.Description{Name: "raw", Version: "1"}
		for i := range 5000 {
			d.Profiles = append(d.Profiles,
				fmt.Appendf(nil, `{"id":"p%d","title":"P","type":"other"}`, i))
		}
		return d, nil
	}
	return &driverpb.Description{Name: "raw", Version: "1", Watches: r.kind == "film"}, nil
}

func (r raw) Session(
	stream grpc.BidiStreamingServer[driverpb.FromHost, driverpb.FromDriver],
) error {
	one := &driverpb.Observation{Device: "dev_1", Status: &driverpb.Status{State: "online"}}
	switch r.kind {
	case "flood": // never waits for an acknowledgement
		for id := uint64(1); ; id++ {
			if err := stream.Send(&driverpb.FromDriver{
				Batch: &driverpb.Batch{Id: id, Observations: []*driverpb.Observation{one}},
			}); err != nil {
				return err
			}
		}
	case "bytes": // one message over the limit
		one.Sighting = &driverpb.Sighting{Snapshot: make([]byte, driverpb.MaxMessage+1)}
		stream.Send(&driverpb.FromDriver{
			Batch: &driverpb.Batch{Id: 1, Observations: []*driverpb.Observation{one}},
		})
	case "empty":
		stream.Send(&driverpb.FromDriver{})
	case "curious": // asks without reading the answers
		for id := uint64(1); id <= 4*drivers.MaxAsks; id++ {
			credential := "4711"
			if id == 1 {
				credential = strings.Repeat("4711", 1<<20)
			}
			if err := stream.Send(&driverpb.FromDriver{
				Ask: &driverpb.Ask{Id: id, Device: "dev_1", Method: "card", Credential: credential},
			}); err != nil {
				return err
			}
		}
		stream.Send(&driverpb.FromDriver{
			Batch: &driverpb.Batch{Id: 1, Observations: []*driverpb.Observation{one}},
		})
	case "hog": // few observations, but large ones
		one.Sighting = &driverpb.Sighting{Snapshot: make([]byte, 8<<20)}
		for id := uint64(1); ; id++ {
			if err := stream.Send(&driverpb.FromDriver{
				Batch: &driverpb.Batch{Id: id, Observations: []*driverpb.Observation{one}},
			}); err != nil {
				return err
			}
		}
	}
	for {
		m, err := stream.Recv()
		if err != nil || m.GetStop() != nil {
			return nil
		}
	}
}

// runHost runs a driver as a gateway does, prints the driver's process ID and never ends.
func runHost() {
	h := host.New(host.Options{Sink: newSink(), Logger: slog.New(slog.DiscardHandler)})
	go h.Run(context.Background(), []host.Spec{spec("steady")})
	if err := h.Put("steady", drivers.Device{ID: "dev_1"}); err != nil {
		panic(err)
	}
	st, err := h.Wait(context.Background(), "steady")
	if err != nil {
		panic(err)
	}
	fmt.Println(st.PID)
	select {}
}
