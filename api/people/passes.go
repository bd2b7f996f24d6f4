package people

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

const maxPhoto = 8 << 20 // bytes

type consentInput struct {
	gate.ByID
	Body struct {
		Given bool   `json:"given" doc:"true: the face may be used. false: withdrawn, and it is used no more from now on."`
		By    string `json:"by" minLength:"1" maxLength:"100" doc:"Who said so: a guardian's name, or self." example:"self"`
		Note  string `json:"note,omitempty" maxLength:"500" doc:"How: a paper form, its date." example:"paper form of 2026-09-01"`
	}
}

type cardInput struct {
	gate.ByID
	Body struct {
		Method     g.Method  `json:"method" enum:"card,qr,pin,plate" doc:"card, qr, pin or plate (a car's permit)." example:"card"`
		Credential string    `json:"credential" minLength:"1" maxLength:"256" doc:"The card's number or the code's text; kept as a keyed hash and its last 4 characters." example:"0009981234"`
		Starts     time.Time `json:"starts,omitzero" doc:"When it begins to work; absent: at once."`
		Expires    time.Time `json:"expires,omitzero" doc:"When it stops working; absent: never."`
		Duress     bool      `json:"duress,omitempty" doc:"Of a PIN: it is accepted like any other, and raises a silent alarm that its holder is made to use it."`
	}
}

type photoInput struct {
	gate.ByID
	Answers []string `query:"answers" maxItems:"8" doc:"What was answered to the questions of a 409 with the code confirm: same_person, replace, look_alike, as_it_is."`
	RawBody []byte   `contentType:"image/jpeg"`
}

type enrolInput struct {
	gate.ByID
	Body struct {
		Person  g.PersonID `json:"person,omitempty" maxLength:"64" doc:"Somebody who is known already; or give name for a new visitor."`
		Name    string     `json:"name,omitempty" maxLength:"100" doc:"The name of a new visitor." example:"Zhou Qiang"`
		Number  string     `json:"number,omitempty" maxLength:"40" doc:"A number for the new visitor."`
		Phone   string     `json:"phone,omitempty" maxLength:"40" doc:"The new visitor's telephone."`
		Kind    string     `json:"kind,omitempty" enum:"visitor,staff,guardian,student," doc:"Kind of the new person; anything but visitor needs people:write. Default: visitor."`
		Class   string     `json:"class,omitempty" maxLength:"40" doc:"Of a new student."`
		Consent givenBy    `json:"consent" doc:"The consent to the use of the face; without it nobody is enrolled."`
		Answers []string   `json:"answers,omitempty" maxItems:"8" doc:"What was answered to the questions of a 409 with the code confirm: same_person, replace, look_alike, as_it_is."`
	}
}

type givenBy struct {
	By   string `json:"by" minLength:"1" maxLength:"100" doc:"Who allowed the use of the face: self, a guardian." example:"self"`
	Note string `json:"note,omitempty" maxLength:"500" doc:"How." example:"asked at the gate"`
}

// Enrolled is the response to the enrolment of a stranger.
type Enrolled struct {
	Person g.PersonID `json:"person" doc:"Who is known now."`
	Pass   g.Pass     `json:"pass" doc:"The face template."`
}

func (s *area) registerPasses() {
	const tag = "People"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/people/{id}/consent",
		ID:      "set-consent",
		Tag:     tag,
		Perm:    g.FacesAdmin,
		Summary: "Record that the use of a face was allowed or withdrawn",
	},
		func(ctx context.Context, in *consentInput) (*gate.None, error) {
			return &gate.None{}, s.View(ctx).People.SetConsent(ctx, g.Consent{
				Person: g.PersonID(in.ID),
				Given:  in.Body.Given,
				By:     in.Body.By,
				Note:   in.Body.Note,
				At:     s.Now(),
				Actor:  gate.CallerOf(ctx).Scope.Actor,
			})
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/people/{id}/cards",
		ID:      "add-card",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Status:  201,
		Summary: "Give a person a card, QR code, PIN or the permit of a car",
	},
		func(ctx context.Context, in *cardInput) (*gate.Body[g.Pass], error) {
			if in.Body.Duress && in.Body.Method != g.ByPIN {
				return nil, g.FieldErrorf("duress", "only a PIN can be a duress code")
			}
			if in.Body.Duress {
				return gate.Answer(s.View(ctx).People.AddDuress(
					ctx,
					g.PersonID(in.ID),
					in.Body.Credential,
					in.Body.Expires,
				))
			}
			return gate.Answer(s.View(ctx).People.AddPermit(ctx, g.PersonID(in.ID), in.Body.Method,
				in.Body.Credential, in.Body.Starts, in.Body.Expires))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/people/{id}/face",
		ID:          "enrol-face",
		Tag:         tag,
		Perm:        g.FacesAdmin,
		Unavailable: true,
		Status:      201,
		Max:         maxPhoto,
		Summary:     "Enrol a face from a photograph",
		Doc: "JPEG or PNG, at most 8 MB, one face. The person and the consent are looked at " +
			"before the photograph. A photograph that will not do is refused with the reason, as " +
			"a word in errors[].reason as well: " +
			photoReasons + ". " + asksDoc + " The photograph is not kept.",
	}, s.enrolFace)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/passes/{id}",
		ID:      "delete-pass",
		Tag:     tag,
		Perm:    g.PeopleWrite,
		Summary: "Take a card, a code or a face away",
	},
		func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
			return &gate.None{}, s.View(ctx).People.DeletePass(ctx, g.PassID(in.ID))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/alerts/{id}/enrol",
		ID:          "enrol-stranger",
		Tag:         "Alerts",
		Perm:        g.FacesAdmin,
		Unavailable: true,
		Status:      201,
		Summary:     "Enrol the stranger of an alert",
		Doc: "Takes the face of the alert's own track, as its frames measured it, and never " +
			"another face of the picture. Person, consent and face are one deed: all of it " +
			"happens, or nothing. " +
			"A new person is a visitor, unless the caller may also write people. " + asksDoc,
	}, s.enrolStranger)
	face := s.OpenAPI().Paths["/v1/people/{id}/face"].Post
	face.RequestBody.Content["image/png"] = face.RequestBody.Content["image/jpeg"]
}
