package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
	"github.com/gatehouse-iot/gatehouse/gateway/retention"
	"github.com/gatehouse-iot/gatehouse/gateway/rulebook"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// reloader puts changed files in force while the gateway runs. One reload runs at a time.
type reloader struct {
	read         func() (config.Config, error) // nil: there is no file
	host         *host.Host
	directory    *directory.Directory
	rules        *rulebook.Book
	files        *selfwatch.Files
	now          func() time.Time
	self         *registry.View // to audit reloads of this machine
	certificates []*listeners.Certificate
	authorities  *listeners.Authorities // nil: there are none
	values       values
	hangups      <-chan os.Signal
	log          *slog.Logger

	mu  sync.Mutex
	cfg config.Config // in force: keys that need a restart keep their values of the start
}

// values are what cannot fail to reload: the limits of listeners and senders, how long things are
// kept, when a face counts as recognised, and the log level.
type values struct {
	sockets   *sockets
	front     *mqttfront.Front // nil: there is none
	ingest    *ingest
	retention *retention.Keeper
	level     *slog.LevelVar // nil: it never changes
}

func (l values) take(c *config.Config) {
	p := l.sockets.divide(c)
	l.sockets.bound.SetBounds(bounds(p, c.HTTP))
	l.ingest.pacer.SetRates(rates(c))
	l.ingest.identify.Decide(decision(c))
	l.ingest.faces.Ask(c.Faces.Driver)
	l.retention.Keep(periods(c))
	if l.front != nil {
		l.front.SetLimits(mqttfront.Limits{
			MaxClients:    p.MQTT,
			MaxPerAddress: c.MQTT.MaxPerAddress,
			DeviceRate:    c.MQTT.DeviceRate,
			SchoolRate:    c.MQTT.SchoolRate,
		})
	}
	if l.level != nil {
		l.level.Set(c.Log.Least())
	}
}

// reloaded is everything that a reload puts in force, read and checked.
type reloaded struct {
	cfg      config.Config
	rules    alerting.Files
	specs    []host.Spec
	more     bool // a driver is new
	renewals []listeners.Renewal
	report   api.Reload
}

// reload reads everything again and, unless dry, puts it in force after note has recorded what
// changes.
func (r *reloader) reload(ctx context.Context, dry bool, note api.NoteReload) (api.Reload, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select { // until the driver host has started
	case <-r.host.Begun():
	case <-ctx.Done():
		return api.Reload{}, ctx.Err()
	}
	next, err := r.readAgain()
	if err != nil {
		if !dry {
			r.files.Refused(r.now(), err)
		}
		return api.Reload{}, g.Errorf(g.Invalid, "%v", err)
	}
	if dry {
		return next.report, nil
	}
	if err := note(ctx, audited(next.report.Changes)); err != nil {
		return api.Reload{}, err
	}
	if err := r.rules.Take(ctx, next.rules); err != nil {
		return api.Reload{}, err
	}
	// From here on only a host that is stopping can fail, and then the gateway stops anyway.
	before := r.cfg.Specs()
	if err := r.host.Reload(next.specs, next.cfg.MQTT.DeviceRate); err != nil {
		return api.Reload{}, err
	}
	r.values.take(&next.cfg)
	for _, x := range next.renewals {
		x.Put()
	}
	r.cfg = next.cfg
	if next.more {
		r.directory.TellAll() // a driver that is new may have devices already
	}
	r.files.Taken()
	next.report.Applied = true
	next.report.Drivers = r.notRunning(ctx, before, next.specs)
	r.log.Info("the configuration was read anew", "changes", len(next.report.Changes))
	return next.report, nil
}

// startsWithin is how long a reload waits to learn whether the drivers that it started run.
const startsWithin = 5 * time.Second

// notRunning returns the changed drivers that were refused or ended at once. Whether a driver takes
// its settings is known only when it runs.
func (r *reloader) notRunning(ctx context.Context, before, specs []host.Spec) []api.ReloadDriver {
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	var out []api.ReloadDriver
	for _, s := range specs {
		if slices.ContainsFunc(before, func(b host.Spec) bool { return reflect.DeepEqual(b, s) }) {
			continue
		}
		st, err := r.host.Wait(
			ctx,
			s.Name,
			host.Running,
			host.Refused,
			host.Backoff,
			host.Quarantined,
		)
		if err != nil || st.State == host.Running {
			continue
		}
		out = append(out, api.ReloadDriver{
			Name:   s.Name,
			State:  string(st.State),
			Reason: st.Reason,
		})
	}
	return out
}

// audited are the changes of a reload as the audit log keeps them.
func audited(changes []api.ReloadChange) []g.AuditChange {
	out := make([]g.AuditChange, len(changes))
	for i, x := range changes {
		out[i] = g.AuditChange{
			Field:  x.Key,
			Before: control.Short(x.From),
			After:  control.Short(x.To),
		}
	}
	return out
}

// here is reload by a signal or the command line of this machine.
func (r *reloader) here(ctx context.Context, dry bool) (api.Reload, error) {
	return r.reload(ctx, dry, r.self.Deeds.RecordReload)
}

// follow reloads at each signal until ctx ends. It logs errors.
func (r *reloader) follow(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.hangups:
		}
		out, err := r.here(ctx, false)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				r.log.Error("nothing was reloaded: something is wrong in the files", "error", err)
			}
			continue
		}
		for _, x := range out.Changes {
			r.log.Info("reloaded", "key", x.Key, "from", control.Short(x.From), "to",
				control.Short(x.To), "needs_restart", x.Restart)
		}
		for _, d := range out.Drivers {
			r.log.Error("a driver does not run after the reload", "driver", d.Name, "state", d.State,
				"reason", d.Reason)
		}
	}
}

// readAgain reads and checks everything.
func (r *reloader) readAgain() (next reloaded, err error) {
	old := &r.cfg
	read := *old
	if r.read != nil {
		if read, err = r.read(); err != nil {
			return next, err
		}
	}
	next.cfg = config.Taken(old, &read)
	for _, x := range config.Changes(old, &read) {
		next.report.Changes = append(next.report.Changes, api.ReloadChange(x))
	}
	dir, _ := next.cfg.RulesPath()
	if next.rules, err = alerting.LoadAgain(dir); err != nil {
		return next, err
	}
	if err := r.rules.Fits(next.rules); err != nil {
		return next, err
	}
	more, err := alerting.Changes(r.rules.Folder(), next.rules)
	if err != nil {
		return next, err
	}
	for _, x := range more {
		next.report.Changes = append(next.report.Changes,
			api.ReloadChange{
				Key:  x.Key,
				From: x.From,
				To:   x.To,
			})
	}
	if next.specs, next.more, err = r.checkedSpecs(old, &next.cfg); err != nil {
		return next, err
	}
	if next.renewals, err = r.readTLS(&next.cfg); err != nil {
		return next, err
	}
	for _, x := range next.renewals {
		if x.From != x.To {
			next.report.Changes = append(next.report.Changes,
				api.ReloadChange{
					Key:  x.Key,
					From: x.From,
					To:   x.To,
				})
		}
	}
	return next, nil
}

// readTLS reads the certificates of the listeners, and the authorities of devices' certificates.
func (r *reloader) readTLS(c *config.Config) ([]listeners.Renewal, error) {
	var out []listeners.Renewal
	for _, x := range r.certificates {
		next, err := x.Again()
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	if r.authorities == nil {
		return out, nil
	}
	next, err := r.authorities.Again(c.Path(c.MQTT.ClientCA), c.MQTT.RequireCertificate)
	if err != nil {
		return nil, err
	}
	return append(out, next), nil
}

// checkedSpecs returns the next configuration's drivers, of which it has checked that the changed
// ones can be started; more says that one has a new name.
func (r *reloader) checkedSpecs(
	old, next *config.Config,
) (specs []host.Spec, more bool, err error) {
	before := old.Specs()
	specs = next.Specs()
	for i, s := range specs {
		if slices.ContainsFunc(before, func(b host.Spec) bool { return reflect.DeepEqual(b, s) }) {
			continue
		}
		more = more || !slices.ContainsFunc(before, func(b host.Spec) bool {
			return b.Name == s.Name
		})
		if err := r.host.Check(s); err != nil {
			return nil, false, next.Unfit(i, err)
		}
	}
	return specs, more, nil
}
