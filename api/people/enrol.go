package people

import (
	"context"
	"net/http"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// The questions of an enrolment and the answers that they take.
const (
	AskUnlikeOwn = "unlike_own" // the face is unlike the person's others
	AskLikeOther = "like_other" // somebody else of the school looks like this

	AnswerSame    = "same_person" // to unlike_own: it is the same person all the same
	AnswerReplace = "replace"     // to unlike_own: remove the old templates, somebody else's
	AnswerAlike   = "look_alike"  // to like_other: two people; from now on card or staff decides

	AskMouthCovered = "mouth_covered" // by a mask, a scarf or a hand
	AskEyesCovered  = "eyes_covered"  // by sunglasses, a band or a cap
	AnswerAsItIs    = "as_it_is"      // to both: nothing is covered, or nothing better can be had
)

const asksDoc = "The face is compared with the person's own templates and with the school's. " +
	"Where it is unlike the former or like somebody else, or where mouth or eyes seem to be " +
	"covered, the answer is 409 with the code `confirm` and " +
	"`questions`; send the same again with `answers`, and what was answered is kept in the audit " +
	"log."

// photoReasons are the reasons for which a photograph is refused.
const photoReasons = "no_face, several_faces, too_small, uncertain, turned, too_dark, " +
	"too_bright, too_flat, blurred, not_live (of the face); " +
	"empty, too_heavy, too_many, too_deep, too_few, too_narrow (pixels, or their shape), " +
	"damaged, too_costly; " +
	"is_heic, is_avif, is_video, is_gif, is_webp, is_bmp, is_tiff, is_pdf, is_archive, " +
	"is_unknown (other kinds of file)"

func (s *area) enrolFace(ctx context.Context, in *photoInput) (*gate.Body[g.Pass], error) {
	if s.needs.Faces == nil {
		return nil, gate.Missing("face recognition")
	}
	// No template is computed without consent.
	school, err := s.View(ctx).People.MayEnrol(ctx, g.PersonID(in.ID))
	if err != nil {
		return nil, err
	}
	p, err := s.needs.Faces.Enrol(ctx, in.RawBody)
	if err != nil {
		return nil, err
	}
	e := people.Enrolment{
		Person:    g.PersonID(in.ID),
		Embedding: p.Embedding,
		Model:     p.Model,
		Quality:   p.Quality,
	}
	if err := s.asked(ctx, school, &e, p.Covered, in.Answers); err != nil {
		return nil, err
	}
	_, pass, err := s.View(ctx).People.Enrol(ctx, e)
	return gate.Answer(pass, err)
}

func (s *area) enrolStranger(ctx context.Context, in *enrolInput) (*gate.Body[Enrolled], error) {
	if s.needs.Faces == nil || s.needs.Media == nil {
		return nil, gate.Missing("face recognition")
	}
	alert, err := s.View(ctx).Alerts.Find(ctx, g.AlertID(in.ID))
	if err != nil {
		return nil, err
	}
	if alert.Media == "" {
		return nil, g.Errorf(g.Invalid, "the alert has no picture of a face")
	}
	e, err := s.stranger(ctx, alert.School, in)
	if err != nil {
		return nil, err
	}
	face, err := s.needs.Media.Face(ctx, alert.School, alert.Media)
	if err != nil {
		return nil, err
	}
	e.Embedding, e.Model, e.Quality = face.Embedding, face.Model, face.Quality
	if err := s.asked(ctx, alert.School, &e, nil, in.Body.Answers); err != nil {
		return nil, err
	}
	person, pass, err := s.View(ctx).People.Enrol(ctx, e)
	return gate.Answer(Enrolled{person, pass}, err)
}

// stranger says who the stranger of an alert is, according to the caller: a person of
// the registry or a new one.
func (s *area) stranger(
	ctx context.Context, school g.SchoolID, in *enrolInput,
) (people.Enrolment, error) {
	b := in.Body
	e := people.Enrolment{
		Person: b.Person,
		Consent: &g.Consent{
			Given: true,
			By:    b.Consent.By,
			Note:  b.Consent.Note,
			At:    s.Now(),
		},
	}
	if (b.Person == "") == (b.Name == "") {
		return e, g.FieldErrorf("person",
			"give either the person whom this is, or the name of a new visitor")
	}
	if b.Person != "" {
		// The consent is recorded with the enrolment, so a missing one is no error here; whether
		// the person exists is checked before the face is read.
		_, err := s.View(ctx).People.MayEnrol(ctx, b.Person)
		if g.ErrorCode(err) == g.Forbidden && gate.CallerOf(ctx).Scope.Can(g.FacesAdmin) {
			err = nil
		}
		return e, err
	}
	kind := g.PersonKind(b.Kind)
	if kind == "" {
		kind = g.Visitor
	}
	if kind != g.Visitor && !gate.CallerOf(ctx).Scope.Can(g.PeopleWrite) {
		return e, g.FieldErrorf("kind",
			"without the permission people:write a new person can be a visitor only")
	}
	e.New = &g.Person{
		School: school,
		Kind:   kind,
		Name:   b.Name,
		Number: b.Number,
		Phone:  b.Phone,
		Class:  b.Class,
	}
	return e, nil
}

// asked checks whether a face is covered, compares it with the enrolled ones, and returns the
// questions that answers leaves open as an error.
func (s *area) asked(
	ctx context.Context, school g.SchoolID, e *people.Enrolment, covered, answers []string,
) error {
	for _, a := range answers {
		if !slices.Contains([]string{AnswerSame, AnswerReplace, AnswerAlike, AnswerAsItIs}, a) {
			return g.FieldErrorf("answers",
				"%q is no answer; use some of same_person, replace, look_alike, as_it_is", a)
		}
	}
	open := askCovered(e, covered, answers)
	compared, err := s.askAlike(ctx, school, e, answers)
	if err != nil {
		return err
	}
	open = append(open, compared...)
	if len(open) == 0 {
		return nil
	}
	p := gate.NewProblem(ctx, http.StatusConflict, gate.Confirm,
		g.Word("the face needs an answer before it is enrolled: see questions, and send the same "+
			"again with answers"))
	p.Questions = open
	return p
}

// askCovered asks about each part of a face that seems to be covered.
func askCovered(e *people.Enrolment, covered, answers []string) (open []gate.Question) {
	for _, c := range []struct{ part, ask string }{
		{"mouth", AskMouthCovered},
		{"eyes", AskEyesCovered},
	} {
		switch {
		case !slices.Contains(covered, c.part):
		case slices.Contains(answers, AnswerAsItIs):
			e.Answers = append(e.Answers, c.ask+": "+AnswerAsItIs)
		default:
			open = append(open, gate.Question{Ask: c.ask, Answers: []string{AnswerAsItIs}})
		}
	}
	return open
}

// askAlike asks where a face is unlike the person's own or like somebody else's.
func (s *area) askAlike(
	ctx context.Context, school g.SchoolID, e *people.Enrolment, answers []string,
) (open []gate.Question, err error) {
	if s.needs.Compare == nil {
		return nil, nil
	}
	l, err := s.needs.Compare(ctx, school, e.Person,
		TrackFace{Embedding: e.Embedding, Model: e.Model, Quality: e.Quality})
	if err != nil {
		return nil, err
	}
	if l.Enrolled && l.Unlike {
		e.Replace = slices.Contains(answers, AnswerReplace)
		switch {
		case e.Replace:
			e.Answers = append(e.Answers, AskUnlikeOwn+": "+AnswerReplace)
		case slices.Contains(answers, AnswerSame):
			e.Answers = append(e.Answers, AskUnlikeOwn+": "+AnswerSame)
		default:
			open = append(open,
				gate.Question{
					Ask:     AskUnlikeOwn,
					Answers: []string{AnswerSame, AnswerReplace},
					Score:   l.Own,
				})
		}
	}
	if l.Other != "" && l.Alike {
		if slices.Contains(answers, AnswerAlike) {
			e.LookAlike = append(e.LookAlike, l.Other)
			e.Answers = append(e.Answers, AskLikeOther+": "+AnswerAlike)
		} else {
			open = append(open, gate.Question{
				Ask:     AskLikeOther,
				Answers: []string{AnswerAlike},
				Person:  l.Other,
				Name:    s.nameOf(ctx, l.Other),
				Score:   l.Score,
			})
		}
	}
	return open, nil
}

// nameOf is somebody's name for those who may read people, or "".
func (s *area) nameOf(ctx context.Context, id g.PersonID) string {
	names, err := s.View(ctx).People.Names(ctx, []g.PersonID{id})
	if err != nil {
		return ""
	}
	return names[id]
}
