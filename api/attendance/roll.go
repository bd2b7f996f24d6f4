package attendance

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

type tick struct {
	Person g.PersonID        `json:"person" minLength:"1" maxLength:"64" doc:"The person."`
	State  g.AttendanceState `json:"state" doc:"What was seen: arrived, late, absent."`
	At     time.Time         `json:"at,omitzero" doc:"When it was ticked, where that was before it could be sent; absent or to come: now. Of two ticks of a person the newer one counts."`
}

type rollInput struct {
	Body struct {
		Session g.SessionID `json:"session" minLength:"1" maxLength:"64" doc:"The session."`
		Ticks   []tick      `json:"ticks" minItems:"1" maxItems:"200" doc:"Who was ticked."`
		Reason  string      `json:"reason" minLength:"1" maxLength:"500" doc:"How that is known; kept with each." example:"roll call"`
	}
}

// Rolled is what became of a roll.
type Rolled struct {
	Refused []RollRefused `json:"refused" nullable:"false" doc:"Those whose tick was not taken; all others are kept."`
}

// RollRefused is a person whose tick was not taken.
type RollRefused struct {
	Person g.PersonID `json:"person" doc:"The person."`
	Detail string     `json:"detail" doc:"Why, in the reader's language."`
}

func (s *area) registerRoll(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/attendance/roll",
		ID:      "call-roll",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Tick who is there, many at once",
		Doc: "A correction for each person, as POST /v1/attendance/corrections makes one. It can be sent " +
			"again: what a person's newest correction says already changes nothing.",
	}, func(ctx context.Context, in *rollInput) (*gate.Body[Rolled], error) {
		ticks := make([]sessions.Ticked, len(in.Body.Ticks))
		for i, x := range in.Body.Ticks {
			ticks[i] = sessions.Ticked{
				Person: x.Person,
				State:  x.State,
				At:     x.At,
			}
		}
		refused, err := s.View(ctx).Sessions.Roll(ctx, in.Body.Session, ticks, in.Body.Reason)
		out := Rolled{Refused: make([]RollRefused, len(refused))}
		for i, x := range refused {
			out.Refused[i] = RollRefused{x.Person, gate.LanguageOf(ctx).Text(x.Why)}
		}
		return gate.Answer(out, err)
	})
}
