package mqttfront

import "fmt"

// delivery is a message in a session's queue that is not on disk yet.
type delivery struct {
	to target
	o  *outgoing
}

// fanOut delivers a message to its subscribers. It returns how many took it, and the deliveries
// that must be saved before they are sent.
func (f *Front) fanOut(m *message, to []target) (n int, unsaved []delivery) {
	for _, t := range to {
		if t.sub.noLocal && t.s == m.from {
			continue
		}
		took, o := t.s.deliver(m, t.sub, false)
		if took {
			n++
		}
		if o != nil {
			unsaved = append(unsaved, delivery{t, o})
		}
	}
	return n, unsaved
}

// keep retains r.m if r.retain is set, and appends r to the state log: whether the message is
// retained, which sessions it waits for, and what it settles. Once that is on disk, the unsaved
// deliveries are sent and done is called; without a state log done is called at once. To retain,
// the caller holds retained.mu, so that the log has the order of memory.
func (f *Front) keep(r *record, unsaved []delivery, done func(error)) {
	if r.retain {
		r.retain = f.retained.put(r.m, f.retainable(), f.now())
	}
	if f.state == nil {
		done(nil)
		return
	}
	for _, d := range unsaved {
		r.to = append(r.to, address{d.to.s.number, d.o.id, d.o.qos, d.o.retain})
	}
	finish := func(err error) {
		for _, d := range unsaved {
			d.to.s.saved(d.o, err)
		}
		done(err)
	}
	if err := f.state.append(r, finish); err != nil {
		finish(err)
	}
}

// spread publishes a message of the gateway's own to the subscribers for which use is true (nil: to
// all), and waits until it is on disk for offline ones.
func (f *Front) spread(m *message, use func(target) bool) error {
	r := &record{
		kind:   recMessage,
		m:      m,
		retain: m.retain,
	}
	kept := make(chan error, 1)
	n := func() int {
		if m.retain { // as in inbound.done
			f.retained.mu.Lock()
			defer f.retained.mu.Unlock()
		}
		all, _, _ := f.tree.find(m.topic)
		to := all[:0]
		for _, t := range all {
			if use == nil || use(t) {
				to = append(to, t)
			}
		}
		n, unsaved := f.fanOut(m, to)
		if !m.retain && len(unsaved) == 0 {
			kept <- nil
		} else {
			f.keep(r, unsaved, func(err error) { kept <- err })
		}
		return n
	}()
	switch err := <-kept; {
	case err != nil:
		return err
	case n == 0 && !m.retain:
		return ErrNoSubscriber
	case m.retain && !r.retain:
		return fmt.Errorf("more than %d retained messages of the device, or %d bytes of them",
			f.cfg.MaxRetained, f.retainable().bytes)
	}
	return nil
}

// retainable is what a device may have retained: MaxRetained messages, and bytes enough for the
// largest packet.
func (f *Front) retainable() retainedBound {
	return retainedBound{f.cfg.MaxRetained, f.cfg.MaxPacket + 1<<10}
}
