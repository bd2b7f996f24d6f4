package leave

import (
	"context"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Answer is what one of those who answer says.
type Answer struct {
	Step    int // that the answer is meant for: of two at once the second is a conflict
	Approve bool
	Reason  string // of a refusal
}

// may reports whether the scope may answer a step: one of its users, or an administrator in their stead.
// A step that names nobody may be answered by anybody who writes attendance.
func (v View) may(s g.LeaveStep) bool {
	if !v.s.Can(g.AttendanceWrite) || v.s.System != "" {
		return false
	}
	id, _, _ := strings.Cut(v.s.Actor, " ")
	return len(s.Users) == 0 || slices.Contains(s.Users, g.UserID(id)) || v.s.Can(g.SettingsWrite)
}

// Answer approves or refuses a request at the step that waits. The last approval excuses the pupil in
// the same transaction; a refusal ends the request.
func (v View) Answer(ctx context.Context, id g.LeaveRequestID, a Answer) (x RequestShown, err error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return x, err
	}
	if a.Approve {
		a.Reason = ""
	} else if err := store.Line("reason", strings.TrimSpace(a.Reason), store.MaxReason); err != nil {
		return x, err
	}
	var k kept
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if k, err = v.r.request(ctx, t, in, id); err != nil {
			return err
		}
		if k.State != g.LeaveAsked || a.Step != k.Waiting() {
			return g.Errorf(g.Conflict, "somebody has answered this already: look at it again")
		}
		if !v.may(k.Steps[a.Step]) {
			return g.Errorf(g.Forbidden, "others answer this request: it names them")
		}
		return v.answer(ctx, t, &k, a)
	})
	if err != nil {
		return x, err
	}
	return v.shown(ctx, k, true)
}

func (v View) answer(ctx context.Context, t *store.Tx, k *kept, a Answer) error {
	now := store.Moment(store.Micros(t.Now))
	_, by, _ := strings.Cut(v.s.Actor, " ")
	k.Steps = slices.Clone(k.Steps)
	s := &k.Steps[a.Step]
	s.Answered, s.Approved, s.Reason, s.By = now, a.Approve, strings.TrimSpace(a.Reason), by
	switch {
	case !a.Approve:
		k.State, k.Decided = g.LeaveRefused, now
	case k.Waiting() == len(k.Steps):
		k.State, k.Decided = g.LeaveApproved, now
		if err := sessions.Grant(ctx, v.sessions, t, g.Leave{
			ID:     string(k.ID),
			Person: k.Person,
			From:   k.From,
			To:     k.To,
			Reason: k.Reason,
		}); err != nil {
			return err
		}
	}
	return v.put(ctx, t, *k, "leave.answer")
}

func (v View) revoke(ctx context.Context, t *store.Tx, k kept) error {
	return sessions.Revoke(ctx, v.sessions, t, k.School, string(k.ID))
}

// RequestShown is a request as staff see it.
type RequestShown struct {
	g.LeaveRequest
	Name         string `json:"name"` // of the pupil; empty without people:read
	Class        string `json:"class"`
	GuardianName string `json:"guardian_name"`
	May          bool   `json:"may_answer"`   // the caller may answer now
	Step         int    `json:"waiting_step"` // the step that waits; as many as there are: none
}

// shown is a request for the caller. Reason and note are left out, which reveal illnesses, but for one
// who answers one of its steps and looks at it alone.
func (v View) shown(ctx context.Context, k kept, whole bool) (RequestShown, error) {
	all, err := v.showAll(ctx, []kept{k}, whole)
	if err != nil {
		return RequestShown{}, err
	}
	return all[0], nil
}

func (v View) showAll(ctx context.Context, all []kept, whole bool) ([]RequestShown, error) {
	ids := make([]g.PersonID, 0, 2*len(all))
	for _, k := range all {
		ids = append(ids, k.Person, k.Guardian)
	}
	labels, err := people.Labels(ctx, v.people, ids)
	if err != nil {
		return nil, err
	}
	out := make([]RequestShown, len(all))
	for i, k := range all {
		x := RequestShown{
			LeaveRequest: k.LeaveRequest,
			Name:         labels[k.Person].Name,
			Class:        labels[k.Person].Class,
			GuardianName: labels[k.Guardian].Name,
			Step:         k.Waiting(),
		}
		x.May = k.State == g.LeaveAsked && v.may(k.Steps[x.Step])
		if !whole || !slices.ContainsFunc(k.Steps, v.may) {
			x.Reason, x.Note = "", ""
			x.Steps = slices.Clone(x.Steps)
			for j := range x.Steps {
				x.Steps[j].Reason = ""
			}
		}
		out[i] = x
	}
	return out, nil
}
