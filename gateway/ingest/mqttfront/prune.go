package mqttfront

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// Prune removes what is kept of devices for which known is false: their connections, their sessions
// with queues and wills, which are not published, and their retained messages, of which subscribers
// hear as of any removal (MQTT5 3.3.1.3). A later device of the same name finds nothing of theirs.
// Prune returns when that is on disk; a connection that does not end in time is an error.
func (f *Front) Prune(known func(Identity) bool) error {
	var errs []error
	var ending []*client
	ended, now := false, time.Now()
	for _, s := range f.everySession() {
		if s.id.Device == "" || known(s.id) {
			continue
		}
		ended = true
		if c := f.prune(s, now); c != nil {
			ending = append(ending, c)
		}
	}
	late := time.After(f.cfg.ConnectTimeout)
	for i, c := range ending {
		select {
		case <-c.finished:
			continue
		case <-late:
			errs = append(errs,
				fmt.Errorf("%d connections of devices that were deleted do not end", len(ending)-i))
		}
		break
	}
	for _, topic := range f.retained.topics(func(id Identity) bool { return !known(id) }) {
		if err := f.spread(&message{
			topic:  topic,
			qos:    1,
			retain: true,
		}, nil); err != nil {
			errs = append(errs, fmt.Errorf("remove what is retained of %s: %w", topic, err))
		}
	}
	if ended && f.state != nil {
		errs = append(errs, f.state.wait(&record{kind: recMark}))
	}
	return errors.Join(errs...)
}

// prune ends one session. Where a client is connected, it closes that and returns it: the session
// then ends with the connection.
func (f *Front) prune(s *session, now time.Time) *client {
	s.mu.Lock()
	s.will = nil
	s.expiry = 0
	s.deadline = now
	c := s.c
	s.mu.Unlock()
	if c != nil {
		c.shut(rcAdministrative)
		return c
	}
	f.forget(s, now)
	return nil
}

// topics lists the retained topics of the identities for which of is true.
func (r *retained) topics(of func(Identity) bool) (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for b, have := range r.devices {
		school, device, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(b, Prefix), "/"),
			"/")
		if !ok ||
			!of(Identity{
				School: gatehouse.SchoolID(school),
				Device: gatehouse.DeviceID(device),
			}) {
			continue
		}
		for topic := range have {
			out = append(out, topic)
		}
	}
	return out
}
