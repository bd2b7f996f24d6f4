package app

import (
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	front "github.com/gatehouse-iot/gatehouse/api/gate"
	pages "github.com/gatehouse-iot/gatehouse/api/visits"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/attendance"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/guardians"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/history"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/lockdown"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/quality"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/resolve"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/timetable"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/twins"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/visits"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// readers follow the journal, the clock and the registry, each at its own pace.
type readers struct {
	health     *follow.Health
	feed       *follow.Feed
	twins      *twins.Reader
	readings   *telemetry.Reader
	history    *history.Reader
	attendance *attendance.Computer
	resolver   *resolve.Resolver
	counting   *quality.Reader
	lockdowns  *lockdown.Reader
	timetable  *timetable.Follower
	visits     *visits.Follower
	visitLinks *pages.Links
	guardians  *guardians.Follower
	leaveLinks *front.Signer
}

// cursors are the names of the journal's readers.
var cursors = []string{
	"twin", history.Cursor, "telemetry", "rules", "quality", "webhooks", escalate.Cursor,
	lockdown.Cursor, visits.Cursor,
}

// openReaders gives each reader what it uses, and nothing else.
func openReaders(in given, s *stores, x *ingest) (*readers, error) {
	system := func(name string) *registry.View { return s.reg.In(g.SystemScope(name)) }
	r := &readers{health: follow.NewHealth(in.log)}
	r.feed = &follow.Feed{
		Journal: s.journal,
		Hub:     x.hub,
		Health:  r.health,
		Logger:  in.log,
		Pause:   in.opt.Pause,
		Cursors: cursors,
	}
	r.twins = &twins.Reader{
		Feed: r.feed,
		View: system("twin"),
		Now:  in.now,
	}
	r.attendance = attendance.New(attendance.Options{
		View:      system("attendance"),
		Directory: x.directory,
		Health:    r.health,
		Subscribe: s.reg.Subscribe,
		Now:       in.now,
		Pause:     in.opt.Pause,
	})
	r.timetable = timetable.New(timetable.Options{
		View:      system("timetable"),
		Subscribe: s.reg.Subscribe,
		Health:    r.health,
		Now:       in.now,
		Log:       in.log,
	})
	r.readings = &telemetry.Reader{
		Append:    s.telemetry.Append,
		Directory: x.directory,
	}
	r.history = &history.Reader{
		View:      system("history"),
		Recompute: r.attendance.Recompute,
	}
	r.lockdowns = &lockdown.Reader{
		View: system("lockdown"),
		Base: strings.TrimSuffix(in.cfg.HTTP.BaseURL, "/"),
		Name: x.directory.NameOf,
		Now:  in.now,
		Log:  in.log,
	}
	s.reg.Subscribe(r.lockdowns.Changed) // until the registry is closed
	r.resolver = &resolve.Resolver{
		View:      system("resolve"),
		Directory: x.directory,
		Identify:  x.identify,
		Health:    r.health,
		Subscribe: s.reg.Subscribe,
		Recompute: r.attendance.Recompute,
		Now:       in.now,
		Log:       in.log,
	}
	r.counting = quality.New(quality.Options{
		Feed:      r.feed,
		View:      system("quality"),
		Directory: x.directory,
		Limits:    in.cfg.Quality.Limits(),
		History:   history.Cursor,
		Now:       in.now,
		Logger:    in.log,
	})
	if err := r.openVisits(in, s, x); err != nil {
		return nil, err
	}
	return r, follow.DropOthers(s.journal, in.log, cursors...)
}
