package app

import (
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	pages "github.com/gatehouse-iot/gatehouse/api/visits"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/visits"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// openVisits makes what follows visits, and the links by which visitors and hosts answer.
func openVisits(
	in given, s *stores, d *directory.Directory, health *follow.Health,
) (*visits.Follower, *pages.Links, error) {
	key, err := keys.Signer(s.key, "gatehouse visit links")
	if err != nil {
		return nil, nil, err
	}
	links := pages.NewLinks(key)
	base := strings.TrimSuffix(in.cfg.HTTP.BaseURL, "/")
	return visits.New(visits.Options{
		View:      s.reg.In(g.SystemScope("visits")),
		Subscribe: s.reg.Subscribe,
		Health:    health,
		Link: func(id g.VisitID, host messages.To, until time.Time) string {
			if base == "" {
				return "" // nobody could open it: the host answers in the console
			}
			who := string(host.User)
			if who == "" {
				who = string(host.Person)
			}
			return base + links.Host(id, who, until)
		},
		Name: func(id g.DeviceID) string {
			e, _ := d.Known(id)
			return e.Device.Name
		},
		Now: in.now,
	}), links, nil
}
