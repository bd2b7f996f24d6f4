package messages

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

type stepBody struct {
	Ways         []messages.Way `json:"ways" minItems:"1" maxItems:"5" doc:"Ways that are tried at once: email, sms, push, voice."`
	AfterSeconds int            `json:"after_seconds,omitempty" minimum:"0" maximum:"86400" doc:"The next step follows where it was not read within so many seconds; 0: only where nothing of this step could be sent."`
}

type audienceBody struct {
	Kinds     []g.PersonKind `json:"kinds,omitempty" maxItems:"4" doc:"All people of these kinds."`
	Classes   []string       `json:"classes,omitempty" maxItems:"500" doc:"The students of these classes."`
	Guardians []string       `json:"guardians,omitempty" maxItems:"500" doc:"The guardians of the students of these classes."`
	Roles     []g.Role       `json:"roles,omitempty" maxItems:"7" doc:"Users with these roles."`
	People    []g.PersonID   `json:"people,omitempty" maxItems:"1000" doc:"People one by one."`
}

type broadcastBody struct {
	School    g.SchoolID   `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Audience  audienceBody `json:"audience" doc:"Who is told, each once."`
	Subject   string       `json:"subject" minLength:"1" maxLength:"200" doc:"One line." example:"School closes at noon"`
	Text      string       `json:"text" minLength:"1" maxLength:"4000" doc:"What it says." example:"Please collect your child by 12:30."`
	SubjectZH string       `json:"subject_zh,omitempty" maxLength:"200" doc:"The same for readers of Chinese; empty: subject."`
	TextZH    string       `json:"text_zh,omitempty" maxLength:"4000" doc:"The same for readers of Chinese; empty: text."`
	Urgent    bool         `json:"urgent,omitempty" doc:"It passes quiet hours and wishes, in the lane of alarms."`
	Steps     []stepBody   `json:"steps,omitempty" maxItems:"6" doc:"By which ways, in turn; empty: push and e-mail, then SMS where neither can be sent."`
}

// MessageMade is the answer to sending a message.
type MessageMade struct {
	ID g.MessageID `json:"id" doc:"The message's id."`
}

func steps(all []stepBody) (out []messages.Step) {
	for _, s := range all {
		out = append(out, messages.Step{
			Ways:         s.Ways,
			AfterSeconds: s.AfterSeconds,
		})
	}
	return out
}

func broadcast(ctx context.Context, b broadcastBody) messages.Broadcast {
	return messages.Broadcast{
		School: gate.SchoolOf(ctx, b.School),
		Audience: messages.Audience{
			Kinds:     b.Audience.Kinds,
			Classes:   b.Audience.Classes,
			Guardians: b.Audience.Guardians,
			Roles:     b.Audience.Roles,
			People:    b.Audience.People,
		},
		Subject:   b.Subject,
		Text:      b.Text,
		SubjectZH: b.SubjectZH,
		TextZH:    b.TextZH,
		Urgent:    b.Urgent,
		Steps:     steps(b.Steps),
	}
}

func (s *area) registerMessages(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/broadcasts/preview",
		ID:      "preview-broadcast",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "Count whom a broadcast would reach",
		Doc:     "Nothing is sent.",
	}, func(ctx context.Context, in *gate.Post[broadcastBody]) (*gate.Body[messages.Preview], error) {
		p, err := s.View(ctx).Messages.Preview(ctx, broadcast(ctx, in.Body))
		return gate.Answer(p, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/broadcasts",
		ID:      "send-broadcast",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Status:  202,
		Summary: "Send a text to many",
		Doc: "To classes, guardians, kinds of people and users by role. Each gets it once, by steps, in their " +
			"language; GET /v1/messages/{id}/recipients shows what came of it for each.",
	}, func(ctx context.Context, in *gate.Post[broadcastBody]) (*gate.Body[MessageMade], error) {
		id, err := s.View(ctx).Messages.Broadcast(ctx, broadcast(ctx, in.Body))
		return gate.Answer(MessageMade{id}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/messages",
		ID:      "list-messages",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "Messages, newest first, with how many recipients are in which state",
	}, func(ctx context.Context, in *struct {
		gate.PerSchool
		Kind string `query:"kind" maxLength:"32" doc:"Of this kind only, e.g. broadcast."`
	}) (*gate.Body[gate.Page[messages.Summary]], error) {
		return gate.Listed(s.View(ctx).Messages.List(ctx, in.School, in.Kind,
			registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/messages/{id}",
		ID:      "get-message",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "One message",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[messages.Summary], error) {
		m, err := s.View(ctx).Messages.Find(ctx, g.MessageID(in.ID))
		return gate.Answer(m, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/messages/{id}/recipients",
		ID:      "list-recipients",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "The recipients of a message, with what came of it for each and by each channel",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		gate.Paged
		State  messages.State `query:"state" doc:"In this state only."`
		Unread bool           `query:"unread" doc:"true: those who have not read it, whatever else came of it."`
	}) (*gate.Body[gate.Page[messages.Told]], error) {
		return gate.Listed(s.View(ctx).Messages.Told(ctx, g.MessageID(in.ID), messages.ToldFilter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			State:  in.State,
			Unread: in.Unread,
		}))
	})
	s.registerAgain(tag)
}

func (s *area) registerAgain(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/messages/{id}/again",
		ID:      "send-message-again",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Status:  202,
		Summary: "Send a broadcast again to those who have not read it, by other ways",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		Body struct {
			Steps []stepBody `json:"steps,omitempty" maxItems:"6" doc:"By which ways, in turn; empty: as a broadcast."`
		}
	}) (*gate.Body[MessageMade], error) {
		id, err := s.View(ctx).Messages.Again(ctx, g.MessageID(in.ID), steps(in.Body.Steps))
		return gate.Answer(MessageMade{id}, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/messages/{id}/stop",
		ID:      "stop-message",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Status:  204,
		Summary: "Send nothing further of a message",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		Body struct {
			Why string `json:"why,omitempty" maxLength:"500" doc:"Why."`
		}
	}) (*gate.None, error) {
		return none(s.View(ctx).Messages.Stop(ctx, g.MessageID(in.ID), in.Body.Why))
	})
}
