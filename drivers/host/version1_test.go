package host_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// version1 is an archive of a driver for contract version 1, with the driver package it was built
// with.
const (
	version1    = "testdata/version1.txtar"
	version1Sum = "97a71da3688f5754adaac9a5ff456869f5bbf17bfef5229348d923b80517333e"
)

// buildVersion1 builds the driver in a module of its own, as its vendor did.
func buildVersion1(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	b, err := os.ReadFile(version1)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != version1Sum {
		t.Fatalf("got %s of %s, want %s: what vendors have shipped is not edited", got, version1,
			version1Sum)
	}
	dir := t.TempDir()
	for _, f := range txtar.Parse(b).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "version1")
	cmd := exec.Command("go", "build", "-o", program, "./cmd")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// TestVersion1IsServed runs a driver that was built for version 1 of the contract: everything it
// could do then still works.
func TestVersion1IsServed(t *testing.T) {
	program := buildVersion1(t)
	sink := newSink()
	h, _ := start(t, host.Options{Sink: sink}, host.Spec{Name: "version1", Path: program})
	st := wait(t, h, "version1")
	if st.Contract != 1 || st.Description.Name != "version1" || !st.Commands || st.Probes {
		t.Errorf("got contract %d, %+v", st.Contract, st.Description)
	}
	for _, d := range []drivers.Device{
		{ID: "dev_here", Address: map[string]string{"host": "here"}},
		{ID: "dev_away", Address: map[string]string{"host": "away"}},
	} {
		if err := h.Put("version1", d); err != nil {
			t.Fatal(err)
		}
	}
	of := func(id gatehouse.DeviceID, got []gatehouse.Observation) []gatehouse.Observation {
		var out []gatehouse.Observation
		for _, o := range got {
			if o.Device == id {
				o.Time = o.Time.UTC()
				out = append(out, o)
			}
		}
		return out
	}
	var here, away []gatehouse.Observation
	sink.wait(t, "what both devices say", func(got []gatehouse.Observation) bool {
		here, away = of("dev_here", got), of("dev_away", got)
		return len(here) >= 4 && len(away) >= 1
	})

	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	want := []gatehouse.Observation{
		{
			Device: "dev_here",
			Status: &gatehouse.Status{State: gatehouse.StateOnline},
		},
		{
			Device:   "dev_here",
			Time:     at,
			Sequence: 1,
			Reading: &gatehouse.Reading{
				Values: map[string]gatehouse.Value{"temperature": gatehouse.NumberValue(21.5)},
			},
		},
		{
			Device:   "dev_here",
			Time:     at,
			Sequence: 2,
			Sighting: &gatehouse.Sighting{
				Method:     gatehouse.ByCard,
				Direction:  gatehouse.In,
				Credential: "4711",
			},
		},
		{
			Device: "dev_here",
			Status: &gatehouse.Status{
				State:  gatehouse.StateFault,
				Reason: "the door is stuck",
				Weak:   gatehouse.WeakNoPassword,
			},
		},
	}
	if diff := cmp.Diff(here, want, cmp.AllowUnexported(gatehouse.Value{})); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	want = []gatehouse.Observation{
		{
			Device: "dev_away",
			Status: &gatehouse.Status{
				State:  gatehouse.StateOffline,
				Reason: "nobody answers at away",
			},
		},
	}
	if diff := cmp.Diff(away, want, cmp.AllowUnexported(gatehouse.Value{})); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}

	values := map[string]gatehouse.Value{"wide": gatehouse.BoolValue(true)}
	r, err := h.Command(t.Context(), "version1",
		drivers.Command{ID: "cmd_1", Device: "dev_here", Action: "open", Values: values})
	if err != nil || r.Message != "the door is open" || r.Values["wide"] != values["wide"] {
		t.Errorf("got %+v, %v", r, err)
	}
	_, err = h.Command(t.Context(), "version1",
		drivers.Command{ID: "cmd_2", Device: "dev_here", Action: "close"})
	if gatehouse.ErrorCode(err) != gatehouse.NotFound {
		t.Errorf("got %v, want %s", err, gatehouse.NotFound)
	}
	err = h.Watch(t.Context(), "dev_here", drivers.NewPictures())
	if gatehouse.ErrorCode(err) != gatehouse.NotFound ||
		err.Error() != `driver "version1" has no live pictures` {
		t.Errorf("got %v, want it said that there are no live pictures", err)
	}
}

// TestUnderAGatewayOfVersion1 runs a program built with today's package under a gateway that only
// knows version 1: they negotiate version 1.
func TestUnderAGatewayOfVersion1(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  1,
			MagicCookieKey:   driverpb.CookieKey,
			MagicCookieValue: driverpb.CookieValue,
		},
		Plugins:          plugin.PluginSet{driverpb.PluginName: &plugin.NetRPCUnsupportedPlugin{}},
		Cmd:              exec.Command(exe, "drive=steady"),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard}),
	})
	defer client.Kill()
	rpc, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	conn := rpc.(*plugin.GRPCClient).Conn
	d, err := driverpb.NewDriverClient(conn).Describe(t.Context(), &driverpb.DescribeRequest{})
	if err != nil || client.NegotiatedVersion() != 1 || d.GetContract() != 1 ||
		d.GetName() != "steady" {
		t.Errorf("got version %d, %v, %v; want version 1", client.NegotiatedVersion(), d, err)
	}
	stream, err := driverpb.NewDriverClient(conn).Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	connect := &driverpb.FromHost_Connect{Connect: &driverpb.Device{Id: "dev_1"}}
	if err := stream.Send(&driverpb.FromHost{Message: connect}); err != nil {
		t.Fatal(err)
	}
	said, err := stream.Recv()
	if got := said.GetBatch().GetObservations(); err != nil || len(got) != 2 ||
		got[1].GetReading() == nil {
		t.Errorf("got %v, %v; want the device online and its first reading", said, err)
	}

	// Such a gateway ends a program that asks: the question is not sent and the profile decides.
	profile, err := json.Marshal(asker("dev_2", "4711", gatehouse.NoAnswerAllow).Profile)
	if err != nil {
		t.Fatal(err)
	}
	connect.Connect = &driverpb.Device{
		Id:      "dev_2",
		Serial:  "4711",
		Profile: profile,
		Address: map[string]string{"behave": "ask"},
	}
	if err := stream.Send(&driverpb.FromHost{Message: connect}); err != nil {
		t.Fatal(err)
	}
	for passed := false; !passed; {
		said, err := stream.Recv()
		if err != nil || said.GetAsk() != nil {
			t.Fatalf("got %v, %v, want no question", said, err)
		}
		ack := &driverpb.FromHost_Ack{Ack: &driverpb.Ack{Batch: said.GetBatch().GetId()}}
		if err := stream.Send(&driverpb.FromHost{Message: ack}); err != nil {
			t.Fatal(err)
		}
		for _, o := range said.GetBatch().GetObservations() {
			if o.GetOccurrence() != nil {
				t.Errorf("got %v, which a gateway of version 1 does not know", o)
			}
			passed = passed || o.GetDevice() == "dev_2" && o.GetReading().GetValues()["n"].GetNumber() == 1
		}
	}
}
