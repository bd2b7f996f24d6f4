package main

import (
	"context"
	"sync"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// maxCommands bounds the commands kept for one device. Finished ones are kept as well, so that a
// repeated command id does not act twice.
const maxCommands = 100

// commands holds the commands of one device and their results.
type commands struct {
	mu   sync.Mutex
	all  []*command
	news chan struct{} // closed and replaced when a command is added
}

func newCommands() *commands { return &commands{news: make(chan struct{})} }

type command struct {
	id     string
	action string
	values map[string]gatehouse.Value
	sent   bool
	gone   bool // withdrawn: its caller gave up before the device took it
	done   chan struct{}
	result result
}

// order is a command as the device gets it.
type order struct {
	ID     string                     `json:"id"`
	Action string                     `json:"action"`
	Values map[string]gatehouse.Value `json:"values"`
}

// over reports whether the command is finished or withdrawn.
func (x *command) over() bool {
	select {
	case <-x.done:
		return true
	default:
		return x.gone
	}
}

// add queues a command, or returns the earlier one with the same id.
func (c *commands) add(in drivers.Command) (*command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if in.ID == "" {
		in.ID = gatehouse.NewID("cmd")
	}
	for _, x := range c.all {
		if x.id == in.ID && !x.gone {
			return x, nil
		}
	}
	if len(c.all) >= maxCommands {
		i := 0
		for i < len(c.all) && !c.all[i].over() {
			i++
		}
		if i == len(c.all) {
			return nil, gatehouse.Errorf(gatehouse.Unavailable,
				"%d commands wait for the device already; check that it calls", maxCommands)
		}
		c.all = append(c.all[:i:i], c.all[i+1:]...)
	}
	x := &command{
		id:     in.ID,
		action: in.Action,
		values: in.Values,
		done:   make(chan struct{}),
	}
	c.all = append(c.all, x)
	close(c.news)
	c.news = make(chan struct{})
	return x, nil
}

// fetch returns the commands that were not sent yet, at most 20, and what is closed when there are
// further ones. A command that was fetched and never confirmed is not sent again.
func (c *commands) fetch() ([]order, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []order{}
	for _, x := range c.all {
		if x.sent || x.gone || len(out) == 20 {
			continue
		}
		x.sent = true
		o := order{
			ID:     x.id,
			Action: x.action,
			Values: x.values,
		}
		if o.Values == nil {
			o.Values = map[string]gatehouse.Value{}
		}
		out = append(out, o)
	}
	return out, c.news
}

// finish notes what came of a command that was fetched; an unknown one is passed over.
func (c *commands) finish(r result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.all {
		if x.id == r.ID && x.sent && !x.over() {
			x.result = r
			close(x.done)
		}
	}
}

// wait waits for a command's result. If ctx ends before the device has fetched the command, the
// command is withdrawn.
func (c *commands) wait(ctx context.Context, x *command) (drivers.Result, error) {
	select {
	case <-x.done:
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if !x.over() && !x.sent {
			x.gone = true
			return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
				"the device did not call in time; the command is withdrawn")
		}
		if !x.over() || x.gone {
			return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
				"the device has fetched the command and not said what came of it")
		}
	}
	if !x.result.OK {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Invalid, "the device refuses: %s",
			x.result.Message)
	}
	return drivers.Result{Message: x.result.Message}, nil
}
