package fleet

import (
	"context"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// ByName names a driver.
type ByName struct {
	Name string `path:"name" maxLength:"64" doc:"The driver's name in the gateway's configuration."`
}

type driverLogInput struct {
	ByName
	gate.Paged
}

func (s *area) registerDrivers() {
	const tag = "Drivers"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/drivers",
		ID:          "list-drivers",
		Tag:         tag,
		Perm:        g.DriversRead,
		Unavailable: true,
		Summary:     "The driver programs and what they need of a device",
	},
		func(ctx context.Context, in *gate.Paged) (*gate.Body[gate.Page[DriverInfo]], error) {
			if s.fleet == nil {
				return nil, gate.Missing("drivers")
			}
			all := s.fleet.Drivers()
			for i := range all {
				all[i].Address, all[i].Settings, all[i].Profiles = gate.Some(all[i].Address), gate.Some(
					all[i].Settings), gate.Some(all[i].Profiles)
			}
			return gate.PageOf(s.Gate, all, *in, nil,
				func(d DriverInfo) string { return string(d.Name) })
		})
	s.registerRefusals(tag)
	s.registerDriver(tag)
}

func (s *area) registerRefusals(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/refusals",
		ID:          "list-refusals",
		Tag:         tag,
		Perm:        g.DevicesRead,
		Unavailable: true,
		Summary:     "Devices and drivers that were refused at the door, and why",
	},
		func(ctx context.Context, in *gate.Paged) (*gate.Body[gate.Page[Refusal]], error) {
			if s.fleet == nil {
				return nil, gate.Missing("drivers")
			}
			if err := s.EverySchool(ctx); err != nil {
				return nil, err
			}
			return gate.PageOf(s.Gate, s.fleet.Refusals(), *in, nil,
				occurrences(func(r Refusal) string {
					return r.Source + "\x1f" + r.Claimed + "\x1f" + r.Reason
				}))
		})
}

func (s *area) registerDriver(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/drivers/{name}/log",
		ID:          "driver-log",
		Tag:         tag,
		Perm:        g.DriversRead,
		Unavailable: true,
		Summary:     "The newest lines that a driver wrote",
	},
		func(ctx context.Context, in *driverLogInput) (*gate.Body[gate.Page[LogLine]], error) {
			if s.fleet == nil {
				return nil, gate.Missing("drivers")
			}
			if err := s.EverySchool(ctx); err != nil {
				return nil, err
			}
			lines, err := s.fleet.DriverLog(g.DriverName(in.Name))
			return gate.PageOf(s.Gate, lines, in.Paged, err, occurrences(func(l LogLine) string {
				return l.Time.Format(time.RFC3339Nano) + " " + l.Level + " " + l.Text
			}))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/drivers/{name}/restart",
		ID:          "restart-driver",
		Tag:         tag,
		Perm:        g.DevicesWrite,
		Unavailable: true,
		Summary:     "Restart a driver; this lifts its quarantine",
		Doc: "A driver serves every school of the gateway, so with several schools only the " +
			"administrator of the top one may.",
	},
		func(ctx context.Context, in *ByName) (*gate.None, error) {
			if s.fleet == nil {
				return nil, gate.Missing("drivers")
			}
			if err := s.EverySchool(ctx); err != nil {
				return nil, err
			}
			if err := s.View(ctx).Deeds.Record(ctx, "driver.restart", in.Name); err != nil {
				return nil, err
			}
			return &gate.None{}, s.fleet.Restart(g.DriverName(in.Name))
		})
}

// occurrences numbers rows with the same name, so that each has a name of its own.
func occurrences[T any](name func(T) string) func(T) string {
	seen := map[string]int{}
	return func(row T) string {
		key := name(row)
		seen[key]++
		return key + "\x1f" + strconv.Itoa(seen[key])
	}
}
