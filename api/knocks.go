package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

// Knock is equipment that calls and is not registered.
type Knock struct {
	Driver  g.DriverName      `json:"driver" doc:"The driver that it calls."`
	Serial  string            `json:"serial" doc:"The serial number that it gives."`
	Title   string            `json:"title" doc:"What its driver says of it."`
	Address map[string]string `json:"address,omitempty" doc:"What it could be registered with."`
	Profile g.ProfileID       `json:"profile,omitempty" doc:"The profile that would fit."`
}

func (s *Server) registerKnocks() {
	handle(s, endpoint{method: "GET", path: "/v1/knocks", id: "list-knocks", tag: "Drivers", perm: g.DevicesRead, unavailable: true, summary: "Equipment that calls and is not registered",
		doc: "A driver remembers who called for a day. With several schools only the administrator of the top one sees it: nobody knows yet whose it is."},
		func(ctx context.Context, in *Paged) (*body[page[Knock]], error) {
			if s.deps.Fleet == nil {
				return nil, missing("drivers")
			}
			if err := s.onlyTop(ctx); err != nil {
				return nil, err
			}
			return paged(s, s.deps.Fleet.Knocks(ctx), *in, nil, func(k Knock) string { return string(k.Driver) + "\x1f" + k.Serial })
		})
}
