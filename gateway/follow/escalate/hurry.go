package escalate

import (
	"context"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

const (
	// mostMoved is how many messages are remembered that something came of; beyond it all alarms
	// of the last day that failed are looked at.
	mostMoved = 1000
	lookBack  = 24 * time.Hour
)

// moved are the messages of which something came since they were looked at. It is safe for
// concurrent use.
type moved struct {
	mu  sync.Mutex
	ids map[g.MessageID]bool
	all bool // too many to remember, or nobody has looked yet
}

func (m *moved) add(id g.MessageID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.all:
	case len(m.ids) >= mostMoved:
		m.all, m.ids = true, nil
	case m.ids == nil:
		m.ids = map[g.MessageID]bool{id: true}
	default:
		m.ids[id] = true
	}
}

// take returns what is remembered and forgets it.
func (m *moved) take() (ids []g.MessageID, all bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.ids {
		ids = append(ids, id)
	}
	all = m.all
	m.ids, m.all = nil, false
	slices.Sort(ids)
	return ids, all
}

func (m *moved) lookAtAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids, m.all = nil, true
}

// noteChange remembers what Run has to look at. It does not block.
func (e *Escalator) noteChange(c registry.Change) {
	switch {
	case c.Kind == change.Escalation:
		signal(e.rechoose)
	case c.Kind == change.Message && c.Touches("state"):
		e.moved.add(g.MessageID(c.ID))
		signal(e.kick)
	}
}

// Hurry makes the next step due at once of every call whose last step reached nobody: each message
// of it failed, since nobody named has an address or every channel refused.
func (e *Escalator) Hurry(ctx context.Context) error {
	ids, all := e.moved.take()
	var err error
	if all {
		if ids, err = e.View.Messages.AlarmsFailed(ctx, e.Now().Add(-lookBack)); err != nil {
			e.moved.lookAtAll()
			return err
		}
	}
	for _, id := range ids {
		if err := e.hurry(ctx, id); err != nil {
			e.moved.lookAtAll() // those that are left as well
			return err
		}
	}
	return nil
}

func (e *Escalator) hurry(ctx context.Context, id g.MessageID) error {
	m, err := e.View.Messages.Find(ctx, id)
	if g.ErrorCode(err) == g.NotFound || err == nil && m.Counts[messages.Failed] == 0 {
		return nil
	}
	if err != nil || m.Alert == "" {
		return err
	}
	lead, _, err := e.View.Oncall.CallOf(ctx, m.Alert)
	if g.ErrorCode(err) == g.NotFound || err == nil && lead.State != oncall.CallDue {
		return nil
	}
	if err != nil {
		return err
	}
	due, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallDue,
		lead.School,
		time.Time{},
		most,
	)
	if err != nil {
		return err
	}
	now := e.Now()
	var moves []oncall.Move
	for _, c := range due {
		if c.Chain != lead.Chain || c.Step != lead.Step || c.Round != lead.Round || !c.Due.After(now) {
			continue
		}
		_, log, err := e.View.Oncall.CallOf(ctx, c.Alert)
		if err != nil {
			return err
		}
		if !unreached(log, string(id)) {
			continue
		}
		next := c
		next.Due = now
		moves = append(moves, oncall.Move{
			Was: c,
			Now: next,
		})
	}
	if len(moves) == 0 {
		return nil
	}
	return e.View.Oncall.Advance(ctx, moves)
}

// unreached reports whether a message was the last that was sent of a call, and reached nobody.
func unreached(log []oncall.CallEntry, id string) bool {
	last := ""
	for _, x := range log {
		if x.Message != "" {
			last = x.Message
		}
	}
	return last == id && !slices.ContainsFunc(log, func(x oncall.CallEntry) bool {
		return x.Message == id && x.What == oncall.CallTold && x.State != messages.Failed
	})
}
