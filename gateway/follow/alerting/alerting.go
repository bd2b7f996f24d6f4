// Package alerting has the rules see every event and keeps what they find: alerts and incidents in
// one transaction with the engine's state, then the pictures of strangers, then commands to
// devices. What is an alert, package rules decides; what becomes of one that was written, others.
package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	name      = "rules"                // of the cursor
	tickEvery = 500 * time.Millisecond // the longest time between looks at the rules' timers
	saveEvery = 5 * time.Second        // between saves of the rules' state
	lastWords = 2 * time.Second        // that the save at the end may take
	mostGone  = 1024                   // devices that wait to be forgotten
	leap      = time.Minute            // a clock that leaps ahead further has not passed the time
)

// Options are what the reader works with.
type Options struct {
	Feed      *follow.Feed
	View      *registry.View
	Directory *directory.Directory
	Files     Files
	// Command hands on what a rule commands, and when it decided so. It blocks nobody; false says
	// that there was no room for it.
	Command func(c rules.CommandEffect, at time.Time) bool
	// Strangers and Pictures are where a picture waits and where it is kept; Allowed says which
	// schools keep any.
	Strangers *strangers.Place
	Pictures  *media.Store
	Allowed   func(g.SchoolID) bool
	Now       func() time.Time
	Logger    *slog.Logger
}

// Reader has the rules see every event.
type Reader struct {
	opt    Options
	engine *rules.Engine
	gone   chan g.DeviceID
	next   chan exchange
	kept   keptRules
	looked time.Time // at the clock
	at     uint64    // what the engine's state knows; it may know more than the cursor
}

// New has seen nothing yet.
func New(o Options) *Reader {
	engine := rules.New(o.Files.Rules, o.Files.Procedures)
	return &Reader{
		opt:    o,
		engine: engine,
		gone:   make(chan g.DeviceID, mostGone),
		next:   make(chan exchange),
		kept:   keptRules{engine: engine, view: o.View},
		looked: o.Now(),
	}
}

// Forget has the rules forget a device that is gone. It blocks nobody: one too many is forgotten
// when its values are stale.
func (x *Reader) Forget(id g.DeviceID) {
	select {
	case x.gone <- id:
	default:
	}
}

// Run hands every event to the engine and keeps what comes of it, until ctx ends. The engine's
// state is saved with the position to which it belongs, and the cursor never passes that
// position: a start goes on from the state, sees again what came after it, and finds the same
// alerts under the same ids.
func (x *Reader) Run(ctx context.Context) error {
	if err := x.restore(ctx); err != nil {
		return err
	}
	r, err := x.opt.Feed.Read(name, x.at, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	saved := x.opt.Now()
	pictures := evidence{opt: x.opt}
	for {
		x.replace(ctx)
		x.watchClock()
		next, cancel := context.WithDeadline(ctx, x.wake())
		events, err := r.Next(next, follow.Batch)
		cancel()
		if ctx.Err() != nil {
			x.lastSave(ctx, r)
			return nil
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		x.at = max(x.at, r.At())
		x.watchClock()
		effects := x.observe(events, err != nil || !r.More())
		pictures.attach(effects)
		if !x.insist(ctx, func() error { return x.carryOut(ctx, effects) }) {
			return nil
		}
		if !x.insist(ctx, func() error { return pictures.late(ctx) }) {
			return nil
		}
		if x.opt.Now().Sub(saved) < saveEvery {
			continue
		}
		saved = x.opt.Now()
		if !x.insist(ctx, func() error { return x.save(ctx, r) }) {
			return nil
		}
	}
}

func (x *Reader) insist(ctx context.Context, f func() error) bool {
	return x.opt.Feed.Health.Insist(ctx, name, f)
}

// restore goes on from the state that was saved.
func (x *Reader) restore(ctx context.Context) error {
	at, state, changes, err := x.opt.View.Alerts.RulesState(ctx)
	if err != nil {
		return err
	}
	if len(state) > 0 {
		if err := x.engine.Restore(state, changes...); err != nil {
			return fmt.Errorf("restore the rules' state: %w", err)
		}
	}
	x.engine.Resume(x.looked) // nothing was received between the last end and that
	x.at = at
	return nil
}

// watchClock tells the engine of a clock that was set ahead, or of a machine that slept: the time
// did not pass, and no detector was silent in it.
func (x *Reader) watchClock() {
	now := x.opt.Now()
	if leapt(x.looked, now) > leap {
		x.engine.Resume(now)
	}
	x.looked = now
}

// leapt is by how much the clock went further than the time that passed, where both times know
// it: a clock that tests move does not.
func leapt(from, to time.Time) time.Duration {
	return to.Round(0).Sub(from.Round(0)) - to.Sub(from)
}

// observe is what the engine finds; timers follow the clock only once the past has been seen.
func (x *Reader) observe(events []g.Event, current bool) []rules.Effect {
	var effects []rules.Effect
	for _, e := range events {
		effects = append(effects, x.engine.Observe(e, facts{x.opt.Directory})...)
	}
	for len(x.gone) > 0 {
		effects = append(effects, x.engine.Forget(<-x.gone)...)
	}
	if current {
		effects = append(effects, x.engine.Tick(x.opt.Now())...)
	}
	return effects
}

// wake is when the engine wants to be asked again, at the latest.
func (x *Reader) wake() time.Time {
	latest := x.opt.Now().Add(tickEvery)
	if due, ok := x.engine.NextDeadline(); ok && due.Before(latest) {
		return due
	}
	return latest
}

// lastSave saves the state when the gateway stops, if that goes quickly: without it the next
// start goes on from the save before and sees again what came after.
func (x *Reader) lastSave(ctx context.Context, r *follow.Reader) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if err := x.save(ctx, r); err != nil {
		x.opt.Logger.Warn("the rules' state was not saved at the end; the next start goes on "+
			"from the save before",
			"error", err)
	}
}

func (x *Reader) save(ctx context.Context, r *follow.Reader) error {
	if err := x.kept.save(ctx, alerts.Effects{Seq: x.at}); err != nil {
		return err
	}
	x.opt.Feed.Pause("rules saved")
	return r.CommitAt(x.at)
}

// carryOut keeps alerts and incidents in one transaction, then sends the commands off.
func (x *Reader) carryOut(ctx context.Context, effects []rules.Effect) error {
	if len(effects) == 0 {
		return nil
	}
	kept := alerts.Effects{Seq: x.at}
	for _, e := range effects {
		if e.Alert != nil {
			kept.Alerts = append(kept.Alerts, *e.Alert)
		}
		if e.Incident != nil {
			kept.Incidents = append(kept.Incidents, *e.Incident)
		}
	}
	// The state goes with what was told of it, so that both survive a power cut or neither.
	if err := x.kept.save(ctx, kept); err != nil {
		return err
	}
	x.opt.Feed.Pause("effects kept")
	for _, e := range effects {
		if e.Command == nil {
			continue
		}
		for _, c := range x.targets(*e.Command) {
			if !x.opt.Command(c, e.At) {
				x.opt.Logger.Warn("a rule's command was dropped: too many are waiting", "rule",
					c.Rule, "device", c.Device)
			}
		}
	}
	return nil
}

// targets are the devices that a command is for: one, or those of a zone.
func (x *Reader) targets(c rules.CommandEffect) []rules.CommandEffect {
	if c.Device != "" {
		return []rules.CommandEffect{c}
	}
	var out []rules.CommandEffect
	for _, e := range x.opt.Directory.InZone(c.Zone) {
		if (c.Type == "" || c.Type == e.Profile.Type) &&
			(c.Profile == "" || c.Profile == e.Profile.ID) {
			one := c
			one.Device = e.Device.ID
			out = append(out, one)
		}
	}
	return out
}

// facts makes the directory what the rules ask.
type facts struct{ directory *directory.Directory }

// Device is what the rules want to know of a device.
func (f facts) Device(id g.DeviceID) (rules.DeviceFacts, bool) {
	e, ok := f.directory.Known(id)
	d := e.Device
	return rules.DeviceFacts{
		School:  d.School,
		Zone:    d.Zone,
		Profile: d.Profile,
		Type:    e.Profile.Type,
		Driver:  d.Driver,
		Name:    d.Name,

		Timezone:   f.directory.School(d.School).Timezone,
		Properties: e.Profile.Properties,
	}, ok
}

// Zone is as the directory's.
func (f facts) Zone(id g.ZoneID) (g.Zone, bool) { return f.directory.Zone(id) }
