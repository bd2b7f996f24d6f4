package messages

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// ShownChannel is a channel with its health.
type ShownChannel struct {
	messages.Channel
	Health messages.ChannelHealth `json:"health" doc:"What is known of it since the gateway started."`
	// of one channel only, to those who may change it
	ReportPath string `json:"report_path,omitempty"`
}

type channelBody struct {
	School   g.SchoolID        `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own. It stays."`
	Kind     string            `json:"kind,omitempty" maxLength:"32" doc:"The kind, of GET /v1/channel-kinds. It stays." example:"smtp"`
	Name     string            `json:"name" minLength:"1" maxLength:"100" doc:"What people call it." example:"School mail"`
	Settings map[string]string `json:"settings,omitempty" doc:"Settings by name, as the kind has them; per_minute bounds how many letters are sent a minute."`
	Secrets  map[string]string `json:"secrets,omitempty" doc:"Secrets by name. They are kept sealed and never answered; one that is not named stays, and an empty one is taken away. Where the settings lead to another server they all end."`
	Disabled bool              `json:"disabled,omitempty" doc:"true: nothing is sent by it."`
}

// Tested is the answer to a test of a channel.
type Tested struct {
	Message g.MessageID `json:"message" doc:"The test message's id: its recipients show what came of it."`
}

func (s *area) registerChannels(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/channel-kinds",
		ID:          "list-channel-kinds",
		Tag:         tag,
		Perm:        g.MessagesSend,
		Unavailable: true,
		Summary:     "Kinds of channel, with their settings",
	}, func(ctx context.Context, _ *gate.None) (*gate.Body[gate.Page[messages.ChannelKind]], error) {
		if s.queue == nil {
			return nil, gate.Missing("channels")
		}
		return gate.Listed(s.queue.ChannelKinds(), "", nil)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/channels",
		ID:      "list-channels",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "Channels by which messages are sent",
		Doc: "A school without a channel of a way uses that of the school above it. " +
			"Groups' robots (chat) are recipients by themselves.",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[gate.Page[ShownChannel]], error) {
		all, err := s.View(ctx).Messages.Channels(ctx, in.School)
		out := make([]ShownChannel, len(all))
		for i, c := range all {
			out[i] = s.shown(c)
		}
		return gate.Listed(out, "", err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/channels",
		ID:          "create-channel",
		Tag:         tag,
		Perm:        g.SettingsWrite,
		Status:      201,
		Unavailable: true,
		Summary:     "Add a channel",
	}, s.createChannel)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/channels/{id}",
		ID:      "get-channel",
		Tag:     tag,
		Perm:    g.MessagesSend,
		Summary: "One channel",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[ShownChannel], error) {
		c, err := s.View(ctx).Messages.Channel(ctx, g.ChannelID(in.ID))
		return s.tagged(ctx, c, err)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "PUT",
		Path:        "/v1/channels/{id}",
		ID:          "update-channel",
		Tag:         tag,
		Perm:        g.SettingsWrite,
		Matching:    true,
		Unavailable: true,
		Summary:     "Change a channel",
	}, s.updateChannel)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "DELETE",
		Path:     "/v1/channels/{id}",
		ID:       "delete-channel",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Matching: true,
		Summary:  "Delete a channel",
		Doc:      "What waits for it fails, and its recipients' next steps begin.",
	}, func(ctx context.Context, in *gate.ByIDMatching) (*gate.None, error) {
		id := g.ChannelID(in.ID)
		ctx = s.onChannel(ctx, in.IfMatch, id)
		return none(s.View(ctx).Messages.DeleteChannel(ctx, id))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/channels/{id}/test",
		ID:          "test-channel",
		Tag:         tag,
		Perm:        g.SettingsWrite,
		Status:      202,
		Unavailable: true,
		Summary:     "Send a test message",
		Doc:         "To the caller's own confirmed addresses; a robot's goes to its group.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[Tested], error) {
		id, err := s.View(ctx).Messages.SendTest(ctx, g.ChannelID(in.ID))
		return gate.Answer(Tested{id}, err)
	})
}

func (s *area) createChannel(
	ctx context.Context, in *gate.Post[channelBody],
) (*gate.Body[ShownChannel], error) {
	if s.queue == nil {
		return nil, gate.Missing("channels")
	}
	b := in.Body
	values, secrets := orEmpty(b.Settings), orEmpty(b.Secrets)
	if err := s.queue.Make(b.Kind, values, secrets); err != nil {
		return nil, err
	}
	if err := s.queue.Check(b.Kind, values, secrets); err != nil {
		return nil, err
	}
	c, err := s.View(ctx).Messages.CreateChannel(ctx, messages.Channel{
		School:   gate.SchoolOf(ctx, b.School),
		Kind:     b.Kind,
		Name:     b.Name,
		Settings: values,
		Disabled: b.Disabled,
	}, secrets)
	return gate.Answer(ShownChannel{Channel: c}, err)
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// shown is a channel with its health.
func (s *area) shown(c messages.Channel) ShownChannel {
	out := ShownChannel{Channel: c}
	if s.queue != nil {
		out.Health = s.queue.HealthOf(c.ID)
	}
	return out
}

// tagged is a channel under the tag of what is kept of it; its health changes by itself. Who may change
// it is told where its other side reports.
func (s *area) tagged(
	ctx context.Context, c messages.Channel, err error,
) (*gate.Tagged[ShownChannel], error) {
	if err != nil {
		return nil, err
	}
	out := s.shown(c)
	if s.queue != nil && s.queue.ReportsOf(c.Kind) {
		token, err := s.View(ctx).Messages.ReportToken(ctx, c.ID)
		if err != nil && g.ErrorCode(err) != g.Forbidden {
			return nil, err
		}
		if err == nil {
			out.ReportPath = "/m/reports/" + token
		}
	}
	return gate.WithTag(gate.TagOf(c, out.Health), out), nil
}

// onChannel makes a change depend on the state of a channel that match names, if any.
func (s *area) onChannel(ctx context.Context, match string, id g.ChannelID) context.Context {
	return gate.OnState(ctx, match, func(ctx context.Context) (string, error) {
		c, err := s.View(ctx).Messages.Channel(ctx, id)
		return gate.TagOf(c), err
	})
}

func (s *area) updateChannel(ctx context.Context, in *struct {
	gate.ByID
	gate.Matching
	Body channelBody
}) (*gate.Tagged[ShownChannel], error) {
	if s.queue == nil {
		return nil, gate.Missing("channels")
	}
	id, b := g.ChannelID(in.ID), in.Body
	values := orEmpty(b.Settings)
	c, err := s.View(ctx).Messages.ChannelWith(ctx, id, values, b.Secrets)
	if err != nil {
		return nil, err
	}
	if err := s.queue.Check(c.Kind, values, c.Secret); err != nil {
		return nil, err
	}
	c.Name, c.Disabled = b.Name, b.Disabled
	on := s.onChannel(ctx, in.IfMatch, id)
	if err := s.View(on).Messages.UpdateChannel(on, c.Channel, b.Secrets); err != nil {
		return nil, err
	}
	now, err := s.View(ctx).Messages.Channel(ctx, id)
	return s.tagged(ctx, now, err)
}
