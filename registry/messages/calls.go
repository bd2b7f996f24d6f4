package messages

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// mostAbove is how many schools above one another are looked at.
const mostAbove = 16

// ToldOf returns what came of messages, recipient by recipient; messages that are forgotten are
// absent. It does not check the scope and names nobody: the caller must.
func ToldOf(ctx context.Context, r *Book, ids []g.MessageID) (map[g.MessageID][]Told, error) {
	var rows []Told
	var of []g.MessageID
	for some := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, r.s.Reg,
			"SELECT message, id, COALESCE(usr, ''), channel, state, code, next, read "+
				"FROM recipients WHERE message IN ("+store.Marks(len(some))+") ORDER BY id",
			store.Anys(some), func(scan func(...any) error) error {
				x := Told{Ways: []Sending{}}
				var id g.MessageID
				var next, read int64
				err := scan(
					&id,
					&x.ID,
					&x.User,
					&x.Channel,
					&x.State,
					&x.Code,
					&next,
					&read,
				)
				x.Next, x.Read = store.Moment(next), store.Moment(read)
				rows, of = append(rows, x), append(of, id)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read recipients: %w", err)
		}
	}
	if err := r.fillWays(ctx, rows); err != nil {
		return nil, err
	}
	out := map[g.MessageID][]Told{}
	for i, x := range rows {
		out[of[i]] = append(out[of[i]], x)
	}
	return out, nil
}

// AlarmsFailed lists the alarms made after a time that at least one recipient could not be sent;
// only for system scopes.
func (v View) AlarmsFailed(ctx context.Context, after time.Time) ([]g.MessageID, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := []g.MessageID{}
	err := store.Each(ctx, v.s.Reg,
		"SELECT id FROM messages WHERE lane = ? AND created > ? AND EXISTS (SELECT 1 FROM recipients r "+
			"WHERE r.message = messages.id AND r.state = ?) ORDER BY created, id",
		[]any{string(Alarm), store.Micros(after), string(Failed)}, func(scan func(...any) error) error {
			var id g.MessageID
			err := scan(&id)
			out = append(out, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find alarms that failed: %w", err)
	}
	return out, nil
}

// CheckChannels refuses channels that neither the school has nor one above it. It does not check
// the scope: the caller must.
func CheckChannels(
	ctx context.Context, c store.Conn, school g.SchoolID, ids []g.ChannelID,
) error {
	if len(ids) == 0 {
		return nil
	}
	above := []g.SchoolID{}
	for at := school; at != "" && len(above) < mostAbove; {
		above = append(above, at)
		s, err := places.SchoolRow(ctx, c, at)
		if err != nil {
			return err
		}
		at = s.Parent
	}
	for i, id := range ids {
		of, err := store.SchoolOf(ctx, c, "channels", "channel", string(id))
		if g.ErrorCode(err) == g.NotFound || err == nil && !slices.Contains(above, of) {
			return g.FieldErrorf(fmt.Sprintf("channels[%d]", i), "the school has no channel %q", id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Named lists whom an audience of a school names, each once; only for system scopes. It may be
// nobody.
func (v View) Named(ctx context.Context, school g.SchoolID, a Audience) ([]To, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	return v.named(ctx, Broadcast{
		School:   school,
		Audience: a,
	})
}

// AlarmReaches counts whom an alarm to an audience of a school would reach, which may be nobody, by
// the addresses and channels that there are now. It does not check the scope: the caller must.
func AlarmReaches(ctx context.Context, v View, school g.SchoolID, a Audience) (Preview, error) {
	b := Broadcast{
		School:   school,
		Audience: a,
		Urgent:   true,
		Steps:    DefaultSteps(Alarm),
	}
	to, err := v.named(ctx, b)
	if err != nil {
		return Preview{}, err
	}
	return v.reach(ctx, b, to)
}

// ChannelsNamed returns the names of channels; those that are gone are absent. It does not check
// the scope: the caller must.
func ChannelsNamed(
	ctx context.Context, c store.Conn, ids []g.ChannelID,
) (map[g.ChannelID]string, error) {
	out := map[g.ChannelID]string{}
	for some := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, c,
			"SELECT id, name FROM channels WHERE id IN ("+store.Marks(len(some))+")",
			store.Anys(some), func(scan func(...any) error) error {
				var id g.ChannelID
				var name string
				err := scan(&id, &name)
				out[id] = name
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read channels: %w", err)
		}
	}
	return out, nil
}
