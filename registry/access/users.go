package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const userColumns = "id, school, name, full_name_sealed, role, language, disabled, created"

// signInName normalises a sign-in name.
func signInName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (r *Book) scanUser(scan func(...any) error, more ...any) (u g.User, err error) {
	var sealed []byte
	var created int64
	dst := []any{&u.ID, &u.School, &u.Name, &sealed, &u.Role, &u.Language, &u.Disabled, &created}
	if err := scan(append(dst, more...)...); err != nil {
		return u, err
	}
	full, err := store.Unseal(r.s.Vault.Data, sealed, "user "+string(u.ID))
	u.FullName, u.Created = string(full), store.Moment(created)
	return u, err
}

// Users lists the users of the school, or of all schools in scope, by sign-in name.
func (v View) Users(ctx context.Context, school g.SchoolID) ([]g.User, error) {
	in, err := v.s.Reach(ctx, g.UsersAdmin)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	out := []g.User{}
	err = store.Each(ctx, v.s.Reg, "SELECT "+userColumns+" FROM users"+w.String()+" ORDER BY name",
		w.Args, func(scan func(...any) error) error {
			u, err := v.r.scanUser(scan)
			out = append(out, u)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return out, nil
}

// mayGrant refuses a role with more permissions than the caller's.
func (v View) mayGrant(role g.Role) error {
	if !slices.Contains(g.Roles(), role) || role == g.RoleIntegrator {
		return g.FieldErrorf("role", "%q is no role of a user; use one of %v", role,
			slices.DeleteFunc(g.Roles(), func(r g.Role) bool {
				return r == g.RoleIntegrator
			}))
	}
	if v.s.System != "" {
		return nil
	}
	if role == g.RoleDistrict && !v.s.Subtree {
		return g.Errorf(g.Forbidden, "only a district admin makes district admins")
	}
	for _, p := range role.Permissions() {
		if !v.s.Can(p) {
			return g.Errorf(g.Forbidden, "the role %s can do more than you can: it has %s", role, p)
		}
	}
	return nil
}

func checkUser(u g.User) error {
	if !g.ValidID(u.Name) {
		return g.FieldErrorf("name",
			"give a sign-in name of 1 to 64 letters, digits, '-', '_' or '.'")
	}
	if u.Language != "en" && u.Language != "zh-CN" {
		return g.FieldErrorf("language", "%q is not offered; use en or zh-CN", u.Language)
	}
	return store.Optional("full_name", u.FullName, store.MaxTitle)
}

// CreateUser adds a user. Callers cannot grant a role with more permissions than their own.
func (v View) CreateUser(ctx context.Context, u g.User, password string) (g.User, error) {
	in, err := v.s.Reach(ctx, g.UsersAdmin)
	if err != nil {
		return g.User{}, err
	}
	if err := v.s.InSchool(ctx, in, u.School); err != nil {
		return g.User{}, err
	}
	school, err := places.SchoolRow(ctx, v.s.Reg, u.School)
	if err != nil {
		return g.User{}, err
	}
	add, err := NewUser(ctx, v, u, school.Name, password)
	if err != nil {
		return g.User{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		u, err = add(ctx, t, u.School)
		return err
	})
	if err != nil {
		return g.User{}, err
	}
	return u, nil
}

// AddUser inserts a new user into a school, within a transaction.
type AddUser func(ctx context.Context, t *store.Tx, school g.SchoolID) (g.User, error)

// NewUser validates a new user and the password, which must not resemble the school's name, and
// returns the function that inserts the user. It hashes the password, which is slow: call it before
// the transaction.
func NewUser(
	ctx context.Context, v View, u g.User, school, password string,
) (AddUser, error) {
	if u.ID == "" {
		u.ID = g.UserID(g.NewID("usr"))
	}
	u.Name = signInName(u.Name)
	if !g.ValidID(string(u.ID)) {
		return nil, store.BadID()
	}
	if err := checkUser(u); err != nil {
		return nil, err
	}
	if err := v.mayGrant(u.Role); err != nil {
		return nil, err
	}
	if err := goodIn(school, u, password); err != nil {
		return nil, err
	}
	hash, err := v.r.hashPassword(ctx, password)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *store.Tx, school g.SchoolID) (g.User, error) {
		u.School = school
		u.Created = store.Moment(store.Micros(t.Now))
		return u, v.addUser(ctx, t, u, hash)
	}, nil
}

func (v View) addUser(ctx context.Context, t *store.Tx, u g.User, hash string) error {
	if err := store.Free(
		ctx,
		t,
		"users",
		"user",
		string(u.ID),
	); err != nil {
		return err
	}
	if err := nameFree(ctx, t, u); err != nil {
		return err
	}
	_, err := t.Exec(ctx,
		"INSERT INTO users ("+userColumns+", password) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		string(u.ID), string(u.School), u.Name, v.r.sealUser(u), string(u.Role), u.Language,
		store.Flag(u.Disabled), store.Micros(u.Created), hash)
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	return v.s.AuditChanges(
		ctx,
		t,
		u.School,
		"user.create",
		string(u.ID),
		nil,
		u,
	)
}

func (r *Book) sealUser(u g.User) []byte {
	return store.Seal(r.s.Vault.Data, []byte(u.FullName), "user "+string(u.ID))
}

func nameFree(ctx context.Context, t *store.Tx, u g.User) error {
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM users WHERE name = ? AND id <> ?", u.Name,
		string(u.ID)).Scan(&n); err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	if n > 0 {
		return g.Errorf(g.Conflict, "the sign-in name %q is taken: choose another", u.Name).At("name")
	}
	return nil
}

// UpdateUser changes everything but the user's ID, school and password. Disabling a user ends their
// sign-ins. Users cannot disable themselves or change their own role, and the last admin of the
// gateway cannot be disabled or demoted.
func (v View) UpdateUser(ctx context.Context, u g.User) error {
	in, u, err := v.mayUpdate(ctx, u)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error { return v.updateUser(ctx, t, in, u) })
}

// UpdateUserAndPassword is UpdateUser with a new password, in one transaction. One's own password
// can only be changed by ChangePassword, which requires the old one.
func (v View) UpdateUserAndPassword(ctx context.Context, u g.User, password string) error {
	in, u, err := v.mayUpdate(ctx, u)
	if err != nil {
		return err
	}
	if v.self(u.ID) {
		return g.FieldErrorf("password",
			"change your own with PUT /v1/me/password, which asks for the old one")
	}
	old, err := v.r.userIn(ctx, v.s.Reg, in, u.ID)
	if err != nil {
		return err
	}
	u.School = old.School
	if err := v.r.goodFor(ctx, u, password); err != nil {
		return err
	}
	hash, err := v.r.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if err := v.updateUser(ctx, t, in, u); err != nil {
			return err
		}
		if err := setPassword(ctx, t, u.ID, hash); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			old.School,
			"user.password",
			string(u.ID),
		)
	})
}

// mayUpdate makes the checks that do not need the stored user.
func (v View) mayUpdate(ctx context.Context, u g.User) (store.Reach, g.User, error) {
	in, err := v.s.Reach(ctx, g.UsersAdmin)
	if err != nil {
		return in, u, err
	}
	u.Name = signInName(u.Name)
	if err := checkUser(u); err != nil {
		return in, u, err
	}
	return in, u, v.mayGrant(u.Role)
}

// userIn returns a user within reach.
func (r *Book) userIn(
	ctx context.Context, c store.Conn, in store.Reach, id g.UserID,
) (g.User, error) {
	u, err := r.scanUser(
		c.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", string(id)).Scan,
	)
	if err != nil {
		return u, store.Missing(err, "user", string(id))
	}
	return u, in.Owns(u.School, "user", string(id))
}

// self reports whether the user is the acting one.
func (v View) self(id g.UserID) bool { return strings.HasPrefix(v.s.Actor, string(id)+" ") }

func (v View) updateUser(ctx context.Context, t *store.Tx, in store.Reach, u g.User) error {
	old, err := v.r.userIn(ctx, t, in, u.ID)
	if err != nil {
		return err
	}
	if v.self(u.ID) && (u.Disabled || u.Role != old.Role) {
		return g.Errorf(g.Conflict,
			"nobody takes the own rights away; ask another administrator")
	}
	if err := v.mayGrant(old.Role); err != nil { // nor change a user with more permissions
		return err
	}
	if err := nameFree(ctx, t, u); err != nil {
		return err
	}
	if admin(old) && !admin(u) {
		if err := otherAdmin(ctx, t, u.ID); err != nil {
			return err
		}
	}
	_, err = t.Exec(ctx,
		"UPDATE users SET name = ?, full_name_sealed = ?, role = ?, language = ?, disabled = "+
			"? WHERE id = ?",
		u.Name, v.r.sealUser(u), string(u.Role), u.Language, store.Flag(u.Disabled),
		string(u.ID))
	if err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	if u.Disabled {
		if err := endSignIns(ctx, t, u.ID); err != nil {
			return err
		}
	}
	u.School, u.Created = old.School, old.Created
	// keys and webhooks are limited by the user
	if err := t.Changed(
		change.User,
		old.School,
		string(u.ID),
		old,
		u,
	); err != nil {
		return err
	}
	return v.s.AuditChanges(
		ctx,
		t,
		old.School,
		"user.update",
		string(u.ID),
		old,
		u,
	)
}

// otherAdmin returns an error if there is no other active administrator.
func otherAdmin(ctx context.Context, t *store.Tx, id g.UserID) error {
	n := 0
	if err := t.Row(ctx,
		"SELECT COUNT(*) FROM users WHERE disabled = 0 AND role IN (?, ?) AND id <> ?",
		string(g.RoleDistrict), string(g.RoleAdmin), string(id)).Scan(&n); err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	if n == 0 {
		return g.Errorf(g.Conflict, "this is the last admin: make another one before")
	}
	return nil
}

// admin reports whether the user is an active administrator.
func admin(u g.User) bool {
	return !u.Disabled && (u.Role == g.RoleDistrict || u.Role == g.RoleAdmin)
}

// endSignIns ends all sign-ins, including incomplete ones.
func endSignIns(ctx context.Context, t *store.Tx, id g.UserID) error {
	for _, table := range []string{"signins", "signin_steps"} {
		if _, err := t.Exec(ctx, "DELETE FROM "+table+" WHERE usr = ?", string(id)); err != nil {
			return fmt.Errorf("end sign-ins: %w", err)
		}
	}
	return nil
}

// ChangePassword sets a new password and ends all sign-ins of the user. Users change their own and
// must give the old one; with users:admin another's is set without it.
func (v View) ChangePassword(ctx context.Context, id g.UserID, old, new string) error {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return err
	}
	own := v.self(id)
	if !own && !v.s.Can(g.UsersAdmin) {
		return g.Errorf(g.Forbidden, "only admins set the password of somebody else")
	}
	var had string
	u, err := v.r.scanUser(v.s.Reg.Row(ctx,
		"SELECT "+userColumns+", password FROM users WHERE id = ?", string(id)).Scan,
		&had)
	if err != nil {
		return store.Missing(err, "user", string(id))
	}
	if err := in.Owns(u.School, "user", string(id)); err != nil {
		return err
	}
	if own {
		if err := v.r.tryOwn(
			ctx,
			id,
			had,
			old,
			"old",
		); err != nil {
			return err
		}
	} else if err := v.mayGrant(u.Role); err != nil {
		return err
	}
	if err := v.r.goodFor(ctx, u, new); err != nil {
		return err
	}
	hash, err := v.r.hashPassword(ctx, new)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if err := setPassword(ctx, t, id, hash); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			u.School,
			"user.password",
			string(id),
		)
	})
}

func setPassword(ctx context.Context, t *store.Tx, id g.UserID, hash string) error {
	if _, err := t.Exec(ctx, "UPDATE users SET password = ? WHERE id = ?", hash, string(id)); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return endSignIns(ctx, t, id)
}

// Acting is the acting user as stored in the registry: roles from outside are not trusted. An API
// key acts without a user, under its own name.
func Acting(ctx context.Context, v View, t store.Conn, by g.User) (g.User, error) {
	if by.ID == "" {
		return g.User{FullName: v.s.Actor}, nil
	}
	if by.Role == g.RoleIntegrator && strings.HasPrefix(v.s.Actor, string(by.ID)+" ") {
		var name string
		if err := t.Row(ctx, "SELECT name FROM api_keys WHERE id = ?", string(by.ID)).Scan(&name); err != nil {
			return g.User{}, store.Missing(err, "key", string(by.ID))
		}
		return g.User{
			FullName: name,
			Role:     g.RoleIntegrator,
		}, nil
	}
	u, err := v.r.scanUser(
		t.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", string(by.ID)).Scan,
	)
	if err != nil {
		return u, store.Missing(err, "user", string(by.ID))
	}
	if u.Disabled {
		return u, g.Errorf(g.Forbidden, "the user %q is disabled", u.Name)
	}
	if u.FullName == "" {
		u.FullName = u.Name
	}
	return u, nil
}
