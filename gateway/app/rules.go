package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	tickEvery = 500 * time.Millisecond // the longest time between looks at the rules' timers
	saveEvery = 5 * time.Second        // between saves of the rules' state
)

// rulesDir is where the rules lie; the default one is filled at the first start.
func (a *App) rulesDir() string {
	if a.cfg.Rules.Dir != "" {
		return a.cfg.Path(a.cfg.Rules.Dir)
	}
	return filepath.Join(a.cfg.dataDir(), "rules")
}

// openRules reads every rule and procedure; one that is wrong keeps the gateway from starting.
func (a *App) openRules(ctx context.Context) error {
	dir := a.rulesDir()
	if a.cfg.Rules.Dir == "" {
		if err := seedRules(dir); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	}
	var rs []rules.Rule
	var ps []rules.Procedure
	if err := eachYAML(dir, func(name string, b []byte) error {
		more, err := rules.Parse(name, b)
		rs = append(rs, more...)
		return err
	}); err != nil {
		return err
	}
	if err := eachYAML(filepath.Join(dir, "procedures"), func(name string, b []byte) error {
		more, err := rules.ParseProcedures(name, b)
		ps = append(ps, more...)
		return err
	}); err != nil {
		return err
	}
	if err := rules.Check(rs, ps); err != nil {
		return err
	}
	for _, r := range rs {
		for _, act := range r.Then {
			if act.Notify != nil {
				return fmt.Errorf("%s:%d: rule %s: this gateway cannot notify people by role: leave notify out; every alert is on the live wall and goes to webhooks", r.File, r.Line, r.ID)
			}
		}
	}
	for _, r := range rs {
		a.rules = append(a.rules, api.RuleInfo{ID: r.ID, Title: r.Title, TitleZH: r.TitleZH, Severity: r.Severity, YAML: r.YAML})
	}
	if err := a.noteRules(ctx, rs, ps); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	a.engine = rules.New(rs, ps)
	return nil
}

// seedRules copies the shipped rules and procedures into a folder that is not there yet.
func seedRules(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	for _, kind := range []string{"rules", "procedures"} {
		sub, err := fs.Sub(deploy.Files(), kind)
		if err != nil {
			return err
		}
		to := dir
		if kind == "procedures" {
			to = filepath.Join(dir, kind)
		}
		if err := os.CopyFS(to, sub); err != nil {
			return err
		}
	}
	return nil
}

func eachYAML(dir string, f func(name string, b []byte) error) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		if err := f(name, b); err != nil {
			return err
		}
	}
	return nil
}

// Device and Zone make the directory the rules' facts.
func (f facts) Device(id g.DeviceID) (rules.DeviceFacts, bool) {
	e, ok := f.a.directory.Known(id)
	d := e.Device
	return rules.DeviceFacts{School: d.School, Zone: d.Zone, Profile: d.Profile, Type: e.Profile.Type, Driver: d.Driver, Name: d.Name}, ok
}

func (f facts) Zone(id g.ZoneID) (g.Zone, bool) { return f.a.directory.Zone(id) }

type facts struct{ a *App }

// runRules hands every event to the engine and keeps what comes of it. The engine's state is
// saved with the position to which it belongs, and the cursor never passes that position: a
// start goes on from the state, sees again what came after it, and finds the same alerts
// under the same ids.
func (a *App) runRules(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("rules"))
	at, state, changes, err := view.RulesState(ctx)
	if err != nil {
		return err
	}
	if len(state) > 0 {
		if err := a.engine.Restore(state, changes...); err != nil {
			return fmt.Errorf("restore the rules' state: %w", err)
		}
	}
	a.engine.Resume(a.now())
	r, err := a.feed.Read("rules", at, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	kept, saved := keptRules{engine: a.engine, view: view}, a.now()
	pictures := evidence{app: a}
	for {
		next, cancel := context.WithDeadline(ctx, a.wake())
		events, err := r.Next(next, follow.Batch)
		cancel()
		if ctx.Err() != nil {
			a.lastSave(ctx, func(ctx context.Context) error { return a.saveRules(ctx, &kept, r.CommitAt, at) })
			return nil
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		var effects []rules.Effect
		for _, e := range events {
			effects = append(effects, a.engine.Observe(e, facts{a})...)
		}
		at = max(at, r.At()) // the state may know more than the cursor
		for len(a.gone) > 0 {
			effects = append(effects, a.engine.Forget(<-a.gone)...)
		}
		if err != nil || !r.More() { // timers follow the clock only once the past has been seen
			effects = append(effects, a.engine.Tick(a.now())...)
		}
		pictures.attach(effects)
		if !a.health.Insist(ctx, "rules", func() error { return a.carryOut(ctx, &kept, at, effects) }) {
			return nil
		}
		if !a.health.Insist(ctx, "rules", func() error { return pictures.late(ctx, view) }) {
			return nil
		}
		if a.now().Sub(saved) >= saveEvery {
			saved = a.now()
			if !a.health.Insist(ctx, "rules", func() error { return a.saveRules(ctx, &kept, r.CommitAt, at) }) {
				return nil
			}
		}
	}
}

// wake is when the engine wants to be asked again, at the latest.
func (a *App) wake() time.Time {
	latest := a.now().Add(tickEvery)
	if due, ok := a.engine.NextDeadline(); ok && due.Before(latest) {
		return due
	}
	return latest
}

// lastSave saves the state when the gateway stops, if that goes quickly: without it the next
// start goes on from the save before and sees again what came after.
func (a *App) lastSave(ctx context.Context, save func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := save(ctx); err != nil {
		a.log.Warn("the rules' state was not saved at the end; the next start goes on from the save before", "error", err)
	}
}

func (a *App) saveRules(ctx context.Context, kept *keptRules, commit func(uint64) error, at uint64) error {
	if err := kept.save(ctx, registry.Effects{Seq: at}); err != nil {
		return err
	}
	a.opt.Pause("rules saved")
	return commit(at)
}

// carryOut keeps alerts and incidents in one transaction, then sends the commands off.
func (a *App) carryOut(ctx context.Context, state *keptRules, at uint64, effects []rules.Effect) error {
	if len(effects) == 0 {
		return nil
	}
	kept := registry.Effects{Seq: at}
	for _, e := range effects {
		if e.Alert != nil {
			kept.Alerts = append(kept.Alerts, *e.Alert)
		}
		if e.Incident != nil {
			kept.Incidents = append(kept.Incidents, *e.Incident)
		}
	}
	// The state goes with what was told of it, so that both survive a power cut or neither.
	if err := state.save(ctx, kept); err != nil {
		return err
	}
	a.opt.Pause("effects kept")
	for _, e := range effects {
		if e.Command == nil {
			continue
		}
		for _, c := range a.targets(*e.Command) {
			select {
			case a.commands <- command{c, e.At}:
			default:
				a.log.Warn("a rule's command was dropped: too many are waiting", "rule", c.Rule, "device", c.Device)
			}
		}
	}
	return nil
}

// targets are the devices that a command is for: one, or those of a zone.
func (a *App) targets(c rules.CommandEffect) []rules.CommandEffect {
	if c.Device != "" {
		return []rules.CommandEffect{c}
	}
	var out []rules.CommandEffect
	for _, e := range a.directory.InZone(c.Zone) {
		if (c.Type == "" || c.Type == e.Profile.Type) && (c.Profile == "" || c.Profile == e.Profile.ID) {
			one := c
			one.Device = e.Device.ID
			out = append(out, one)
		}
	}
	return out
}

// driverProfiles takes over the profiles that drivers bring along; of one that is there already,
// what it lacks.
func (a *App) driverProfiles(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("profiles"))
	for {
		changed := a.host.Changed()
		for _, s := range a.host.Status() {
			for _, p := range s.Description.Profiles {
				a.takeProfile(ctx, view, p, "driver "+string(s.Name))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

func (a *App) takeProfile(ctx context.Context, view *registry.View, p g.Profile, from string) {
	old, err := view.Profile(ctx, p.ID)
	switch {
	case g.ErrorCode(err) == g.NotFound:
	case err != nil:
		return
	default:
		var more bool
		if p, more = widened(old, p); !more {
			return
		}
	}
	if err := view.PutProfile(ctx, p); err != nil {
		a.log.Warn("a profile was not taken over", "profile", p.ID, "from", from, "error", err)
	}
}

// shippedProfiles takes over the profiles of deploy/profiles.
func (a *App) shippedProfiles(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("profiles"))
	return fs.WalkDir(deploy.Files(), "profiles", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		b, err := fs.ReadFile(deploy.Files(), name)
		if err != nil {
			return err
		}
		p, err := registry.ParseProfile(name, b)
		if err != nil {
			return err
		}
		a.takeProfile(ctx, view, p, name)
		return nil
	})
}
