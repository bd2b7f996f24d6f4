package leave

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of requests.
const (
	MaxDays  = 60                  // of one request: the office enters what is longer
	MaxBack  = 7                   // days that it may have begun before it is asked for
	MaxAhead = 400                 // days until it begins
	MaxNote  = 2000                // characters of a sick note
	MaxOpen  = 20                  // of one pupil, whose time is not over
	Keep     = 90 * 24 * time.Hour // after its end; then the request is deleted, not the leave
)

const columns = "SELECT id, school, person, guardian, state, starts, ends, due, body_sealed FROM leave_requests"

// kept is a request as it is kept.
type kept struct {
	g.LeaveRequest
	told int
	due  int64
}

// body is what is sealed.
type body struct {
	g.LeaveRequestDetails
	Told int `json:"told"` // how many steps were told; more than there are: the guardian was, too
}

// row is a request whose body is still sealed.
type row struct {
	kept
	sealed []byte
}

func scanRow(scan func(...any) error) (x row, err error) {
	var starts, ends int64
	err = scan(&x.ID, &x.School, &x.Person, &x.Guardian, &x.State, &starts, &ends, &x.due, &x.sealed)
	x.From, x.To = store.Moment(starts), store.Moment(ends)
	return x, err
}

// open unseals rows; those of people who are deleted are left out.
func (r *Book) open(ctx context.Context, c store.Conn, rows []row) ([]kept, error) {
	ids := make([]g.PersonID, len(rows))
	for i, x := range rows {
		ids[i] = x.Person
	}
	whose, err := people.Whose(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	out := make([]kept, 0, len(rows))
	for _, x := range rows {
		p, ok := whose[x.Person]
		if !ok {
			continue
		}
		plain, err := people.UnsealPersonal(r.people, p, x.sealed, "leave request "+string(x.ID))
		if err != nil {
			return nil, err
		}
		var b body
		if err := json.Unmarshal(plain, &b); err != nil {
			return nil, fmt.Errorf("read a request for leave: %w", err)
		}
		x.LeaveRequestDetails, x.told = b.LeaveRequestDetails, b.Told
		out = append(out, x.kept)
	}
	return out, nil
}

func (r *Book) where(ctx context.Context, c store.Conn, rest string, args ...any) ([]kept, error) {
	var rows []row
	err := store.Each(ctx, c, columns+rest, args, func(scan func(...any) error) error {
		x, err := scanRow(scan)
		rows = append(rows, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read requests for leave: %w", err)
	}
	return r.open(ctx, c, rows)
}

func (r *Book) request(ctx context.Context, c store.Conn, in store.Reach, id g.LeaveRequestID) (kept, error) {
	all, err := r.where(ctx, c, " WHERE id = ?", string(id))
	if err != nil {
		return kept{}, err
	}
	if len(all) == 0 {
		return kept{}, store.NotFound("request", string(id))
	}
	return all[0], in.Owns(all[0].School, "request", string(id))
}

// write keeps a request, at which the gateway has to look at due.
func (r *Book) write(ctx context.Context, t *store.Tx, x kept, due int64) error {
	whose, err := people.Whose(ctx, t, []g.PersonID{x.Person})
	if err != nil {
		return err
	}
	p, ok := whose[x.Person]
	if !ok {
		return store.NotFound("person", string(x.Person))
	}
	b, err := json.Marshal(body{x.LeaveRequestDetails, x.told})
	if err != nil {
		return err
	}
	sealed, err := people.SealPersonal(r.people, p, b, "leave request "+string(x.ID))
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO leave_requests (id, school, person, guardian, state, starts, ends, due,
		body_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, due = excluded.due, body_sealed = excluded.body_sealed`,
		string(x.ID), string(x.School), string(x.Person), string(x.Guardian), string(x.State),
		store.Micros(x.From), store.Micros(x.To), due, sealed)
	if err != nil {
		return fmt.Errorf("write a request for leave: %w", err)
	}
	return nil
}

// put keeps a request, at which the gateway has to look then.
func (v View) put(ctx context.Context, t *store.Tx, x kept, deed string) error {
	due := store.Micros(t.Now)
	if due == x.due {
		due++ // who looks at it just then looks again
	}
	if err := v.r.write(ctx, t, x, due); err != nil {
		return err
	}
	t.Change(change.LeaveRequest, x.School, string(x.ID))
	return v.s.Audit(ctx, t, x.School, deed, string(x.Person)+" "+string(x.ID))
}

// Ask adds a request of a guardian; only for system scopes. One with an ID that exists already changes
// nothing: a form that was sent twice.
func (v View) Ask(ctx context.Context, x g.LeaveRequest) (g.LeaveRequest, error) {
	if err := v.s.OnlySystem(); err != nil {
		return x, err
	}
	x.Reason, x.Note = strings.TrimSpace(x.Reason), strings.TrimSpace(strings.ReplaceAll(x.Note, "\r\n", "\n"))
	if err := check(x); err != nil {
		return x, err
	}
	if x.ID == "" {
		x.ID = g.LeaveRequestID(g.NewID("lea"))
	}
	if !g.ValidID(string(x.ID)) {
		return x, store.BadID()
	}
	x.From, x.To = store.Moment(store.Micros(x.From)), store.Moment(store.Micros(x.To))
	err := v.s.Write(ctx, func(t *store.Tx) error {
		was, err := v.r.request(ctx, t, store.Reach{All: true}, x.ID)
		if err == nil {
			x = was.LeaveRequest
			return nil
		}
		if g.ErrorCode(err) != g.NotFound {
			return err
		}
		return v.ask(ctx, t, &x)
	})
	return x, err
}

func (v View) ask(ctx context.Context, t *store.Tx, x *g.LeaveRequest) error {
	p, err := people.Person(ctx, v.r.people, t, store.Reach{All: true}, x.Person)
	if err != nil {
		return err
	}
	if !slices.Contains(p.Guardian, x.Guardian) || !p.Left.IsZero() {
		return store.NotFound("person", string(x.Person))
	}
	if d := x.From.Sub(t.Now); d < -MaxBack*24*time.Hour || d > MaxAhead*24*time.Hour {
		return g.FieldErrorf("from", "leave is asked for here from %d days back to %d days ahead: check the date, or "+
			"ask the office", MaxBack, MaxAhead)
	}
	open := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM leave_requests WHERE person = ? AND ends > ? AND "+
		"state IN ('asked', 'approved')", string(x.Person), store.Micros(t.Now)).Scan(&open); err != nil {
		return fmt.Errorf("count requests for leave: %w", err)
	}
	if open >= MaxOpen {
		return g.Errorf(g.TooLarge, "there are %d requests for this child already: withdraw one first", open)
	}
	school, err := places.SchoolRow(ctx, t, p.School)
	if err != nil {
		return err
	}
	c, err := chainOf(ctx, t, p.School)
	if err != nil {
		return err
	}
	x.School, x.State, x.Asked = p.School, g.LeaveAsked, store.Moment(store.Micros(t.Now))
	x.Steps = stepsFor(c, p.Class, x.Kind, Days(x.From, x.To, school.Location()))
	return v.put(ctx, t, kept{LeaveRequest: *x}, "leave.ask")
}

// check refuses what cannot be meant, whoever asks.
func check(x g.LeaveRequest) error {
	switch {
	case !slices.Contains(g.LeaveKinds(), x.Kind):
		return g.FieldErrorf("kind", "%q is no kind of leave; use one of %v", x.Kind, g.LeaveKinds())
	case x.From.IsZero() || !x.To.After(x.From):
		return g.FieldErrorf("to", "the leave ends before it begins: give a later end")
	case x.To.Sub(x.From) > MaxDays*24*time.Hour+time.Hour: // an hour, for a change of the clocks
		return g.FieldErrorf("to", "leave of more than %d days is not asked for here: ask the office", MaxDays)
	}
	if err := store.Line("reason", x.Reason, store.MaxReason); err != nil {
		return err
	}
	return store.Optional("note", strings.ReplaceAll(x.Note, "\n", " "), MaxNote)
}

// Withdraw takes a request back for the guardian who asked, until its time begins, with the leave that
// came of it; only for system scopes.
func (v View) Withdraw(ctx context.Context, id g.LeaveRequestID, by []g.PersonID) (x g.LeaveRequest, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.r.request(ctx, t, store.Reach{All: true}, id)
		if err != nil {
			return err
		}
		x = k.LeaveRequest
		switch {
		case !slices.Contains(by, k.Guardian):
			return store.NotFound("request", string(id))
		case k.State != g.LeaveAsked && k.State != g.LeaveApproved:
			return g.Errorf(g.Conflict, "this request is over already: there is nothing to withdraw")
		case !t.Now.Before(k.From):
			return g.Errorf(g.Conflict, "the leave has begun: tell the office that your child comes back")
		}
		if k.State == g.LeaveApproved {
			if err := v.revoke(ctx, t, k); err != nil {
				return err
			}
		}
		k.State, k.Decided = g.LeaveWithdrawn, store.Moment(store.Micros(t.Now))
		x = k.LeaveRequest
		return v.put(ctx, t, k, "leave.withdraw")
	})
	return x, err
}
