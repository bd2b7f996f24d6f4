package mqttfront

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// errUnknown means that the intake does not have a publication that was about to be handed to it.
var errUnknown = errors.New("the gateway ended before the publication was on disk")

// compact writes a snapshot whenever the state log has grown enough, until ctx ends.
func (f *Front) compact(ctx context.Context) {
	if f.state == nil {
		return
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if !f.state.due() {
			continue
		}
		if err := f.retell(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("the MQTT state is not told anew", "error", err)
		}
	}
}

// tellChunk is how many bytes of a snapshot may wait for the disk before more is appended.
const tellChunk = stateQueue / 8

// retell appends a snapshot of everything and then releases the records before it. Each part is
// written under the lock of what it describes, so that later changes come after it in the log.
func (f *Front) retell(ctx context.Context) error {
	l := f.state
	from := l.j.Newest()
	l.stray.Store(false)
	// What the log holds up to here has then happened in memory, too: a
	// settled will is no longer due.
	if err := l.wait(&record{kind: recMark}); err != nil {
		return err
	}
	t := telling{
		l:    l,
		told: l.since.Load(),
	}
	if err := f.tellAll(ctx, &t); err != nil {
		return err
	}
	if err := l.wait(&record{kind: recMark}); err != nil {
		return err
	}
	if l.stray.Load() {
		return fmt.Errorf("%w: a record was not taken meanwhile", errNotKept)
	}
	if err := l.cursor.Commit(from); err != nil {
		return err
	}
	l.size.Store(t.size)
	l.since.Store(0)
	return nil
}

func (f *Front) tellAll(ctx context.Context, t *telling) error {
	for _, b := range f.retained.buckets() {
		if err := t.part(ctx, func() (int, error) { return f.retained.tell(b, t.l) }); err != nil {
			return err
		}
	}
	for _, d := range f.wills.all() {
		r := dueRecord(&d)
		if err := t.part(ctx, func() (int, error) {
			err := t.l.tell(r)
			return r.size, err
		}); err != nil {
			return err
		}
	}
	f.mu.Lock()
	sessions := make([]*session, 0, len(f.sessions))
	for _, s := range f.sessions {
		if s.number != 0 {
			sessions = append(sessions, s)
		}
	}
	f.mu.Unlock()
	for _, s := range sessions {
		if err := t.part(ctx, s.tell); err != nil {
			return err
		}
	}
	return nil
}

// telling is the progress of one snapshot.
type telling struct {
	l    *stateLog
	size int64 // bytes appended
	told int64 // l.since when the disk was last waited for
}

// part appends one part of the snapshot, and tries again while the queue is full. Between parts it
// waits for the disk, so that other records find room in the queue.
func (t *telling) part(ctx context.Context, tell func() (int, error)) error {
	n, err := tell()
	for ; errors.Is(err, journal.ErrBusy); n, err = tell() {
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	t.size += int64(n)
	if err != nil || t.l.since.Load()-t.told < tellChunk {
		return err
	}
	t.told = t.l.since.Load()
	return t.settle(ctx)
}

// settle waits until what is queued is on disk, or 10 ms if the queue is full.
func (t *telling) settle(ctx context.Context) error {
	ch := make(chan error, 1)
	err := t.l.push(&record{kind: recMark}, func(err error) { ch <- err })
	switch {
	case err == nil:
		return <-ch
	case !errors.Is(err, journal.ErrBusy):
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Millisecond):
		return nil
	}
}

// tell appends all of a session to the log and returns how many bytes that took.
func (s *session) tell() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return 0, nil
	}
	r := &record{
		kind:     recWhole,
		session:  s.number,
		who:      s.id,
		clientID: s.clientID,
		expiry:   s.expiry,
		deadline: s.deadline,
		will:     s.will,
	}
	var under []*record
	if s.keeps {
		for _, sub := range s.subs {
			r.subs = append(r.subs, sub)
		}
		r.held = s.unacknowledged()
		for id, in := range s.received {
			if in.once == "" || in.forgotten {
				continue
			}
			r.received = append(r.received, exchange{id, in.settled})
			if !in.settled {
				under = append(under, &record{
					kind:    recIntent,
					session: s.number,
					id:      id,
					once:    in.once,
					after:   in.after,
					m:       in.m,
				})
			}
		}
	}
	size := 0
	for _, r := range append([]*record{r}, under...) {
		if err := s.f.state.tell(r); err != nil {
			return 0, err
		}
		size += r.size
	}
	return size, nil
}

// unacknowledged lists what the client has not acknowledged, in the order of sending.
func (s *session) unacknowledged() []*outgoing {
	all := make([]*outgoing, 0, len(s.held))
	for _, o := range s.held {
		all = append(all, o)
	}
	sortByOrder(all)
	return all
}

// buckets are the devices that have something retained.
func (r *retained) buckets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.devices))
}

// tell appends the retained messages of a device to the log.
func (r *retained) tell(bucket string, l *stateLog) (size int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.devices[bucket] {
		told := &record{
			kind:   recMessage,
			m:      m,
			retain: true,
		}
		if err := l.tell(told); err != nil {
			return 0, err
		}
		size += told.size
	}
	return size, nil
}
