package alerts

import (
	"context"
	"errors"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Assign says who shall see to an alert that is on the wall; "" takes it from everybody. The user
// must be one who may handle alerts in the alert's school.
func (v View) Assign(
	ctx context.Context, id g.AlertID, version int, by g.User, to g.UserID, comment string,
) (g.Alert, error) {
	if err := comments(comment, false); err != nil {
		return g.Alert{}, err
	}
	whom, in, err := v.assignee(ctx, to)
	if err != nil {
		return g.Alert{}, err
	}
	return v.answer(
		ctx,
		id,
		version,
		by,
		"alert.assign",
		assign(whom, in, comment),
	)
}

// assignee is the user to whom something is assigned; the zero user is nobody.
func (v View) assignee(ctx context.Context, to g.UserID) (g.User, store.Reach, error) {
	if to == "" {
		return g.User{}, store.Reach{All: true}, nil
	}
	u, in, err := access.May(
		ctx,
		v.access,
		v.s.Reg,
		to,
		g.AlertsWrite,
	)
	if g.ErrorCode(err) == g.NotFound {
		return u, in, mayNot(to)
	}
	return u, in, err
}

func mayNot(to g.UserID) error {
	return g.FieldErrorf("assignee", "%q is nobody who may handle alerts here", to)
}

func assign(whom g.User, in store.Reach, comment string) func(*life) error {
	return func(l *life) error {
		if !l.Unresolved() {
			return g.Errorf(g.Conflict, "the alert is %s already", l.State)
		}
		if !in.Has(l.School) {
			return mayNot(whom.ID)
		}
		l.Assignee, l.AssigneeName, l.Assigned = whom.ID, whom.FullName, time.Time{}
		if whom.ID != "" {
			l.Assigned = l.now
		}
		l.note(Entry{
			What:    WasAssigned,
			To:      whom.ID,
			ToName:  whom.FullName,
			Comment: comment,
		})
		return nil
	}
}

// Handler is somebody to whom alerts can be assigned.
type Handler struct {
	ID   g.UserID `json:"id"`
	Name string   `json:"name"`
	Role g.Role   `json:"role"`
}

// Handlers lists who may handle alerts in a school; "" is the scope's own.
func (v View) Handlers(ctx context.Context, school g.SchoolID) ([]Handler, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return nil, err
	}
	if school == "" {
		school = v.s.School
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	users, err := access.Handlers(ctx, v.access, school, g.AlertsWrite)
	if err != nil {
		return nil, err
	}
	out := []Handler{}
	for _, u := range users {
		out = append(out, Handler{
			ID:   u.ID,
			Name: u.FullName,
			Role: u.Role,
		})
	}
	return out, nil
}

// ReleaseLost takes alerts on the wall from users who may handle them no more, because they were
// disabled, got another role or another school, and returns the number; only for system scopes.
// What such a user had acknowledged is told again.
func (v View) ReleaseLost(ctx context.Context) (int, error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	users, err := v.r.holders(ctx)
	if err != nil {
		return 0, err
	}
	released := 0
	for _, id := range users {
		n, err := v.releaseFrom(ctx, id)
		if err != nil {
			return released, err
		}
		released += n
	}
	return released, nil
}

const heldBy = " FROM alerts WHERE state IN ('open', 'acknowledged') AND "

// holders are the users who have an alert on the wall in hand.
func (r *Book) holders(ctx context.Context) (out []g.UserID, err error) {
	err = store.Each(ctx, r.s.Reg,
		"SELECT handler"+heldBy+"handler <> '' UNION SELECT assignee"+heldBy+"assignee <> ''", nil,
		func(scan func(...any) error) error {
			var id g.UserID
			err := scan(&id)
			out = append(out, id)
			return err
		})
	return out, err
}

func (v View) releaseFrom(ctx context.Context, id g.UserID) (released int, err error) {
	_, in, err := access.May(
		ctx,
		v.access,
		v.s.Reg,
		id,
		g.AlertsWrite,
	)
	var not *g.Error
	if err != nil && !errors.As(err, &not) {
		return 0, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		released = 0
		return v.each(ctx, t, "state IN ('open', 'acknowledged') AND (handler = ? OR assignee = ?)",
			[]any{string(id), string(id)}, func(l *life) bool {
				if in.Has(l.School) {
					return false
				}
				released++
				release(l, id)
				return true
			})
	})
	return released, err
}

func release(l *life, id g.UserID) {
	e := Entry{
		What: WasReleased,
		To:   id,
	}
	if l.Assignee == id {
		e.ToName = l.AssigneeName
		l.Assignee, l.AssigneeName, l.Assigned = "", "", time.Time{}
	}
	if l.Handler == id && l.State == g.AlertAcknowledged {
		e.ToName = l.HandlerName
		l.retell(g.Released, l.now)
	}
	l.note(e)
}
