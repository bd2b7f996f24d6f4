// Package alerting feeds every event to the rules and carries out their effects: it stores alerts,
// incidents and commands to devices in one transaction with the engine's state, tells people by their
// roles, and attaches pictures of strangers. It refuses to decide what is an alert, which package rules does, and
// what happens to one once it is stored.
package alerting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	name      = "rules"                // of the cursor
	tickEvery = 500 * time.Millisecond // longest time between checks of the rules' timers
	saveEvery = 5 * time.Second        // between saves of the rules' state
	lastWords = 2 * time.Second        // limit for the save on stopping
	mostGone  = 1024                   // queued calls of Forget
	leap      = time.Minute            // a forward clock jump above this is not elapsed time

	commandLife = time.Minute // how long a rule's command waits for a device that is away
)

// Options are the dependencies of a Reader.
type Options struct {
	Feed      *follow.Feed
	View      *registry.View
	Directory *directory.Directory
	Files     Files
	// Strangers holds pictures that are not decided on yet and Pictures stores them; Allowed
	// reports whether a school keeps pictures.
	Strangers *strangers.Place
	Pictures  *media.Store
	Allowed   func(g.SchoolID) bool
	Base      string // how people reach the console, without a slash at the end; "": unknown
	Now       func() time.Time
	Logger    *slog.Logger
}

// Reader feeds every event to the rules.
type Reader struct {
	opt    Options
	engine *rules.Engine
	gone   chan g.DeviceID
	next   chan exchange
	asks   chan ask
	kept   keptRules
	looked time.Time // when the clock was last read
	at     uint64    // position of the engine's state, at or after the cursor

	current bool           // the backlog was read when the engine last observed
	early   []rules.Effect // found before the next events
}

// New returns a Reader that has read nothing yet.
func New(o Options) *Reader {
	engine := rules.New(o.Files.Rules, o.Files.Procedures)
	engine.SetCalendars(o.Files.Calendars)
	return &Reader{
		opt:    o,
		engine: engine,
		gone:   make(chan g.DeviceID, mostGone),
		next:   make(chan exchange),
		asks:   make(chan ask),
		kept: keptRules{
			engine: engine,
			view:   o.View,
		},
		looked: o.Now(),
	}
}

// Forget has the rules forget a removed device. It does not block: if the queue is full, the device
// is forgotten only when its values become stale.
func (x *Reader) Forget(id g.DeviceID) {
	select {
	case x.gone <- id:
	default:
	}
}

// Run feeds every event to the engine and stores its effects until ctx ends. The engine's state is
// saved together with its position, and the cursor never passes that position: a restart resumes
// from the saved state, replays the events after it and finds the same alerts with the same ids.
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
	people := notices{
		opt:  x.opt,
		told: map[source]turn{},
	}
	for {
		x.replace(ctx)
		x.answer()
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
		if !x.insist(ctx, func() error { return people.tell(ctx, effects) }) {
			return nil
		}
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

// restore loads the saved state.
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
	held, err := x.opt.View.Lockdown.Holding(ctx)
	if err != nil {
		return fmt.Errorf("find the threat levels that stand: %w", err)
	}
	var levels []g.Lockdown
	for _, h := range held {
		levels = append(levels, h.Lockdown)
	}
	x.engine.StandLevels(levels)
	x.engine.Resume(x.looked) // silence before this start was the gateway's own
	x.at = at
	return nil
}

// watchClock resumes the engine after the clock was set ahead or the machine slept: that time did
// not elapse, and no device was silent in it.
func (x *Reader) watchClock() {
	now := x.opt.Now()
	if leapt(x.looked, now) > leap {
		x.engine.Resume(now)
	}
	x.looked = now
}

// leapt returns how much further the wall clock advanced than the monotonic clock; 0 if a time has
// no monotonic reading, as with a test's clock.
func leapt(from, to time.Time) time.Duration {
	return to.Round(0).Sub(from.Round(0)) - to.Sub(from)
}

// observe returns the engine's effects. Timers follow the clock only once the backlog is read.
func (x *Reader) observe(events []g.Event, current bool) []rules.Effect {
	effects := x.early
	x.early, x.current = nil, current
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

// wake returns the engine's next deadline, at most tickEvery away.
func (x *Reader) wake() time.Time {
	latest := x.opt.Now().Add(tickEvery)
	if due, ok := x.engine.NextDeadline(); ok && due.Before(latest) {
		return due
	}
	return latest
}

// lastSave saves the state on stopping, if that takes no longer than lastWords. If it fails, the
// next start resumes from the save before and replays the events after it.
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

// carryOut stores alerts, incidents and commands in one transaction. The commands are sent by
// package command.
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
		if e.Command != nil {
			kept.Commands = append(kept.Commands, x.orders(*e.Command, e.At)...)
		}
	}
	// The state is saved in the same transaction, so that a power cut keeps both or neither.
	if err := x.kept.save(ctx, kept); err != nil {
		return err
	}
	x.opt.Feed.Pause("effects kept")
	return nil
}

// orders are a rule's command to each of its devices. One that is repeated after a crash has the
// same IDs, and one that is older than commandLife expires unsent.
func (x *Reader) orders(c rules.CommandEffect, at time.Time) []fleet.Order {
	var out []fleet.Order
	for _, one := range x.targets(c) {
		sum := sha256.Sum256([]byte(c.ID + " " + string(one.Device)))
		out = append(out, fleet.Order{
			ID:     "cmd_" + hex.EncodeToString(sum[:8]),
			Device: one.Device,
			Action: c.Action,
			Values: c.Values,
			By:     g.ByRule + string(c.Rule),
			Alert:  c.Alert,
			Made:   at,
			Due:    at.Add(commandLife),
		})
	}
	return out
}

// targets expands a command to its devices: one, or those of a zone. A rule that a school has
// written commands devices of the school where it found something only.
func (x *Reader) targets(c rules.CommandEffect) []rules.CommandEffect {
	_, own := rules.Plain(c.Rule)
	if c.Device != "" {
		if e, ok := x.opt.Directory.Known(c.Device); own != "" && (!ok || e.Device.School != c.School) {
			return nil
		}
		return []rules.CommandEffect{c}
	}
	var out []rules.CommandEffect
	for _, e := range x.opt.Directory.InZone(c.Zone) {
		if (own == "" || e.Device.School == c.School) &&
			(c.Type == "" || c.Type == e.Profile.Type) &&
			(c.Profile == "" || c.Profile == e.Profile.ID) {
			one := c
			one.Device = e.Device.ID
			out = append(out, one)
		}
	}
	return out
}

// FactsOf answers the rules' queries from the directory, as it is now.
func FactsOf(d *directory.Directory) rules.Facts { return facts{d} }

// facts answers the rules' queries from the directory.
type facts struct{ directory *directory.Directory }

// Device implements rules.Facts.
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
		Behind:  d.Behind,

		Timezone:   f.directory.School(d.School).Timezone,
		Properties: e.Profile.Properties,
	}, ok
}

// Timezone implements rules.Facts.
func (f facts) Timezone(id g.SchoolID) string { return f.directory.School(id).Timezone }

// Person implements rules.People.
func (f facts) Person(id g.PersonID) (kind g.PersonKind, boarder, ok bool) {
	return f.directory.Person(id)
}

// Zone implements rules.Facts.
func (f facts) Zone(id g.ZoneID) (g.Zone, bool) { return f.directory.Zone(id) }
