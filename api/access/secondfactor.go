package access

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/skip2/go-qrcode"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

// Factor is one second factor.
type Factor struct {
	ID      string    `json:"id" doc:"The factor's id."`
	Kind    string    `json:"kind" enum:"totp,passkey" doc:"totp: codes of an authenticator program; passkey: WebAuthn."`
	Name    string    `json:"name" doc:"What its owner calls it."`
	Created time.Time `json:"created" doc:"When it was made."`
	Used    time.Time `json:"used,omitzero" doc:"When it was used last; absent: never."`
	RPID    string    `json:"rp_id,omitempty" doc:"Of a passkey: the name that it was made for; where the gateway has another by now, it signs nobody in." example:"gatehouse.school.example"`
	Copied  bool      `json:"copied,omitempty" doc:"Of a passkey: its counter went back, as a copy's does. It signs nobody in any more; remove it."`
}

// FactorState is a user's second factors.
type FactorState struct {
	User     g.UserID `json:"user" doc:"Whose."`
	Factors  []Factor `json:"factors" nullable:"false" doc:"The second factors, the oldest first."`
	Recovery int      `json:"recovery_left" doc:"Recovery codes that are left."`
	Required bool     `json:"required" doc:"The school asks a second factor of this user's role."`

	Passkeys *Passkeys `json:"passkeys,omitempty" doc:"Of one's own: whether passkeys work at this gateway."`
}

func factorState(st access.FactorState) FactorState {
	out := FactorState{
		User:     st.User,
		Factors:  []Factor{},
		Recovery: st.Recovery,
		Required: st.Required,
	}
	for _, f := range st.Factors {
		out.Factors = append(out.Factors, Factor{
			ID:      f.ID,
			Kind:    f.Kind,
			Name:    f.Name,
			Created: f.Created,
			Used:    f.Used,
			RPID:    f.RP,
			Copied:  f.Copied,
		})
	}
	return out
}

// NewTOTP is a secret for an authenticator program; it counts once a code of it was confirmed.
type NewTOTP struct {
	Factor string `json:"factor" doc:"The factor's id, for the confirmation."`
	Secret string `json:"secret" doc:"The secret, to be typed where no camera can read the picture."`
	URI    string `json:"uri" doc:"The same as otpauth:// URI."`
	QR     string `json:"qr" doc:"The same as a picture: a data: URI of a PNG."`
}

// Recovery are recovery codes.
type Recovery struct {
	Codes []string `json:"recovery_codes" nullable:"false" doc:"Shown once: each signs in one time in place of the second factor. Empty: those given before go on."`
}

type (
	ticketCode struct {
		Body struct {
			Ticket string `json:"ticket" minLength:"1" maxLength:"128" doc:"ticket of POST /v1/session."`
			Code   string `json:"code" minLength:"1" maxLength:"64" doc:"The authenticator program's six digits, or a recovery code." example:"123456"`
		}
	}
	ticketName struct {
		Body struct {
			Ticket string `json:"ticket" minLength:"1" maxLength:"128" doc:"ticket of POST /v1/session."`
			Name   string `json:"name,omitempty" maxLength:"64" doc:"What its owner calls it." example:"Telephone"`
		}
	}
	ticketConfirm struct {
		Body struct {
			Ticket string `json:"ticket" minLength:"1" maxLength:"128" doc:"ticket of POST /v1/session."`
			Factor string `json:"factor" minLength:"1" maxLength:"64" doc:"factor of the answer before."`
			Code   string `json:"code" minLength:"1" maxLength:"64" doc:"The authenticator program's six digits." example:"123456"`
		}
	}
	ownName struct {
		Body struct {
			Password string `json:"password" minLength:"1" maxLength:"200" doc:"One's own password, once more." example:"correct-horse-battery"`
			Name     string `json:"name,omitempty" maxLength:"64" doc:"What its owner calls it." example:"Telephone"`
		}
	}
	ownConfirm struct {
		Body struct {
			Factor string `json:"factor" minLength:"1" maxLength:"64" doc:"factor of the answer before."`
			Code   string `json:"code" minLength:"1" maxLength:"64" doc:"The authenticator program's six digits." example:"123456"`
		}
	}
	ownPassword struct {
		Body struct {
			Password string `json:"password" minLength:"1" maxLength:"200" doc:"One's own password, once more." example:"correct-horse-battery"`
		}
	}
	removeFactor struct {
		gate.ByID
		ownPassword
	}
	factorRoles struct {
		gate.InSchool
		gate.Matching
		Body FactorRoles
	}
)

func (s *area) registerSecondFactor() {
	const tag = factorTag
	own := func(method, path, id, summary string) gate.Endpoint {
		e := ofOwn(path, id, summary, "")
		e.Method = method
		return e
	}
	gate.Handle(s.Gate,
		inSignIn("/v1/session/second-factor", "sign-in-factor",
			"Second step of a sign-in: show the second factor",
			"Where POST /v1/session answered the step factor. Takes its ticket and a code of the "+
				"authenticator program, or a recovery code, and signs in."), s.signInFactor)
	gate.Handle(s.Gate,
		inSignIn("/v1/session/totp", "sign-in-enrol",
			"Second step where the school asks a second factor and there is none: make one",
			"Where POST /v1/session answered the step enrol. Answers with a secret for an "+
				"authenticator program; it counts once its first code is confirmed."), s.signInEnrol)
	gate.Handle(s.Gate,
		inSignIn("/v1/session/totp/confirm", "sign-in-enrol-confirm",
			"Confirm it with its first code, and be signed in",
			"Takes the same ticket, the factor of the answer before and the first code that the "+
				"program shows. Answers with recovery codes, which are shown once."), s.signInConfirm)
	gate.Handle(s.Gate,
		own("GET", "/v1/me/second-factor", "own-second-factor", "One's own second factors"),
		func(ctx context.Context, _ *gate.None) (*gate.Body[FactorState], error) {
			m, err := s.self(ctx)
			if err != nil {
				return nil, err
			}
			st, err := m.view.SecondFactor(ctx, m.user)
			out, works := factorState(st), s.passkeys(ctx, s.party.Trouble)
			out.Passkeys = &works
			return gate.Answer(out, err)
		})
	gate.Handle(s.Gate,
		own("POST", "/v1/me/second-factor/totp", "make-totp",
			"Make a secret for an authenticator program"),
		s.makeTOTP)
	gate.Handle(s.Gate,
		own("POST", "/v1/me/second-factor/totp/confirm", "confirm-totp",
			"Confirm it with its first code"),
		s.confirmTOTP)
	gate.Handle(s.Gate,
		own("POST", "/v1/me/second-factor/recovery", "new-recovery-codes",
			"New recovery codes; the old ones end"),
		s.newRecovery)
	gate.Handle(s.Gate,
		own("POST", "/v1/me/second-factor/{id}/remove", "remove-second-factor",
			"Remove a second factor of one's own"),
		s.removeFactor)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/second-factors",
		ID:      "list-second-factors",
		Tag:     tag,
		Perm:    g.UsersAdmin,
		Summary: "Who has a second factor",
	}, s.listFactors)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/users/{id}/second-factor",
		ID:      "reset-second-factor",
		Tag:     tag,
		Perm:    g.UsersAdmin,
		Summary: "Reset somebody's second factor",
		Doc: "For who has lost it: forgets second factors and recovery codes and ends the user's " +
			"sign-ins. Audited.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Access.ResetSecondFactor(ctx, g.UserID(in.ID))
	})
	s.registerFactorRoles(tag)
}

func (s *area) signInFactor(ctx context.Context, in *ticketCode) (*signedIn, error) {
	e, err := s.reg.Access.Complete(ctx, in.Body.Ticket, in.Body.Code, s.attempt(ctx))
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, e)
}

func (s *area) signInEnrol(ctx context.Context, in *ticketName) (*gate.Body[NewTOTP], error) {
	m, err := s.enrolling(ctx, in.Body.Ticket)
	if err != nil {
		return nil, err
	}
	return m.newTOTP(ctx, in.Body.Name)
}

func (s *area) signInConfirm(ctx context.Context, in *ticketConfirm) (*signedIn, error) {
	m, err := s.enrolling(ctx, in.Body.Ticket)
	if err != nil {
		return nil, err
	}
	codes, err := m.view.ConfirmTOTP(ctx, m.user, in.Body.Factor, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return s.enrolled(ctx, in.Body.Ticket, codes)
}

func (m maker) newTOTP(ctx context.Context, name string) (*gate.Body[NewTOTP], error) {
	factor, secret, uri, err := m.view.BeginTOTP(ctx, m.user, name)
	if err != nil {
		return nil, err
	}
	png, err := qrcode.Encode(uri, qrcode.Medium, 240)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return gate.Answer(NewTOTP{
		Factor: factor,
		Secret: secret,
		URI:    uri,
		QR:     "data:image/png;base64," + base64.StdEncoding.EncodeToString(png),
	}, nil)
}

func (s *area) makeTOTP(ctx context.Context, in *ownName) (*gate.Body[NewTOTP], error) {
	m, err := s.selfAgain(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return m.newTOTP(ctx, in.Body.Name)
}

func (s *area) confirmTOTP(ctx context.Context, in *ownConfirm) (*gate.Body[Recovery], error) {
	m, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	return recovery(m.view.ConfirmTOTP(ctx, m.user, in.Body.Factor, in.Body.Code))
}

func (s *area) newRecovery(ctx context.Context, in *ownPassword) (*gate.Body[Recovery], error) {
	m, err := s.selfAgain(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return recovery(m.view.NewRecoveryCodes(ctx, m.user))
}

func (s *area) removeFactor(ctx context.Context, in *removeFactor) (*gate.None, error) {
	m, err := s.selfAgain(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &gate.None{}, m.view.RemoveFactor(ctx, m.user, in.ID)
}

func (s *area) listFactors(
	ctx context.Context, in *gate.PerSchool,
) (*gate.Body[gate.Page[FactorState]], error) {
	all, err := s.View(ctx).Access.SecondFactors(ctx, in.School)
	out := []FactorState{}
	for _, st := range all {
		out = append(out, factorState(st))
	}
	return gate.PageOf(s.Gate, out, in.Paged, err,
		func(x FactorState) string { return string(x.User) })
}
