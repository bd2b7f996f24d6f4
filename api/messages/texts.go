package messages

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Texts are a school's templates, and what each kind of message may name.
type Texts struct {
	Templates []messages.Template    `json:"templates" nullable:"false" doc:"What each kind of message says in each language."`
	Kinds     []messages.MessageKind `json:"kinds" nullable:"false" doc:"Kinds of message, with the names that a template may use."`
}

func (s *area) registerTexts(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/message-templates",
		ID:      "list-message-templates",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "What messages say",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[Texts], error) {
		all, err := s.View(ctx).Messages.Templates(ctx, gate.SchoolOf(ctx, in.School))
		return gate.Answer(Texts{gate.Some(all), messages.Kinds()}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/message-templates/{kind}/{language}",
		ID:      "get-message-template",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "What a kind of message says in a language",
	}, func(ctx context.Context, in *TextPath) (*gate.Tagged[messages.Template], error) {
		return s.text(ctx, *in)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/message-templates/{kind}/{language}",
		ID:       "put-message-template",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Matching: true,
		Summary:  "Change what a kind of message says",
		Doc: "{name} stands for a parameter of the kind; of x_zh a Chinese text takes it as {x}. A line whose " +
			"parameters are all empty is left out. A name that the kind does not have is refused with its " +
			"line. Empty subject and text: back to what is shipped.",
	}, s.putText)
}

// TextPath names a text of a school.
type TextPath struct {
	gate.InSchool
	Kind     string `path:"kind" maxLength:"32" doc:"The kind of message." example:"alert"`
	Language string `path:"language" maxLength:"8" doc:"en or zh-CN." example:"en"`
}

func (s *area) text(ctx context.Context, at TextPath) (*gate.Tagged[messages.Template], error) {
	t, err := s.View(ctx).Messages.Template(ctx, gate.SchoolOf(ctx, at.School), at.Kind, at.Language)
	return gate.WithTag(gate.TagOf(t), t), err
}

func (s *area) putText(ctx context.Context, in *struct {
	TextPath
	gate.Matching
	Body struct {
		Subject string `json:"subject" maxLength:"200" doc:"One line."`
		Text    string `json:"text" maxLength:"4000" doc:"The text."`
	}
}) (*gate.Tagged[messages.Template], error) {
	school := gate.SchoolOf(ctx, in.School)
	on := gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
		t, err := s.View(ctx).Messages.Template(ctx, school, in.Kind, in.Language)
		return gate.TagOf(t), err
	})
	err := s.View(on).Messages.PutTemplate(on, school, messages.Template{
		Kind:     in.Kind,
		Language: in.Language,
		Subject:  in.Body.Subject,
		Text:     in.Body.Text,
	})
	if err != nil {
		return nil, err
	}
	return s.text(ctx, in.TextPath)
}
