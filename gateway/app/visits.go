package app

import (
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	front "github.com/gatehouse-iot/gatehouse/api/gate"
	requests "github.com/gatehouse-iot/gatehouse/api/guardians"
	pages "github.com/gatehouse-iot/gatehouse/api/visits"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/guardians"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/visits"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
)

// openVisits makes what follows visits and guardians' requests, and the links by which they are answered.
func (r *readers) openVisits(in given, s *stores, x *ingest) error {
	key, err := keys.Signer(s.key, "gatehouse visit links")
	if err != nil {
		return err
	}
	r.visitLinks = pages.NewLinks(key)
	r.visits = visits.New(visits.Options{
		View:      s.reg.In(g.SystemScope("visits")),
		Subscribe: s.reg.Subscribe,
		Health:    r.health,
		Base:      strings.TrimSuffix(in.cfg.HTTP.BaseURL, "/"),
		Answer:    r.visitLinks.Host,
		Name:      x.directory.NameOf,
		Zone:      x.directory.Zone,
		Now:       in.now,
	})
	key, err = keys.Signer(s.key, "gatehouse leave links")
	r.leaveLinks = front.NewSigner(key)
	r.guardians = guardians.New(guardians.Options{
		View:      s.reg.In(g.SystemScope("guardians")),
		Subscribe: s.reg.Subscribe,
		Health:    r.health,
		Base:      strings.TrimSuffix(in.cfg.HTTP.BaseURL, "/"),
		Answer:    requests.Answering(r.leaveLinks),
		Now:       in.now,
	})
	return err
}
