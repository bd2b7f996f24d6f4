package intake

import (
	"context"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// underDuress is the event beside a sighting by a PIN that says that its holder is made to use it;
// nil: it is none. To the door it is a PIN like any other.
func (in *Intake) underDuress(
	ctx context.Context, e *g.Event, o *g.Observation,
) (*g.Event, error) {
	if e.Sighting == nil || e.Sighting.Method != g.ByPIN || e.Sighting.Person == "" {
		return nil, nil
	}
	is, err := in.Identify.Duress(ctx, e.School, o.Sighting.Credential)
	if err != nil || !is {
		return nil, err
	}
	silent := *e
	silent.Sighting = nil
	id := g.OccurrenceID("occ_" + strings.TrimPrefix(string(e.Sighting.ID), "sgt_"))
	tellDuress(&silent, e.Sighting.Person, id)
	return &silent, nil
}

// tellDuress makes e the alarm that a person is made to pass, in the words of a terminal that has
// such a code itself. The code is not in it.
func tellDuress(e *g.Event, person g.PersonID, id g.OccurrenceID) {
	e.Kind = g.EventOccurrence
	e.Occurrence = &g.Occurrence{
		ID:   id,
		Kind: g.OccurrenceAlarm,
		Data: map[string]g.Value{
			"what":         g.StringValue(g.DuressAlarm),
			g.DuressPerson: g.StringValue(string(person)),
		},
	}
}
