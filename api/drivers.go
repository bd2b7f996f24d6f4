package api

import (
	"context"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// ByName names a driver.
type ByName struct {
	Name string `path:"name" maxLength:"64" doc:"The driver's name in the gateway's configuration."`
}

type driverLogInput struct {
	ByName
	Paged
}

func (s *Server) registerDrivers() {
	const tag = "Drivers"
	handle(s, endpoint{method: "GET", path: "/v1/drivers", id: "list-drivers", tag: tag, perm: g.DriversRead, unavailable: true, summary: "The driver programs and what they need of a device"},
		func(ctx context.Context, in *Paged) (*body[page[DriverInfo]], error) {
			if s.deps.Fleet == nil {
				return nil, missing("drivers")
			}
			all := s.deps.Fleet.Drivers()
			for i := range all {
				all[i].Address, all[i].Settings, all[i].Profiles = some(all[i].Address), some(all[i].Settings), some(all[i].Profiles)
			}
			return paged(s, all, *in, nil, func(d DriverInfo) string { return string(d.Name) })
		})
	handle(s, endpoint{method: "GET", path: "/v1/drivers/{name}/log", id: "driver-log", tag: tag, perm: g.DriversRead, unavailable: true, summary: "The newest lines that a driver wrote"},
		func(ctx context.Context, in *driverLogInput) (*body[page[LogLine]], error) {
			if s.deps.Fleet == nil {
				return nil, missing("drivers")
			}
			if err := s.onlyTop(ctx); err != nil {
				return nil, err
			}
			lines, err := s.deps.Fleet.DriverLog(g.DriverName(in.Name))
			return paged(s, lines, in.Paged, err, occurrences(func(l LogLine) string { return l.Time.Format(time.RFC3339Nano) + " " + l.Level + " " + l.Text }))
		})
	handle(s, endpoint{method: "POST", path: "/v1/drivers/{name}/restart", id: "restart-driver", tag: tag, perm: g.DevicesWrite, unavailable: true, summary: "Restart a driver; this lifts its quarantine",
		doc: "A driver serves every school of the gateway, so with several schools only the administrator of the top one may."},
		func(ctx context.Context, in *ByName) (*none, error) {
			if s.deps.Fleet == nil {
				return nil, missing("drivers")
			}
			if err := s.onlyTop(ctx); err != nil {
				return nil, err
			}
			if err := s.view(ctx).Record(ctx, "driver.restart", in.Name); err != nil {
				return nil, err
			}
			return &none{}, s.deps.Fleet.Restart(g.DriverName(in.Name))
		})
	handle(s, endpoint{method: "GET", path: "/v1/refusals", id: "list-refusals", tag: tag, perm: g.DevicesRead, unavailable: true, summary: "Devices and drivers that were refused at the door, and why"},
		func(ctx context.Context, in *Paged) (*body[page[Refusal]], error) {
			if s.deps.Fleet == nil {
				return nil, missing("drivers")
			}
			if err := s.onlyTop(ctx); err != nil {
				return nil, err
			}
			return paged(s, s.deps.Fleet.Refusals(), *in, nil, occurrences(func(r Refusal) string { return r.Source + "\x1f" + r.Claimed + "\x1f" + r.Reason }))
		})
}

// occurrences makes rows that look alike differ: by how many of them came before.
func occurrences[T any](name func(T) string) func(T) string {
	seen := map[string]int{}
	return func(row T) string {
		key := name(row)
		seen[key]++
		return key + "\x1f" + strconv.Itoa(seen[key])
	}
}

// onlyTop admits callers who see every school of the gateway, for what touches all of them.
func (s *Server) onlyTop(ctx context.Context) error {
	mine, err := s.view(ctx).Schools(ctx)
	if err != nil {
		return err
	}
	all, err := s.reg.In(g.SystemScope("api")).Schools(ctx)
	if err != nil {
		return err
	}
	if len(mine) < len(all) {
		return g.Errorf(g.Forbidden, "this touches every school of the gateway; ask the district's administrator")
	}
	return nil
}
