package access

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// maxMaking is the most passkeys that a user may be creating at a time, e.g. in several tabs;
// beyond it the oldest challenge is dropped.
const maxMaking = 5

// passkey is a confirmed passkey.
type passkey struct {
	factor     string
	rp         string
	copied     bool
	used       time.Time
	credential webauthn.Credential
}

// challenge is what the browser is asked to sign, with the data to verify its response.
type challenge struct {
	Session webauthn.SessionData `json:"session"`
	Issued  time.Time            `json:"issued"`
}

func (c challenge) over(now time.Time) bool {
	return c.Issued.IsZero() || now.Before(c.Issued) || !now.Before(c.Issued.Add(passkeyFor))
}

// passkeysOf reads the confirmed passkeys of a user.
func (r *Book) passkeysOf(ctx context.Context, c store.Conn, id g.UserID) ([]passkey, error) {
	var out []passkey
	q := "SELECT id, rp, copied, used, secret_sealed FROM second_factors WHERE usr = ? AND kind " +
		"= ? AND confirmed = 1 ORDER BY created, id"
	err := store.Each(ctx, c, q, []any{string(id), FactorPasskey},
		func(scan func(...any) error) error {
			var k passkey
			var used int64
			var sealed []byte
			if err := scan(
				&k.factor,
				&k.rp,
				&k.copied,
				&used,
				&sealed,
			); err != nil {
				return err
			}
			k.used = store.Moment(used)
			b, err := store.Unseal(r.s.Vault.Data, sealed, "factor "+k.factor)
			if err != nil {
				return err
			}
			out = append(out, k)
			return json.Unmarshal(b, &out[len(out)-1].credential)
		})
	if err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	return out, nil
}

// MayUsePasskey is why a user with these factors cannot sign in with a passkey here; nil if they
// can.
func (rp *RelyingParty) MayUsePasskey(factors []Factor) *g.Error {
	if rp.Trouble != nil {
		return rp.Trouble
	}
	copied := false
	for _, f := range factors {
		if f.Kind != FactorPasskey || f.RP != rp.ID {
			continue
		}
		if !f.Copied {
			return nil
		}
		copied = true
	}
	if copied {
		return passkeyCopied()
	}
	return g.Errorf(g.Conflict,
		"none of your passkeys was made for %s: use another second factor or a recovery code, "+
			"and make a new passkey",
		rp.ID).Because("passkey_elsewhere")
}

func passkeyCopied() *g.Error {
	return g.FieldErrorf("credential",
		"the passkey's counter went back, as a copy's does, and it signs nobody in any more: use "+
			"another second factor or a recovery code, then remove it").Because("passkey_copied")
}

// BeginPasskey returns the options for creating a passkey (PublicKeyCredentialCreationOptions as
// JSON) and a token for ConfirmPasskey, which is valid for five minutes and once.
func (v View) BeginPasskey(
	ctx context.Context, id g.UserID, rp *RelyingParty,
) (making string, options []byte, err error) {
	u, err := v.ownUser(ctx, id)
	if err != nil {
		return "", nil, err
	}
	if rp.Trouble != nil {
		return "", nil, rp.Trouble
	}
	keys, err := v.r.passkeysOf(ctx, v.s.Reg, id)
	if err != nil {
		return "", nil, err
	}
	owner := passkeyOwner{
		user: u,
		keys: keys,
	}
	made, session, err := rp.web.BeginRegistration(owner,
		webauthn.WithExclusions(webauthn.Credentials(owner.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return "", nil, fmt.Errorf("begin a passkey: %w", err)
	}
	if options, err = json.Marshal(made.Response); err != nil {
		return "", nil, fmt.Errorf("begin a passkey: %w", err)
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if err := mayAddFactor(ctx, t, id, ""); err != nil {
			return err
		}
		data, err := json.Marshal(challenge{*session, t.Now})
		if err != nil {
			return err
		}
		if making, err = v.r.openStep(
			ctx,
			t,
			id,
			stepPasskey,
			passkeyFor,
			data,
		); err != nil {
			return err
		}
		_, err = t.Exec(ctx,
			"DELETE FROM signin_steps WHERE usr = ? AND stage = ? AND (expires <= ? OR hash NOT "+
				"IN (SELECT hash FROM signin_steps WHERE usr = ? AND stage = ? ORDER BY expires "+
				"DESC, hash LIMIT ?))",
			string(id), string(stepPasskey), store.Micros(t.Now), string(id), string(stepPasskey),
			maxMaking)
		return err
	})
	return making, options, err
}

// ConfirmPasskey accepts the browser's response (a RegistrationResponse as JSON). With the user's
// first factor it returns recovery codes, which are shown only now.
func (v View) ConfirmPasskey(
	ctx context.Context, id g.UserID, rp *RelyingParty, making, name string, made []byte,
) (recovery []string, err error) {
	u, err := v.ownUser(ctx, id)
	if err != nil {
		return nil, err
	}
	if rp.Trouble != nil {
		return nil, rp.Trouble
	}
	if err := store.Optional("name", name, 64); err != nil {
		return nil, err
	}
	tries := []try{pairTry("factor", string(id), "confirm")}
	if err := v.r.begin(ctx, tries); err != nil {
		return nil, err
	}
	c, err := v.r.takeMaking(ctx, id, making)
	if err != nil {
		return nil, err
	}
	credential, err := rp.create(passkeyOwner{user: u}, c, made)
	if err != nil {
		return nil, v.refusedPasskey(ctx, u, err)
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if err := right(ctx, t, tries); err != nil {
			return err
		}
		if err := mayAddFactor(ctx, t, id, name); err != nil {
			return err
		}
		factor := g.NewID("fac")
		if err := v.r.keepPasskey(
			ctx,
			t,
			id,
			factor,
			name,
			rp.ID,
			credential,
		); err != nil {
			return err
		}
		recovery, err = v.confirmed(
			ctx,
			t,
			id,
			factor,
			FactorPasskey,
		)
		return err
	})
	return recovery, err
}

// takeMaking removes and returns the challenge of a creation: it can be used once, whatever the
// result.
func (r *Book) takeMaking(ctx context.Context, id g.UserID, making string) (challenge, error) {
	over := g.FieldErrorf("making",
		"this took longer than five minutes, or was answered already: begin again").Because("passkey_over")
	u, _, data, err := r.StepUser(ctx, making, stepPasskey)
	if g.ErrorCode(err) == g.Unauthenticated || err == nil && u.ID != id {
		return challenge{}, over
	}
	if err != nil {
		return challenge{}, err
	}
	var c challenge
	if err := json.Unmarshal(data, &c); err != nil {
		return challenge{}, fmt.Errorf("read a challenge: %w", err)
	}
	err = r.s.Write(ctx, func(t *store.Tx) error {
		n, err := t.Exec(ctx, "DELETE FROM signin_steps WHERE hash = ?", tokenHash(making))
		if err != nil {
			return fmt.Errorf("take a challenge: %w", err)
		}
		if n == 0 || c.over(t.Now) {
			return over
		}
		return nil
	})
	return c, err
}

// create verifies the browser's response to a creation.
func (rp *RelyingParty) create(
	owner passkeyOwner, c challenge, made []byte,
) (webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(made)
	if err != nil {
		return webauthn.Credential{}, misfit(err)
	}
	if c.Session.GetRelyingPartyID("") != rp.ID {
		moved := protocol.ErrBadRequest.WithDetails("the gateway's address has changed meanwhile")
		return webauthn.Credential{}, misfit(moved)
	}
	credential, err := rp.web.CreateCredential(owner, c.Session, parsed)
	if err != nil {
		return webauthn.Credential{}, misfit(err)
	}
	// the authenticator's model is not recorded
	credential.Attestation = webauthn.CredentialAttestation{}
	return *credential, nil
}

// refusedPasskey audits a refused passkey and returns why.
func (v View) refusedPasskey(ctx context.Context, u g.User, why error) error {
	err := v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(
			ctx,
			t,
			u.School,
			"factor.refused",
			string(u.ID)+" "+FactorPasskey,
		)
	})
	if err != nil {
		return err
	}
	return why
}

// keepPasskey stores a new passkey. It must be unique, or it would sign in two users.
func (r *Book) keepPasskey(
	ctx context.Context, t *store.Tx, id g.UserID, factor, name, rp string, c webauthn.Credential,
) error {
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("keep a passkey: %w", err)
	}
	h := sha256.Sum256(append([]byte("passkey "), c.ID...))
	hash, n := hex.EncodeToString(h[:]), 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM second_factors WHERE credential = ?", hash).Scan(&n); err != nil {
		return fmt.Errorf("read passkeys: %w", err)
	}
	if n > 0 {
		return g.Errorf(g.Conflict, "this passkey is registered already").Because("passkey_known")
	}
	_, err = t.Exec(ctx,
		"INSERT INTO second_factors (id, usr, kind, name, secret_sealed, confirmed, step, "+
			"created, used, credential, rp, copied) VALUES (?, ?, ?, ?, ?, 0, 0, ?, 0, ?, ?, 0)",
		factor, string(id), FactorPasskey, name, store.Seal(r.s.Vault.Data, b, "factor "+factor),
		store.Micros(t.Now), hash, rp)
	if err != nil {
		return fmt.Errorf("keep a passkey: %w", err)
	}
	return nil
}

// AskPasskey returns the options for using a passkey (PublicKeyCredentialRequestOptions as JSON) in
// a sign-in that waits for its second factor. A later challenge replaces an earlier one.
func (r *Book) AskPasskey(
	ctx context.Context, token string, rp *RelyingParty,
) (options []byte, err error) {
	u, _, _, err := r.StepUser(ctx, token, StepFactor)
	if err != nil {
		return nil, err
	}
	st, err := r.factorState(ctx, u)
	if err != nil {
		return nil, err
	}
	if e := rp.MayUsePasskey(st.Factors); e != nil {
		return nil, e
	}
	keys, err := r.passkeysOf(ctx, r.s.Reg, u.ID)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(k passkey) bool { return k.rp != rp.ID || k.copied })
	asked, session, err := rp.web.BeginLogin(passkeyOwner{
		user: u,
		keys: keys,
	})
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	if options, err = json.Marshal(asked.Response); err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	data, err := json.Marshal(challenge{*session, r.s.Now()})
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return options, r.KeepStep(ctx, token, data)
}

// CompletePasskey accepts the browser's response to AskPasskey (an AuthenticationResponse as JSON).
func (r *Book) CompletePasskey(
	ctx context.Context, token string, rp *RelyingParty, shown []byte, a Attempt,
) (Entry, error) {
	if rp.Trouble != nil {
		return Entry{}, rp.Trouble
	}
	return r.complete(ctx, token, a, func(t *store.Tx, u g.User) (refusal, error) {
		c, err := r.takeChallenge(ctx, t, token)
		if err != nil {
			return nil, err
		}
		if c.over(t.Now) {
			return g.FieldErrorf("credential",
				"this took longer than five minutes, or was answered already: try again").Because("passkey_over"), nil
		}
		keys, err := r.passkeysOf(ctx, t, u.ID)
		if err != nil {
			return nil, err
		}
		keys = slices.DeleteFunc(keys, func(k passkey) bool { return k.rp != rp.ID || k.copied })
		used, wrong := rp.validate(passkeyOwner{
			user: u,
			keys: keys,
		}, c, shown)
		if wrong != nil {
			return wrong, nil
		}
		return r.usePasskey(ctx, t, u, used, c, a)
	})
}

// takeChallenge removes and returns the challenge of a step: it can be used once, whatever the
// result.
func (r *Book) takeChallenge(
	ctx context.Context, t *store.Tx, token string,
) (c challenge, err error) {
	hash := tokenHash(token)
	var sealed []byte
	err = t.Row(ctx, "SELECT data_sealed FROM signin_steps WHERE hash = ?", hash).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return c, stepOver()
	}
	if err != nil {
		return c, fmt.Errorf("read a sign-in's step: %w", err)
	}
	data, err := store.Unseal(r.s.Vault.Data, sealed, "step "+hash)
	if err != nil {
		return c, err
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &c); err != nil {
			return c, fmt.Errorf("read a challenge: %w", err)
		}
	}
	_, err = t.Exec(ctx, "UPDATE signin_steps SET data_sealed = ? WHERE hash = ?",
		store.Seal(r.s.Vault.Data, nil, "step "+hash), hash)
	return c, err
}

// validate verifies a response, and returns the passkey with its updated state.
func (rp *RelyingParty) validate(owner passkeyOwner, c challenge, shown []byte) (passkey, refusal) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(shown)
	if err != nil {
		return passkey{}, misfit(err)
	}
	after, err := rp.web.ValidateLogin(owner, c.Session, parsed)
	if err != nil {
		return passkey{}, misfit(err)
	}
	i := slices.IndexFunc(owner.keys, func(k passkey) bool {
		return slices.Equal(k.credential.ID, after.ID)
	})
	if i < 0 {
		return passkey{}, misfit(err)
	}
	k := owner.keys[i]
	k.credential = *after
	return k, nil
}

// usePasskey records the use of a passkey. If its signature counter went back, there is a copy, and
// the passkey becomes invalid. But if it was used after this challenge was issued, as in two tabs,
// the counter proves nothing, and only this response is refused.
func (r *Book) usePasskey(
	ctx context.Context, t *store.Tx, u g.User, k passkey, c challenge, a Attempt,
) (refusal, error) {
	who, from, object := actor(string(u.ID), u.Name), "from "+a.Remote, string(u.ID)+" "+
		FactorPasskey+" "+k.factor
	if k.credential.Authenticator.CloneWarning {
		if !c.Issued.After(k.used) {
			return g.FieldErrorf("credential",
				"this passkey has signed in elsewhere meanwhile: try again").Because("passkey_overtaken"), nil
		}
		if _, err := t.Exec(ctx, "UPDATE second_factors SET copied = 1 WHERE id = ?", k.factor); err != nil {
			return nil, fmt.Errorf("mark a copied passkey: %w", err)
		}
		return passkeyCopied(), r.s.AuditAs(
			ctx,
			t,
			who,
			from,
			u.School,
			"factor.copied",
			object,
		)
	}
	b, err := json.Marshal(k.credential)
	if err != nil {
		return nil, fmt.Errorf("use a passkey: %w", err)
	}
	_, err = t.Exec(ctx, "UPDATE second_factors SET secret_sealed = ?, used = ? WHERE id = ?",
		store.Seal(r.s.Vault.Data, b, "factor "+k.factor), store.Micros(t.Now), k.factor)
	if err != nil {
		return nil, fmt.Errorf("use a passkey: %w", err)
	}
	return nil, r.s.AuditAs(
		ctx,
		t,
		who,
		from,
		u.School,
		"factor.use",
		object,
	)
}
