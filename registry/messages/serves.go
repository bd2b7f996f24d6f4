package messages

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Serving is what a school can send by now.
type Serving struct {
	// the channels of the school and of those above it; true: in use, false: switched off
	Channels map[g.ChannelID]bool
	Ways     map[Way]bool // by which people are reached: a channel that is in use goes it
}

// Confirmed tells by which ways each user has a confirmed address. It does not check the scope: the
// caller must.
func Confirmed(ctx context.Context, c store.Conn, users []g.UserID) (map[g.UserID]map[Way]bool, error) {
	out := map[g.UserID]map[Way]bool{}
	err := store.Each(ctx, c, "SELECT usr, way FROM addresses WHERE usr IN ("+store.Marks(len(users))+
		") AND confirmed > 0 AND lost = ''", store.Anys(users), func(scan func(...any) error) error {
		var id g.UserID
		var w Way
		err := scan(&id, &w)
		if out[id] == nil {
			out[id] = map[Way]bool{}
		}
		out[id][w] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	return out, nil
}

// Serves reads what a school can send by. It does not check the scope: the caller must.
func Serves(ctx context.Context, r *Book, c store.Conn, school g.SchoolID) (Serving, error) {
	out := Serving{
		Channels: map[g.ChannelID]bool{},
		Ways:     map[Way]bool{},
	}
	for depth := 0; school != "" && depth < mostAbove; depth++ {
		var w store.Where
		w.And("school = ?", string(school))
		all, err := r.channels(ctx, c, w)
		if err != nil {
			return out, err
		}
		for _, ch := range all {
			out.Channels[ch.ID] = !ch.Disabled
			out.Ways[ch.Way] = out.Ways[ch.Way] || !ch.Disabled
		}
		s, err := places.SchoolRow(ctx, c, school)
		if err != nil {
			return out, err
		}
		school = s.Parent
	}
	return out, nil
}
