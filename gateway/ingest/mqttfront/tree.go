package mqttfront

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// subscription is one filter of a session.
type subscription struct {
	filter            string
	qos               byte
	noLocal           bool
	retainAsPublished bool
}

// target is a session that gets a message, once however many of its filters match.
type target struct {
	s      *session
	sub    subscription
	shared bool // for its group, whatever else the session is subscribed to (MQTT5 4.8.2)
}

// tree finds the sessions for a topic. version moves with every change, so
// that a publisher may keep the answer for its topic.
type tree struct {
	mu      sync.RWMutex
	root    node
	version atomic.Uint64
}

type node struct {
	children map[string]*node
	subs     map[*session]subscription
	shared   map[string]*shareGroup // by group name
}

// shareGroup gives each message to one of its members in turn.
type shareGroup struct {
	members []target
	turn    atomic.Uint32
}

// add puts a subscription in and tells whether the filter was new to the session.
func (t *tree) add(s *session, sub subscription) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.version.Add(1)
	group, filter := splitShared(sub.filter)
	n := &t.root
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		child := n.children[level]
		if child == nil {
			if n.children == nil {
				n.children = map[string]*node{}
			}
			child = &node{}
			n.children[level] = child
		}
		n = child
	}
	if group == "" {
		_, had := n.subs[s]
		if n.subs == nil {
			n.subs = map[*session]subscription{}
		}
		n.subs[s] = sub
		return !had
	}
	if n.shared == nil {
		n.shared = map[string]*shareGroup{}
	}
	g := n.shared[group]
	if g == nil {
		g = &shareGroup{}
		n.shared[group] = g
	}
	i := slices.IndexFunc(g.members, func(m target) bool { return m.s == s })
	if i < 0 {
		g.members = append(g.members, target{s, sub, true})
		return true
	}
	g.members[i].sub = sub
	return false
}

// remove takes a subscription out and prunes what it leaves empty.
func (t *tree) remove(s *session, filter string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.version.Add(1)
	group, filter := splitShared(filter)
	t.root.remove(s, group, strings.Split(filter, "/"))
}

func (n *node) remove(s *session, group string, levels []string) {
	if len(levels) > 0 {
		child := n.children[levels[0]]
		if child == nil {
			return
		}
		child.remove(s, group, levels[1:])
		if len(child.children)+len(child.subs)+len(child.shared) == 0 {
			delete(n.children, levels[0])
		}
		return
	}
	if group == "" {
		delete(n.subs, s)
		return
	}
	if g := n.shared[group]; g != nil {
		g.members = slices.DeleteFunc(slices.Clone(g.members),
			func(m target) bool { return m.s == s })
		if len(g.members) == 0 {
			delete(n.shared, group)
		}
	}
}

// find returns the sessions for a topic. fixed is false when a shared
// subscription took part, since the next message may go elsewhere.
func (t *tree) find(topic string) (out []target, version uint64, fixed bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	fixed = true
	t.root.find(
		topic,
		true,
		strings.HasPrefix(topic, "$"),
		&out,
		&fixed,
	)
	return out, t.version.Load(), fixed
}

func (n *node) find(topic string, more, system bool, out *[]target, fixed *bool) {
	if !system {
		if c := n.children["#"]; c != nil { // also matches the level above it
			c.collect(out, fixed)
		}
	}
	if !more {
		n.collect(out, fixed)
		return
	}
	level, rest, more := strings.Cut(topic, "/")
	if c := n.children[level]; c != nil {
		c.find(rest, more, false, out, fixed)
	}
	if c := n.children["+"]; c != nil && !system {
		c.find(rest, more, false, out, fixed)
	}
}

// collect adds the node's subscribers; overlapping filters of a session give
// one message at the highest QoS (MQTT5 3.3.4).
func (n *node) collect(out *[]target, fixed *bool) {
	for s, sub := range n.subs {
		put(out, target{
			s:   s,
			sub: sub,
		})
	}
	for _, g := range n.shared {
		*fixed = false
		*out = append(*out, g.next())
	}
}

// next prefers a member that is connected.
func (g *shareGroup) next() target {
	start := int(g.turn.Add(1))
	for i := range g.members {
		if m := g.members[(start+i)%len(g.members)]; m.s.online.Load() {
			return m
		}
	}
	return g.members[start%len(g.members)]
}

func put(out *[]target, t target) {
	for i := range *out {
		if have := &(*out)[i]; have.s == t.s && !have.shared {
			have.sub.qos = max(have.sub.qos, t.sub.qos)
			have.sub.noLocal = have.sub.noLocal && t.sub.noLocal
			have.sub.retainAsPublished = have.sub.retainAsPublished || t.sub.retainAsPublished
			return
		}
	}
	*out = append(*out, t)
}
