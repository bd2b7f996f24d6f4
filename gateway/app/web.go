package app

import (
	"net/http"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/places"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
	"github.com/gatehouse-iot/gatehouse/gateway/faces"
	"github.com/gatehouse-iot/gatehouse/gateway/fleet"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
	"github.com/gatehouse-iot/gatehouse/gateway/notify"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/webhook"
	"github.com/gatehouse-iot/gatehouse/gateway/retention"
)

// openControl sets up the gateway's watch of itself, the reload, and the command line's socket.
func (a *App) openControl() {
	a.watch = newWatch(
		a.given,
		a.stores,
		a.ingest,
		a.readers,
		a.sockets,
		a.mqtt,
		func() []post.Failing { return a.post.Failing() },
	)
	a.reloader = &reloader{
		read:         a.opt.Config,
		host:         a.host,
		directory:    a.directory,
		rules:        a.rulebook,
		files:        &a.files,
		now:          a.now,
		self:         a.reg.In(g.SystemScope("reload")),
		certificates: a.certificates,
		authorities:  a.authorities,
		values:       values{a.sockets, a.front, a.ingest, a.retention, a.opt.Level},
		hangups:      a.opt.Hangups,
		log:          a.log,
		cfg:          a.cfg,
	}
	a.control = &control.Server{
		Dir:    a.cfg.DataPath(),
		Backup: a.Backup,
		Reload: a.reloader.here,
		Rules:  a.rulebook.Here,
		Log:    a.log,
	}
}

// openAPI gives the API what it uses.
func (a *App) openAPI() error {
	posts := webhook.New(a.cfg.Webhooks.Private)
	a.notify = notify.New(a.reg, posts, a.now, a.log)
	c := a.cfg.HTTP
	a.post = post.New(post.Options{
		Registry: a.reg,
		Kinds:    channels(),
		BaseURL:  strings.TrimSuffix(c.BaseURL, "/"),
		Private:  a.cfg.Webhooks.Private,
		Keep:     a.cfg.Messages.KeepFor,
		Now:      a.now,
		Logger:   a.log,
	})
	caller, links, err := openOncall(a.given, a.stores)
	if err != nil {
		return err
	}
	a.escalate = caller
	a.api, err = api.New(api.Deps{
		Registry:   a.reg,
		Live:       a.hub,
		Webhooks:   hooks{a.notify, posts},
		Messages:   a.post,
		Intake:     a.intake,
		Fleet:      equipment{a.fleet, a.commands},
		Faces:      a.faces,
		Media:      faces.Pictures{Store: a.media},
		Recorded:   recorded(a.cfg, a.retention, a.faces),
		Compare:    a.faces.Compare,
		Telemetry:  queries(a.telemetry),
		Reach:      fleet.Reach(a.cfg.Reach).Allows,
		Known:      listeners.Known,
		Links:      links,
		VisitLinks: a.visitLinks,
		LeaveLinks: a.leaveLinks,
		Metrics:    a.watch.Metrics(),
		Status:     a.watch.Status,
		Rules:      a.rulebook,
		Reload:     a.reloader.reload,
		Console:    a.opt.Console,
		Config: api.Config{
			BaseURL:       c.BaseURL,
			SecureCookies: c.TLS.Certificate != "" || strings.HasPrefix(c.BaseURL, "https:"),
			Demo:          a.opt.Demo,
			Version:       a.opt.Version,
			TrustProxy:    c.Proxy,
		},
		Now:    a.now,
		Logger: a.log,
	})
	if err == nil {
		a.closers.add(func() error { a.api.Close(); return nil })
	}
	return err
}

// hooks implements webhooks.Queue: the delivery queue, and the channel's check of addresses.
type hooks struct {
	*notify.Queue
	*webhook.Channel
}

// queries serves the telemetry API for some schools.
func queries(t series) func(prefix string, schools []g.SchoolID) http.Handler {
	return func(prefix string, schools []g.SchoolID) http.Handler {
		return t.Handler(prefix, telemetry.Allowed{Schools: schools})
	}
}

// recorded tells the API how long things are kept, and which face model is in use.
func recorded(c config.Config, k *retention.Keeper, f *faces.Faces) func() places.Keeping {
	return func() places.Keeping {
		p := k.Periods()
		return places.Keeping{
			Pictures:  p.Pictures,
			History:   p.History,
			Journal:   c.Journal.MaxAge,
			Telemetry: c.Telemetry.Longest(),
			Model:     f.Model(),
		}
	}
}
