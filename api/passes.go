package api

import (
	"context"
	"net/http"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const maxPhoto = 8 << 20 // bytes

type consentInput struct {
	ByID
	Body struct {
		Given bool   `json:"given" doc:"true: the face may be used. false: withdrawn, and it is used no more from now on."`
		By    string `json:"by" minLength:"1" maxLength:"128" doc:"Who said so: a guardian's name, or self." example:"self"`
		Note  string `json:"note,omitempty" maxLength:"512" doc:"How: a paper form, its date." example:"paper form of 2026-09-01"`
	}
}

type cardInput struct {
	ByID
	Body struct {
		Method     g.Method  `json:"method" enum:"card,qr,pin" doc:"card, qr or pin." example:"card"`
		Credential string    `json:"credential" minLength:"1" maxLength:"256" doc:"The card's number or the code's text; kept as a keyed hash and its last 4 characters." example:"0009981234"`
		Expires    time.Time `json:"expires,omitzero" doc:"When it stops working; absent: never."`
	}
}

type photoInput struct {
	ByID
	RawBody []byte `contentType:"image/jpeg"`
}

type enrolInput struct {
	ByID
	Body struct {
		Person  g.PersonID `json:"person,omitempty" maxLength:"64" doc:"Somebody who is known already; or give name for a new visitor."`
		Name    string     `json:"name,omitempty" maxLength:"128" doc:"The name of a new visitor." example:"Zhou Qiang"`
		Number  string     `json:"number,omitempty" maxLength:"64" doc:"A number for the new visitor."`
		Phone   string     `json:"phone,omitempty" maxLength:"64" doc:"The new visitor's telephone."`
		Kind    string     `json:"kind,omitempty" enum:"visitor,staff,guardian,student," doc:"Kind of the new person; anything but visitor needs people:write. Default: visitor."`
		Class   string     `json:"class,omitempty" maxLength:"64" doc:"Of a new student."`
		Consent givenBy    `json:"consent" doc:"The consent to the use of the face; without it nobody is enrolled."`
	}
}

type givenBy struct {
	By   string `json:"by" minLength:"1" maxLength:"128" doc:"Who allowed the use of the face: self, a guardian." example:"self"`
	Note string `json:"note,omitempty" maxLength:"512" doc:"How." example:"asked at the gate"`
}

// Enrolled answers the enrolment of a stranger.
type Enrolled struct {
	Person g.PersonID `json:"person" doc:"Who is known now."`
	Pass   g.Pass     `json:"pass" doc:"The face template."`
}

func (s *Server) registerPasses() {
	const tag = "People"
	handle(s, endpoint{method: "POST", path: "/v1/people/{id}/consent", id: "set-consent", tag: tag, perm: g.FacesAdmin, summary: "Record that the use of a face was allowed or withdrawn"},
		func(ctx context.Context, in *consentInput) (*none, error) {
			return &none{}, s.view(ctx).SetConsent(ctx, g.Consent{Person: g.PersonID(in.ID), Given: in.Body.Given, By: in.Body.By, Note: in.Body.Note, At: s.now(), Actor: callerOf(ctx).scope.Actor})
		})
	handle(s, endpoint{method: "POST", path: "/v1/people/{id}/cards", id: "add-card", tag: tag, perm: g.PeopleWrite, status: 201, summary: "Give a person a card, QR code or PIN"},
		func(ctx context.Context, in *cardInput) (*body[g.Pass], error) {
			return answer(s.view(ctx).AddCard(ctx, g.PersonID(in.ID), in.Body.Method, in.Body.Credential, in.Body.Expires))
		})
	handle(s, endpoint{method: "POST", path: "/v1/people/{id}/face", id: "enrol-face", tag: tag, perm: g.FacesAdmin, unavailable: true, status: 201, max: maxPhoto, summary: "Enrol a face from a photograph",
		doc: "JPEG or PNG, at most 8 MB, one face. A photograph that will not do is refused with the reason. The photograph is not kept."}, s.enrolFace)
	handle(s, endpoint{method: "DELETE", path: "/v1/passes/{id}", id: "delete-pass", tag: tag, perm: g.PeopleWrite, summary: "Take a card, a code or a face away"},
		func(ctx context.Context, in *ByID) (*none, error) {
			return &none{}, s.view(ctx).DeletePass(ctx, g.PassID(in.ID))
		})
	handle(s, endpoint{method: "POST", path: "/v1/alerts/{id}/enrol", id: "enrol-stranger", tag: "Alerts", perm: g.FacesAdmin, unavailable: true, status: 201, summary: "Enrol the stranger of an alert",
		doc: "Takes the face from the alert's snapshot. A new person is a visitor, unless the caller may also write people."}, s.enrolStranger)
	face := s.api.OpenAPI().Paths["/v1/people/{id}/face"].Post
	face.RequestBody.Content["image/png"] = face.RequestBody.Content["image/jpeg"]
}

func (s *Server) enrolFace(ctx context.Context, in *photoInput) (*body[g.Pass], error) {
	if s.deps.Faces == nil {
		return nil, missing("face recognition")
	}
	switch kind := http.DetectContentType(in.RawBody); kind {
	case "image/jpeg", "image/png":
	default:
		return nil, g.Errorf(g.Invalid, "this is %s; send a JPEG or PNG photograph", kind)
	}
	embedding, model, quality, err := s.deps.Faces.Enrol(ctx, in.RawBody)
	if err != nil {
		return nil, err
	}
	return answer(s.view(ctx).AddFace(ctx, g.PersonID(in.ID), embedding, model, quality))
}

func (s *Server) enrolStranger(ctx context.Context, in *enrolInput) (*body[Enrolled], error) {
	if s.deps.Faces == nil || s.deps.Media == nil {
		return nil, missing("face recognition")
	}
	alert, err := s.view(ctx).Alert(ctx, g.AlertID(in.ID))
	if err != nil {
		return nil, err
	}
	if alert.Media == "" {
		return nil, g.Errorf(g.Invalid, "the alert has no snapshot to take a face from")
	}
	if (in.Body.Person == "") == (in.Body.Name == "") {
		return nil, g.FieldErrorf("person", "give either the person whom this is, or the name of a new visitor")
	}
	photo, err := s.deps.Media.Open(ctx, alert.School, alert.Media)
	if err != nil {
		return nil, err
	}
	embedding, model, quality, err := s.deps.Faces.Enrol(ctx, photo)
	if err != nil {
		return nil, err
	}
	// Whoever may enrol faces may also make the visitor whose face it is, and record the
	// consent: these rights are lent for this deed, not given.
	scope := callerOf(ctx).scope
	kind := g.PersonKind(in.Body.Kind)
	if kind == "" {
		kind = g.Visitor
	}
	if kind != g.Visitor && in.Body.Name != "" && !scope.Can(g.PeopleWrite) {
		return nil, g.FieldErrorf("kind", "without the permission people:write a new person can be a visitor only")
	}
	scope.Permissions = append(append([]g.Permission{}, scope.Permissions...), g.PeopleWrite, g.FacesAdmin)
	view := s.reg.In(scope)
	person := in.Body.Person
	if person == "" {
		p, err := view.CreatePerson(ctx, g.Person{School: alert.School, Kind: kind, Name: in.Body.Name, Number: in.Body.Number, Phone: in.Body.Phone, Class: in.Body.Class})
		if err != nil {
			return nil, err
		}
		person = p.ID
	}
	err = view.SetConsent(ctx, g.Consent{Person: person, Given: true, By: in.Body.Consent.By, Note: in.Body.Consent.Note, At: s.now(), Actor: scope.Actor})
	var pass g.Pass
	if err == nil {
		pass, err = view.AddFace(ctx, person, embedding, model, quality)
	}
	if err != nil {
		if in.Body.Person == "" {
			if derr := view.DeletePerson(ctx, person); derr != nil {
				s.log.ErrorContext(ctx, "visitor without a face is left behind", "request_id", requestID(ctx), "person", person, "error", derr)
			}
		}
		return nil, err
	}
	return answer(Enrolled{person, pass}, nil)
}
