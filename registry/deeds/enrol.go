package deeds

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
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

// Portrait is what a photograph shows of a face.
type Portrait struct {
	TrackFace
	Covered []string // "mouth", "eyes": seem to be covered
}

// TrackFace is what the frames of one track measured of one face.
type TrackFace struct {
	Embedding []float32
	Model     string
	Quality   float64 // 0…1
}

// Likeness is what a face that is to be enrolled looks like; scores are cosines, -1 for nobody.
type Likeness struct {
	Enrolled bool       // the person has a template already
	Own      float64    // best score against the person's own templates
	Unlike   bool       // Own is too low for the same person
	Other    g.PersonID // who else of the school looks most like it; "" where nobody does
	Score    float64    // best score against Other's templates
	Alike    bool       // Score is so high that it may be Other
}

// Compare compares a face that is to be enrolled with the school's templates.
type Compare func(
	ctx context.Context, school g.SchoolID, person g.PersonID, f TrackFace,
) (Likeness, error)

// Question has to be answered before a face is enrolled.
type Question struct {
	Ask     string
	Answers []string
	Person  g.PersonID // AskLikeOther: whom it looks like
	Name    string     // Person's, for scopes that may read people
	Score   float64    // the cosine of the two faces; 0 where none are compared
}

// Unanswered is the error of an enrolment that asks first: it is done once the same is asked again
// with answers.
type Unanswered struct{ Questions []Question }

// Error implements error.
func (*Unanswered) Error() string { return "the face needs an answer before it is enrolled" }

// EnrolPhoto enrols the face of a photograph. look measures it, and is not called without the
// person's consent; without compare the face is compared with none.
func (v View) EnrolPhoto(
	ctx context.Context, person g.PersonID, answers []string,
	look func(context.Context) (Portrait, error), compare Compare,
) (g.Pass, error) {
	school, err := v.people.MayEnrol(ctx, person)
	if err != nil {
		return g.Pass{}, err
	}
	p, err := look(ctx)
	if err != nil {
		return g.Pass{}, err
	}
	e := people.Enrolment{
		Person:    person,
		Embedding: p.Embedding,
		Model:     p.Model,
		Quality:   p.Quality,
	}
	if err := v.ask(
		ctx,
		school,
		&e,
		p.Covered,
		answers,
		compare,
	); err != nil {
		return g.Pass{}, err
	}
	_, pass, err := v.people.Enrol(ctx, e)
	return pass, err
}

// Stranger is the unknown face of an alert, and whose it is: Person's, who is registered, or New's.
type Stranger struct {
	Alert   g.AlertID
	Person  g.PersonID
	New     *g.Person // its school is the alert's; "" as kind is a visitor
	Consent g.Consent
	Answers []string
}

// EnrolStranger enrols the face of an alert's picture. look finds what was measured of it.
func (v View) EnrolStranger(
	ctx context.Context, s Stranger,
	look func(context.Context, g.SchoolID, g.MediaID) (TrackFace, error), compare Compare,
) (g.PersonID, g.Pass, error) {
	alert, err := v.alerts.Find(ctx, s.Alert)
	if err != nil {
		return "", g.Pass{}, err
	}
	if alert.Media == "" {
		return "", g.Pass{}, g.Errorf(g.Invalid, "the alert has no picture of a face")
	}
	e, err := v.stranger(ctx, alert.School, s)
	if err != nil {
		return "", g.Pass{}, err
	}
	face, err := look(ctx, alert.School, alert.Media)
	if err != nil {
		return "", g.Pass{}, err
	}
	e.Embedding, e.Model, e.Quality = face.Embedding, face.Model, face.Quality
	if err := v.ask(
		ctx,
		alert.School,
		&e,
		nil,
		s.Answers,
		compare,
	); err != nil {
		return "", g.Pass{}, err
	}
	return v.people.Enrol(ctx, e)
}

// stranger says who the stranger is according to the scope: a registered person or a new one.
func (v View) stranger(
	ctx context.Context, school g.SchoolID, s Stranger,
) (people.Enrolment, error) {
	e := people.Enrolment{
		Person:  s.Person,
		Consent: &s.Consent,
	}
	if (s.Person == "") == (s.New == nil) {
		return e, g.FieldErrorf("person",
			"give either the person whom this is, or the name of a new visitor")
	}
	if s.Person != "" {
		// The consent is recorded with the enrolment, so a missing one is no error here; whether
		// the person exists is checked before the face is read.
		_, err := v.people.MayEnrol(ctx, s.Person)
		if g.ErrorCode(err) == g.Forbidden && v.s.Can(g.FacesAdmin) {
			err = nil
		}
		return e, err
	}
	added := *s.New
	added.School = school
	if added.Kind == "" {
		added.Kind = g.Visitor
	}
	if added.Kind != g.Visitor && !v.s.Can(g.PeopleWrite) {
		return e, g.FieldErrorf("kind",
			"without the permission people:write a new person can be a visitor only")
	}
	e.New = &added
	return e, nil
}

// ask checks whether a face is covered, compares it with the enrolled ones, and returns the
// questions that the answers leave open as Unanswered.
func (v View) ask(
	ctx context.Context, school g.SchoolID, e *people.Enrolment, covered, answers []string,
	compare Compare,
) error {
	for _, a := range answers {
		if !slices.Contains([]string{AnswerSame, AnswerReplace, AnswerAlike, AnswerAsItIs}, a) {
			return g.FieldErrorf("answers",
				"%q is no answer; use some of same_person, replace, look_alike, as_it_is", a)
		}
	}
	open := askCovered(e, covered, answers)
	if compare != nil {
		l, err := compare(ctx, school, e.Person,
			TrackFace{
				Embedding: e.Embedding,
				Model:     e.Model,
				Quality:   e.Quality,
			})
		if err != nil {
			return err
		}
		open = append(open, askOwn(e, l, answers)...)
		open = append(open, v.askOther(ctx, e, l, answers)...)
	}
	if len(open) > 0 {
		return &Unanswered{open}
	}
	return nil
}

// askCovered asks about each part of a face that seems to be covered.
func askCovered(e *people.Enrolment, covered, answers []string) (open []Question) {
	for _, c := range []struct{ part, ask string }{
		{"mouth", AskMouthCovered},
		{"eyes", AskEyesCovered},
	} {
		switch {
		case !slices.Contains(covered, c.part):
		case slices.Contains(answers, AnswerAsItIs):
			e.Answers = append(e.Answers, c.ask+": "+AnswerAsItIs)
		default:
			open = append(open, Question{
				Ask:     c.ask,
				Answers: []string{AnswerAsItIs},
			})
		}
	}
	return open
}

// askOwn asks where a face is unlike the person's own.
func askOwn(e *people.Enrolment, l Likeness, answers []string) []Question {
	if !l.Enrolled || !l.Unlike {
		return nil
	}
	e.Replace = slices.Contains(answers, AnswerReplace)
	switch {
	case e.Replace:
		e.Answers = append(e.Answers, AskUnlikeOwn+": "+AnswerReplace)
	case slices.Contains(answers, AnswerSame):
		e.Answers = append(e.Answers, AskUnlikeOwn+": "+AnswerSame)
	default:
		return []Question{{
			Ask:     AskUnlikeOwn,
			Answers: []string{AnswerSame, AnswerReplace},
			Score:   l.Own,
		}}
	}
	return nil
}

// askOther asks where a face is like somebody else's.
func (v View) askOther(
	ctx context.Context, e *people.Enrolment, l Likeness, answers []string,
) []Question {
	if l.Other == "" || !l.Alike {
		return nil
	}
	if slices.Contains(answers, AnswerAlike) {
		e.LookAlike = append(e.LookAlike, l.Other)
		e.Answers = append(e.Answers, AskLikeOther+": "+AnswerAlike)
		return nil
	}
	name := ""
	if names, err := v.people.Names(ctx, []g.PersonID{l.Other}); err == nil {
		name = names[l.Other]
	}
	return []Question{{
		Ask:     AskLikeOther,
		Answers: []string{AnswerAlike},
		Person:  l.Other,
		Name:    name,
		Score:   l.Score,
	}}
}
