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

// outbox sends the observations of all devices to the gateway in batches. Unacknowledged
// observations are limited to Window and to driverpb.WindowBytes bytes: emit blocks beyond either.
type outbox struct {
	count *semaphore.Weighted
	bytes *semaphore.Weighted
	wake  chan struct{} // capacity 1

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

func newOutbox() *outbox {
	return &outbox{
		count: semaphore.NewWeighted(Window),
		bytes: semaphore.NewWeighted(driverpb.WindowBytes),
		wake:  make(chan struct{}, 1),
		sent:  map[uint64][]*parcel{},
	}
}

// emit returns nil once the gateway has acknowledged every observation.
func (o *outbox) emit(ctx context.Context, observations []gatehouse.Observation) error {
	parcels, err := pack(observations)
	if err != nil {
		return err
	}
	for _, p := range parcels {
		if err := o.push(ctx, p); err != nil {
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

func (o *outbox) push(ctx context.Context, p *parcel) error {
	n := int64(len(p.observations))
	if err := o.count.Acquire(ctx, n); err != nil {
		return err
	}
	if err := o.bytes.Acquire(ctx, p.size); err != nil {
		o.count.Release(n)
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed != nil {
		o.count.Release(n)
		o.bytes.Release(p.size)
		return o.closed
	}
	o.queue = append(o.queue, p)
	o.signal()
	return nil
}

// run sends batches and questions until send fails, the outbox is closed or ctx ends. Questions go
// first: somebody is waiting at a door.
func (o *outbox) run(ctx context.Context, q *asks, send func(*driverpb.FromDriver) error) {
	for {
		var ask *driverpb.Ask
		select {
		case ask = <-q.queue:
		default:
		}
		var b *driverpb.Batch
		if ask == nil {
			b = o.next()
		}
		if ask == nil && b == nil {
			select {
			case ask = <-q.queue:
			case <-o.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if ask != nil && !q.wanted(ask.GetId()) {
			continue
		}
		if send(&driverpb.FromDriver{Batch: b, Ask: ask}) != nil {
			return // the receiver learns the reason
		}
	}
}

// next takes the next batch off the queue; nil if the queue is empty or inFlight is reached.
func (o *outbox) next() *driverpb.Batch {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 || len(o.sent) >= inFlight {
		return nil
	}
	o.lastID++
	b := &driverpb.Batch{Id: o.lastID}
	var size int64
	n := 0
	for _, p := range o.queue {
		if n > 0 &&
			(len(b.Observations)+len(p.observations) > driverpb.MaxBatch ||
				size+p.size > driverpb.BatchBytes) {
			break
		}
		b.Observations = append(b.Observations, p.observations...)
		size += p.size
		n++
	}
	o.sent[b.Id] = o.queue[:n:n]
	o.queue = o.queue[n:]
	if len(o.queue) == 0 {
		o.queue = nil // releases the backing array of the sent batches
	}
	return b
}

// ack settles a batch. An unknown batch is ignored.
func (o *outbox) ack(id uint64, err error) {
	o.mu.Lock()
	parcels := o.sent[id]
	delete(o.sent, id)
	o.signal()
	o.mu.Unlock()
	o.settle(parcels, err)
}

// close fails every observation that is queued, in flight or still to come.
func (o *outbox) close(reason error) {
	o.mu.Lock()
	if o.closed == nil {
		o.closed = reason
	}
	parcels := o.queue
	o.queue = nil
	for id, sent := range o.sent {
		parcels = append(parcels, sent...)
		delete(o.sent, id)
	}
	o.mu.Unlock()
	o.settle(parcels, reason)
}

func (o *outbox) settle(parcels []*parcel, err error) {
	for _, p := range parcels {
		o.count.Release(int64(len(p.observations)))
		o.bytes.Release(p.size)
		p.done <- err
	}
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
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
