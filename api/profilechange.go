package api

import (
	"context"
	"encoding/json"
	"reflect"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// profilesOwner says whose profiles are, in the documentation of what changes them.
const profilesOwner = "Profiles are the whole gateway's: where it has several schools, only the administrator of the top one changes or deletes them. "

func (s *Server) registerProfileChanges(tag string) {
	change := endpoint{path: "/v1/profiles/{id}", tag: tag, perm: g.DevicesWrite, max: 256 << 10, conflict: true, matching: true}
	put, patch, remove := change, change, change
	put.method, put.id, put.summary = "PUT", "update-profile", "Change a profile, or add it under this id"
	put.doc = profilesOwner + "One that is there is changed only with `If-Match`, so that nobody replaces another's without knowing: it holds the ETag that GET answered, or `*`. " +
		"The change holds for every device that has the profile: GET /v1/profile-use counts them."
	handle(s, put, func(ctx context.Context, in *struct {
		ByID
		ProfileBody
		Matching
	}) (*tagged[g.Profile], error) {
		p, err := in.profile(ctx)
		if err != nil {
			return nil, err
		}
		if p.ID != g.ProfileID(in.ID) {
			return nil, g.FieldErrorf("id", "the profile says %q and the path %q; make them the same", p.ID, in.ID)
		}
		return s.putProfile(ctx, p, in.IfMatch)
	})
	patch.method, patch.id, patch.summary = "PATCH", "patch-profile", "Change a profile in part"
	patch.doc = profilesOwner + "A merge patch (RFC 7396): what it names is changed, null takes a value away. It changes what is there now, also without `If-Match`."
	handle(s, patch, func(ctx context.Context, in *patching) (*tagged[g.Profile], error) {
		said := map[string]any{}
		if err := readPatch(in.RawBody, &said); err != nil {
			return nil, err
		}
		if err := exactNames(said, reflect.TypeFor[g.Profile]()); err != nil {
			return nil, err
		}
		return s.patchProfile(ctx, g.ProfileID(in.ID), in.IfMatch, said)
	})
	item := s.api.OpenAPI().Paths[change.path].Patch
	item.RequestBody.Required = true
	remove.method, remove.id, remove.summary, remove.max = "DELETE", "delete-profile", "Delete a profile", 0
	remove.doc = profilesOwner + "Refused with a conflict while a device has it."
	handle(s, remove, func(ctx context.Context, in *ByIDMatching) (*none, error) {
		if err := s.onlyTop(ctx); err != nil {
			return nil, err
		}
		id := g.ProfileID(in.ID)
		ctx = onState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			p, err := s.view(ctx).Profile(ctx, id)
			return tagOf(p), err
		})
		return &none{}, s.view(ctx).DeleteProfile(ctx, id)
	})
}

// putProfile writes a profile where the caller may: whoever knows the one that is there, or
// says the same. Two people who describe an "Energy meter" each mean a profile of their own.
func (s *Server) putProfile(ctx context.Context, p g.Profile, match string) (*tagged[g.Profile], error) {
	_, err := s.view(ctx).Profile(ctx, p.ID)
	switch {
	case err == nil:
		err = s.onlyTop(ctx)
	case g.ErrorCode(err) == g.NotFound:
		err = nil
	}
	if err != nil {
		return nil, err
	}
	when := registry.When(ctx, func(ctx context.Context) error {
		old, err := s.view(ctx).Profile(ctx, p.ID)
		if g.ErrorCode(err) == g.NotFound {
			return s.maybeAdd(match)
		}
		if err != nil {
			return err
		}
		return s.mayReplace(ctx, old, p, match)
	})
	return &tagged[g.Profile]{tagOf(p), p}, s.view(ctx).PutProfile(when, p)
}

// maybeAdd lets a profile be added, but not where the caller means to change one.
func (*Server) maybeAdd(match string) error {
	if match != "" && match != "*" {
		return changedMeanwhile()
	}
	return nil
}

func (s *Server) mayReplace(ctx context.Context, old, p g.Profile, match string) error {
	tag := tagOf(old)
	if tag == tagOf(p) {
		return nil
	}
	if match != "" && matches(match, tag) {
		return nil
	}
	if match != "" {
		return changedMeanwhile()
	}
	n, err := s.view(ctx).ProfileUse(ctx, p.ID)
	if err != nil {
		return err
	}
	return g.Errorf(g.Conflict, "there is a profile %s already, and %d devices have it: give yours another id, or send If-Match with that one's ETag to change it for all of them", p.ID, n).At("id")
}

// patchProfile changes what a profile says in part. Without match it is made to what is there
// now, also where that changes while it is tried.
func (s *Server) patchProfile(ctx context.Context, id g.ProfileID, match string, said map[string]any) (*tagged[g.Profile], error) {
	for tries := 0; ; tries++ {
		out, err := s.tryProfile(ctx, id, match, said)
		if g.ErrorCode(err) == g.Changed && match == "" && tries < 3 {
			continue
		}
		return out, err
	}
}

func (s *Server) tryProfile(ctx context.Context, id g.ProfileID, match string, said map[string]any) (*tagged[g.Profile], error) {
	old, err := s.view(ctx).Profile(ctx, id)
	if err != nil {
		return nil, err
	}
	tag := tagOf(old)
	if match != "" && !matches(match, tag) {
		return nil, changedMeanwhile()
	}
	whole, err := asMap(old)
	if err != nil {
		return nil, err
	}
	for key, v := range said {
		mergeInto(whole, key, v)
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
		return nil, g.FieldErrorf("id", "the profile says %q and the path %q; a profile keeps its id", p.ID, id)
	}
	return s.putProfile(ctx, p, tag)
}
