package access

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Passkeys says whether passkeys can be made and shown at this gateway.
type Passkeys struct {
	Work    bool   `json:"work" doc:"Passkeys can be made and shown, by who has the console open at origin."`
	Origin  string `json:"origin,omitempty" doc:"Where the console has to be open for it: passkeys are bound to the name in http.base_url." example:"https://gatehouse.school.example"`
	RPID    string `json:"rp_id,omitempty" doc:"The relying party's ID: that name." example:"gatehouse.school.example"`
	Reason  string `json:"reason,omitempty" doc:"Where they do not work, why: passkeys_no_address, passkeys_ip_address, passkeys_plain_http, passkeys_bad_name; in a sign-in also passkey_elsewhere and passkey_copied." example:"passkeys_ip_address"`
	Message string `json:"message,omitempty" doc:"The same in words, with the mend."`
}

func (s *area) passkeys(ctx context.Context, trouble *g.Error) Passkeys {
	out := Passkeys{
		Work:   trouble == nil,
		Origin: s.party.Origin,
		RPID:   s.party.ID,
	}
	if trouble != nil {
		out.Reason = trouble.Reason
		out.Message = gate.LanguageOf(ctx).Error(trouble)
	}
	return out
}

// PasskeyID names a passkey to a browser.
type PasskeyID struct {
	Type       string   `json:"type" doc:"public-key."`
	ID         string   `json:"id" doc:"The credential's id, base64url."`
	Transports []string `json:"transports,omitempty" nullable:"false" doc:"How the key is reached: usb, nfc, ble, internal, hybrid."`
}

// PasskeyCreation are PublicKeyCredentialCreationOptionsJSON.
type PasskeyCreation struct {
	Challenge string `json:"challenge" doc:"What is to be signed, base64url; counts once, for five minutes."`
	Timeout   int    `json:"timeout" doc:"Milliseconds that the browser should wait."`
	RP        struct {
		ID   string `json:"id" doc:"The relying party's ID."`
		Name string `json:"name" doc:"What the browser calls the gateway."`
	} `json:"rp" doc:"For whom the passkey is."`
	User struct {
		ID          string `json:"id" doc:"The user's handle, base64url."`
		Name        string `json:"name" doc:"The sign-in name."`
		DisplayName string `json:"displayName" doc:"The name that people know."`
	} `json:"user" doc:"Whose it is."`
	Parameters []struct {
		Type string `json:"type" doc:"public-key."`
		Alg  int    `json:"alg" doc:"A COSE algorithm, the best first."`
	} `json:"pubKeyCredParams" nullable:"false" doc:"Signatures that are understood."`
	Exclude   []PasskeyID `json:"excludeCredentials,omitempty" nullable:"false" doc:"Passkeys that the user has: the same key makes no second one."`
	Selection struct {
		ResidentKey      string `json:"residentKey,omitempty" doc:"discouraged: the passkey takes no room on the key."`
		UserVerification string `json:"userVerification,omitempty" doc:"preferred: a key with a PIN or a finger asks for it, one that has none does without; the password was asked before."`
	} `json:"authenticatorSelection" doc:"Which keys will do."`
	Attestation string `json:"attestation,omitempty" doc:"none: which make of key it is is not asked."`
}

// PasskeyRequest are PublicKeyCredentialRequestOptionsJSON.
type PasskeyRequest struct {
	Challenge        string      `json:"challenge" doc:"What is to be signed, base64url; counts once, for five minutes."`
	Timeout          int         `json:"timeout" doc:"Milliseconds that the browser should wait."`
	RPID             string      `json:"rpId" doc:"The relying party's ID."`
	Allow            []PasskeyID `json:"allowCredentials" nullable:"false" doc:"The user's passkeys."`
	UserVerification string      `json:"userVerification" doc:"preferred: see the making."`
}

// MakePasskey is a passkey that is to be made.
type MakePasskey struct {
	Making  string          `json:"making" doc:"Names this making, for the confirmation; ends after five minutes."`
	Options PasskeyCreation `json:"options" doc:"For navigator.credentials.create, as PublicKeyCredential.parseCreationOptionsFromJSON takes them."`
}

// ShowPasskey is a passkey that is to be shown.
type ShowPasskey struct {
	Options PasskeyRequest `json:"options" doc:"For navigator.credentials.get, as PublicKeyCredential.parseRequestOptionsFromJSON takes them."`
}

// PasskeyAnswer is the result of PublicKeyCredential.toJSON: after create with attestationObject,
// after get with authenticatorData and signature.
type PasskeyAnswer struct {
	ID         string         `json:"id" minLength:"1" maxLength:"1400" doc:"The credential's id, base64url." example:"AAAA"`
	RawID      string         `json:"rawId" minLength:"1" maxLength:"1400" doc:"The same." example:"AAAA"`
	Type       string         `json:"type" enum:"public-key" doc:"Always this." example:"public-key"`
	Attachment *string        `json:"authenticatorAttachment,omitempty" maxLength:"32" doc:"platform or cross-platform."`
	Extensions map[string]any `json:"clientExtensionResults,omitempty" maxProperties:"10" doc:"None are asked for, and none heeded."`
	Response   struct {
		Client      string   `json:"clientDataJSON" minLength:"1" maxLength:"4000" doc:"What the browser says where and for what it was, base64url." example:"e30"`
		Attestation string   `json:"attestationObject,omitempty" maxLength:"8000" doc:"The new passkey's public key, base64url."`
		Data        string   `json:"authenticatorData,omitempty" maxLength:"4000" doc:"The key's own words, base64url."`
		Signature   string   `json:"signature,omitempty" maxLength:"3000" doc:"Over both, base64url."`
		Handle      *string  `json:"userHandle,omitempty" maxLength:"128" doc:"Whose passkey it is, base64url."`
		Transports  []string `json:"transports,omitempty" nullable:"false" maxItems:"10" doc:"How the key is reached."`
		Key         *string  `json:"publicKey,omitempty" maxLength:"3000" doc:"Not heeded: attestationObject has it."`
		Algorithm   int      `json:"publicKeyAlgorithm,omitempty" minimum:"-70000" maximum:"70000" doc:"Not heeded."`
	} `json:"response" doc:"The answer itself."`
}

// json encodes the answer for the registry, without the ignored members.
func (a PasskeyAnswer) json() ([]byte, error) {
	a.Extensions = nil
	a.Response.Key = nil
	a.Response.Algorithm = 0
	if a.Response.Attestation != "" {
		a.Response.Data = "" // attestationObject contains it
	}
	return json.Marshal(a)
}

type (
	ticketOnly struct {
		Body struct {
			Ticket string `json:"ticket" minLength:"1" maxLength:"128" doc:"ticket of POST /v1/session."`
		}
	}
	ticketPasskey struct {
		Body struct {
			Ticket     string        `json:"ticket" minLength:"1" maxLength:"128" doc:"ticket of POST /v1/session."`
			Credential PasskeyAnswer `json:"credential" doc:"What the browser answered."`
		}
	}
	ticketMade struct {
		Body struct {
			Ticket     string        `json:"ticket" minLength:"1" maxLength:"128" doc:"ticket of POST /v1/session."`
			Making     string        `json:"making" minLength:"1" maxLength:"128" doc:"making of the answer before."`
			Name       string        `json:"name,omitempty" maxLength:"64" doc:"What its owner calls it." example:"Blue key"`
			Credential PasskeyAnswer `json:"credential" doc:"What the browser made."`
		}
	}
	ownMade struct {
		Body struct {
			Making     string        `json:"making" minLength:"1" maxLength:"128" doc:"making of the answer before."`
			Name       string        `json:"name,omitempty" maxLength:"64" doc:"What its owner calls it." example:"Blue key"`
			Credential PasskeyAnswer `json:"credential" doc:"What the browser made."`
		}
	}
)

func (s *area) registerPasskeys() {
	gate.Handle(s.Gate,
		large(inSignIn("/v1/session/passkey", "sign-in-passkey",
			"Second step of a sign-in: ask for a passkey",
			"Answers options for navigator.credentials.get. A later question takes the place of an "+
				"earlier one; its challenge counts once, for five minutes, whatever comes of it.")), s.askPasskey)
	gate.Handle(s.Gate,
		large(inSignIn("/v1/session/passkey/confirm", "sign-in-passkey-confirm",
			"Show it, and be signed in",
			"A passkey whose counter went back, as a copy's does, signs nobody in from then on. "+
				"Wrong answers are counted as wrong codes are.")), s.showPasskey)
	gate.Handle(s.Gate,
		large(inSignIn("/v1/session/passkey/make", "sign-in-enrol-passkey",
			"Second step where the school asks a second factor and there is none: make a passkey",
			"Answers options for navigator.credentials.create.")), s.enrolPasskey)
	gate.Handle(s.Gate,
		large(inSignIn("/v1/session/passkey/make/confirm", "sign-in-enrol-passkey-confirm",
			"Confirm it, and be signed in",
			"Answers with the cookie of the sign-in, and with recovery codes, which are shown once.")),
		s.enrolPasskeyConfirm)
	gate.Handle(s.Gate, large(ofOwn("/v1/me/second-factor/passkey", "make-passkey", "Begin a passkey",
		"Passkeys need `http.base_url` with a name and HTTPS, and the console open there; "+
			"passkeys of GET /v1/me/second-factor says whether they work. There may be several.")), s.makePasskey)
	gate.Handle(s.Gate,
		large(ofOwn("/v1/me/second-factor/passkey/confirm", "confirm-passkey",
			"Confirm it with what the browser made",
			"With the first second factor come recovery codes, which are shown once. The making "+
				"ends "+
				"with this request, whatever comes of it.")), s.confirmPasskey)
}

func (s *area) askPasskey(ctx context.Context, in *ticketOnly) (*gate.Body[ShowPasskey], error) {
	b, err := s.reg.Access.AskPasskey(ctx, in.Body.Ticket, s.party)
	if err != nil {
		return nil, err
	}
	var out ShowPasskey
	err = decodeOptions(b, &out.Options)
	return gate.Answer(out, err)
}

func (s *area) showPasskey(ctx context.Context, in *ticketPasskey) (*signedIn, error) {
	b, err := in.Body.Credential.json()
	if err != nil {
		return nil, err
	}
	e, err := s.reg.Access.CompletePasskey(
		ctx,
		in.Body.Ticket,
		s.party,
		b,
		s.attempt(ctx),
	)
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, e)
}

func (s *area) enrolPasskey(ctx context.Context, in *ticketOnly) (*gate.Body[MakePasskey], error) {
	m, err := s.enrolling(ctx, in.Body.Ticket)
	if err != nil {
		return nil, err
	}
	return s.newPasskey(ctx, m)
}

func (s *area) enrolPasskeyConfirm(ctx context.Context, in *ticketMade) (*signedIn, error) {
	m, err := s.enrolling(ctx, in.Body.Ticket)
	if err != nil {
		return nil, err
	}
	codes, err := s.madePasskey(
		ctx,
		m,
		in.Body.Making,
		in.Body.Name,
		in.Body.Credential,
	)
	if err != nil {
		return nil, err
	}
	return s.enrolled(ctx, in.Body.Ticket, codes)
}

func (s *area) makePasskey(ctx context.Context, in *ownPassword) (*gate.Body[MakePasskey], error) {
	m, err := s.selfAgain(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return s.newPasskey(ctx, m)
}

func (s *area) confirmPasskey(ctx context.Context, in *ownMade) (*gate.Body[Recovery], error) {
	m, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	return recovery(s.madePasskey(
		ctx,
		m,
		in.Body.Making,
		in.Body.Name,
		in.Body.Credential,
	))
}

func (s *area) newPasskey(ctx context.Context, m maker) (*gate.Body[MakePasskey], error) {
	making, b, err := m.view.BeginPasskey(ctx, m.user, s.party)
	if err != nil {
		return nil, err
	}
	out := MakePasskey{Making: making}
	err = decodeOptions(b, &out.Options)
	return gate.Answer(out, err)
}

// madePasskey confirms a passkey with the browser's response.
func (s *area) madePasskey(
	ctx context.Context, m maker, making, name string, made PasskeyAnswer,
) (codes []string, err error) {
	b, err := made.json()
	if err != nil {
		return nil, err
	}
	return m.view.ConfirmPasskey(
		ctx,
		m.user,
		s.party,
		making,
		name,
		b,
	)
}

// decodeOptions converts the registry's options into the documented shape.
func decodeOptions(b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read a passkey's options: %w", err)
	}
	return nil
}
