package fleet

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Rate limit of probes per caller, since each makes a driver connect to an
// address of the caller's choice.
const (
	probeEvery = 2 * time.Second
	probeBurst = 15
)

func newProbeLimiter() *gate.Limiter {
	return gate.NewLimiter(rate.Every(probeEvery), probeBurst, 1000)
}

// mayReach refuses an address that drivers may not be given.
func (s *area) mayReach(ctx context.Context, d g.Device) error {
	if s.reach == nil || s.fleet == nil || d.Driver == g.DriverMQTTFront {
		return nil
	}
	info, err := s.driver(d.Driver)
	if err != nil {
		return err
	}
	return s.reach(ctx, info.Address, d.Address)
}

// mayProbe limits how often a caller probes devices, and records the address in the audit log, also
// of a probe that mayReach then refuses: it shows who scans the network.
func (s *area) mayProbe(ctx context.Context, d g.Device) error {
	if v := s.probes.Allow(gate.CallerOf(ctx).Name(), s.Now()); !v.OK {
		return g.Errorf(g.RateLimited, "%d trials in a row are enough: try again in %s",
			probeBurst, v.Retry.Round(time.Second))
	}
	words := []string{string(d.Driver)}
	for _, key := range slices.Sorted(maps.Keys(d.Address)) {
		words = append(words, key+"="+d.Address[key])
	}
	object := []rune(strings.ToValidUTF8(strings.Join(words, " "), ""))
	return s.View(ctx).Deeds.Record(ctx, "device.probe", string(object[:min(len(object), 400)]))
}
