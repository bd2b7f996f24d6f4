package api

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Server is the HTTP surface. Make one with New, serve Handler, and run Run beside it.
type Server struct {
	deps Deps
	cfg  Config
	reg  *registry.Registry

	party *registry.RelyingParty // of passkeys

	live Live
	log  *slog.Logger
	now  func() time.Time

	mux   *http.ServeMux
	api   huma.API
	cross *http.CrossOriginProtection

	callers   *limiter // by key or user
	remotes   *limiter // public endpoints, by address
	strangers *limiter // wrong credentials, by address
	signIns   *limiter // attempts to sign in, by address
	idem      *idempotency
	walks     *registry.Walks
	streams   *slots
	queries   *queryGate
	probes    *limiter
	imports   imports
	viewed    *lately // camera views that are in the audit log already

	settingUp sync.Mutex    // first run: one at a time
	changes   atomic.Uint64 // rises when a school changes: what a scope sees is then asked again
	unsub     func()
	pages     *statics // the built console
	specJSON  []byte
	specYAML  []byte
	spec30    []byte // the same in OpenAPI 3.0.3, for generators that know no 3.1
}

// New builds the server. It answers requests at once, until Close.
func New(d Deps) (*Server, error) {
	if d.Registry == nil || d.Live == nil || d.Webhooks == nil || d.Now == nil {
		return nil, errors.New("api: Registry, Live, Webhooks and Now are needed")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Config.RateLimit <= 0 {
		d.Config.RateLimit = 100
	}
	if d.Config.MaxStreams <= 0 {
		d.Config.MaxStreams = 256
	}
	perSecond := rate.Limit(d.Config.RateLimit)
	s := &Server{
		deps: d, cfg: d.Config, reg: d.Registry, live: d.Live, log: d.Logger, now: d.Now,
		mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(),
		callers:   newLimiter(perSecond, int(3*d.Config.RateLimit), 10_000),
		remotes:   newLimiter(perSecond, int(3*d.Config.RateLimit), 10_000),
		strangers: newLimiter(2, 60, 10_000),
		signIns:   newLimiter(rate.Every(3*time.Second), 20, 10_000),
		idem:      newIdempotency(d.Registry),
		walks:     registry.NewWalks(100_000),
		streams:   newSlots(d.Config.MaxStreams, 16),
		queries:   newQueryGate(),
		probes:    newProbeLimiter(),
		viewed:    newLately(10*time.Minute, 10_000),
		party:     registry.NewRelyingParty(d.Config.BaseURL),
	}
	if s.cfg.BaseURL != "" {
		if err := s.cross.AddTrustedOrigin(s.cfg.BaseURL); err != nil {
			return nil, g.FieldErrorf("base_url", "%q is no origin; write it as https://gate.school.example, without a path", s.cfg.BaseURL)
		}
	}
	s.pages = &statics{files: d.Console, ready: map[string]*static{}}
	s.unsub = s.reg.Subscribe(func(c registry.Change) {
		if c.Kind == "school" {
			s.changes.Add(1)
		}
	})
	nameStrictly()
	s.document()
	s.register()
	if err := s.finish(); err != nil {
		return nil, err
	}
	s.plain()
	return s, nil
}

// Handler answers every request. Its answers to /v1/stream go on for as long as the client
// stays; the server that runs it should set no overall WriteTimeout.
func (s *Server) Handler() http.Handler { return s.outer(s.mux) }

// Close ends that the server follows the registry's changes. It may be called once.
func (s *Server) Close() { s.unsub() }

// register adds every operation, area by area.
func (s *Server) register() {
	s.registerSession()
	s.registerSecondFactor()
	s.registerPasskeys()
	s.registerSchools()
	s.registerProfiles()
	s.registerDevices()
	s.registerFields()
	s.registerRejections()
	s.registerCertificates()
	s.registerKnocks()
	s.registerDeviceUse()
	s.registerDrivers()
	s.registerPeople()
	s.registerPasses()
	s.registerPictures()
	s.registerRecorded()
	s.registerSightings()
	s.registerAlerts()
	s.registerIncidents()
	s.registerSessions()
	s.registerAttendance()
	s.registerEvents()
	s.registerTelemetry()
	s.registerQuality()
	s.registerKeys()
	s.registerWebhooks()
	s.registerUsers()
	s.registerAudit()
	s.registerStatus()
}

// missing is the answer where a part of the gateway is not there.
func missing(part string) error {
	return g.Errorf(g.Unavailable, "this gateway runs without %s", g.Word(part))
}
