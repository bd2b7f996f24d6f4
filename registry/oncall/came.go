package oncall

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// cameOf sets what came of the messages in a log, and the names of rotas and channels.
func (v View) cameOf(ctx context.Context, log []CallEntry) error {
	var ids []g.MessageID
	var channels []g.ChannelID
	for _, e := range log {
		if id := g.MessageID(e.Message); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if e.Channel != "" {
			channels = append(channels, g.ChannelID(e.Channel))
		}
	}
	told, err := messages.ToldOf(ctx, v.r.messages, ids)
	if err != nil {
		return err
	}
	for _, all := range told {
		for _, x := range all {
			for _, w := range x.Ways {
				channels = append(channels, w.Channel)
			}
		}
	}
	slices.Sort(channels)
	names, err := messages.ChannelsNamed(ctx, v.s.Reg, slices.Compact(channels))
	if err != nil {
		return err
	}
	for i := range log {
		log[i].ChannelName = names[g.ChannelID(log[i].Channel)]
		log[i].came(told[g.MessageID(log[i].Message)], names)
	}
	return nameRotas(ctx, v.s.Reg, log)
}

// came sets what came of the message to the recipient of an entry.
func (e *CallEntry) came(told []messages.Told, names map[g.ChannelID]string) {
	for _, x := range told {
		if x.User != e.User || string(x.Channel) != e.Channel {
			continue
		}
		e.State, e.Code, e.Read = x.State, x.Code, x.Read
		for _, w := range x.Ways {
			e.Ways = append(e.Ways, CallWay{
				Channel:     w.Channel,
				ChannelName: names[w.Channel],
				Way:         w.Way,
				State:       w.State,
				Code:        w.Code,
				Sent:        w.Sent,
				Delivered:   w.Delivered,
			})
		}
	}
}

// nameRotas sets the names of the rotas that are still there.
func nameRotas(ctx context.Context, c store.Conn, log []CallEntry) error {
	names := map[g.RotaID]string{}
	for i, e := range log {
		if e.Rota == "" {
			continue
		}
		if _, known := names[e.Rota]; !known {
			r, err := rotaRow(ctx, c, e.Rota)
			if err != nil && g.ErrorCode(err) != g.NotFound {
				return err
			}
			names[e.Rota] = r.Name
		}
		log[i].RotaName = names[e.Rota]
	}
	return nil
}
