package mqttfront

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errUnknown means that the intake does not have what was about to be handed to it.
var errUnknown = errors.New("the gateway ended before the publication was on disk")

// compact tells everything anew whenever the state log has grown enough.
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
		if err := f.retell(); err != nil {
			f.log.Warn("the MQTT state is not told anew", "error", err)
		}
	}
}

// tellChunk is how much is told before waiting for the disk.
const tellChunk = stateQueue / 8

// retell appends all there is, and then lets go of what was told before. Each
// part is told under the lock that its changes are told under, so that what
// changes meanwhile comes behind it.
func (f *Front) retell() error {
	l := f.state
	from := l.j.Newest()
	l.stray.Store(false)
	size, waiting := int64(0), int64(0)
	f.mu.Lock()
	sessions := make([]*session, 0, len(f.sessions))
	for _, s := range f.sessions {
		if s.number != 0 {
			sessions = append(sessions, s)
		}
	}
	f.mu.Unlock()
	for _, part := range []func(tell func(*record) error) error{
		func(tell func(*record) error) error { return f.retained.tell(tell) },
		func(tell func(*record) error) error {
			for _, d := range f.wills.all() {
				if err := tell(dueRecord(&d)); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		if err := part(func(r *record) error { size += 64; return l.append(r, nil) }); err != nil {
			return err
		}
	}
	if err := l.wait(&record{kind: recMark}); err != nil {
		return err
	}
	for _, s := range sessions {
		n, err := s.tell()
		if err != nil {
			return err
		}
		size += int64(n)
		if waiting += int64(n); waiting > tellChunk {
			waiting = 0
			if err := l.wait(&record{kind: recMark}); err != nil {
				return err
			}
		}
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
	l.size.Store(size)
	l.since.Store(0)
	return nil
}

// tell appends all of a session, and returns about how many bytes that was.
func (s *session) tell() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return 0, nil
	}
	r := &record{kind: recWhole, session: s.number, who: s.id, clientID: s.clientID, expiry: s.expiry, deadline: s.deadline, will: s.will}
	var under []*record
	if s.keeps {
		for _, sub := range s.subs {
			r.subs = append(r.subs, sub)
		}
		r.held = s.unacknowledged()
		for id, in := range s.received {
			if in.once == "" {
				continue
			}
			r.received = append(r.received, exchange{id, in.settled})
			if !in.settled {
				under = append(under, &record{kind: recIntent, session: s.number, id: id, once: in.once, after: in.after, m: in.m})
			}
		}
	}
	if err := s.f.state.append(r, nil); err != nil {
		return 0, err
	}
	for _, r := range under {
		if err := s.f.state.append(r, nil); err != nil {
			return 0, err
		}
	}
	return s.bytes + 256, nil
}

// unacknowledged is what the client has not acknowledged, in its order.
func (s *session) unacknowledged() []*outgoing {
	all := make([]*outgoing, 0, len(s.held))
	for _, o := range s.held {
		all = append(all, o)
	}
	sortByOrder(all)
	return all
}

// tell appends every retained message.
func (r *retained) tell(tell func(*record) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, have := range r.devices {
		for _, m := range have {
			if err := tell(&record{kind: recMessage, m: m, retain: true}); err != nil {
				return err
			}
		}
	}
	return nil
}
