package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Stated is an answer without what it was computed from.
type Stated struct {
	Person  g.PersonID
	Session g.SessionID
	State   g.AttendanceState
	At      time.Time // the deciding sighting; zero: none
	Said    bool      // somebody corrected it, or called the roll
}

// Stated are the answers to some sessions in scope, without names: for lists over a whole school.
func (v View) Stated(ctx context.Context, of []g.SessionID) ([]Stated, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	out := []Stated{}
	for some := range slices.Chunk(of, store.Chunk) {
		var w store.Where
		if err := in.Within(&w, "school", ""); err != nil {
			return nil, err
		}
		w.And("session IN ("+store.Marks(len(some))+")", store.Anys(some)...)
		err := store.Each(ctx, v.s.Reg, "SELECT person, session, state, body FROM attendance"+w.String(),
			w.Args, func(scan func(...any) error) error {
				var x Stated
				var b []byte
				if err := scan(&x.Person, &x.Session, &x.State, &b); err != nil {
					return err
				}
				var body struct {
					At      time.Time `json:"at"`
					Reasons []string  `json:"reasons"`
				}
				err := json.Unmarshal(b, &body)
				x.At, x.Said = body.At, slices.Contains(body.Reasons, "corrected")
				out = append(out, x)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read answers: %w", err)
		}
	}
	return out, nil
}
