package visits

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of visits.
const (
	MaxOpen    = 2000                // of a school, whose time is not over
	MaxGroup   = 200                 // people of one visit
	MaxDays    = 31                  // of one visit
	MaxPurpose = 200                 // characters
	MaxReason  = 500                 // characters
	MaxNames   = 20                  // of one visit, who have a code each
	MaxAsked   = 300                 // of a school, from its public page, that nobody has answered
	Keep       = 30 * 24 * time.Hour // after its end; then it is deleted
)

const columns = "SELECT id, school, state, starts, ends, body_sealed, due FROM visits"

// kept is a visit as it is kept.
type kept struct {
	g.Visit
	held
	due int64
}

// held is what is sealed and shown in no list.
type held struct {
	Guests  []Guest `json:"guests,omitempty"`   // while it is approved: who comes, with their codes
	CardMac []byte  `json:"card_mac,omitempty"` // of the identity card's number, where it was read
}

// Guest is one of those who come, with the text of the code that gates know.
type Guest struct {
	Person g.PersonID `json:"person"`
	Name   string     `json:"name"`
	Code   string     `json:"code"`
}

// sealed is what is sealed.
type sealed struct {
	g.VisitDetails
	held
}

func (r *Book) scan(ctx context.Context, c store.Conn, scan func(...any) error) (x kept, err error) {
	var starts, ends int64
	var body []byte
	if err := scan(&x.ID, &x.School, &x.State, &starts, &ends, &body, &x.due); err != nil {
		return x, err
	}
	x.From, x.To = store.Moment(starts), store.Moment(ends)
	k, err := r.s.Vault.School(ctx, c, x.School)
	if err != nil {
		return x, err
	}
	b, err := store.Unseal(k.Kept, body, "visit "+string(x.ID))
	if err != nil {
		return x, err
	}
	var all sealed
	err = json.Unmarshal(b, &all)
	x.VisitDetails, x.held = all.VisitDetails, all.held
	return x, err
}

func (r *Book) visit(ctx context.Context, c store.Conn, in store.Reach, id g.VisitID) (kept, error) {
	x, err := r.scan(ctx, c, c.Row(ctx, columns+" WHERE id = ?", string(id)).Scan)
	if err != nil {
		return kept{}, store.Missing(err, "visit", string(id))
	}
	if err := in.Owns(x.School, "visit", string(id)); err != nil {
		return kept{}, err
	}
	return x, nil
}

// List lists visits in scope, of one school or in one state if given; the last to begin first. What
// only a look at one shows (its telephone number) is left out.
func (v View) List(
	ctx context.Context, school g.SchoolID, state g.VisitState, now time.Time,
) ([]g.Visit, error) {
	in, err := v.s.Reach(ctx, g.VisitsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	if state != "" {
		w.And("state = ?", string(state))
	}
	out := []g.Visit{}
	err = store.Each(ctx, v.s.Reg, columns+w.String()+" ORDER BY starts DESC, id", w.Args,
		func(scan func(...any) error) error {
			x, err := v.r.scan(ctx, v.s.Reg, scan)
			out = append(out, listed(x.Visit, now))
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list visits: %w", err)
	}
	return out, nil
}

// listed is a visit without its telephone number, which only a look at one shows.
func listed(x g.Visit, now time.Time) g.Visit {
	x.Phone = ""
	return at(x, now)
}

// at says whether somebody should have left.
func at(x g.Visit, now time.Time) g.Visit {
	x.Overdue = x.State == g.VisitOnSite && now.After(x.To)
	return x
}

// Open returns a visit with everything that is known; the look is audited.
func (v View) Open(ctx context.Context, id g.VisitID) (x g.Visit, err error) {
	in, err := v.s.Reach(ctx, g.VisitsRead)
	if err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.r.visit(ctx, t, in, id)
		if err != nil {
			return err
		}
		x = at(k.Visit, t.Now)
		return v.s.Audit(ctx, t, x.School, "visit.open", string(id))
	})
	return x, err
}
