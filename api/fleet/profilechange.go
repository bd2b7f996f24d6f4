package fleet

import (
	"context"
	"encoding/json"
	"reflect"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// profilesOwner is the documentation of who may change profiles.
const profilesOwner = "Profiles are the whole gateway's: where it has several schools, only the " +
	"administrator of the top one changes or deletes them. "

func (s *area) registerProfileChanges(tag string) {
	change := gate.Endpoint{
		Path:     "/v1/profiles/{id}",
		Tag:      tag,
		Perm:     g.DevicesWrite,
		Max:      256 << 10,
		Conflict: true,
		Matching: true,
	}
	put, patch, remove := change, change, change
	put.Method = "PUT"
	put.ID = "update-profile"
	put.Summary = "Change a profile, or add it under this id"
	put.Doc = profilesOwner +
		"One that is there is changed only with `If-Match`, so that nobody replaces another's " +
		"without knowing: it holds the ETag that GET answered, or `*`. " +
		"The change holds for every device that has the profile: GET /v1/profile-use counts them."
	gate.Handle(s.Gate, put, func(ctx context.Context, in *struct {
		gate.ByID
		ProfileBody
		gate.Matching
	}) (*gate.Tagged[g.Profile], error) {
		p, err := in.profile(ctx)
		if err != nil {
			return nil, err
		}
		if p.ID != g.ProfileID(in.ID) {
			return nil, g.FieldErrorf("id",
				"the profile says %q and the path %q; make them the same", p.ID, in.ID)
		}
		return s.putProfile(ctx, p, in.IfMatch)
	})
	patch.Method = "PATCH"
	patch.ID = "patch-profile"
	patch.Summary = "Change a profile in part"
	patch.Doc = profilesOwner +
		"A merge patch (RFC 7396): what it names is changed, null takes a value away. It changes " +
		"what is there now, also without `If-Match`."
	gate.Handle(s.Gate, patch,
		func(ctx context.Context, in *gate.Patching) (*gate.Tagged[g.Profile], error) {
			said := map[string]any{}
			if err := gate.ReadPatch(in.RawBody, &said); err != nil {
				return nil, err
			}
			if err := gate.ExactNames(said, reflect.TypeFor[g.Profile]()); err != nil {
				return nil, err
			}
			return s.patchProfile(ctx, g.ProfileID(in.ID), in.IfMatch, said)
		})
	item := s.OpenAPI().Paths[change.Path].Patch
	item.RequestBody.Required = true
	remove.Method = "DELETE"
	remove.ID = "delete-profile"
	remove.Summary = "Delete a profile"
	remove.Max = 0
	remove.Doc = profilesOwner + "Refused with a conflict while a device has it."
	gate.Handle(s.Gate, remove,
		func(ctx context.Context, in *gate.ByIDMatching) (*gate.None, error) {
			if err := s.EverySchool(ctx); err != nil {
				return nil, err
			}
			id := g.ProfileID(in.ID)
			ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
				p, err := s.View(ctx).Fleet.Profile(ctx, id)
				return gate.TagOf(p), err
			})
			return &gate.None{}, s.View(ctx).Fleet.DeleteProfile(ctx, id)
		})
}

// putProfile adds a profile, or replaces one if match names its state or nothing changes: two
// people who both add an "Energy meter" must not overwrite each other's.
func (s *area) putProfile(
	ctx context.Context, p g.Profile, match string,
) (*gate.Tagged[g.Profile], error) {
	_, err := s.View(ctx).Fleet.Profile(ctx, p.ID)
	switch {
	case err == nil:
		err = s.EverySchool(ctx)
	case g.ErrorCode(err) == g.NotFound:
		err = nil
	}
	if err != nil {
		return nil, err
	}
	when := registry.When(ctx, func(ctx context.Context) error {
		old, err := s.View(ctx).Fleet.Profile(ctx, p.ID)
		if g.ErrorCode(err) == g.NotFound {
			return s.maybeAdd(match)
		}
		if err != nil {
			return err
		}
		return s.mayReplace(ctx, old, p, match)
	})
	return gate.WithTag(gate.TagOf(p), p), s.View(ctx).Fleet.PutProfile(when, p)
}

// maybeAdd allows adding a profile unless match says that the caller means to change one.
func (*area) maybeAdd(match string) error {
	if match != "" && match != "*" {
		return gate.ChangedMeanwhile()
	}
	return nil
}

func (s *area) mayReplace(ctx context.Context, old, p g.Profile, match string) error {
	tag := gate.TagOf(old)
	if tag == gate.TagOf(p) {
		return nil
	}
	if match != "" && gate.Matches(match, tag) {
		return nil
	}
	if match != "" {
		return gate.ChangedMeanwhile()
	}
	n, err := s.View(ctx).Fleet.ProfileUse(ctx, p.ID)
	if err != nil {
		return err
	}
	return g.Errorf(g.Conflict,
		"there is a profile %s already, and %d devices have it: give yours another id, or send "+
			"If-Match with that one's ETag to change it for all of them",
		p.ID, n).At("id")
}

// patchProfile changes part of a profile. Without match it applies to the current state, and tries
// again up to three times if that changes meanwhile.
func (s *area) patchProfile(
	ctx context.Context, id g.ProfileID, match string, said map[string]any,
) (*gate.Tagged[g.Profile], error) {
	for tries := 0; ; tries++ {
		out, err := s.tryProfile(ctx, id, match, said)
		if g.ErrorCode(err) == g.Changed && match == "" && tries < 3 {
			continue
		}
		return out, err
	}
}

func (s *area) tryProfile(
	ctx context.Context, id g.ProfileID, match string, said map[string]any,
) (*gate.Tagged[g.Profile], error) {
	old, err := s.View(ctx).Fleet.Profile(ctx, id)
	if err != nil {
		return nil, err
	}
	tag := gate.TagOf(old)
	if match != "" && !gate.Matches(match, tag) {
		return nil, gate.ChangedMeanwhile()
	}
	whole, err := gate.AsMap(old)
	if err != nil {
		return nil, err
	}
	for key, v := range said {
		gate.MergeInto(whole, key, v)
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	p, err := decodeProfile(raw)
	if err != nil {
		return nil, err
	}
	if p.ID != id {
		return nil, g.FieldErrorf("id",
			"the profile says %q and the path %q; a profile keeps its id", p.ID, id)
	}
	return s.putProfile(ctx, p, tag)
}
