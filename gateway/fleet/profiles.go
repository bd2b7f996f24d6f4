package fleet

import (
	"context"
	"io/fs"
	"log/slog"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// Profiles adds profiles to the registry; one that exists already only gets the properties, actions
// and events that it lacks.
type Profiles struct {
	View *registry.View
	Log  *slog.Logger
}

// Follow adds the profiles that driver programs describe, until ctx ends.
func (x Profiles) Follow(ctx context.Context, h *host.Host) error {
	for {
		changed := h.Changed()
		for _, s := range h.Status() {
			for _, p := range s.Description.Profiles {
				x.take(ctx, p, "driver "+string(s.Name))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// Ship adds the profiles of a folder that comes with the gateway.
func (x Profiles) Ship(ctx context.Context, files fs.FS, folder string) error {
	shipped, err := Shipped(files, folder)
	for _, p := range shipped {
		x.take(ctx, p, folder)
	}
	return err
}

// Shipped reads the profiles of a folder that comes with the gateway.
func Shipped(files fs.FS, folder string) (out []g.Profile, err error) {
	names, err := fs.Glob(files, folder+"/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		p, err := fleet.ParseProfile(name, b)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (x Profiles) take(ctx context.Context, p g.Profile, from string) {
	old, err := x.View.Fleet.Profile(ctx, p.ID)
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
	if err := x.View.Fleet.PutProfile(ctx, p); err != nil {
		x.Log.Warn("a profile was not taken over", "profile", p.ID, "from", from, "error", err)
	}
}
