package mqttfront

import "fmt"

// delivery is a message in a session's queue that is not on disk yet.
type delivery struct {
	to target
	o  *outgoing
}

// fanOut delivers a message to its subscribers, and tells how many took it and
// which of them are to be saved.
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

// keep retains a message if r says so, and has on disk that it is retained, for
// whom it waits, and what it settles. Then it is sent, and done is called, at
// once where nothing is kept on disk.
func (f *Front) keep(r *record, unsaved []delivery, done func(error)) {
	if f.state == nil {
		if r.retain {
			f.retained.mu.Lock()
			r.retain = f.retained.put(r.m, f.cfg.MaxRetained)
			f.retained.mu.Unlock()
		}
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
	var err error
	if r.retain {
		f.retained.mu.Lock() // on disk in the order of memory
		r.retain = f.retained.put(r.m, f.cfg.MaxRetained)
		err = f.state.append(r, finish)
		f.retained.mu.Unlock()
	} else {
		err = f.state.append(r, finish)
	}
	if err != nil {
		finish(err)
	}
}

// keepAndWait is keep for a message of the gateway's own.
func (f *Front) keepAndWait(m *message, retain bool, unsaved []delivery) error {
	if !retain && len(unsaved) == 0 {
		return nil
	}
	r := &record{kind: recMessage, m: m, retain: retain}
	ch := make(chan error, 1)
	f.keep(r, unsaved, func(err error) { ch <- err })
	if err := <-ch; err != nil {
		return err
	}
	if retain && !r.retain {
		return fmt.Errorf("more than %d retained messages of the device", f.cfg.MaxRetained)
	}
	return nil
}
