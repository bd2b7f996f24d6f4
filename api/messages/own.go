package messages

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

type addressBody struct {
	Way   messages.Way `json:"way" doc:"How it is reached: email, sms, push or voice." example:"email"`
	Value string       `json:"value" minLength:"1" maxLength:"2000" doc:"The address or number; for push what the browser's PushManager answers, as JSON." example:"li@school.example"`
}

type wishesBody struct {
	Language  string `json:"language,omitempty" enum:"en,zh-CN" doc:"en or zh-CN; absent: the user's own, else the school's."`
	QuietFrom string `json:"quiet_from,omitempty" maxLength:"5" doc:"No message begins from this time of day on, in the school's time zone; alarms do." example:"22:00"`
	QuietTo   string `json:"quiet_to,omitempty" maxLength:"5" doc:"Until this time of day." example:"06:30"`
	Digest    string `json:"digest,omitempty" maxLength:"5" doc:"Notices by e-mail come together in one letter, at this time of each day or of digest_day; absent: each by itself." example:"17:00"`
	DigestDay string `json:"digest_day,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"The day of the week on which the letter comes; absent: every day."`
}

func (b wishesBody) wishes() messages.Wishes {
	return messages.Wishes{
		Language:  b.Language,
		QuietFrom: b.QuietFrom,
		QuietTo:   b.QuietTo,
		Digest:    b.Digest,
		DigestDay: b.DigestDay,
	}
}

type contactBody struct {
	Language  string        `json:"language,omitempty" enum:"en,zh-CN" doc:"en or zh-CN; absent: the school's."`
	QuietFrom string        `json:"quiet_from,omitempty" maxLength:"5" doc:"No message begins from this time of day on, in the school's time zone; alarms do."`
	QuietTo   string        `json:"quiet_to,omitempty" maxLength:"5" doc:"Until this time of day."`
	Digest    string        `json:"digest,omitempty" maxLength:"5" doc:"Notices by e-mail come together in one letter, at this time of each day or of digest_day; absent: each by itself."`
	DigestDay string        `json:"digest_day,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"The day of the week on which the letter comes; absent: every day."`
	Opted     bool          `json:"opted,omitempty" doc:"A guardian's or visitor's agreement to messages; without it only alarms come."`
	Addresses []addressBody `json:"addresses" maxItems:"10" nullable:"false" doc:"Addresses beside the telephone number on the person's page; they replace those there are."`
}

func (b contactBody) contact() messages.Contact {
	out := messages.Contact{Wishes: messages.Wishes{
		Language:  b.Language,
		QuietFrom: b.QuietFrom,
		QuietTo:   b.QuietTo,
		Digest:    b.Digest,
		DigestDay: b.DigestDay,
		Opted:     b.Opted,
	}}
	for _, a := range b.Addresses {
		out.Addresses = append(out.Addresses, messages.ContactAddress{
			Way:   a.Way,
			Value: a.Value,
		})
	}
	return out
}

func (s *area) registerOwn(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/me/addresses",
		ID:      "own-addresses",
		Tag:     tag,
		Summary: "The caller's own addresses",
	}, func(ctx context.Context, _ *gate.None) (*gate.Body[gate.Page[messages.Address]], error) {
		all, err := s.View(ctx).Messages.Mine(ctx)
		return gate.Listed(all, "", err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/me/addresses",
		ID:      "add-own-address",
		Tag:     tag,
		Status:  201,
		Summary: "Add an address of one's own",
		Doc:     "Nothing is sent to it until it is confirmed by a code that is sent there.",
	}, func(ctx context.Context, in *gate.Post[addressBody]) (*gate.Body[messages.Address], error) {
		a, err := s.View(ctx).Messages.AddMine(ctx, in.Body.Way, in.Body.Value)
		return gate.Answer(a, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/me/push-key",
		ID:      "own-push-key",
		Tag:     tag,
		Summary: "The key that the caller's browsers subscribe with",
		Doc: "It is the applicationServerKey of PushManager.subscribe. What that answers is added as an address " +
			"of the way push, and is confirmed at once; one that the push service no longer knows is not used " +
			"again, which its lost says. 404 where the school has no channel for browsers.",
	}, func(ctx context.Context, _ *gate.None) (*gate.Body[messages.PushKey], error) {
		k, err := s.View(ctx).Messages.PushKey(ctx)
		return gate.Answer(k, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/me/addresses/{id}",
		ID:      "delete-own-address",
		Tag:     tag,
		Summary: "Delete an address of one's own",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return none(s.View(ctx).Messages.DeleteMine(ctx, g.AddressID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/me/addresses/{id}/code",
		ID:          "send-address-code",
		Tag:         tag,
		Status:      202,
		Unavailable: true,
		Summary:     "Have a code sent to an address of one's own",
		Doc:         "It is valid for 15 minutes and five tries; a new one is sent at most once a minute.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return none(s.View(ctx).Messages.AskCode(ctx, g.AddressID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/me/addresses/{id}/confirm",
		ID:      "confirm-own-address",
		Tag:     tag,
		Status:  204,
		Summary: "Confirm an address of one's own by its code",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		Body struct {
			Code string `json:"code" minLength:"1" maxLength:"12" doc:"The code that was sent there." example:"123456"`
		}
	}) (*gate.None, error) {
		return none(s.View(ctx).Messages.Confirm(ctx, g.AddressID(in.ID), in.Body.Code))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/me/wishes",
		ID:      "own-wishes",
		Tag:     tag,
		Summary: "How the caller wishes to be told",
	}, func(ctx context.Context, _ *gate.None) (*gate.Body[messages.Wishes], error) {
		w, err := s.View(ctx).Messages.MyWishes(ctx)
		return gate.Answer(w, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "PUT",
		Path:    "/v1/me/wishes",
		ID:      "put-own-wishes",
		Tag:     tag,
		Status:  204,
		Summary: "Say how one wishes to be told",
		Doc:     "Alarms pass quiet hours and digests.",
	}, func(ctx context.Context, in *struct{ Body wishesBody }) (*gate.None, error) {
		return none(s.View(ctx).Messages.PutMyWishes(ctx, in.Body.wishes()))
	})
	s.registerContact(tag)
}

func (s *area) registerContact(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/people/{id}/contact",
		ID:      "person-contact",
		Tag:     tag,
		Perm:    g.PeopleOpen,
		Summary: "How a person is reached",
		Doc: "Beside these the telephone number on the person's page is used. " +
			"For a student it takes a reason; it is audited.",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		Reason string `query:"reason" maxLength:"500" doc:"Why; needed for a student, and kept in the audit log."`
	}) (*gate.Tagged[messages.Contact], error) {
		c, err := s.Because(ctx, in.Reason).Messages.PersonContact(ctx, g.PersonID(in.ID))
		return gate.WithTag(gate.TagOf(c), c), err
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/people/{id}/contact",
		ID:       "put-person-contact",
		Tag:      tag,
		Perm:     g.PeopleWrite,
		Status:   204,
		Matching: true,
		Summary:  "Say how a person is reached",
		Doc: "The school vouches for the addresses. A guardian or visitor gets nothing but alarms " +
			"until opted says that they agreed.",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		gate.Matching
		Body contactBody
	}) (*kept, error) {
		id := g.PersonID(in.ID)
		now := func(ctx context.Context) (string, error) {
			c, err := s.View(ctx).Messages.ContactToChange(ctx, id)
			return gate.TagOf(c), err
		}
		on := gate.OnState(ctx, in.IfMatch, now)
		if err := s.View(on).Messages.PutPersonContact(on, id, in.Body.contact()); err != nil {
			return nil, err
		}
		tag, err := now(ctx)
		return &kept{tag}, err
	})
}

// kept is the answer to a change that shows nothing but the new state's tag.
type kept struct {
	ETag string `header:"ETag" doc:"Names the state that the change made."`
}
