package registry_test

import (
	"context"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// fillMessages gives school b a channel and a message.
func fillMessages(t *testing.T, d *district) {
	t.Helper()
	_, err := d.sys.Messages.CreateChannel(t.Context(),
		messages.Channel{School: d.b.ID, Kind: "wecom", Name: "Guards"}, nil)
	ok(t, err)
	_, err = d.sys.Messages.Send(t.Context(), note(d.b.ID, "msg_b"), []messages.To{{Person: d.child[d.b.ID].ID}})
	ok(t, err)
}

func note(school g.SchoolID, id g.MessageID) messages.Message {
	return messages.Message{ID: id, School: school, Lane: messages.Notice, Kind: "broadcast"}
}

func toChild(school g.SchoolID, child g.PersonID) messages.Broadcast {
	return messages.Broadcast{
		School:   school,
		Subject:  "x",
		Text:     "x",
		Audience: messages.Audience{People: []g.PersonID{child}},
	}
}

// messageCalls has every method of View.Messages.
func messageCalls(d *district) map[string]call {
	b, child := d.b.ID, d.child[d.b.ID].ID
	of := func(ctx context.Context) g.ChannelID {
		all, err := d.sys.Messages.Channels(ctx, b)
		if err != nil || len(all) == 0 {
			return "chn_none"
		}
		return all[0].ID
	}
	return map[string]call{
		"Messages.Channels": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Channels(ctx, b)
		}},
		"Messages.Channel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Channel(ctx, of(ctx))
		}},
		"Messages.Template": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Template(ctx, b, "alert", "en")
		}},
		"Messages.ContactToChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			c, err := v.Messages.ContactToChange(ctx, child)
			return c.Addresses, err
		}},
		"Messages.PushKey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.PushKey(ctx)
		}},
		"Messages.Digest": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Messages.Digest(ctx, "msg_b", 1)
			return x, err
		}},
		"Messages.Leaving": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Leaving(ctx, "x")
		}},
		"Messages.Leave": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.Leave(ctx, "x")
		}},
		"Messages.KeyedChannels": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.KeyedChannels(ctx)
		}},
		"Messages.Named": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Named(ctx, b, messages.Audience{Roles: []g.Role{g.RoleAdmin}})
		}},
		"Messages.AlarmsFailed": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.AlarmsFailed(ctx, time.Time{})
		}},
		"Messages.CreateChannel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.CreateChannel(ctx,
				messages.Channel{School: b, Kind: "smtp", Name: "x"}, nil)
		}},
		"Messages.ChannelWith": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := v.Messages.ChannelWith(ctx, of(ctx), nil, nil)
			return x.ID, err
		}},
		"Messages.UpdateChannel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.UpdateChannel(ctx,
				messages.Channel{ID: of(ctx), Kind: "wecom", Name: "x"}, nil)
		}},
		"Messages.DeleteChannel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.DeleteChannel(ctx, of(ctx))
		}},
		"Messages.SendTest": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, err := v.Messages.SendTest(ctx, of(ctx))
			return nil, err
		}},
		"Messages.Mine": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Mine(ctx)
		}},
		"Messages.AddMine": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.AddMine(ctx, messages.Email, "x@x.example")
		}},
		"Messages.DeleteMine": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.DeleteMine(ctx, "adr_none")
		}},
		"Messages.AskCode": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.AskCode(ctx, "adr_none")
		}},
		"Messages.Confirm": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.Confirm(ctx, "adr_none", "000000")
		}},
		"Messages.MyWishes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.MyWishes(ctx)
		}},
		"Messages.PutMyWishes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.PutMyWishes(ctx, messages.Wishes{})
		}},
		"Messages.PersonContact": {do: func(ctx context.Context, v *registry.View) (any, error) {
			c, err := v.Messages.PersonContact(ctx, child)
			return c.Addresses, err
		}},
		"Messages.PutPersonContact": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.PutPersonContact(ctx, child, messages.Contact{})
		}},
		"Messages.Send": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, err := v.Messages.Send(ctx, note(b, ""), []messages.To{{Person: child}})
			return nil, err
		}},
		"Messages.Stop": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.Stop(ctx, "msg_b", "x")
		}},
		"Messages.Read": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.Read(ctx, "msg_b", messages.To{Person: child})
		}},
		"Messages.Advance": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Advance(ctx, messages.Notice, 1)
		}},
		"Messages.Due": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Due(ctx, d.clock.now())
		}},
		"Messages.Letters": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Letters(ctx, messages.DueAt{}, d.clock.now(), 1, nil)
		}},
		"Messages.TemplateFor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.TemplateFor(ctx, b, "alert", "en")
		}},
		"Messages.Settle": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.Settle(ctx, nil)
		}},
		"Messages.Report": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Report(ctx, "chn_none", nil)
		}},
		"Messages.ReportToken": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.ReportToken(ctx, of(ctx))
		}},
		"Messages.ReportingChannel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.ReportingChannel(ctx, "x")
		}},
		"Messages.Trim": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Trim(ctx, d.clock.now(), 1)
		}},
		"Messages.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Messages.List(ctx, b, "", registry.Page{})
			return x, err
		}},
		"Messages.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := v.Messages.Find(ctx, "msg_b")
			return x.Counts, err
		}},
		"Messages.Told": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Messages.Told(ctx, "msg_b", messages.ToldFilter{})
			return x, err
		}},
		"Messages.Preview": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Preview(ctx, toChild(b, child))
		}},
		"Messages.Broadcast": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, err := v.Messages.Broadcast(ctx, toChild(b, child))
			return nil, err
		}},
		"Messages.Again": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, err := v.Messages.Again(ctx, "msg_b", nil)
			return nil, err
		}},
		"Messages.Open": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Open(ctx, "x")
		}},
		"Messages.ReadBy": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.ReadBy(ctx, "x")
		}},
		"Messages.Templates": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Messages.Templates(ctx, b)
		}},
		"Messages.PutTemplate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Messages.PutTemplate(ctx, b, messages.Template{
				Kind:     "test",
				Language: "en",
				Subject:  "x",
				Text:     "x",
			})
		}},
	}
}
