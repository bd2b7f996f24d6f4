package access

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

type newUserInput struct {
	Body struct {
		Name     string     `json:"name" minLength:"1" maxLength:"64" doc:"Sign-in name." example:"guard1"`
		Password string     `json:"password" minLength:"1" maxLength:"200" doc:"First password, at least 10 characters." example:"correct-horse-battery"`
		FullName string     `json:"full_name,omitempty" maxLength:"200" doc:"The name that colleagues see." example:"Zhang Min"`
		Role     g.Role     `json:"role" doc:"What the user may do."`
		Language string     `json:"language,omitempty" enum:"en,zh-CN," doc:"Language of the console; empty: the school's."`
		School   g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	}
}

type userBody struct {
	Name     string          `json:"name,omitempty" maxLength:"64" doc:"Sign-in name; empty: as it was."`
	FullName string          `json:"full_name,omitempty" maxLength:"200" doc:"The name that colleagues see; empty: as it was."`
	Role     g.Role          `json:"role,omitempty" doc:"What the user may do; absent: as it was."`
	Language string          `json:"language,omitempty" enum:"en,zh-CN," doc:"Language of the console; empty: as it was."`
	Disabled *bool           `json:"disabled,omitempty" doc:"true: cannot sign in, and is signed out."`
	Password string          `json:"password,omitempty" maxLength:"200" doc:"A new password; ends the user's sign-ins."`
	School   g.SchoolID      `json:"school,omitempty" maxLength:"64" doc:"Ignored: a user stays with the school."`
	ID       g.UserID        `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path."`
	Created  json.RawMessage `json:"created,omitempty" doc:"Ignored."`
}

func (s *area) registerUsers() {
	const tag = "Users"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/users",
		ID:      "list-users",
		Tag:     tag,
		Perm:    g.UsersAdmin,
		Summary: "Who can sign in",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.User]], error) {
		all, err := s.View(ctx).Access.Users(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err,
			func(u g.User) string { return string(u.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/users",
		ID:      "create-user",
		Tag:     tag,
		Perm:    g.UsersAdmin,
		Status:  201,
		Summary: "Add a user",
	}, s.createUser)
	load := func(ctx context.Context, id string) (g.User, error) {
		return s.user(ctx, g.UserID(id))
	}
	gate.Reads(s.Gate, gate.Endpoint{
		Path:    "/v1/users/{id}",
		Tag:     tag,
		Perm:    g.UsersAdmin,
		Summary: "One user",
	}, "user", load)
	gate.Changes(s.Gate, gate.Endpoint{
		Path:     "/v1/users/{id}",
		Tag:      tag,
		Perm:     g.UsersAdmin,
		Conflict: true,
		Summary:  "Change a user",
	}, "user", gate.Thing[userBody, g.User]{
		Load: load,
		Save: s.updateUser,
	})
}

// mayGive says whether the caller may hand out a role.
func mayGive(c *gate.Caller, r g.Role) error {
	if r == g.RoleDistrict && !c.Scope.Subtree {
		return g.FieldErrorf("role", "only a district's administrator may make another")
	}
	return nil
}

func (s *area) createUser(ctx context.Context, in *newUserInput) (*gate.Body[g.User], error) {
	if err := checkPassword(in.Body.Password); err != nil {
		return nil, err
	}
	if err := mayGive(gate.CallerOf(ctx), in.Body.Role); err != nil {
		return nil, err
	}
	u := g.User{
		School:   gate.SchoolOf(ctx, in.Body.School),
		Name:     in.Body.Name,
		FullName: in.Body.FullName,
		Role:     in.Body.Role,
		Language: in.Body.Language,
	}
	if u.Language == "" {
		sch, err := s.View(ctx).Places.School(ctx, u.School)
		if err != nil {
			return nil, err
		}
		u.Language = sch.Language
	}
	return gate.Answer(s.View(ctx).Access.CreateUser(ctx, u, in.Body.Password))
}

func (s *area) updateUser(ctx context.Context, id string, b userBody) (g.User, error) {
	u, err := s.user(ctx, g.UserID(id))
	if err != nil {
		return u, err
	}
	c := gate.CallerOf(ctx)
	before := u
	u.Name = cmp.Or(b.Name, u.Name)
	u.FullName = cmp.Or(b.FullName, u.FullName)
	u.Language = cmp.Or(b.Language, u.Language)
	u.Role = g.Role(cmp.Or(string(b.Role), string(u.Role)))
	if b.Disabled != nil {
		u.Disabled = *b.Disabled
	}
	for _, r := range []g.Role{before.Role, u.Role} {
		if err := mayGive(c, r); err != nil {
			return u, err
		}
	}
	if b.Password == "" {
		return u, s.View(ctx).Access.UpdateUser(ctx, u)
	}
	if err := checkPassword(b.Password); err != nil {
		return u, err
	}
	return u, s.View(ctx).Access.UpdateUserAndPassword(ctx, u, b.Password)
}

// user finds a user whom the caller may manage.
func (s *area) user(ctx context.Context, id g.UserID) (g.User, error) {
	return userOf(ctx, s.View(ctx), id)
}

func userOf(ctx context.Context, view *registry.View, id g.UserID) (g.User, error) {
	all, err := view.Access.Users(ctx, "")
	if err != nil {
		return g.User{}, err
	}
	i := slices.IndexFunc(all, func(u g.User) bool { return u.ID == id })
	if i < 0 {
		return g.User{}, g.Errorf(g.NotFound, "there is no user %q here", id)
	}
	return all[i], nil
}

type auditInput struct {
	gate.Paged
	gate.InSchool
	Actor  string    `query:"actor" maxLength:"128" doc:"By this actor: an id, a name, or a part of either."`
	Deed   string    `query:"deed" maxLength:"64" doc:"Of this deed, e.g. person.open; person: of all that begin with it."`
	Object string    `query:"object" maxLength:"128" doc:"On this object: its id, or a part of it."`
	Query  string    `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in actor, deed and object."`
	From   time.Time `query:"from" doc:"From then on, RFC 3339; with to."`
	To     time.Time `query:"to" doc:"Until then, RFC 3339; with from."`
}

// AuditCheck is the outcome of checking the audit log's chain.
type AuditCheck struct {
	OK      bool   `json:"ok" doc:"Every entry follows from the one before."`
	Entries uint64 `json:"entries" doc:"How many entries were checked."`
	Message string `json:"message" doc:"In words; where it is broken, at which entry."`
}

func (s *area) registerAudit() {
	const tag = "Audit"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/audit",
		ID:      "list-audit",
		Tag:     tag,
		Perm:    g.AuditRead,
		Summary: "Who did what, newest first",
	}, func(ctx context.Context, in *auditInput) (*gate.Body[gate.Page[g.AuditEntry]], error) {
		if _, err := gate.Spanned(ctx, gate.Span{
			From: in.From,
			To:   in.To,
		}); err != nil {
			return nil, err
		}
		return gate.Listed(s.View(ctx).Views.Audit(ctx, views.AuditFilter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			School: in.School,
			Actor:  in.Actor,
			Deed:   in.Deed,
			Object: in.Object,
			Query:  in.Query,
			From:   in.From,
			To:     in.To,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/audit/verify",
		ID:      "verify-audit",
		Tag:     tag,
		Perm:    g.AuditRead,
		Summary: "Check the audit log's chain",
	}, func(ctx context.Context, _ *gate.None) (*gate.Body[AuditCheck], error) {
		n, err := s.View(ctx).VerifyAudit(ctx)
		switch {
		case err == nil:
			whole := gate.LanguageOf(ctx).Text(g.Word("the chain is whole"))
			return gate.Answer(AuditCheck{true, n, whole}, nil)
		case g.ErrorCode(err) == g.Conflict || g.ErrorCode(err) == g.Invalid:
			return gate.Answer(AuditCheck{false, n, gate.LanguageOf(ctx).Error(err)}, nil)
		}
		return nil, err
	})
}
