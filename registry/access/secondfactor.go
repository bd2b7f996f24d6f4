package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// Kinds of second factor.
const (
	FactorTOTP    = "totp"    // code of an authenticator app, RFC 6238
	FactorPasskey = "passkey" // WebAuthn
)

const (
	maxFactors    = 10 // for each user
	recoveryCodes = 10
	totpPeriod    = 30 // seconds
)

// Factor is one second factor of a user, without its secret.
type Factor struct {
	ID      string
	Kind    string
	Name    string
	Created time.Time
	Used    time.Time // the zero time: never
	RP      string    // passkey: the RelyingParty.ID that it was created for
	Copied  bool      // passkey: its counter went back, and it is invalid
}

// FactorState is the state of a user's second factors.
type FactorState struct {
	User     g.UserID
	Factors  []Factor
	Recovery int  // remaining codes
	Required bool // required by the school for the user's role
}

// stepOf is the step after the password.
func (r *Book) stepOf(ctx context.Context, u g.User) (Step, []Factor, error) {
	st, err := r.factorState(ctx, u)
	if err != nil {
		return "", nil, err
	}
	switch {
	case len(st.Factors) > 0:
		return StepFactor, st.Factors, nil
	case st.Required:
		return StepEnrol, nil, nil
	}
	return StepNone, nil, nil
}

func (r *Book) factorState(ctx context.Context, u g.User) (FactorState, error) {
	st := FactorState{
		User:    u.ID,
		Factors: []Factor{},
	}
	err := store.Each(ctx, r.s.Reg,
		"SELECT id, kind, name, created, used, rp, copied FROM second_factors WHERE usr = ? AND "+
			"confirmed = 1 ORDER BY created, id",
		[]any{string(u.ID)}, func(scan func(...any) error) error {
			var f Factor
			var created, used int64
			if err := scan(
				&f.ID,
				&f.Kind,
				&f.Name,
				&created,
				&used,
				&f.RP,
				&f.Copied,
			); err != nil {
				return err
			}
			if f.Created = store.Moment(created); used > 0 {
				f.Used = store.Moment(used)
			}
			st.Factors = append(st.Factors, f)
			return nil
		})
	if err != nil {
		return st, fmt.Errorf("read second factors: %w", err)
	}
	left := r.s.Reg.Row(ctx, "SELECT COUNT(*) FROM recovery_codes WHERE usr = ?", string(u.ID))
	if err := left.Scan(&st.Recovery); err != nil {
		return st, fmt.Errorf("read recovery codes: %w", err)
	}
	st.Required, err = r.asked(ctx, u.School, u.Role)
	return st, err
}

// asked reports whether the school or one above it requires a second factor of the role.
func (r *Book) asked(ctx context.Context, school g.SchoolID, role g.Role) (bool, error) {
	for depth := 0; school != "" && depth < 32; depth++ {
		n := 0
		if err := r.s.Reg.Row(ctx,
			"SELECT COUNT(*) FROM second_factor_roles WHERE school = ? AND role = ?",
			string(school), string(role)).Scan(&n); err != nil {
			return false, fmt.Errorf("read roles with a second factor: %w", err)
		}
		if n > 0 {
			return true, nil
		}
		s, err := places.SchoolRow(ctx, r.s.Reg, school)
		if err != nil {
			return false, err
		}
		school = s.Parent
	}
	return false, nil
}

// ownUser reads the user who owns this scope.
func (v View) ownUser(ctx context.Context, id g.UserID) (g.User, error) {
	if _, err := v.s.Reach(ctx, ""); err != nil {
		return g.User{}, err
	}
	if !strings.HasPrefix(v.s.Actor, string(id)+" ") {
		return g.User{}, g.Errorf(g.Forbidden,
			"a second factor is its owner's: nobody else sees or makes one")
	}
	u, err := v.r.scanUser(
		v.s.Reg.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", string(id)).Scan,
	)
	if err != nil {
		return g.User{}, store.Missing(err, "user", string(id))
	}
	return u, nil
}

// SecondFactor is the state of the scope's own user.
func (v View) SecondFactor(ctx context.Context, id g.UserID) (FactorState, error) {
	u, err := v.ownUser(ctx, id)
	if err != nil {
		return FactorState{}, err
	}
	return v.r.factorState(ctx, u)
}

// SecondFactors are the states of the users that the scope manages.
func (v View) SecondFactors(ctx context.Context, school g.SchoolID) ([]FactorState, error) {
	users, err := v.Users(ctx, school)
	if err != nil {
		return nil, err
	}
	out := []FactorState{}
	for _, u := range users {
		st, err := v.r.factorState(ctx, u)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// OwnPassword checks the password of the scope's own user, which is required to change the security
// of an account.
func (v View) OwnPassword(ctx context.Context, id g.UserID, password string) error {
	if _, err := v.ownUser(ctx, id); err != nil {
		return err
	}
	var hash string
	if err := v.s.Reg.Row(ctx, "SELECT password FROM users WHERE id = ?", string(id)).Scan(&hash); err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	return v.r.tryOwn(ctx, id, hash, password, "password")
}

// tryOwn checks the password of a signed-in user, with a rate limit of its own.
func (r *Book) tryOwn(ctx context.Context, id g.UserID, hash, password, field string) error {
	tries := []try{pairTry("own password", string(id))}
	if err := r.begin(ctx, tries); err != nil {
		return err
	}
	ok, err := r.passwordFits(ctx, hash, password)
	if err != nil {
		return err
	}
	if !ok {
		return g.FieldErrorf(field, "the password is wrong").Because("password_wrong")
	}
	return r.s.Write(ctx, func(t *store.Tx) error { return right(ctx, t, tries) })
}

// BeginTOTP creates a secret, which becomes valid when ConfirmTOTP has seen a code of it. An
// earlier unconfirmed one is deleted.
func (v View) BeginTOTP(
	ctx context.Context, id g.UserID, name string,
) (factor, secret, uri string, err error) {
	u, err := v.ownUser(ctx, id)
	if err != nil {
		return "", "", "", err
	}
	school, err := v.schoolName(ctx, u.School)
	if err != nil {
		return "", "", "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer:      "Gatehouse " + school,
		AccountName: u.Name,
		Period:      totpPeriod,
		Rand:        rand.Reader,
	})
	if err != nil {
		return "", "", "", fmt.Errorf("make a second factor: %w", err)
	}
	factor = g.NewID("fac")
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if _, err := t.Exec(ctx, "DELETE FROM second_factors WHERE usr = ? AND confirmed = 0",
			string(id)); err != nil {
			return fmt.Errorf("make a second factor: %w", err)
		}
		if err := mayAddFactor(ctx, t, id, name); err != nil {
			return err
		}
		_, err := t.Exec(ctx,
			"INSERT INTO second_factors (id, usr, kind, name, secret_sealed, confirmed, step, "+
				"created, used) VALUES (?, ?, ?, ?, ?, 0, 0, ?, 0)",
			factor, string(id), FactorTOTP, name,
			store.Seal(v.s.Vault.Data, []byte(key.Secret()), "factor "+factor),
			store.Micros(t.Now))
		if err != nil {
			return fmt.Errorf("make a second factor: %w", err)
		}
		return nil
	})
	return factor, key.Secret(), key.URL(), err
}

func (v View) schoolName(ctx context.Context, id g.SchoolID) (name string, err error) {
	s, err := places.SchoolRow(ctx, v.s.Reg, id)
	return s.Name, err
}

// mayAddFactor refuses a further second factor beyond maxFactors.
func mayAddFactor(ctx context.Context, t *store.Tx, id g.UserID, name string) error {
	if err := store.Optional("name", name, 64); err != nil {
		return err
	}
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM second_factors WHERE usr = ?", string(id)).Scan(&n); err != nil {
		return fmt.Errorf("read second factors: %w", err)
	}
	if n >= maxFactors {
		return g.Errorf(g.Conflict, "there are %d second factors already; remove one before", n).Because("factor_many")
	}
	return nil
}

// ConfirmTOTP accepts a first code. With the user's first factor it returns recovery codes, which
// are shown only now.
func (v View) ConfirmTOTP(
	ctx context.Context, id g.UserID, factor, code string,
) (recovery []string, err error) {
	if _, err := v.ownUser(ctx, id); err != nil {
		return nil, err
	}
	tries := []try{pairTry("factor", string(id), "confirm")}
	if err := v.r.begin(ctx, tries); err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		ok, err := v.r.useTOTP(ctx, t, id, code, factor)
		if err != nil {
			return err
		}
		if !ok {
			return g.FieldErrorf("code",
				"the code does not fit: type the newest one, and see that the clocks of the "+
					"gateway and of the telephone are right").Because("factor_first_code")
		}
		if err := right(ctx, t, tries); err != nil {
			return err
		}
		if recovery, err = v.confirmed(
			ctx,
			t,
			id,
			factor,
			FactorTOTP,
		); err != nil {
			return err
		}
		return nil
	})
	return recovery, err
}

// confirmed makes a factor valid.
func (v View) confirmed(
	ctx context.Context, t *store.Tx, id g.UserID, factor, kind string,
) (recovery []string, err error) {
	if _, err := t.Exec(ctx, "UPDATE second_factors SET confirmed = 1 WHERE id = ? AND usr = ?",
		factor, string(id)); err != nil {
		return nil, fmt.Errorf("confirm a second factor: %w", err)
	}
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM second_factors WHERE usr = ? AND confirmed = 1",
		string(id)).Scan(&n); err != nil {
		return nil, fmt.Errorf("read second factors: %w", err)
	}
	if n == 1 {
		if recovery, err = newRecovery(ctx, t, id); err != nil {
			return nil, err
		}
	}
	return recovery, v.s.Audit(
		ctx,
		t,
		v.s.School,
		"factor.add",
		string(id)+" "+kind+" "+factor,
	)
}

// newRecovery replaces the recovery codes.
func newRecovery(ctx context.Context, t *store.Tx, id g.UserID) ([]string, error) {
	if _, err := t.Exec(ctx, "DELETE FROM recovery_codes WHERE usr = ?", string(id)); err != nil {
		return nil, fmt.Errorf("make recovery codes: %w", err)
	}
	var out []string
	for range recoveryCodes {
		var b [10]byte // 80 random bits, so that a plain hash may be stored
		rand.Read(b[:])
		s := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
		code := s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
		if _, err := t.Exec(ctx, "INSERT INTO recovery_codes (usr, hash) VALUES (?, ?)",
			string(id), recoveryHash(code)); err != nil {
			return nil, fmt.Errorf("make recovery codes: %w", err)
		}
		out = append(out, code)
	}
	return out, nil
}

// recoveryHash hashes a code after normalising how it was typed.
func recoveryHash(code string) string {
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '2' && r <= '7':
			return r
		case r == '0':
			return 'o'
		case r == '1':
			return 'l'
		}
		return -1
	}, strings.ToLower(code))
	return tokenHash("recovery " + code)
}

// NewRecoveryCodes replaces the codes; the old ones become invalid.
func (v View) NewRecoveryCodes(ctx context.Context, id g.UserID) (codes []string, err error) {
	if _, err := v.ownUser(ctx, id); err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		n := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM second_factors WHERE usr = ? AND confirmed = 1",
			string(id)).Scan(&n); err != nil {
			return fmt.Errorf("read second factors: %w", err)
		}
		if n == 0 {
			return g.Errorf(g.Conflict,
				"there is no second factor yet: recovery codes come with the first one").Because("factor_none")
		}
		if codes, err = newRecovery(ctx, t, id); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			v.s.School,
			"factor.recovery",
			string(id),
		)
	})
	return codes, err
}

// RemoveFactor deletes a factor; not the last one if the school requires one of the role.
func (v View) RemoveFactor(ctx context.Context, id g.UserID, factor string) error {
	u, err := v.ownUser(ctx, id)
	if err != nil {
		return err
	}
	asked, err := v.r.asked(ctx, u.School, u.Role)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		var kind string
		err := t.Row(ctx, "SELECT kind FROM second_factors WHERE id = ? AND usr = ?", factor,
			string(id)).Scan(&kind)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read a second factor: %w", err)
		}
		n, err := t.Exec(ctx, "DELETE FROM second_factors WHERE id = ? AND usr = ?", factor,
			string(id))
		if err != nil {
			return fmt.Errorf("remove a second factor: %w", err)
		}
		if n == 0 {
			return g.Errorf(g.NotFound, "there is no second factor %q of yours", factor).Because("factor_gone")
		}
		left := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM second_factors WHERE usr = ? AND confirmed = 1",
			string(id)).Scan(&left); err != nil {
			return fmt.Errorf("read second factors: %w", err)
		}
		if left == 0 && asked {
			return g.Errorf(g.Conflict,
				"your school asks a second factor of your role: make another one before you "+
					"remove the last").Because("factor_last")
		}
		if left == 0 {
			if _, err := t.Exec(ctx, "DELETE FROM recovery_codes WHERE usr = ?", string(id)); err != nil {
				return fmt.Errorf("remove recovery codes: %w", err)
			}
		}
		return v.s.Audit(
			ctx,
			t,
			u.School,
			"factor.remove",
			string(id)+" "+kind+" "+factor,
		)
	})
}

// useTOTP accepts a code once: its time step and all before it become invalid. only is the factor
// being confirmed; "" accepts any confirmed one.
func (r *Book) useTOTP(
	ctx context.Context, t *store.Tx, id g.UserID, code, only string,
) (bool, error) {
	code = strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, code)
	q, args := "SELECT id, secret_sealed, step FROM second_factors WHERE usr = ? AND kind = ? "+
		"AND confirmed = 1", []any{
		string(id),
		FactorTOTP,
	}
	if only != "" {
		q, args = "SELECT id, secret_sealed, step FROM second_factors WHERE usr = ? AND kind = ? "+
			"AND id = ? AND confirmed = 0", append(
			args, only)
	}
	rows, err := t.Query(ctx, q, args...)
	if err != nil {
		return false, fmt.Errorf("read second factors: %w", err)
	}
	defer rows.Close()
	found, at := "", int64(0)
	for rows.Next() {
		var factor string
		var sealed []byte
		var last int64
		if err := rows.Scan(&factor, &sealed, &last); err != nil {
			return false, fmt.Errorf("read second factors: %w", err)
		}
		secret, err := store.Unseal(r.s.Vault.Data, sealed, "factor "+factor)
		if err != nil {
			return false, err
		}
		if step := fits(string(secret), code, t.Now); step > last {
			found, at = factor, step
		}
	}
	if err := rows.Err(); err != nil || found == "" {
		return false, err
	}
	rows.Close()
	if _, err := t.Exec(ctx, "UPDATE second_factors SET step = ?, used = ? WHERE id = ?", at,
		store.Micros(t.Now), found); err != nil {
		return false, fmt.Errorf("use a second factor: %w", err)
	}
	return true, nil
}

// fits is the time step of a valid code: current, previous or next; 0 if it is invalid.
func fits(secret, code string, now time.Time) (step int64) {
	for _, d := range []int64{-1, 0, 1} {
		at := now.Unix()/totpPeriod + d
		want, err := totp.GenerateCodeCustom(secret, time.Unix(at*totpPeriod, 0),
			totp.ValidateOpts{
				Period:    totpPeriod,
				Digits:    otp.DigitsSix,
				Algorithm: otp.AlgorithmSHA1,
			})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step = at
		}
	}
	return step
}

// Complete accepts a code, or a recovery code, in a sign-in that waits for its second factor.
func (r *Book) Complete(ctx context.Context, token, code string, a Attempt) (Entry, error) {
	return r.complete(ctx, token, a, func(t *store.Tx, u g.User) (refusal, error) {
		if ok, err := r.useTOTP(
			ctx,
			t,
			u.ID,
			code,
			"",
		); ok || err != nil {
			return nil, err
		}
		n, err := t.Exec(ctx, "DELETE FROM recovery_codes WHERE usr = ? AND hash = ?",
			string(u.ID), recoveryHash(code))
		if err != nil {
			return nil, fmt.Errorf("use a recovery code: %w", err)
		}
		if n == 0 {
			return g.FieldErrorf("code",
				"the code does not fit, or was used already: type the newest one, or a recovery "+
					"code").Because("factor_code"), nil
		}
		return nil, r.s.AuditAs(ctx, t, actor(string(u.ID), u.Name), "from "+a.Remote, u.School,
			"factor.recover", string(u.ID))
	})
}

// refusal is why a second factor is invalid; nil if it is valid. Unlike an error it commits the
// transaction.
type refusal error

// complete signs the user in if use accepts the second factor.
func (r *Book) complete(
	ctx context.Context, token string, a Attempt, use func(*store.Tx, g.User) (refusal, error),
) (Entry, error) {
	u, _, _, err := r.StepUser(ctx, token, StepFactor)
	if err != nil {
		return Entry{}, err
	}
	known, err := r.knownPlace(ctx, u.ID, browserPlace(a.Browser))
	if err != nil {
		return Entry{}, err
	}
	from := "elsewhere"
	if known {
		from = a.Browser
	}
	tries := []try{pairTry("factor", string(u.ID), from)}
	if err := r.begin(ctx, tries); err != nil {
		return Entry{}, err
	}
	e := Entry{User: u}
	var wrong refusal
	err = r.s.Write(ctx, func(t *store.Tx) error {
		if wrong, err = use(t, u); err != nil || wrong != nil {
			return err
		}
		n, err := t.Exec(ctx, "DELETE FROM signin_steps WHERE hash = ? AND usr = ?",
			tokenHash(token), string(u.ID))
		if err != nil || n == 0 {
			return cmpErr(err, stepOver())
		}
		if err := right(ctx, t, tries); err != nil {
			return err
		}
		return r.enter(ctx, t, &e, a)
	})
	if err != nil {
		return Entry{}, err
	}
	if wrong != nil {
		return Entry{}, r.refused(ctx, u, a.Remote, wrong)
	}
	return e, nil
}

func stepOver() *g.Error {
	return g.Errorf(g.Unauthenticated, "this sign-in is over: begin again with the password").Because("signin_over")
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// Enrolled signs in a user who has set up a second factor in the step that required it.
func (r *Book) Enrolled(ctx context.Context, token string, a Attempt) (Entry, error) {
	u, _, _, err := r.StepUser(ctx, token, StepEnrol)
	if err != nil {
		return Entry{}, err
	}
	if step, _, err := r.stepOf(ctx, u); err != nil || step != StepFactor {
		return Entry{}, cmpErr(err,
			g.Errorf(g.Conflict, "make a second factor first").Because("factor_due"))
	}
	e := Entry{User: u}
	err = r.s.Write(ctx, func(t *store.Tx) error {
		n, err := t.Exec(ctx, "DELETE FROM signin_steps WHERE hash = ?", tokenHash(token))
		if err != nil || n == 0 {
			return cmpErr(err, stepOver())
		}
		return r.enter(ctx, t, &e, a)
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

// ResetSecondFactor deletes a user's second factors and ends the user's sign-ins.
func (v View) ResetSecondFactor(ctx context.Context, id g.UserID) error {
	in, err := v.s.Reach(ctx, g.UsersAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		u, err := v.r.scanUser(
			t.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", string(id)).Scan,
		)
		if err != nil {
			return store.Missing(err, "user", string(id))
		}
		if err := in.Owns(u.School, "user", string(id)); err != nil {
			return err
		}
		if err := v.mayGrant(u.Role); err != nil {
			return err
		}
		if err := resetFactors(ctx, t, id); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			u.School,
			"factor.reset",
			string(id),
		)
	})
}

func resetFactors(ctx context.Context, t *store.Tx, id g.UserID) error {
	for _, table := range []string{
		"second_factors",
		"recovery_codes",
		"signin_steps",
		"signin_places",
	} {
		if _, err := t.Exec(ctx, "DELETE FROM "+table+" WHERE usr = ?", string(id)); err != nil {
			return fmt.Errorf("reset the second factor: %w", err)
		}
	}
	return endSignIns(ctx, t, id)
}

// ResetSecondFactor is the same from the command line, by sign-in name.
func (r *Book) ResetSecondFactor(ctx context.Context, name string) error {
	name = signInName(name)
	return r.s.Write(ctx, func(t *store.Tx) error {
		u, err := r.scanUser(
			t.Row(ctx, "SELECT "+userColumns+" FROM users WHERE name = ?", name).Scan,
		)
		if err != nil {
			return store.Missing(err, "user", name)
		}
		if err := resetFactors(ctx, t, u.ID); err != nil {
			return err
		}
		return r.s.AuditAs(
			ctx,
			t,
			"command line",
			"",
			u.School,
			"factor.reset",
			string(u.ID),
		)
	})
}

// FactorRoles are the roles of which the school requires a second factor.
func (v View) FactorRoles(ctx context.Context, school g.SchoolID) ([]g.Role, error) {
	in, err := v.s.Reach(ctx, g.UsersAdmin)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	out := []g.Role{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT role FROM second_factor_roles WHERE school = ? ORDER BY role",
		[]any{string(school)}, func(scan func(...any) error) error {
			var role string
			err := scan(&role)
			out = append(out, g.Role(role))
			return err
		})
	return out, err
}

// PutFactorRoles sets the roles of which the school requires one. Users without one must set it up
// at their next sign-in.
func (v View) PutFactorRoles(ctx context.Context, school g.SchoolID, roles []g.Role) error {
	in, err := v.s.Reach(ctx, g.UsersAdmin)
	if err != nil {
		return err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return err
	}
	for _, role := range roles {
		if !slices.Contains(g.Roles(), role) || role == g.RoleIntegrator {
			return g.FieldErrorf("roles", "%q is no role of a user", role)
		}
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if _, err := t.Exec(ctx, "DELETE FROM second_factor_roles WHERE school = ?",
			string(school)); err != nil {
			return fmt.Errorf("set roles with a second factor: %w", err)
		}
		for _, role := range slices.Compact(slices.Sorted(slices.Values(roles))) {
			if _, err := t.Exec(ctx,
				"INSERT INTO second_factor_roles (school, role) VALUES (?, ?)", string(school),
				string(role)); err != nil {
				return fmt.Errorf("set roles with a second factor: %w", err)
			}
		}
		return v.s.Audit(
			ctx,
			t,
			school,
			"factor.roles",
			fmt.Sprint(roles),
		)
	})
}
