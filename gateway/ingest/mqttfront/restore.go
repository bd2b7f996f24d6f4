package mqttfront

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// restore opens the state log and replays it.
func (f *Front) restore() (err error) {
	longest := f.cfg.MaxQueuedBytes + f.cfg.MaxPacket
	if f.state, err = openStateLog(
		f.cfg.Dir,
		f.cfg.FS,
		f.cfg.Seal,
		longest,
		f.log,
	); err != nil {
		return err
	}
	t := teller{
		f:        f,
		sessions: map[uint64]*session{},
		due:      map[string]*dueWill{},
		settled:  map[string]bool{},
		now:      time.Now(),
	}
	bad := 0
	for at := f.state.cursor.Committed(); ; {
		records, err := f.state.j.ReadFrom(context.Background(), at, 1000)
		if err != nil {
			return fmt.Errorf("mqtt state: %w", err)
		}
		if len(records) == 0 {
			break
		}
		for _, raw := range records {
			at = raw.Seq
			f.state.since.Add(int64(len(raw.Data)))
			r, err := f.state.open(raw.Data)
			if err != nil {
				if bad++; bad == 1 {
					f.log.Error("a record of the MQTT state is passed over", "dir", f.cfg.Dir,
						"seq", raw.Seq, "error", err)
				}
				continue
			}
			t.apply(r)
		}
	}
	if bad > 1 {
		f.log.Error("records of the MQTT state are passed over", "dir", f.cfg.Dir, "records", bad)
	}
	t.install()
	return nil
}

// teller replays the state log: it rebuilds what memory held when the records were written. A
// record may come twice, and may be about a session that is gone.
type teller struct {
	f        *Front
	sessions map[uint64]*session
	due      map[string]*dueWill
	settled  map[string]bool // by name: later records of these are out of date
	now      time.Time
}

func (t *teller) apply(r *record) {
	t.f.numbers = max(t.f.numbers, r.session)
	s := t.sessions[r.session]
	switch r.kind {
	case recSession, recWhole:
		if s == nil {
			s = &session{
				f:      t.f,
				number: r.session,
			}
			t.sessions[r.session] = s
		}
		s.id, s.clientID, s.expiry, s.deadline, s.will = r.who, r.clientID, r.expiry, r.deadline, r.will
		if s.will != nil {
			s.will.m.from = s
		}
		if r.kind == recWhole {
			t.whole(s, r)
			return
		}
		for _, o := range s.held { // may have been sent to the client that connected
			o.sent = true
		}
	case recMessage:
		t.message(r)
	case recWillDue:
		if s != nil && s.will != nil && s.will.once == r.will.once {
			s.will = nil
		}
		if t.settled[r.will.once] {
			return
		}
		t.due[r.will.once] = &dueWill{
			who:    r.who,
			number: r.session,
			will:   r.will,
			busy:   true,
		}
	case recGone:
		delete(t.sessions, r.session)
	default:
		if s != nil {
			t.change(s, r)
		}
	}
}

// change applies a record about an existing session.
func (t *teller) change(s *session, r *record) {
	switch r.kind {
	case recOffline:
		s.expiry, s.deadline, s.will = r.expiry, r.deadline, r.will
		if s.will != nil {
			s.will.m.from = s
		}
	case recSubscribed:
		s.subscribe(r.subs)
	case recUnsubscribed:
		for _, sub := range r.subs {
			delete(s.subs, sub.filter)
		}
	case recAcked:
		if o := s.held[r.id]; o != nil {
			delete(s.held, r.id)
			s.bytes -= o.m.size()
			s.queue = slices.DeleteFunc(s.queue, func(q *outgoing) bool { return q == o })
		}
	case recReleased:
		if o := s.held[r.id]; o != nil {
			o.released = true
		}
	case recIntent:
		r.m.from = s
		if t.settled[r.once] {
			r.m = &message{qos: 2}
		}
		s.exchange(&inbound{
			f:       t.f,
			s:       s,
			id:      r.id,
			m:       r.m,
			once:    r.once,
			after:   r.after,
			settled: t.settled[r.once],
		})
	case recForgotten:
		delete(s.received, r.id)
	}
}

func (t *teller) message(r *record) {
	for _, a := range r.to {
		s := t.sessions[a.session]
		if s == nil || s.held[a.id] != nil {
			continue
		}
		s.enqueue(&outgoing{
			m:      r.m,
			qos:    a.qos,
			retain: a.retain,
			sent:   s.deadline.IsZero(),
			id:     a.id,
		})
	}
	if r.retain {
		// its size was checked when it was retained
		t.f.retained.put(r.m, retainedBound{math.MaxInt, math.MaxInt}, t.now)
	}
	if r.once == "" {
		return
	}
	delete(t.due, r.once)
	t.settled[r.once] = true
	if s := t.sessions[r.session]; s != nil {
		if in := s.received[r.id]; in != nil && in.once == r.once {
			in.settled, in.m = true, &message{qos: 2}
		}
	}
}

func (t *teller) whole(s *session, r *record) {
	had := s.held
	s.subs = nil
	s.held = nil
	s.queue = nil
	s.bytes = 0
	s.subscribe(r.subs)
	for _, o := range r.held {
		if o.saving && had[o.id] == nil {
			continue // its own record follows, or was never written
		}
		o.saving = false
		s.enqueue(o)
	}
	before := s.received
	s.received = nil
	for _, x := range r.received {
		switch in := before[x.id]; {
		case in != nil && !x.settled:
			s.exchange(in)
		case x.settled:
			s.exchange(&inbound{
				f:       t.f,
				s:       s,
				id:      x.id,
				m:       &message{qos: 2},
				once:    "told",
				settled: true,
			})
		}
	}
}

func (s *session) subscribe(subs []subscription) {
	if s.subs == nil {
		s.subs = map[string]subscription{}
	}
	for _, sub := range subs {
		s.subs[sub.filter] = sub
	}
}

func (s *session) exchange(in *inbound) {
	if s.received == nil {
		s.received = map[uint16]*inbound{}
	}
	s.received[in.id] = in
}

// install hands the rebuilt state to the front. Clients that were connected when the process ended
// have lost their connections now.
func (t *teller) install() {
	f, now := t.f, t.now
	for number, s := range t.sessions {
		key := sessionKey{s.id, s.clientID}
		if other := f.sessions[key]; other != nil && other.number > number ||
			s.expiry == 0 && s.will == nil {
			f.state.note(&record{
				kind:    recGone,
				session: number,
			})
			continue
		} else if other != nil {
			f.drop(other)
		}
		if s.deadline.IsZero() {
			s.deadline = now.Add(s.expiry)
			if s.will != nil {
				s.will.at = now.Add(s.will.delay)
			}
			// Otherwise the expiry would start again with each restart.
			f.state.note(&record{
				kind:     recOffline,
				session:  number,
				expiry:   s.expiry,
				deadline: s.deadline,
				will:     s.will,
			})
		}
		if s.will != nil && s.will.at.IsZero() { // it was about to be published
			s.will.at = now
		}
		s.keeps = s.expiry > 0
		// released ones are not sent again: they wait for PUBCOMP
		s.queue = slices.DeleteFunc(s.queue, func(o *outgoing) bool {
			o.queued = !o.released
			return o.released
		})
		for _, o := range s.held {
			s.nextID = max(s.nextID, o.id)
		}
		for _, in := range s.received {
			if !in.settled {
				f.intents = append(f.intents, in)
			}
		}
		for filter, sub := range s.subs {
			if tooDeep(filter) { // of an earlier version
				delete(s.subs, filter)
				continue
			}
			f.tree.add(s, sub)
		}
		f.sessions[key] = s
		f.byID[s.id]++
		f.stats.sessions.Add(1)
	}
	f.wills.due = t.due
}

// settle asks the intake which QoS 2 publications and wills it has of those that were under way
// when the process ended, and continues each from there.
func (f *Front) settle(ctx context.Context) error {
	wills := f.wills.all()
	seen := map[string]bool{}
	after := uint64(math.MaxUint64)
	for _, in := range f.intents {
		seen[in.once], after = false, min(after, in.after)
	}
	for _, d := range wills {
		seen[d.will.once], after = false, min(after, d.will.after)
	}
	if once, ok := f.in.(Once); ok && len(seen) > 0 {
		if err := once.Known(ctx, after, seen); err != nil {
			return fmt.Errorf("mqtt state: %w", err)
		}
	}
	for _, in := range f.intents {
		if !seen[in.once] {
			in.shed(errUnknown)
			continue
		}
		in.to, in.version, _ = f.tree.find(in.m.topic)
		in.done(nil)
	}
	f.intents = nil
	for _, d := range wills {
		if seen[d.will.once] {
			f.publication(&d).done(nil)
		} else {
			f.wills.failed(d.will.once, false) // and is tried again
		}
	}
	return nil
}
