package mqttfront

import (
	"crypto/rand"
	"slices"
	"sync"
)

// wills are those that are due and not on disk yet, by name. One that cannot be made durable is
// tried again; there are at most as many as clients are allowed.
type wills struct {
	mu  sync.Mutex
	due map[string]*dueWill
}

type dueWill struct {
	who    Identity
	number uint64 // of the session
	will   *will
	busy   bool
	there  bool // the intake has it, but it is not on disk for offline subscribers
}

// add takes a will, marked busy so that nobody else publishes it; false: there are too many.
func (w *wills) add(d *dueWill, limit int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.due) >= limit {
		return false
	}
	if w.due == nil {
		w.due = map[string]*dueWill{}
	}
	d.busy = true
	w.due[d.will.once] = d
	return true
}

func (w *wills) done(once string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.due, once)
}

// failed marks a will for a retry; there says that the intake has it already.
func (w *wills) failed(once string, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.due[once]; d != nil {
		d.busy, d.there = false, there
	}
}

// idle returns the wills that failed before, marked busy.
func (w *wills) idle() (again []*dueWill) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.due {
		if !d.busy {
			d.busy = true
			again = append(again, d)
		}
	}
	return again
}

// all returns copies for the state log.
func (w *wills) all() (all []dueWill) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.due {
		all = append(all, *d)
	}
	return all
}

// willOf takes the will out of a CONNECT (MQTT5 3.1.2.5).
func (f *Front) willOf(con *connectPacket, s *session) *will {
	w := con.will
	if w == nil {
		return nil
	}
	w.once, w.m.from = rand.Text(), s
	return w
}

// due records that a will is to be published; its message's expiry interval begins (MQTT5
// 3.1.3.2.4). The caller holds s.mu and removes the will from the session under it, so that no
// snapshot misses both. nil: there are too many.
func (f *Front) due(s *session, w *will) *dueWill {
	m := *w.m // a copy: a snapshot may be writing the will just now
	m.live(f.now())
	d := &dueWill{
		who:    s.id,
		number: s.number,
		will: &will{
			m:    &m,
			once: w.once,
		},
	}
	if f.state != nil {
		d.will.after = f.mark()
	}
	if !f.wills.add(d, f.bounds.Load().MaxClients) {
		f.stats.shed.Add(1)
		return nil
	}
	if f.state != nil {
		f.state.note(dueRecord(d))
	}
	return d
}

// publishWills publishes wills that are due, once it is on disk that they are.
func (f *Front) publishWills(due ...*dueWill) {
	due = slices.DeleteFunc(due, func(d *dueWill) bool { return d == nil })
	if len(due) > 0 && f.state != nil {
		// If this is not kept, a restart publishes them once more.
		if err := f.state.wait(&record{kind: recMark}); err != nil {
			f.log.Warn("mqtt wills", "error", err)
		}
	}
	for _, d := range due {
		f.publishWill(d)
	}
}

func dueRecord(d *dueWill) *record {
	return &record{
		kind:    recWillDue,
		session: d.number,
		who:     d.who,
		will:    d.will,
	}
}

// publication makes a will a publication of the device.
func (f *Front) publication(d *dueWill) *inbound {
	w := d.will
	in := &inbound{
		f: f,
		s: &session{
			f:  f,
			id: d.who,
		},
		m:     w.m,
		once:  w.once,
		after: w.after,
	}
	if d.who.MayPublish(w.m.topic) && validTopic([]byte(w.m.topic)) {
		in.to, in.version, _ = f.tree.find(w.m.topic)
	} else {
		in.code = rcNotAuthorized
	}
	return in
}

// publishWill sends a will the way any publication of the device goes.
func (f *Front) publishWill(d *dueWill) {
	in := f.publication(d)
	if d.there {
		in.done(nil)
		return
	}
	var err error
	if in.code == rcSuccess {
		err = f.offer(in)
	} else {
		err = f.reject(in)
	}
	if err != nil {
		in.done(err)
	}
}
