package drivers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Session serves devices until the gateway sends stop, closes the stream or disconnects.
func (s *server) Session(
	stream grpc.BidiStreamingServer[driverpb.FromHost, driverpb.FromDriver],
) error {
	s.mu.Lock()
	if s.session {
		s.mu.Unlock()
		return status.Error(codes.FailedPrecondition,
			"this program has had its session; start another program")
	}
	s.session = true
	s.mu.Unlock()

	out := newSender()
	f := newFleet(s.driver, out)
	f.asks = newAsks(s.version)
	f.rate = rateOf(stream.Context())
	s.mu.Lock()
	s.fleet = f
	s.mu.Unlock()
	sendCtx, cancel := context.WithCancel(stream.Context())
	var sending, receiving sync.WaitGroup
	sending.Go(func() { out.run(sendCtx, f.asks, stream.Send) })
	over := make(chan struct{}) // closed when the gateway says stop or is gone
	receiving.Go(func() { receive(stream, f, out, sync.OnceFunc(func() { close(over) })) })
	select {
	case <-over:
	case <-s.stopped:
	}
	f.stop() // the receiver still takes acknowledgements meanwhile
	out.close(errSessionEnded())
	cancel()
	sending.Wait()
	go func() {
		receiving.Wait() // receive ends once this function has returned
		close(s.ended)
	}()
	return nil
}

func errSessionEnded() error {
	return gatehouse.Errorf(gatehouse.Unavailable, "the session with the gateway has ended")
}

// receive handles the gateway's messages until the stream ends. It calls over on stop and at the
// end.
func receive(
	stream grpc.BidiStreamingServer[driverpb.FromHost, driverpb.FromDriver], f *fleet, out *sender, over func(),
) {
	defer over()
	for {
		m, err := stream.Recv()
		if err != nil {
			out.close(errSessionEnded()) // nobody is left to acknowledge
			return
		}
		switch w := m.GetMessage().(type) {
		case *driverpb.FromHost_Connect:
			d, err := toDevice(w.Connect)
			if err != nil {
				slog.Error("a device cannot be served", "device", d.ID, "reason", err)
				continue
			}
			f.set(d.ID, &d)
		case *driverpb.FromHost_Disconnect:
			f.set(gatehouse.DeviceID(w.Disconnect), nil)
		case *driverpb.FromHost_Ack:
			out.ack(w.Ack.GetBatch(), driverpb.ToError(w.Ack.GetError()))
		case *driverpb.FromHost_Answer:
			f.asks.answered(w.Answer)
		case *driverpb.FromHost_Stop:
			over()
		}
	}
}

// fleet is the devices that the gateway wants served, one worker each.
type fleet struct {
	driver  Driver
	out     *sender
	asks    *asks
	rate    int             // observations a second of one device; 0: unlimited
	ctx     context.Context // of the workers; ends when the session does
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	workers map[gatehouse.DeviceID]*worker
	halted  bool
}

func newFleet(d Driver, out *sender) *fleet {
	f := &fleet{
		driver:  d,
		out:     out,
		asks:    &asks{},
		workers: map[gatehouse.DeviceID]*worker{},
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// set changes how a device is served; nil releases it. It does not block, and does nothing if d
// equals the current setting.
func (f *fleet) set(id gatehouse.DeviceID, d *Device) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.halted {
		return
	}
	w := f.workers[id]
	if w == nil {
		if d == nil {
			return
		}
		w = &worker{
			fleet:   f,
			id:      id,
			changed: make(chan struct{}, 1),
			want:    d,
			pace:    newPace(f.rate),
			untold:  make(chan gatehouse.Observation, maxUntold),
		}
		f.workers[id] = w
		f.running.Go(w.run)
		return
	}
	if same(w.want, d) {
		return
	}
	w.want = d
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// assess asks the driver how the device authenticates itself; "" if it cannot tell.
func (f *fleet) assess(d Device) (w gatehouse.Weakness) {
	x, ok := f.driver.(Assessor)
	if !ok {
		return ""
	}
	err := guard("Assess", func() error { w = x.Assess(d); return nil })
	if err != nil {
		return "" // guard has logged the panic
	}
	return w
}

// halt releases every device and accepts no others.
func (f *fleet) halt() {
	f.mu.Lock()
	f.halted = true
	f.mu.Unlock()
	f.cancel()
}

// stop halts and waits for the workers, at most StopTimeout: the program then ends even if a
// Connect has not returned.
func (f *fleet) stop() {
	f.halt()
	done := make(chan struct{})
	go func() {
		f.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(StopTimeout):
		slog.Error("devices were not let go of in time", "timeout", StopTimeout)
	}
}
