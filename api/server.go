package api

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/gatehouse-iot/gatehouse/api/access"
	"github.com/gatehouse-iot/gatehouse/api/alerts"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
	"github.com/gatehouse-iot/gatehouse/api/calendar"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/guardians"
	"github.com/gatehouse-iot/gatehouse/api/live"
	"github.com/gatehouse-iot/gatehouse/api/lockdown"
	"github.com/gatehouse-iot/gatehouse/api/meals"
	"github.com/gatehouse-iot/gatehouse/api/messages"
	"github.com/gatehouse-iot/gatehouse/api/oncall"
	"github.com/gatehouse-iot/gatehouse/api/people"
	"github.com/gatehouse-iot/gatehouse/api/places"
	"github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/api/timetable"
	"github.com/gatehouse-iot/gatehouse/api/visits"
	"github.com/gatehouse-iot/gatehouse/api/webhooks"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// Server is the HTTP surface. Make one with New, serve Handler, and Close it.
type Server struct {
	front *gate.Gate // what every request passes
	deps  Deps
	cfg   Config
	reg   *registry.Registry

	changes atomic.Uint64 // rises when a school changes, so that streams check their scope
	unsub   func()
	pages   *statics // the built console
}

// New builds the server. It answers requests at once, until Close.
func New(d Deps) (*Server, error) {
	if d.Registry == nil || d.Live == nil || d.Webhooks == nil || d.Now == nil {
		return nil, errors.New("api: Registry, Live, Webhooks and Now are needed")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Config.MaxStreams <= 0 {
		d.Config.MaxStreams = 256
	}
	front, err := gate.New(gate.Options{
		Registry: d.Registry,
		Document: newDocument(d.Config),
		Known:    d.Known,
		Address:  d.Config.BaseURL,
		Secure:   d.Config.SecureCookies,
		Proxied:  d.Config.TrustProxy,
		Rate:     d.Config.RateLimit,
		Now:      d.Now,
		Logger:   d.Logger,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{
		front: front,
		deps:  d,
		cfg:   d.Config,
		reg:   d.Registry,
		pages: &statics{
			files: d.Console,
			ready: map[string]*static{},
		},
	}
	s.unsub = s.reg.Subscribe(func(c registry.Change) {
		if c.Kind == change.School {
			s.changes.Add(1)
		}
	})
	s.register()
	if err := s.finish(); err != nil {
		return nil, err
	}
	s.plain()
	return s, nil
}

// Handler serves every request. Responses of /v1/stream last as long as the client stays, so the
// HTTP server should set no WriteTimeout.
func (s *Server) Handler() http.Handler { return s.front.Handler() }

// Close stops following the registry's changes. Call it once.
func (s *Server) Close() { s.unsub() }

// register adds every operation, area by area.
func (s *Server) register() {
	s.front.Words(words)
	s.front.AtLast(func(d *gate.Schemas) {
		d.OneOf("Check", "state", "ok", "warning", "critical")
	})
	s.registerStatus()
	s.registerReload()
	alerts.Register(s.front)
	rules.Register(s.front, s.deps.Rules)
	oncall.Register(s.front, s.deps.Links)
	lockdown.Register(s.front, strings.TrimSuffix(s.cfg.BaseURL, "/"))
	attendance.Register(s.front, s.deps.Intake)
	calendar.Register(s.front)
	timetable.Register(s.front)
	visits.Register(s.front, s.deps.VisitLinks, s.cfg.BaseURL)
	guardians.Register(s.front, guardians.Needs{
		Links:   s.deps.LeaveLinks,
		Address: s.cfg.BaseURL,
		Secure:  s.cfg.SecureCookies,
	})
	meals.Register(s.front)
	webhooks.Register(s.front, s.deps.Webhooks)
	messages.Register(s.front, s.deps.Messages)
	live.Register(s.front, live.Needs{
		Journal:   s.deps.Live,
		Telemetry: s.deps.Telemetry,
		Streams:   s.cfg.MaxStreams,
		Changes:   s.changes.Load,
	})
	access.Register(s.front, s.reg, access.Facts{
		Address: s.cfg.BaseURL,
		Secure:  s.cfg.SecureCookies,
		Demo:    s.cfg.Demo,
		Version: s.cfg.Version,
	})
	of := places.Needs{Recorded: s.deps.Recorded}
	if s.deps.Media != nil {
		of.Forget = s.deps.Media.Forget
		of.Drawings = s.deps.Media
	}
	places.Register(s.front, of)
	people.Register(s.front, people.Needs{
		Faces:   s.deps.Faces,
		Media:   s.deps.Media,
		Compare: s.deps.Compare,
		Model:   s.model,
	})
	fleet.Register(s.front, s.deps.Fleet, s.deps.Reach)
}

// model is the face model in use; "" until it is known.
func (s *Server) model() string {
	if s.deps.Recorded == nil {
		return ""
	}
	return s.deps.Recorded().Model
}
