package app

import (
	"context"
	"io/fs"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/registry"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// driverProfiles takes over the profiles that drivers bring along; of one that is there already,
// what it lacks.
func (a *App) driverProfiles(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("profiles"))
	for {
		changed := a.host.Changed()
		for _, s := range a.host.Status() {
			for _, p := range s.Description.Profiles {
				a.takeProfile(ctx, view, p, "driver "+string(s.Name))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

func (a *App) takeProfile(ctx context.Context, view *registry.View, p g.Profile, from string) {
	old, err := view.Fleet.Profile(ctx, p.ID)
	switch {
	case g.ErrorCode(err) == g.NotFound:
	case err != nil:
		return
	default:
		var more bool
		if p, more = widened(old, p); !more {
			return
		}
	}
	if err := view.Fleet.PutProfile(ctx, p); err != nil {
		a.log.Warn("a profile was not taken over", "profile", p.ID, "from", from, "error", err)
	}
}

// shippedProfiles takes over the profiles of deploy/profiles.
func (a *App) shippedProfiles(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("profiles"))
	return fs.WalkDir(deploy.Files(), "profiles",
		func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") {
				return err
			}
			b, err := fs.ReadFile(deploy.Files(), name)
			if err != nil {
				return err
			}
			p, err := regfleet.ParseProfile(name, b)
			if err != nil {
				return err
			}
			a.takeProfile(ctx, view, p, name)
			return nil
		})
}
