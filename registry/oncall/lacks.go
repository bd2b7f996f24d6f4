package oncall

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
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
)

// LackWhats lists them.
func LackWhats() []LackWhat {
	return []LackWhat{LackDeleted, LackOff, LackUnserved, LackSilent}
}

// Lack is a part of a chain that tells nobody now, for want of a channel.
type Lack struct {
	Field   string   `json:"field"` // of the chain, such as "steps[0].channels[1]"
	Step    int      `json:"step"`  // from 0
	What    LackWhat `json:"what"`
	Channel string   `json:"channel,omitempty"` // the one that is deleted or off
	Way     g.Way    `json:"way,omitempty"`     // the one that no channel goes
}

// Lacks lists what of each chain tells nobody now, since a channel is gone, switched off, or was
// never there. It is nothing that refuses a chain: the channel may come back.
func (v View) Lacks(ctx context.Context, chains []g.Escalation) ([][]Lack, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	serves := map[g.SchoolID]messages.Serving{}
	out := make([][]Lack, len(chains))
	for i, x := range chains {
		if err := in.Owns(x.School, "chain", string(x.ID)); err != nil {
			return nil, err
		}
		s, had := serves[x.School]
		if !had {
			if s, err = messages.Serves(ctx, v.r.messages, v.s.Reg, x.School); err != nil {
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

func lacks(s g.EscalationStep, n int, has messages.Serving) (out []Lack) {
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
	ways := 0
	for i, x := range tries(s) {
		for k, w := range x.Ways {
			switch {
			case has.Ways[messages.Way(w)]:
				ways++
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
	if ways == 0 {
		out = append(out, Lack{
			Field: at,
			Step:  n,
			What:  LackSilent,
		})
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
