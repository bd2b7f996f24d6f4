package oncall

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// LackWhat is a reason why a part of a chain tells nobody now.
type LackWhat string

// The reasons.
const (
	LackDeleted  LackWhat = "deleted"  // the channel that a step names is not there
	LackOff      LackWhat = "off"      // the channel that a step names is switched off
	LackUnserved LackWhat = "unserved" // no channel goes the way by which a try tells people
	LackSilent   LackWhat = "silent"   // no channel goes any way by which a step tells its people
	LackDeaf     LackWhat = "deaf"     // somebody has no confirmed address for any way of a step
)

// LackWhats lists them.
func LackWhats() []LackWhat {
	return []LackWhat{LackDeleted, LackOff, LackUnserved, LackSilent, LackDeaf}
}

// Lack is a part of a chain that tells nobody now, for want of a channel or of an address.
type Lack struct {
	Field   string   `json:"field"` // of the chain, such as "steps[0].channels[1]"
	Step    int      `json:"step"`  // from 0
	What    LackWhat `json:"what"`
	Channel string   `json:"channel,omitempty"` // the one that is deleted or off
	Way     g.Way    `json:"way,omitempty"`     // the one that no channel goes
	User    g.UserID `json:"user,omitempty"`    // who is deaf
	Name    string   `json:"name,omitempty"`    // the user's
}

// Lacks lists what of each chain tells nobody now, since a channel is gone, switched off, or was
// never there, or somebody has confirmed no address. It is nothing that refuses a chain: the channel may come back.
func (v View) Lacks(ctx context.Context, chains []g.Escalation) ([][]Lack, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	serves := map[g.SchoolID]state{}
	out := make([][]Lack, len(chains))
	for i, x := range chains {
		if err := in.Owns(x.School, "chain", string(x.ID)); err != nil {
			return nil, err
		}
		s, had := serves[x.School]
		if !had {
			if s, err = v.state(ctx, x.School); err != nil {
				return nil, err
			}
			serves[x.School] = s
		}
		out[i] = []Lack{}
		for n, step := range x.Steps {
			out[i] = append(out[i], lacks(step, n, s)...)
		}
	}
	return out, nil
}

// state is what a school's chains count on.
type state struct {
	messages.Serving
	staff []g.User
	have  map[g.UserID]map[messages.Way]bool // confirmed addresses
	rotas map[g.RotaID]g.Rota
}

func (v View) state(ctx context.Context, school g.SchoolID) (s state, err error) {
	if s.Serving, err = messages.Serves(ctx, v.r.messages, v.s.Reg, school); err != nil {
		return s, err
	}
	if s.staff, err = access.Staff(ctx, v.r.access, v.s.Reg, school); err != nil {
		return s, err
	}
	ids := make([]g.UserID, len(s.staff))
	for i, u := range s.staff {
		ids[i] = u.ID
	}
	if s.have, err = messages.Confirmed(ctx, v.s.Reg, ids); err != nil {
		return s, err
	}
	rotas, err := v.Rotas(ctx, school)
	s.rotas = map[g.RotaID]g.Rota{}
	for _, x := range rotas {
		s.rotas[x.ID] = x
	}
	return s, err
}

// called tells whether a step tells the user, now or in another turn of a rota.
func (s state) called(step g.EscalationStep, u g.User) bool {
	if u.Disabled {
		return false
	}
	if slices.Contains(step.Users, u.ID) || slices.Contains(step.Roles, u.Role) {
		return true
	}
	for _, id := range step.Rotas {
		for _, l := range s.rotas[id].Lines {
			for _, turn := range l.Turns {
				if slices.Contains(turn, u.ID) {
					return true
				}
			}
		}
	}
	return false
}

func lacks(s g.EscalationStep, n int, has state) (out []Lack) {
	at := fmt.Sprintf("steps[%d]", n)
	for i, id := range s.Channels {
		on, there := has.Channels[g.ChannelID(id)]
		if on {
			continue
		}
		what := LackOff
		if !there {
			what = LackDeleted
		}
		out = append(out, Lack{
			Field:   fmt.Sprintf("%s.channels[%d]", at, i),
			Step:    n,
			What:    what,
			Channel: id,
		})
	}
	if len(s.Rotas)+len(s.Users)+len(s.Roles) == 0 {
		return out
	}
	ways := map[messages.Way]bool{}
	for i, x := range tries(s) {
		for k, w := range x.Ways {
			switch {
			case has.Ways[messages.Way(w)]:
				ways[messages.Way(w)] = true
			case len(s.Tries) > 0: // what every alarm does need not all be there
				out = append(out, Lack{
					Field: fmt.Sprintf("%s.tries[%d].ways[%d]", at, i, k),
					Step:  n,
					What:  LackUnserved,
					Way:   w,
				})
			}
		}
	}
	if len(ways) == 0 {
		return append(out, Lack{
			Field: at,
			Step:  n,
			What:  LackSilent,
		})
	}
	for _, u := range has.staff {
		reached := slices.ContainsFunc(slices.Collect(maps.Keys(ways)), func(w messages.Way) bool {
			return has.have[u.ID][w]
		})
		if !reached && has.called(s, u) {
			out = append(out, Lack{
				Field: at,
				Step:  n,
				What:  LackDeaf,
				User:  u.ID,
				Name:  cmp.Or(u.FullName, u.Name),
			})
		}
	}
	return out
}

// tries are how a step tells its people.
func tries(s g.EscalationStep) []g.Try {
	if len(s.Tries) > 0 {
		return s.Tries
	}
	var out []g.Try
	for _, x := range messages.DefaultSteps(messages.Alarm) {
		var ways []g.Way
		for _, w := range x.Ways {
			if w != messages.Chat {
				ways = append(ways, g.Way(w))
			}
		}
		out = append(out, g.Try{Ways: ways})
	}
	return out
}
