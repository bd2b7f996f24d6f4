package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Attempt is an attempt to sign in.
type Attempt struct {
	Name, Password string
	Remote         string // IP address
	Browser        string // token that an earlier Entry gave this browser; "" if none
}

// Step is what remains to be done before the user is signed in.
type Step string

// The steps of a sign-in.
const (
	StepNone   Step = ""       // signed in
	StepFactor Step = "factor" // present the second factor
	StepEnrol  Step = "enrol"  // set one up: the school requires it for this role

	stepPasskey Step = "passkey" // creates a passkey: no sign-in step, but stored as one
)

// Entry is the result of an attempt with the right password.
type Entry struct {
	User    g.User
	Browser string // token for the browser to keep
	Step    Step
	Token   string // of the sign-in, or of the step
	Kinds   []string
	Factors []Factor // of StepFactor
}

// stepFor is the time limit of a step.
const stepFor = 10 * time.Minute

// Enter checks a name and a password. For an unknown name it takes as long and returns the same as
// for a wrong password. Both outcomes are audited. After too many wrong attempts it returns
// TooSoon; see pace.
func (r *Book) Enter(ctx context.Context, a Attempt) (Entry, error) {
	a.Name = signInName(a.Name)
	var hash string
	u, err := r.scanUser(r.s.Reg.Row(ctx,
		"SELECT "+userColumns+", password FROM users WHERE name = ?", a.Name).Scan,
		&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Entry{}, fmt.Errorf("sign in: %w", err)
	}
	tries, err := r.triesOf(ctx, u.ID, a)
	if err != nil {
		return Entry{}, err
	}
	if err := r.begin(ctx, tries); err != nil {
		return Entry{}, err
	}
	fits, err := r.passwordFits(ctx, hash, a.Password)
	if err != nil {
		return Entry{}, errors.Join(err, r.uncount(ctx, tries))
	}
	if !fits || u.Disabled {
		return Entry{}, r.refused(ctx, u, a.Remote, wrongSignIn())
	}
	e := Entry{User: u}
	if e.Step, e.Factors, err = r.stepOf(ctx, u); err != nil {
		return Entry{}, err
	}
	for _, f := range e.Factors {
		if !slices.Contains(e.Kinds, f.Kind) {
			e.Kinds = append(e.Kinds, f.Kind)
		}
	}
	err = r.s.Write(ctx, func(t *store.Tx) error {
		if err := right(ctx, t, tries); err != nil {
			return err
		}
		// The password may have been changed, or the user disabled, meanwhile.
		n := 0
		if err := t.Row(ctx,
			"SELECT COUNT(*) FROM users WHERE id = ? AND password = ? AND disabled = 0",
			string(u.ID), hash).Scan(&n); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		if n == 0 {
			return wrongSignIn()
		}
		if e.Step != StepNone {
			e.Browser = a.Browser
			e.Token, err = r.openStep(
				ctx,
				t,
				u.ID,
				e.Step,
				stepFor,
				nil,
			)
			return err
		}
		return r.enter(ctx, t, &e, a)
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

// refused audits a failed attempt and returns why. The name is not recorded, since people type
// passwords into that field.
func (r *Book) refused(ctx context.Context, u g.User, remote string, why error) error {
	object := "an unknown name"
	if u.ID != "" {
		object = string(u.ID)
	}
	err := r.s.Write(ctx, func(t *store.Tx) error {
		return r.s.AuditAs(
			ctx,
			t,
			"from "+remote,
			"",
			u.School,
			"signin.refused",
			object,
		)
	})
	if err != nil {
		return err
	}
	return why
}

// enter signs the user in.
func (r *Book) enter(ctx context.Context, t *store.Tx, e *Entry, a Attempt) (err error) {
	for _, table := range []string{"signins", "signin_steps"} {
		if _, err := t.Exec(ctx, "DELETE FROM "+table+" WHERE expires <= ?", store.Micros(t.Now)); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
	}
	token, hash := newToken("ghs_")
	_, err = t.Exec(ctx, "INSERT INTO signins (hash, usr, expires) VALUES (?, ?, ?)", hash,
		string(e.User.ID), store.Micros(t.Now.Add(signInLifetime)))
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if e.Browser, err = rememberPlaces(ctx, t, e.User.ID, a); err != nil {
		return err
	}
	e.Token, e.Step = token, StepNone
	return r.s.AuditAs(ctx, t, actor(string(e.User.ID), e.User.Name), "from "+a.Remote,
		e.User.School, "signin", string(e.User.ID))
}

// SignIn is Enter for users without a second factor.
func (r *Book) SignIn(
	ctx context.Context, name, password, remote string,
) (token string, u g.User, err error) {
	e, err := r.Enter(ctx, Attempt{
		Name:     name,
		Password: password,
		Remote:   remote,
	})
	if err == nil && e.Step != StepNone {
		err = g.Errorf(g.Forbidden, "this user signs in with a second factor").Because("factor_needed")
	}
	if err != nil {
		return "", g.User{}, err
	}
	return e.Token, e.User, nil
}

// openStep stores a step and returns its token.
func (r *Book) openStep(
	ctx context.Context, t *store.Tx, id g.UserID, stage Step, last time.Duration, data []byte,
) (string, error) {
	token, hash := newToken("ght_")
	_, err := t.Exec(ctx,
		"INSERT INTO signin_steps (hash, usr, stage, expires, data_sealed) VALUES (?, ?, ?, ?, ?)",
		hash, string(id), string(stage), store.Micros(t.Now.Add(last)),
		store.Seal(r.s.Vault.Data, data, "step "+hash))
	if err != nil {
		return "", fmt.Errorf("keep a sign-in's step: %w", err)
	}
	return token, nil
}

// StepUser returns the user of a step's token, and a scope that can set up a second factor, if that
// is the step, and nothing else.
func (r *Book) StepUser(
	ctx context.Context, token string, want Step,
) (g.User, g.Scope, []byte, error) {
	hash := tokenHash(token)
	var stage string
	var expires int64
	var sealed []byte
	u, err := r.scanUser(r.s.Reg.Row(ctx,
		"SELECT u.id, u.school, u.name, u.full_name_sealed, u.role, u.language, u.disabled, "+
			"u.created, s.stage, s.expires, s.data_sealed FROM signin_steps s JOIN users u ON "+
			"u.id = s.usr WHERE s.hash = ?",
		hash).Scan,
		&stage, &expires, &sealed)
	if errors.Is(err, sql.ErrNoRows) ||
		err == nil &&
			(u.Disabled || stage != string(want) || !r.s.Now().Before(store.Moment(expires))) {
		return g.User{}, g.Scope{}, nil, g.Errorf(g.Unauthenticated,
			"this sign-in took too long: begin again with the password").Because("signin_over")
	}
	if err != nil {
		return g.User{}, g.Scope{}, nil, fmt.Errorf("read a sign-in's step: %w", err)
	}
	data, err := store.Unseal(r.s.Vault.Data, sealed, "step "+hash)
	return u, g.Scope{
		School: u.School,
		Actor:  actor(string(u.ID), u.Name),
	}, data, err
}

// KeepStep stores with a step what its next request needs, such as a challenge.
func (r *Book) KeepStep(ctx context.Context, token string, data []byte) error {
	hash := tokenHash(token)
	return r.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "UPDATE signin_steps SET data_sealed = ? WHERE hash = ?",
			store.Seal(r.s.Vault.Data, data, "step "+hash), hash)
		return err
	})
}
