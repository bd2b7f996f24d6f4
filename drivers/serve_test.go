package drivers_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "by-hand" {
		drivers.Serve(fake{})
		return
	}
	os.Exit(m.Run())
}

// fake is a Driver with the test's Connect.
type fake struct {
	connect func(context.Context, drivers.Device, drivers.Emit) error
}

func (fake) Describe() drivers.Description {
	return drivers.Description{
		Name:  "fake",
		Title: "Fake equipment", Version: "0.1",
		Settings: []drivers.Field{{Key: "listen", Title: "Address to listen on", Default: ":8081"}},
		Address: []drivers.Field{
			{Key: "host", Title: "Host", Help: "name or IP address", Required: true},
			{Key: "password", Title: "Password", Secret: true},
		},
	}
}

func (f fake) Connect(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	return f.connect(ctx, d, emit)
}

// gateway is the gateway's end of a session, driven message by message.
type gateway struct {
	client driverpb.DriverClient
	stream grpc.BidiStreamingClient[driverpb.FromHost, driverpb.FromDriver]
	served chan error
}

func serve(t *testing.T, d drivers.Driver) *gateway {
	t.Helper()
	lis, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{served: make(chan error, 1)}
	go func() { g.served <- drivers.ServeListener(context.Background(), lis, d) }()
	conn, err := grpc.NewClient("unix:"+lis.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	g.client = driverpb.NewDriverClient(conn)
	if g.stream, err = g.client.Session(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		if err := <-g.served; err != nil {
			t.Errorf("ServeListener: %v", err)
		}
	})
	return g
}

func (g *gateway) connect(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := g.stream.Send(&driverpb.FromHost{
			Message: &driverpb.FromHost_Connect{Connect: &driverpb.Device{Id: id}},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func (g *gateway) batch(t *testing.T) *driverpb.Batch {
	t.Helper()
	m, err := g.stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return m.GetBatch()
}

func (g *gateway) ack(t *testing.T, b *driverpb.Batch, err error) {
	t.Helper()
	if err := g.stream.Send(&driverpb.FromHost{
		Message: &driverpb.FromHost_Ack{
			Ack: &driverpb.Ack{Batch: b.GetId(), Error: driverpb.FromError(err)},
		},
	}); err != nil {
		t.Fatal(err)
	}
}

func reading(n uint64) gatehouse.Observation {
	return gatehouse.Observation{
		Sequence: n,
		Reading: &gatehouse.Reading{
			Values: map[string]gatehouse.Value{"n": gatehouse.NumberValue(float64(n))},
		},
	}
}

func TestEmitWaitsForTheAcknowledgement(t *testing.T) {
	type answer struct {
		n   int
		err error
	}
	answers := make(chan answer, 10)
	g := serve(t, fake{func(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
		for n := 1; ctx.Err() == nil && n <= 3; n++ {
			answers <- answer{n, emit(ctx, reading(uint64(n)))}
		}
		<-ctx.Done()
		return nil
	}})
	g.connect(t, "dev_1")
	first := g.batch(t)
	if got := first.GetObservations(); len(got) != 2 || got[0].GetStatus().GetState() != "online" ||
		got[1].GetSequence() != 1 || got[0].GetDevice() != "dev_1" ||
		got[1].GetDevice() != "dev_1" {
		t.Fatalf("got %v, want the device online and its first reading", first)
	}
	select {
	case a := <-answers:
		t.Fatalf("Emit %d returned %v before it was acknowledged", a.n, a.err)
	default:
	}
	g.ack(t, first, nil)
	if a := <-answers; a.err != nil {
		t.Errorf("acknowledged: got %v, want nil", a.err)
	}
	full := gatehouse.Errorf(gatehouse.Unavailable, "the disk is full")
	g.ack(t, g.batch(t), full)
	var e *gatehouse.Error
	if a := <-answers; !errors.As(a.err, &e) || e.Code != full.Code || e.Error() != full.Error() {
		t.Errorf("refused: got %#v, want %#v", a.err, full)
	}
	g.batch(t) // never acknowledged
	if err := g.stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if a := <-answers; a.err == nil {
		t.Error("the session ended: got nil, want an error")
	}
}

// Many devices at once: the window is respected, batches fill up, and every observation arrives
// once.
func TestWindowAndBatches(t *testing.T) {
	const devices, each = 100, 40
	var left sync.WaitGroup
	left.Add(devices)
	g := serve(t, fake{func(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
		for n := range each {
			if err := emit(ctx, reading(uint64(n+1))); err != nil {
				return err
			}
		}
		left.Done()
		<-ctx.Done()
		return nil
	}})
	for i := range devices {
		g.connect(t, fmt.Sprint("dev_", i))
	}
	seen := map[string]uint64{}
	batches := 0
	for total := 0; total < devices*(each+1); {
		b := g.batch(t)
		batches++
		if n := len(b.GetObservations()); n == 0 || n > driverpb.MaxBatch {
			t.Fatalf("got a batch of %d observations", n)
		}
		for _, o := range b.GetObservations() {
			total++
			if o.GetStatus() != nil {
				continue
			}
			if seen[o.GetDevice()]++; o.GetSequence() != seen[o.GetDevice()] {
				t.Fatalf("device %s: got %d, want %d", o.GetDevice(), o.GetSequence(),
					seen[o.GetDevice()])
			}
		}
		g.ack(t, b, nil)
	}
	left.Wait()
	if mean := devices * each / batches; mean < 3 {
		t.Errorf("got %d observations in a batch on average under load, want several", mean)
	}
}

// A flooding driver whose batches are never acknowledged blocks once the window is full.
func TestUnansweredEmitsBlock(t *testing.T) {
	var mu sync.Mutex
	begun := 0
	g := serve(t, fake{func(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
		many := make([]gatehouse.Observation, 3*drivers.Window)
		for i := range many {
			many[i] = reading(uint64(i))
		}
		mu.Lock()
		begun++
		mu.Unlock()
		return emit(ctx, many...)
	}})
	g.connect(t, "dev_1")
	got := len(g.batch(t).GetObservations()) + len(g.batch(t).GetObservations())
	if got > drivers.Window {
		t.Errorf("got %d observations unanswered, want at most %d", got, drivers.Window)
	}
	// Nothing more may arrive: after a stop, the next thing is the end of the stream.
	if err := g.stream.Send(&driverpb.FromHost{
		Message: &driverpb.FromHost_Stop{Stop: &driverpb.Stop{}},
	}); err != nil {
		t.Fatal(err)
	}
	if m, err := g.stream.Recv(); err == nil {
		t.Errorf("got %d observations more", len(m.GetBatch().GetObservations()))
	}
	mu.Lock()
	defer mu.Unlock()
	if begun != 1 {
		t.Errorf("Connect began %d times, want once", begun)
	}
}

func TestOversizedObservationIsRefusedAtOnce(t *testing.T) {
	refused := make(chan error, 1)
	g := serve(t, fake{func(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
		refused <- emit(ctx,
			gatehouse.Observation{
				Sighting: &gatehouse.Sighting{
					Method:   gatehouse.ByFace,
					Snapshot: make([]byte, drivers.MaxData+2<<20),
				},
			})
		<-ctx.Done()
		return nil
	}})
	g.connect(t, "dev_1")
	if err := <-refused; gatehouse.ErrorCode(err) != gatehouse.TooLarge {
		t.Errorf("got %v, want too_large", err)
	}
}

// A device that fails repeatedly is reported once per reason, not once per attempt.
func TestOfflineIsReportedOnce(t *testing.T) {
	tries := make(chan int, 10)
	n := 0
	g := serve(t, fake{func(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
		n++
		tries <- n
		if n <= 2 {
			return fmt.Errorf("read tcp 192.0.2.9:%d->192.0.2.1:502: connection reset by peer",
				40000+n)
		}
		return errors.New("no route to host")
	}})
	g.connect(t, "dev_1")
	for _, want := range []string{
		"read tcp 192.0.2.9:40001->192.0.2.1:502: connection reset by peer",
		"no route to host",
	} {
		b := g.batch(t)
		if got := b.GetObservations(); len(got) != 1 ||
			got[0].GetStatus().GetState() != "offline" || got[0].GetStatus().GetReason() != want {
			t.Errorf("got %v, want offline for %q", got, want)
		}
		g.ack(t, b, nil)
	}
	if got := len(tries); got != 3 {
		t.Errorf("got %d attempts, want 3", got)
	}
}

func TestEmitAfterConnectIsRefused(t *testing.T) {
	var kept drivers.Emit
	ready := make(chan struct{})
	g := serve(t, fake{func(_ context.Context, _ drivers.Device, emit drivers.Emit) error {
		kept = emit
		defer close(ready)
		return errors.New("over")
	}})
	g.connect(t, "dev_1")
	<-ready
	g.ack(t, g.batch(t), nil) // the offline report: the attempt is over
	if err := kept(t.Context(), reading(1)); err == nil ||
		!strings.Contains(err.Error(), `Connect of device "dev_1" has ended`) {
		t.Errorf("got %v", err)
	}
}

func TestOneSessionPerProgram(t *testing.T) {
	g := serve(t, fake{func(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
		return emit(ctx, reading(1))
	}})
	g.connect(t, "dev_1")
	g.batch(t) // the first Connect has begun
	second, err := g.client.Session(t.Context())
	if err == nil {
		_, err = second.Recv()
	}
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v, want failed precondition", err)
	}
}

// A gateway that is killed before it begins the session leaves no program behind.
func TestGatewayThatIsGoneBeforeTheSession(t *testing.T) {
	lis, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- drivers.ServeListener(context.Background(), lis, fake{}) }()
	conn, err := grpc.NewClient("unix:"+lis.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := driverpb.NewDriverClient(conn).Describe(t.Context(), &driverpb.DescribeRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("got %v, want nil", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it still serves, 20 s after the connection was closed")
	}
}

func TestStartedByHand(t *testing.T) {
	cmd := exec.Command(os.Args[0], "by-hand")
	cmd.Env = []string{}
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	text := string(got)
	i := strings.Index(text, "      path: ")
	j := strings.Index(text, "      settings:")
	if i < 0 || j < 0 {
		t.Fatalf("got\n%s", text)
	}
	if where := text[i:j]; !strings.Contains(where, "sha256: ") || len(where) < 64 {
		t.Errorf("got %q, want path and checksum", where)
	}
	want := `fake 0.1: Fake equipment
A driver for the Gatehouse gateway, speaking version 2 of the driver contract.

The gateway starts this program; there is nothing to start by hand. Name it in the
gateway's configuration and restart the gateway:

  drivers:
    - name: fake
      settings:
        listen: ":8081"   # Address to listen on (default :8081)

It then appears in the console under Drivers. Of each device it needs:

  host           Host: name or IP address (required)
  password       Password (kept encrypted)
`
	if diff := cmp.Diff(want, text[:i]+text[j:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConversionsKeepEverything(t *testing.T) {
	at := time.Date(2026, 3, 1, 7, 30, 0, 123456789, time.UTC)
	for _, want := range []gatehouse.Observation{
		{
			Device:   "dev_1",
			Time:     at,
			Sequence: 7,
			Replayed: true, Reading: &gatehouse.Reading{Values: map[string]gatehouse.Value{
				"a": gatehouse.NumberValue(math.MaxFloat64),
				"b": gatehouse.BoolValue(false),
				"c": gatehouse.StringValue(""), "d": {}},
			},
		},
		{Status: &gatehouse.Status{State: gatehouse.StateFault, Reason: "cover open"}},
		{
			Time: time.Unix(0, 0).UTC(),
			Sighting: &gatehouse.Sighting{
				ID:     "sgt_1",
				Method: gatehouse.ByFace, Direction: gatehouse.In, Zone: "zon_1", Person: "per_1",
				Credential: "123",
				Track:      "t",
				Media:      "med_1",
				Embedding:  []float32{0.5, -0.5},
				Snapshot:   []byte{1, 2}, Frames: 3,
				Match: &gatehouse.Match{
					Score:    0.9,
					RunnerUp: 0.1,
					Margin:   0.8,
					Quality:  0.7,
					Frames:   3,
					Reason:   "matched",
				},
			},
		},
		{},
	} {
		got := driverpb.ToObservation(driverpb.FromObservation(want))
		if diff := cmp.Diff(want, got,
			cmp.Comparer(func(a, b gatehouse.Value) bool { return a == b })); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	odd := driverpb.FromObservation(gatehouse.Observation{
		Device:   "\xff",
		Sighting: &gatehouse.Sighting{Credential: "a\xc3"},
	})
	if odd.GetDevice() != "\uFFFD" || odd.GetSighting().GetCredential() != "a\uFFFD" {
		t.Errorf("got %q and %q, want valid UTF-8", odd.GetDevice(),
			odd.GetSighting().GetCredential())
	}
}
