package people

import (
	"context"
	"errors"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
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
	look := func(ctx context.Context) (deeds.Portrait, error) {
		return s.needs.Faces.Enrol(ctx, in.RawBody)
	}
	pass, err := s.View(ctx).Deeds.EnrolPhoto(ctx, g.PersonID(in.ID), in.Answers, look,
		s.needs.Compare)
	return gate.Answer(pass, asked(ctx, err))
}

func (s *area) enrolStranger(ctx context.Context, in *enrolInput) (*gate.Body[Enrolled], error) {
	if s.needs.Faces == nil || s.needs.Media == nil {
		return nil, gate.Missing("face recognition")
	}
	b := in.Body
	stranger := deeds.Stranger{
		Alert:  g.AlertID(in.ID),
		Person: b.Person,
		Consent: g.Consent{
			Given: true,
			By:    b.Consent.By,
			Note:  b.Consent.Note,
			At:    s.Now(),
		},
		Answers: b.Answers,
	}
	if b.Name != "" {
		stranger.New = &g.Person{
			Kind:   g.PersonKind(b.Kind),
			Name:   b.Name,
			Number: b.Number,
			Phone:  b.Phone,
			Class:  b.Class,
		}
	}
	person, pass, err := s.View(ctx).Deeds.EnrolStranger(ctx, stranger, s.needs.Media.Face,
		s.needs.Compare)
	return gate.Answer(Enrolled{person, pass}, asked(ctx, err))
}

// asked turns the questions of an enrolment into the problem that asks them.
func asked(ctx context.Context, err error) error {
	open, ok := errors.AsType[*deeds.Unanswered](err)
	if !ok {
		return err
	}
	p := gate.NewProblem(ctx, http.StatusConflict, gate.Confirm,
		g.Word("the face needs an answer before it is enrolled: see questions, and send the same "+
			"again with answers"))
	for _, q := range open.Questions {
		p.Questions = append(p.Questions, gate.Question(q))
	}
	return p
}
