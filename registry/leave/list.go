package leave

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Filter selects requests. Mine are those that wait for the caller's answer.
type Filter struct {
	store.Page
	School g.SchoolID
	State  g.LeaveState
	Mine   bool
}

// mostMine is how many requests that wait are looked through for the caller's.
const mostMine = 1000

// List lists requests, those that begin last first, without reasons and notes.
func (v View) List(ctx context.Context, f Filter) ([]RequestShown, string, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", f.School); err != nil {
		return nil, "", err
	}
	if f.Mine {
		return v.mine(ctx, w)
	}
	store.Eq(&w, "state", f.State)
	at, resumed, err := f.After(2)
	if err != nil {
		return nil, "", err
	}
	if resumed {
		starts, err := store.Number(at[0])
		if err != nil {
			return nil, "", err
		}
		w.And("(starts < ? OR starts = ? AND id > ?)", starts, starts, at[1])
	}
	all, err := v.r.where(ctx, v.s.Reg, w.String()+" ORDER BY starts DESC, id LIMIT ?", append(w.Args, f.Size()+1)...)
	if err != nil {
		return nil, "", err
	}
	all, next := store.Cut(all, f.Size(), func(k kept) string {
		return store.Cursor(store.Digits(store.Micros(k.From)), string(k.ID))
	})
	out, err := v.showAll(ctx, all, false)
	return out, next, err
}

// mine are the requests that wait for the caller's answer, those that begin first first.
func (v View) mine(ctx context.Context, w store.Where) ([]RequestShown, string, error) {
	w.And("state = ?", string(g.LeaveAsked))
	all, err := v.r.where(ctx, v.s.Reg, w.String()+" ORDER BY starts, id LIMIT ?", append(w.Args, mostMine)...)
	if err != nil {
		return nil, "", err
	}
	mine := []kept{}
	for _, k := range all {
		if v.may(k.Steps[k.Waiting()]) {
			mine = append(mine, k)
		}
	}
	out, err := v.showAll(ctx, mine, false)
	return out, "", err
}

// Open returns a request; who answers one of its steps reads the reason and the note, which is audited.
func (v View) Open(ctx context.Context, id g.LeaveRequestID) (x RequestShown, err error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return x, err
	}
	var k kept
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if k, err = v.r.request(ctx, t, in, id); err != nil {
			return err
		}
		return v.s.Audit(ctx, t, k.School, "leave.open", string(k.Person))
	})
	if err != nil {
		return x, err
	}
	return v.shown(ctx, k, true)
}

// Find returns a request as it is; only for system scopes.
func (v View) Find(ctx context.Context, id g.LeaveRequestID) (g.LeaveRequest, error) {
	if err := v.s.OnlySystem(); err != nil {
		return g.LeaveRequest{}, err
	}
	k, err := v.r.request(ctx, v.s.Reg, store.Reach{All: true}, id)
	return k.LeaveRequest, err
}

// Of are a pupil's requests for leave that ends after a time, the last to begin first; only for system
// scopes.
func (v View) Of(ctx context.Context, pupil g.PersonID, since time.Time) ([]g.LeaveRequest, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	all, err := v.r.where(ctx, v.s.Reg, " WHERE person = ? AND ends > ? ORDER BY starts DESC, id LIMIT 100",
		string(pupil), store.Micros(since))
	out := make([]g.LeaveRequest, len(all))
	for i, k := range all {
		out[i] = k.LeaveRequest
	}
	return out, err
}

// Owed is a request at which the gateway has to look.
type Owed struct {
	g.LeaveRequest
	// Tell is whom somebody has to tell: the users of the step that waits, or the guardian.
	TellStep     bool
	TellGuardian bool
	Ended        bool // it was over for Keep: it is to be forgotten

	due int64
}

// Due returns at most limit requests at which the gateway has to look at a time, the longest due first;
// only for system scopes.
func (v View) Due(ctx context.Context, now time.Time, limit int) ([]Owed, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	all, err := v.r.where(ctx, v.s.Reg, " WHERE due > 0 AND due <= ? ORDER BY due, id LIMIT ?",
		store.Micros(now), limit)
	out := make([]Owed, len(all))
	for i, k := range all {
		out[i] = Owed{
			LeaveRequest: k.LeaveRequest,
			Ended:        now.Sub(k.To) >= Keep,
			due:          k.due,
		}
		switch k.State {
		case g.LeaveAsked:
			out[i].TellStep = k.told <= k.Waiting()
		case g.LeaveApproved, g.LeaveRefused:
			out[i].TellGuardian = k.told <= len(k.Steps)
		}
	}
	return out, err
}

// Settle notes that whoever had to be told of a request was, or forgets it. One that has changed
// meanwhile stays due. Only for system scopes.
func (v View) Settle(ctx context.Context, x Owed) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if x.Ended {
			_, err := t.Exec(ctx, "DELETE FROM leave_requests WHERE id = ? AND due = ?", string(x.ID), x.due)
			return err
		}
		k, err := v.r.request(ctx, t, store.Reach{All: true}, x.ID)
		if g.ErrorCode(err) == g.NotFound || err == nil && k.due != x.due {
			return nil
		}
		if err != nil {
			return err
		}
		k.told = x.Waiting() + 1
		if x.TellGuardian {
			k.told = len(k.Steps) + 1
		}
		return v.r.write(ctx, t, k, store.Micros(k.To.Add(Keep)))
	})
}
