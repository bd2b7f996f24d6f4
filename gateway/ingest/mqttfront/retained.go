package mqttfront

import (
	"strings"
	"sync"
	"time"
)

// retained keeps the last retained message of each topic, by device, so that a subscription of one
// device does not search all others.
type retained struct {
	mu      sync.Mutex
	devices map[string]map[string]*message // by the topic's first four levels
	count   int64
}

// bucket is gh/v1/school/device/ of a topic, or "" when a filter has a wildcard there.
func bucket(topic string) string {
	end := 0
	for range 4 {
		i := strings.IndexByte(topic[end:], '/')
		if i < 0 {
			return ""
		}
		end += i + 1
	}
	if b := topic[:end]; !strings.ContainsAny(b, "+#") {
		return b
	}
	return ""
}

// retainedBound is what one device may have retained.
type retainedBound struct{ messages, bytes int }

// put keeps or, with an empty payload, removes a retained message (MQTT5
// 3.3.1.3). A device beyond its bound keeps what it has: false. The caller
// holds mu.
func (r *retained) put(m *message, bound retainedBound, now time.Time) bool {
	b := bucket(m.topic)
	have := r.devices[b]
	_, had := have[m.topic]
	if len(m.payload) == 0 {
		if had {
			delete(have, m.topic)
			r.count--
		}
		if len(have) == 0 {
			delete(r.devices, b)
		}
		return true
	}
	n, size := 1, m.size()
	for topic, old := range have {
		if topic != m.topic && old.expired(now) {
			delete(have, topic)
			r.count--
		} else if topic != m.topic {
			n++
			size += old.size()
		}
	}
	if n > bound.messages || size > bound.bytes {
		return false
	}
	if have == nil {
		if r.devices == nil {
			r.devices = map[string]map[string]*message{}
		}
		have = map[string]*message{}
		r.devices[b] = have
	}
	if !had {
		r.count++
	}
	kept := *m
	kept.from = nil // a retained message outlives the session
	have[m.topic] = &kept
	return true
}

// find returns what is retained for a filter. The caller holds mu.
func (r *retained) find(filter string, now time.Time) []*message {
	var out []*message
	look := func(have map[string]*message) {
		for topic, m := range have {
			if m.expired(now) {
				delete(have, topic)
				r.count--
			} else if matches(filter, topic) {
				out = append(out, m)
			}
		}
	}
	if b := bucket(filter); b != "" {
		look(r.devices[b])
		return out
	}
	for _, have := range r.devices {
		look(have)
	}
	return out
}

func (r *retained) size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}
