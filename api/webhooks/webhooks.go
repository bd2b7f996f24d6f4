package webhooks

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
)

type webhookBody struct {
	ID       g.WebhookID     `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School   g.SchoolID      `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	URL      string          `json:"url" minLength:"1" maxLength:"2000" doc:"Where events are posted to." example:"https://sis.school.example/gatehouse"`
	Kinds    []g.EventKind   `json:"kinds,omitempty" maxItems:"13" doc:"Which kinds of event; empty: all but readings."`
	Disabled bool            `json:"disabled,omitempty" doc:"true: nothing is sent."`
	Reason   string          `json:"reason,omitempty" maxLength:"500" doc:"Ignored: the gateway says here why it disabled the webhook."`
	Created  json.RawMessage `json:"created,omitempty" doc:"Ignored."`

	Maker      json.RawMessage `json:"maker,omitempty" doc:"Ignored: whoever set the address last."`
	MakerName  json.RawMessage `json:"maker_name,omitempty" doc:"Ignored."`
	MakerState json.RawMessage `json:"maker_state,omitempty" doc:"Ignored."`
	Effective  json.RawMessage `json:"effective,omitempty" doc:"Ignored: the kinds that the maker may read now."`
	Secret     json.RawMessage `json:"secret,omitempty" doc:"Ignored: the gateway makes it."`
	// NewSecret confirms that the address is another server's.
	NewSecret bool `json:"new_secret,omitempty" doc:"In a change: make a new signing secret and answer it. Needed where the address is another server's (scheme, host or port); the old secret signs nothing any more."`
}

// ChangedWebhook is the response to changing a webhook.
type ChangedWebhook struct {
	g.Webhook
	Secret string `json:"secret,omitempty" doc:"The new key of the signatures, where one was asked for. It is shown this once."`
}

// NewWebhook is the response to creating a webhook.
type NewWebhook struct {
	Webhook g.Webhook `json:"webhook" doc:"The webhook."`
	Secret  string    `json:"secret" doc:"The key of the signatures, whsec_ and base64. It is shown this once."`
}

// TestFired is the response to testing a webhook.
type TestFired struct {
	EventID string `json:"event_id" doc:"The id of the test event; the list of deliveries shows what became of it."`
}

func (s *area) registerWebhooks() {
	const tag = "Webhooks"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/webhooks",
		ID:      "list-webhooks",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "Webhooks",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.Webhook]], error) {
		all, err := s.View(ctx).Hooks.List(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err,
			func(w g.Webhook) string { return string(w.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/webhooks",
		ID:      "create-webhook",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Status:  201,
		Summary: "Have events posted to a server of one's own",
		Doc: "Each event is a CloudEvents 1.0 document in structured mode, signed as Standard " +
			"Webhooks asks: headers webhook-id, webhook-timestamp and webhook-signature. " +
			"Answer 2xx within 15 s. Otherwise the event is tried again for three days, after " +
			"which the webhook is disabled; 410 disables it at once, Retry-After is honoured, " +
			"redirects are not followed. " +
			"It gets what its maker may read, at any time. " +
			"Events of one subject (header gatehouse-subject: an alert, an incident, a person or " +
			"a device) come in order, and gatehouse-sequence rises from one to the next: " +
			"where one is refused the later ones of its subject wait for it, and those of others " +
			"go on; where 1,000 wait it is given up. " +
			"Where one gets no answer, or a 5xx, one of another subject is posted 5 s later: if " +
			"that is answered, only the first subject waits; " +
			"if it fails as well the server is away, and all wait, longer each time. A server " +
			"that sends Retry-After, 429 or 503 speaks for all. " +
			"Between subjects there is no order, and a delivery that is sent again by hand comes " +
			"when it comes. " +
			"The same event can come twice: webhook-id tells.",
	}, s.createWebhook)
	load := func(ctx context.Context, id string) (g.Webhook, error) {
		return s.ownWebhook(ctx, g.WebhookID(id))
	}
	k := gate.Thing[webhookBody, ChangedWebhook]{
		Load: func(ctx context.Context, id string) (ChangedWebhook, error) {
			w, err := load(ctx, id)
			return ChangedWebhook{Webhook: w}, err
		},
		State: func(w ChangedWebhook) any { return w.Webhook },
		Save:  s.updateWebhook,
		Once:  func(now *ChangedWebhook, saved ChangedWebhook) { now.Secret = saved.Secret },
	}
	gate.Reads(s.Gate, gate.Endpoint{
		Path:    "/v1/webhooks/{id}",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "One webhook",
	}, "webhook", load)
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/webhooks/{id}",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "Change a webhook, or enable it again",
	}, "webhook", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:    "/v1/webhooks/{id}",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "Delete a webhook",
	}, "webhook", k,
		func(ctx context.Context, id string) error {
			return s.View(ctx).Hooks.Delete(ctx, g.WebhookID(id))
		})
	s.registerWebhookUse(tag)
	s.registerDeliveries(tag)
}

func (s *area) registerWebhookUse(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/webhooks/{id}/secret",
		ID:      "rotate-webhook-secret",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "Give a webhook a new signing secret",
		Doc: "Deliveries are signed with both until the old secret ends: webhook-signature then " +
			"holds two signatures with a space between them, the new one first, as Standard " +
			"Webhooks has it. " +
			"Take the new secret into use on the server within that time. Rotating again ends " +
			"the older of the two at once.",
	}, s.rotateSecret)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/webhooks/{id}/take-over",
		ID:      "take-over-webhook",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "Answer for a webhook in its maker's place",
		Doc: "For somebody who is signed in and may read every kind of event that it asks for. " +
			"From then on it gets what they may read.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Hooks.TakeOver(ctx, g.WebhookID(in.ID))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/webhooks/{id}/test",
		ID:      "test-webhook",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Status:  202,
		Summary: "Send a test event",
	}, s.testWebhook)
}

func (s *area) registerDeliveries(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/webhooks/{id}/deliveries",
		ID:      "list-deliveries",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "What was sent and what came back, newest first",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		gate.Paged
	}) (*gate.Body[gate.Page[hooks.Delivery]], error) {
		return gate.Listed(s.View(ctx).Hooks.Deliveries(ctx, g.WebhookID(in.ID),
			registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/webhooks/deliveries/{id}/redeliver",
		ID:      "redeliver",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Status:  202,
		Summary: "Send a delivery again",
	}, func(ctx context.Context, in *struct {
		ID int64 `path:"id" minimum:"1" doc:"The delivery's id."`
	}) (*gate.None, error) {
		if err := s.View(ctx).Hooks.Redeliver(ctx, in.ID); err != nil {
			return nil, err
		}
		s.queue.Wake()
		return &gate.None{}, nil
	})
}

func (s *area) webhook(ctx context.Context, b webhookBody, id g.WebhookID) (g.Webhook, error) {
	if err := s.queue.Check(ctx, b.URL); err != nil {
		return g.Webhook{}, err
	}
	for _, k := range b.Kinds {
		if !slices.Contains(g.EventKinds(), k) {
			return g.Webhook{}, g.FieldErrorf("kinds", "%q is no kind of event; use some of %v", k,
				g.EventKinds())
		}
	}
	return g.Webhook{
		ID:       id,
		School:   gate.SchoolOf(ctx, b.School),
		URL:      b.URL,
		Kinds:    gate.Some(b.Kinds),
		Disabled: b.Disabled,
	}, nil
}

func (s *area) createWebhook(
	ctx context.Context, in *gate.Post[webhookBody],
) (*gate.Body[NewWebhook], error) {
	w, err := s.webhook(ctx, in.Body, "")
	if err != nil {
		return nil, err
	}
	w, secret, err := s.View(ctx).Hooks.Create(ctx, w)
	return gate.Answer(NewWebhook{w, secret}, err)
}

func (s *area) updateWebhook(
	ctx context.Context, id string, b webhookBody,
) (ChangedWebhook, error) {
	old, err := s.ownWebhook(ctx, g.WebhookID(id))
	if err != nil {
		return ChangedWebhook{}, err
	}
	w, err := s.webhook(ctx, b, old.ID)
	if err != nil {
		return ChangedWebhook{}, err
	}
	w.School, w.Created = old.School, old.Created
	if b.NewSecret {
		secret, err := s.View(ctx).Hooks.Move(ctx, w)
		if err != nil {
			return ChangedWebhook{}, err
		}
		now, err := s.ownWebhook(ctx, w.ID)
		return ChangedWebhook{now, secret}, err
	}
	if err := s.View(ctx).Hooks.Update(ctx, w); err != nil {
		return ChangedWebhook{}, err
	}
	now, err := s.ownWebhook(ctx, w.ID)
	return ChangedWebhook{Webhook: now}, err
}

// ownWebhook finds a webhook that the caller may manage.
func (s *area) ownWebhook(ctx context.Context, id g.WebhookID) (g.Webhook, error) {
	all, err := s.View(ctx).Hooks.List(ctx, "")
	if err != nil {
		return g.Webhook{}, err
	}
	i := slices.IndexFunc(all, func(w g.Webhook) bool { return w.ID == id })
	if i < 0 {
		return g.Webhook{}, g.Errorf(g.NotFound, "there is no webhook %q here", id)
	}
	return all[i], nil
}

func (s *area) testWebhook(ctx context.Context, in *gate.ByID) (*gate.Body[TestFired], error) {
	w, err := s.ownWebhook(ctx, g.WebhookID(in.ID))
	if err != nil {
		return nil, err
	}
	if w.Disabled {
		return nil, g.Errorf(g.Conflict, "the webhook is disabled (%s); enable it first",
			cmp.Or(w.Reason, "by hand"))
	}
	id := g.NewID("evt_test")
	return gate.Answer(TestFired{id}, s.queue.Try(ctx, w, id))
}
