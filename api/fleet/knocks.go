package fleet

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Knock is equipment that contacts a driver and is not registered.
type Knock struct {
	Driver  g.DriverName      `json:"driver" doc:"The driver that it calls."`
	Serial  string            `json:"serial" doc:"The serial number that it gives."`
	Title   string            `json:"title" doc:"What its driver says of it."`
	Address map[string]string `json:"address,omitempty" doc:"What it could be registered with."`
	Profile g.ProfileID       `json:"profile,omitempty" doc:"The profile that would fit."`
}

func (s *area) registerKnocks() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/knocks",
		ID:          "list-knocks",
		Tag:         "Drivers",
		Perm:        g.DevicesRead,
		Unavailable: true,
		Summary:     "Equipment that calls and is not registered",
		Doc: "A driver remembers who called for a day. With several schools only the " +
			"administrator of the top one sees it: nobody knows yet whose it is.",
	},
		func(ctx context.Context, in *gate.Paged) (*gate.Body[gate.Page[Knock]], error) {
			if s.fleet == nil {
				return nil, gate.Missing("drivers")
			}
			if err := s.EverySchool(ctx); err != nil {
				return nil, err
			}
			return gate.PageOf(s.Gate, s.fleet.Knocks(ctx), *in, nil, func(k Knock) string {
				return string(k.Driver) + "\x1f" + k.Serial
			})
		})
}
