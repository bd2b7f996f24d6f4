package host

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// violation is a breach of the contract, for which the program is ended.
type violation struct{ reason string }

func (v *violation) Error() string { return v.reason }

// errHung ends the session of a program that does not respond.
var errHung = errors.New("the program hung")

// session is the stream between the host and one run of a program.
type session struct {
	s       *supervisor
	stream  grpc.BidiStreamingClient[driverpb.FromHost, driverpb.FromDriver]
	cancel  context.CancelFunc   // breaks the stream
	batches chan *driverpb.Batch // bounded by the window, which receive enforces
	acks    chan *driverpb.Ack   // bounded likewise
	asking  *asking
	count   atomic.Int64 // observations received and not yet acknowledged
	bytes   atomic.Int64 // and their size
	breach  atomic.Pointer[violation]
	hung    atomic.Bool
}

// session serves the supervisor's devices until the program ends the stream or breaks the contract,
// or ctx ends; then the program is told to stop and has StopTimeout to do so.
func (s *supervisor) session(ctx context.Context, p *program) error {
	streamCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	begin := streamCtx
	if n := s.host.deviceRate(); n > 0 {
		begin = metadata.AppendToOutgoingContext(streamCtx, driverpb.RateKey, itoa(n))
	}
	stream, err := p.client.Session(begin)
	if err != nil {
		return err
	}
	x := &session{
		s:       s,
		stream:  stream,
		cancel:  cancel,
		batches: make(chan *driverpb.Batch, drivers.Window),
		acks:    make(chan *driverpb.Ack, drivers.Window),
		asking:  newAsking(s),
	}
	s.up(p)
	// counted from here, because a start may take longer than SteadyAfter
	steady := time.AfterFunc(s.host.options.SteadyAfter, s.steady)
	defer steady.Stop()

	acceptCtx, cancelAccept := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	received := make(chan error, 1)
	over := make(chan struct{})
	workers.Go(func() { received <- x.receive(acceptCtx, p.contract) })
	workers.Go(func() { x.admit(acceptCtx) })
	workers.Go(func() { x.limitStop(ctx, over) })
	workers.Go(func() { x.relatives(streamCtx, p) })
	workers.Go(func() {
		if pulse(streamCtx, p.conn) {
			x.hung.Store(true)
			cancel()
		}
	})

	err = x.talk(ctx, received)
	close(over)
	cancel()
	cancelAccept()
	workers.Wait()
	x.asking.running.Wait()
	return err
}

// up marks the driver as running, and all of its devices as to be sent.
func (s *supervisor) up(p *program) {
	s.mu.Lock()
	s.client = p.client
	clear(s.gone)
	for _, e := range s.devices {
		e.told, e.down = false, false
	}
	s.signal()
	s.mu.Unlock()
	s.set(func(st *Status) { st.State, st.Reason = Running, "" })
	s.host.options.Logger.Info("driver running", "driver", s.spec.Name, "pid", p.pid)
}

// talk is the only sender on the stream.
func (x *session) talk(ctx context.Context, received <-chan error) error {
	stop := ctx.Done()
	for {
		select {
		case err := <-received:
			if x.hung.Load() {
				return errHung
			}
			if v := x.breach.Load(); v != nil {
				return v
			}
			return err
		case t := <-x.asking.answers:
			x.asking.send(x, t)
		case a := <-x.acks:
			x.send(&driverpb.FromHost{Message: &driverpb.FromHost_Ack{Ack: a}})
		case <-x.s.wake:
			x.tellDevices()
		case <-stop:
			stop = nil
			x.send(&driverpb.FromHost{Message: &driverpb.FromHost_Stop{Stop: &driverpb.Stop{}}})
		}
	}
}

// send sends a message within sendTimeout. An error is left to the receiving side, which has the
// cause.
func (x *session) send(m *driverpb.FromHost) {
	timer := time.AfterFunc(sendTimeout, func() {
		x.breach.Store(&violation{"it did not take what it was told for " + sendTimeout.String()})
		x.cancel()
	})
	defer timer.Stop()
	_ = x.stream.Send(m)
}

// limitStop breaks the stream if stopping takes longer than StopTimeout.
func (x *session) limitStop(ctx context.Context, over <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-over:
		return
	}
	timer := time.NewTimer(drivers.StopTimeout)
	defer timer.Stop()
	select {
	case <-timer.C:
		x.cancel()
	case <-over:
	}
}

func (x *session) tellDevices() {
	var put []drivers.Device
	var gone []gatehouse.DeviceID
	x.s.mu.Lock()
	for _, e := range x.s.devices {
		if !e.told {
			e.told = true
			put = append(put, e.device)
		}
	}
	for id := range x.s.gone {
		gone = append(gone, id)
	}
	clear(x.s.gone)
	x.s.mu.Unlock()
	for _, id := range gone {
		x.send(&driverpb.FromHost{Message: &driverpb.FromHost_Disconnect{Disconnect: string(id)}})
	}
	for _, d := range put {
		w, err := fromDevice(d)
		if err != nil {
			x.s.host.options.Logger.Error("a device cannot be told to its driver", "driver",
				x.s.spec.Name, "device", d.ID, "reason", err)
			continue
		}
		x.send(&driverpb.FromHost{Message: &driverpb.FromHost_Connect{Connect: w}})
	}
}

// receive reads batches and questions until the stream ends, and enforces the window.
func (x *session) receive(ctx context.Context, contract int) error {
	defer close(x.batches)
	for {
		m, err := x.stream.Recv()
		if err != nil {
			if status.Code(err) == codes.ResourceExhausted {
				return &violation{
					"it sent a message of more than " + itoa(driverpb.MaxMessage>>20) + " MiB",
				}
			}
			return err
		}
		if a := m.GetAsk(); a != nil && m.GetBatch() == nil && contract >= 2 {
			x.asking.begin(ctx, a)
			continue
		}
		b := m.GetBatch()
		n := int64(len(b.GetObservations()))
		if n == 0 {
			return &violation{"it sent a batch without observations"}
		}
		if x.count.Add(n) > drivers.Window {
			return &violation{
				"it sent more than " + itoa(drivers.Window) +
					" observations ahead of their acknowledgement",
			}
		}
		if x.bytes.Add(int64(proto.Size(b))) > driverpb.WindowBytes+driverpb.MaxMessage {
			return &violation{
				"it sent more than " + itoa((driverpb.WindowBytes+driverpb.MaxMessage)>>20) +
					" MiB ahead of their acknowledgement",
			}
		}
		x.batches <- b
	}
}

// admit passes each batch to the sink and acknowledges it.
func (x *session) admit(ctx context.Context) {
	for b := range x.batches {
		if ctx.Err() != nil {
			continue // the session is over
		}
		observations := make([]gatehouse.Observation, len(b.GetObservations()))
		for i, w := range b.GetObservations() {
			observations[i] = driverpb.ToObservation(w)
		}
		err := x.s.host.options.Sink.Accept(ctx, x.s.spec.Name, observations)
		n := len(observations)
		if err == nil {
			x.s.mu.Lock()
			x.s.status.Observations += uint64(n)
			x.s.mu.Unlock()
		}
		x.count.Add(-int64(n))
		x.bytes.Add(-int64(proto.Size(b)))
		select {
		case x.acks <- &driverpb.Ack{
			Batch: b.GetId(),
			Error: driverpb.FromError(err),
		}:
		case <-ctx.Done():
		}
	}
}
