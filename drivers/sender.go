package drivers

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
	"google.golang.org/protobuf/proto"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// inFlight is how many batches may be unacknowledged at a time. With two, a lone observation is
// sent at once, and under load each batch collects what arrived while the one before was written.
const inFlight = 2

// sender sends the observations of all devices to the gateway in batches. Unacknowledged
// observations are limited to Window and to driverpb.WindowBytes bytes: emit blocks beyond either.
type sender struct {
	count *semaphore.Weighted
	bytes *semaphore.Weighted
	wake  chan struct{} // capacity 1
	over  chan struct{} // closed by close

	mu     sync.Mutex
	queue  []*parcel
	sent   map[uint64][]*parcel // by batch, not yet acknowledged
	lastID uint64
	closed error // set by close: why emit refuses
}

// parcel is a part of one Emit; it is sent in one batch.
type parcel struct {
	observations []*driverpb.Observation
	size         int64
	done         chan error // capacity 1
}

func newSender() *sender {
	return &sender{
		count: semaphore.NewWeighted(Window),
		bytes: semaphore.NewWeighted(driverpb.WindowBytes),
		wake:  make(chan struct{}, 1),
		over:  make(chan struct{}),
		sent:  map[uint64][]*parcel{},
	}
}

// emit returns nil once the gateway has acknowledged every observation.
func (s *sender) emit(ctx context.Context, observations []gatehouse.Observation) error {
	parcels, err := pack(observations)
	if err != nil {
		return err
	}
	for _, p := range parcels {
		if err := s.push(ctx, p); err != nil {
			return err
		}
	}
	for _, p := range parcels {
		select {
		case err := <-p.done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *sender) push(ctx context.Context, p *parcel) error {
	n := int64(len(p.observations))
	if err := s.count.Acquire(ctx, n); err != nil {
		return err
	}
	if err := s.bytes.Acquire(ctx, p.size); err != nil {
		s.count.Release(n)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		s.count.Release(n)
		s.bytes.Release(p.size)
		return s.closed
	}
	s.queue = append(s.queue, p)
	s.signal()
	return nil
}

// run sends batches and questions until send fails, the sender is closed or ctx ends. Questions go
// first: somebody is waiting at a door.
func (s *sender) run(ctx context.Context, q *asks, send func(*driverpb.FromDriver) error) {
	for {
		var ask *driverpb.Ask
		select {
		case ask = <-q.queue:
		default:
		}
		var b *driverpb.Batch
		if ask == nil {
			b = s.next()
		}
		if ask == nil && b == nil {
			select {
			case ask = <-q.queue:
			case <-s.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if ask != nil && !q.wanted(ask.GetId()) {
			continue
		}
		if send(&driverpb.FromDriver{
			Batch: b,
			Ask:   ask,
		}) != nil {
			return // the receiver learns the reason
		}
	}
}

// next takes the next batch off the queue; nil if the queue is empty or inFlight is reached.
func (s *sender) next() *driverpb.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 || len(s.sent) >= inFlight {
		return nil
	}
	s.lastID++
	b := &driverpb.Batch{Id: s.lastID}
	var size int64
	n := 0
	for _, p := range s.queue {
		if n > 0 &&
			(len(b.Observations)+len(p.observations) > driverpb.MaxBatch ||
				size+p.size > driverpb.BatchBytes) {
			break
		}
		b.Observations = append(b.Observations, p.observations...)
		size += p.size
		n++
	}
	s.sent[b.Id] = s.queue[:n:n]
	s.queue = s.queue[n:]
	if len(s.queue) == 0 {
		s.queue = nil // releases the backing array of the sent batches
	}
	return b
}

// ack settles a batch. An unknown batch is ignored.
func (s *sender) ack(id uint64, err error) {
	s.mu.Lock()
	parcels := s.sent[id]
	delete(s.sent, id)
	s.signal()
	s.mu.Unlock()
	s.settle(parcels, err)
}

// close fails every observation that is queued, in flight or still to come.
func (s *sender) close(reason error) {
	s.mu.Lock()
	if s.closed == nil {
		s.closed = reason
		close(s.over)
	}
	parcels := s.queue
	s.queue = nil
	for id, sent := range s.sent {
		parcels = append(parcels, sent...)
		delete(s.sent, id)
	}
	s.mu.Unlock()
	s.settle(parcels, reason)
}

func (s *sender) settle(parcels []*parcel, err error) {
	for _, p := range parcels {
		s.count.Release(int64(len(p.observations)))
		s.bytes.Release(p.size)
		p.done <- err
	}
}

func (s *sender) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// pack splits observations into parcels that each fit a batch.
func pack(observations []gatehouse.Observation) ([]*parcel, error) {
	var out []*parcel
	var p *parcel
	for _, obs := range observations {
		w := driverpb.FromObservation(obs)
		size := int64(proto.Size(w))
		if size > MaxData+driverpb.BatchBytes {
			return nil, gatehouse.Errorf(gatehouse.TooLarge,
				"an observation of device %q has %d bytes; a snapshot may have %d", obs.Device,
				size, MaxData)
		}
		if p == nil || len(p.observations) == driverpb.MaxBatch ||
			p.size+size > driverpb.BatchBytes {
			p = &parcel{done: make(chan error, 1)}
			out = append(out, p)
		}
		p.observations = append(p.observations, w)
		p.size += size
	}
	return out, nil
}
