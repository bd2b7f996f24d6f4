package app

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// reloading takes over what the operator changed in files while the gateway runs. One reload runs
// at a time.
type reloading struct {
	mu  sync.Mutex
	cfg Config // what holds now: what a restart is needed for stays as it was at the start
}

// reloaded is everything that a reload needs, read and checked, and nothing of it in force.
type reloaded struct {
	cfg      Config
	rules    alerting.Files
	specs    []host.Spec
	more     bool // a driver is new
	renewals []renewal
	report   api.Reload
}

// renewal is a file of TLS that was read anew: what tells the old from the new, and the deed that
// puts the new one in force, which cannot fail.
type renewal struct {
	key, from, to string
	put           func()
}

// Reload reads the configuration, the rules and the certificates anew, and has them take effect:
// all of it or, where something is wrong, nothing, and the error says where and what mends it.
// Devices and browsers stay connected. With dry it only says what would change. What needs a
// restart is in the report and waits for it.
func (a *App) Reload(ctx context.Context, dry bool) (api.Reload, error) {
	a.reloading.mu.Lock()
	defer a.reloading.mu.Unlock()
	select { // at the very start it waits
	case <-a.host.Begun():
	case <-ctx.Done():
		return api.Reload{}, ctx.Err()
	}
	next, err := a.readAgain()
	if err != nil {
		return api.Reload{}, g.Errorf(g.Invalid, "%v", err)
	}
	if dry {
		return next.report, nil
	}
	if err := a.takeRules(ctx, next.rules); err != nil {
		return api.Reload{}, err
	}
	// Nothing below can fail but for a host that is stopping, and then all of it ends.
	if err := a.host.Reload(next.specs, next.cfg.MQTT.DeviceRate); err != nil {
		return api.Reload{}, err
	}
	a.takeLimits(&next.cfg)
	for _, r := range next.renewals {
		r.put()
	}
	a.reloading.cfg = next.cfg
	if next.more {
		a.directory.TellAll() // a driver that is new may have devices already
	}
	next.report.Applied = true
	a.log.Info("the configuration was read anew", "changes", len(next.report.Changes))
	return next.report, nil
}

// ReloadHere is a reload that somebody on this machine asked for, by a signal or by the command
// line.
func (a *App) ReloadHere(ctx context.Context, dry bool) (api.Reload, error) {
	if !dry {
		if err := a.reg.In(g.SystemScope("reload")).Deeds.Record(ctx, "gateway.reload", ""); err != nil {
			return api.Reload{}, err
		}
	}
	return a.Reload(ctx, dry)
}

// readAgain reads and checks everything.
func (a *App) readAgain() (reloaded, error) {
	old := &a.reloading.cfg
	read := *old
	if a.opt.Config != nil {
		var err error
		if read, err = a.opt.Config(); err != nil {
			return reloaded{}, err
		}
	}
	next := reloaded{cfg: taken(old, &read)}
	next.report.Changes = changes(old, &read)
	var err error
	if next.rules, err = alerting.Load(a.rulesDir()); err != nil {
		return reloaded{}, err
	}
	more, err := ruleChanges(*a.rules.Load(), next.rules)
	if err != nil {
		return reloaded{}, err
	}
	next.report.Changes = append(next.report.Changes, more...)
	if next.specs, next.more, err = a.checkedSpecs(old, &next.cfg); err != nil {
		return reloaded{}, err
	}
	if next.renewals, err = a.readTLS(&next.cfg); err != nil {
		return reloaded{}, err
	}
	for _, r := range next.renewals {
		if r.from != r.to {
			next.report.Changes = append(next.report.Changes,
				api.ReloadChange{Key: r.key, From: r.from, To: r.to})
		}
	}
	return next, nil
}

// readTLS reads the certificates of the listeners, and the authorities of devices' certificates.
func (a *App) readTLS(c *Config) ([]renewal, error) {
	var out []renewal
	for _, r := range a.certificates {
		next, err := r.again()
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	if a.authorities == nil {
		return out, nil
	}
	next, err := a.authorities.again(c.Path(c.MQTT.ClientCA), c.MQTT.RequireCertificate)
	if err != nil {
		return nil, err
	}
	return append(out, next), nil
}

// checkedSpecs are the drivers, of which those that would change could be started; more says that
// one has a new name.
func (a *App) checkedSpecs(old, next *Config) (specs []host.Spec, more bool, err error) {
	before := old.specs()
	specs = next.specs()
	for i, s := range specs {
		if slices.ContainsFunc(before, func(b host.Spec) bool { return reflect.DeepEqual(b, s) }) {
			continue
		}
		more = more || !slices.ContainsFunc(before, func(b host.Spec) bool {
			return b.Name == s.Name
		})
		if err := a.host.Check(s); err != nil {
			return nil, false, next.Drivers[i].errorf(fmt.Sprintf("drivers[%d]", i), "path",
				"driver %s: %v", s.Name, err)
		}
	}
	return specs, more, nil
}

// takeRules has rules and procedures come into force, once the audit log knows what changed of
// them.
func (a *App) takeRules(ctx context.Context, files alerting.Files) error {
	texts, err := files.Texts()
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	view := a.reg.In(g.SystemScope("rules"))
	err = a.alerting.Replace(ctx, files, func(ctx context.Context) error {
		return view.Alerts.NoteRules(ctx, texts)
	})
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	a.rules.Store(&files)
	return nil
}

// takeLimits changes the bounds of listeners and senders, and how much is logged.
func (a *App) takeLimits(c *Config) {
	p := share(listen.Descriptors(), c.HTTP.MaxConnections, c.MQTT.MaxClients)
	a.places.Store(&p)
	a.bound.SetBounds(httpBounds(p, c.HTTP))
	a.pacer.setRates(c.MQTT)
	if a.front != nil {
		a.front.SetLimits(mqttfront.Limits{
			MaxClients:    p.mqtt,
			MaxPerAddress: c.MQTT.MaxPerAddress,
			DeviceRate:    c.MQTT.DeviceRate,
			SchoolRate:    c.MQTT.SchoolRate,
		})
	}
	if a.opt.Level != nil {
		a.opt.Level.Set(c.Log.level())
	}
}

// ruleChanges is what is otherwise in rules and procedures, each by its id and in full.
func ruleChanges(old, now alerting.Files) ([]api.ReloadChange, error) {
	before, err := old.Texts()
	if err != nil {
		return nil, err
	}
	after, err := now.Texts()
	if err != nil {
		return nil, err
	}
	same := func(a alerts.RuleText) func(alerts.RuleText) bool {
		return func(b alerts.RuleText) bool { return a.Kind == b.Kind && a.ID == b.ID }
	}
	var out []api.ReloadChange
	for _, a := range before {
		i := slices.IndexFunc(after, same(a))
		switch {
		case i < 0:
			out = append(out, api.ReloadChange{Key: a.Kind + "s." + a.ID, From: a.Body})
		case after[i].Body != a.Body:
			out = append(out,
				api.ReloadChange{Key: a.Kind + "s." + a.ID, From: a.Body, To: after[i].Body})
		}
	}
	for _, b := range after {
		if !slices.ContainsFunc(before, same(b)) {
			out = append(out, api.ReloadChange{Key: b.Kind + "s." + b.ID, To: b.Body})
		}
	}
	return out, nil
}
