package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// signInLifetime is how long a sign-in is valid after its last use. It is extended at most every
// slideEvery, to avoid a write for every read.
const (
	signInLifetime = 12 * time.Hour
	slideEvery     = 5 * time.Minute
)

// Empty reports whether there are no users yet: the first run.
func (r *Book) Empty(ctx context.Context) (bool, error) { return NoUsers(ctx, r.s.Reg) }

// NoUsers is Empty within a connection or transaction.
func NoUsers(ctx context.Context, c store.Conn) (bool, error) {
	n := 0
	if err := c.Row(ctx, "SELECT COUNT(*) FROM users").Scan(&n); err != nil {
		return false, fmt.Errorf("count users: %w", err)
	}
	return n == 0, nil
}

// newToken is prefix and 256 random bits, so that the plain SHA-256 may be stored.
func newToken(prefix string) (token, hash string) {
	var b [32]byte
	rand.Read(b[:])
	token = prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return token, tokenHash(token)
}

func tokenHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

func wrongSignIn() error {
	return g.Errorf(g.Unauthenticated, "the name or the password is wrong").Because("signin_wrong")
}

// actor is how users and keys appear in the audit log.
func actor(id, name string) string { return id + " " + name }

func userScope(u g.User) g.Scope {
	return g.Scope{
		School:      u.School,
		Subtree:     u.Role == g.RoleDistrict,
		Actor:       actor(string(u.ID), u.Name),
		Permissions: u.Role.Permissions(),
	}
}

// UserByToken returns the user who is signed in, with the scope, and extends the sign-in.
func (r *Book) UserByToken(ctx context.Context, token string) (g.User, g.Scope, error) {
	now, hash := r.s.Now(), tokenHash(token)
	var expires int64
	u, err := r.scanUser(r.s.Reg.Row(ctx,
		"SELECT u.id, u.school, u.name, u.full_name_sealed, u.role, u.language, u.disabled, "+
			"u.created, s.expires FROM signins s JOIN users u ON u.id = s.usr WHERE s.hash = ?",
		hash).Scan,
		&expires)
	if errors.Is(err, sql.ErrNoRows) ||
		err == nil && (u.Disabled || !now.Before(store.Moment(expires))) {
		return g.User{}, g.Scope{}, g.Errorf(g.Unauthenticated,
			"nobody is signed in: sign in again")
	}
	if err != nil {
		return g.User{}, g.Scope{}, fmt.Errorf("read sign-in: %w", err)
	}
	if until := now.Add(signInLifetime); until.Sub(store.Moment(expires)) > slideEvery {
		err := r.s.Write(ctx, func(t *store.Tx) error {
			_, err := t.Exec(ctx, "UPDATE signins SET expires = ? WHERE hash = ?",
				store.Micros(until), hash)
			return err
		})
		if err != nil {
			return g.User{}, g.Scope{}, fmt.Errorf("lengthen sign-in: %w", err)
		}
	}
	return u, userScope(u), nil
}

// SignOut ends a sign-in; it is no error if there is none.
func (r *Book) SignOut(ctx context.Context, token string) error {
	return r.s.Write(ctx, func(t *store.Tx) error {
		hash := tokenHash(token)
		u, err := r.scanUser(
			t.Row(ctx,
				"SELECT u.id, u.school, u.name, u.full_name_sealed, u.role, u.language, "+
					"u.disabled, u.created FROM signins s JOIN users u ON u.id = s.usr WHERE "+
					"s.hash = ?",
				hash).Scan,
		)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sign out: %w", err)
		}
		if _, err := t.Exec(ctx, "DELETE FROM signins WHERE hash = ?", hash); err != nil {
			return fmt.Errorf("sign out: %w", err)
		}
		return r.s.AuditAs(ctx, t, actor(string(u.ID), u.Name), "", u.School, "signout",
			string(u.ID))
	})
}

// SetPassword sets a user's password from the command line, and ends the user's sign-ins.
func (r *Book) SetPassword(ctx context.Context, name, password string) error {
	name = signInName(name)
	if err := goodPassword(password, name); err != nil {
		return err // checked first, since it does not depend on the user
	}
	u, err := r.scanUser(
		r.s.Reg.Row(ctx, "SELECT "+userColumns+" FROM users WHERE name = ?", name).Scan,
	)
	if err != nil {
		return store.Missing(err, "user", name)
	}
	if err := r.goodFor(ctx, u, password); err != nil {
		return err
	}
	hash, err := r.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return r.s.Write(ctx, func(t *store.Tx) error {
		if err := setPassword(ctx, t, u.ID, hash); err != nil {
			return err
		}
		// Allow a sign-in at once.
		if _, err := t.Exec(ctx, "DELETE FROM signin_tries WHERE key = ?", tryKey("name", name)); err != nil {
			return fmt.Errorf("forget tries: %w", err)
		}
		return r.s.AuditAs(
			ctx,
			t,
			"command line",
			"",
			u.School,
			"user.password",
			string(u.ID),
		)
	})
}
