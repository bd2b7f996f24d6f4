package sessions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Leaves are the school's leaves that overlap from <= t < to, by start. A zero from or to means no
// limit. Reasons are included if the scope has a reason of its own.
func (v View) Leaves(
	ctx context.Context, school g.SchoolID, from, to time.Time,
) ([]g.Leave, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	overlap(&w, from, to)
	out, err := v.leavesWhere(ctx, w)
	if err != nil {
		return nil, err
	}
	return out, v.withoutReasons(ctx, school, out)
}

// LeavesOf are the leaves of some people of a school that overlap from <= t < to; only for system
// scopes.
func (v View) LeavesOf(
	ctx context.Context, school g.SchoolID, persons []g.PersonID, from, to time.Time,
) ([]g.Leave, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("school = ?", string(school))
	overlap(&w, from, to)
	w.And("person IN ("+store.Marks(len(persons))+")", store.Anys(persons)...)
	return v.leavesWhere(ctx, w)
}

func (v View) leavesWhere(ctx context.Context, w store.Where) ([]g.Leave, error) {
	var sealed []sealedLeave
	err := store.Each(ctx, v.s.Reg,
		"SELECT id, person, body_sealed FROM leaves"+w.String()+" ORDER BY starts, id",
		w.Args, func(scan func(...any) error) error {
			var l sealedLeave
			err := scan(&l.id, &l.person, &l.body)
			sealed = append(sealed, l)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list leaves: %w", err)
	}
	out, err := v.openLeaves(ctx, sealed)
	if err != nil {
		return nil, fmt.Errorf("list leaves: %w", err)
	}
	return out, nil
}

// sealedLeave is a leave as stored.
type sealedLeave struct {
	id     string
	person g.PersonID
	body   []byte
}

// openLeaves decrypts leaves; those of people deleted meanwhile are left out.
func (v View) openLeaves(ctx context.Context, sealed []sealedLeave) ([]g.Leave, error) {
	ids := make([]g.PersonID, len(sealed))
	for i, l := range sealed {
		ids[i] = l.person
	}
	whose, err := people.Whose(ctx, v.s.Reg, ids)
	if err != nil {
		return nil, err
	}
	out := []g.Leave{}
	for _, l := range sealed {
		p, ok := whose[l.person]
		if !ok {
			continue
		}
		plain, err := people.UnsealPersonal(v.r.people, p, l.body, "leave "+l.id)
		if err != nil {
			return nil, err
		}
		out = append(out, g.Leave{})
		if err := json.Unmarshal(plain, &out[len(out)-1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Leave returns one leave. Its reason is included if the scope has a reason of its own.
func (v View) Leave(ctx context.Context, id string) (g.Leave, error) {
	l, school, err := v.leave(ctx, g.AttendanceRead, id)
	if err != nil {
		return g.Leave{}, err
	}
	one := []g.Leave{l}
	if err := v.withoutReasons(ctx, school, one); err != nil {
		return g.Leave{}, err
	}
	return one[0], nil
}

// LeaveToChange returns a complete leave, in order to merge changes. It must not be shown: reading
// the reason with Leave is audited.
func (v View) LeaveToChange(ctx context.Context, id string) (g.Leave, error) {
	l, _, err := v.leave(ctx, g.AttendanceWrite, id)
	return l, err
}

// leave reads one leave. Its version is derived from the encrypted bytes, which differ after each
// change and reveal nothing.
func (v View) leave(ctx context.Context, p g.Permission, id string) (g.Leave, g.SchoolID, error) {
	in, err := v.s.Reach(ctx, p)
	if err != nil {
		return g.Leave{}, "", err
	}
	sealed := sealedLeave{id: id}
	var school g.SchoolID
	err = v.s.Reg.Row(ctx, "SELECT school, person, body_sealed FROM leaves WHERE id = ?", id).
		Scan(&school, &sealed.person, &sealed.body)
	if err != nil {
		return g.Leave{}, "", store.Missing(err, "leave", id)
	}
	if err := in.Owns(school, "leave", id); err != nil {
		return g.Leave{}, "", err
	}
	opened, err := v.openLeaves(ctx, []sealedLeave{sealed})
	if err != nil {
		return g.Leave{}, "", fmt.Errorf("read leave: %w", err)
	}
	if len(opened) == 0 {
		return g.Leave{}, "", store.NotFound("leave", id)
	}
	l := opened[0]
	sum := sha256.Sum256(sealed.body)
	l.Version = hex.EncodeToString(sum[:8])
	return l, school, nil
}

// PutLeave writes a leave; an empty ID creates one. Actor is set from the scope.
func (v View) PutLeave(ctx context.Context, l g.Leave) (g.Leave, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return g.Leave{}, err
	}
	if l.ID == "" {
		l.ID = g.NewID("lea")
	}
	if !g.ValidID(l.ID) {
		return g.Leave{}, store.BadID()
	}
	if err := store.Line("reason", l.Reason, store.MaxReason); err != nil {
		return g.Leave{}, err
	}
	l.Actor = v.s.Actor
	err = v.s.Write(ctx, func(t *store.Tx) error { return v.putLeave(ctx, t, in, l) })
	if err != nil {
		return g.Leave{}, err
	}
	return l, nil
}

func (v View) putLeave(ctx context.Context, t *store.Tx, in store.Reach, l g.Leave) error {
	if err := checkLeave(l, t.Now); err != nil {
		return err
	}
	p, err := people.Person(ctx, v.r.people, t, in, l.Person)
	if err != nil {
		return err
	}
	var had g.PersonID
	err = t.Row(ctx, "SELECT person FROM leaves WHERE id = ?", l.ID).Scan(&had)
	if err == nil && had != l.Person {
		return store.NotFound("leave", l.ID)
	}
	if err := markLeave(ctx, t, l.ID); err != nil { // as it was
		return err
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sealed, err := people.SealPersonal(v.r.people, p, b, "leave "+l.ID)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx,
		"INSERT INTO leaves (id, person, school, starts, ends, body_sealed) VALUES (?, ?, ?, "+
			"?, ?, ?) ON CONFLICT (id) DO UPDATE SET starts = excluded.starts, ends = "+
			"excluded.ends, body_sealed = excluded.body_sealed",
		l.ID, string(l.Person), string(p.School), store.Micros(l.From), store.Micros(l.To),
		sealed)
	if err != nil {
		return fmt.Errorf("write leave: %w", err)
	}
	if err := markLeave(ctx, t, l.ID); err != nil {
		return err
	}
	t.Change(change.Leave, p.School, l.ID)
	return v.s.Audit(ctx, t, p.School, "leave.put", string(l.Person)+" "+l.ID)
}

// Grant writes a leave in the caller's transaction, as PutLeave does. It does not check the scope: the
// caller must.
func Grant(ctx context.Context, v View, t *store.Tx, l g.Leave) error {
	l.Actor = v.s.Actor
	return v.putLeave(ctx, t, store.Reach{All: true}, l)
}

// Revoke takes a leave back in the caller's transaction; nothing where it is gone already. It does not
// check the scope: the caller must.
func Revoke(ctx context.Context, v View, t *store.Tx, school g.SchoolID, id string) error {
	if err := markLeave(ctx, t, id); err != nil {
		return err
	}
	n, err := t.Exec(ctx, "DELETE FROM leaves WHERE id = ?", id)
	if err != nil {
		return fmt.Errorf("delete leave: %w", err)
	}
	if n == 0 {
		return nil
	}
	t.Change(change.Leave, school, id)
	return v.s.Audit(ctx, t, school, "leave.delete", id)
}

const (
	leaveMost = 400 * 24 * time.Hour     // how long a leave may be: a school year
	leaveAway = 2 * 366 * 24 * time.Hour // how far from now it may begin
)

// checkLeave refuses a time that is nothing or cannot be meant: one mistyped year would excuse a
// child for ever.
func checkLeave(l g.Leave, now time.Time) error {
	if l.From.IsZero() || !l.To.After(l.From) {
		return g.FieldErrorf("to", "give a from, and a to after it")
	}
	if d := l.From.Sub(now); d > leaveAway || d < -leaveAway {
		return g.FieldErrorf("from", "the leave begins in %d, more than two years from now: check the year",
			l.From.Year())
	}
	if l.To.Sub(l.From) > leaveMost {
		return g.FieldErrorf("to", "the leave lasts more than %d days: check the year, or enter a further one",
			int(leaveMost.Hours()/24))
	}
	return nil
}

// DeleteLeave deletes a leave.
func (v View) DeleteLeave(ctx context.Context, id string) error {
	return v.s.Remove(
		ctx,
		g.AttendanceWrite,
		"leaves",
		"leave",
		id,
		change.Leave,
		leaveBefore(id),
		func(t *store.Tx) error { return markLeave(ctx, t, id) },
	)
}

// withoutReasons removes the reasons from leaves, which reveal illnesses and journeys, unless the
// caller has a reason; the access is audited.
func (v View) withoutReasons(ctx context.Context, school g.SchoolID, all []g.Leave) error {
	if v.s.System != "" || len(all) == 0 {
		return nil
	}
	if people.Because(v.people, g.Student) != nil {
		for i := range all {
			all[i].Reason = ""
		}
		return nil
	}
	if school == "" {
		school = v.s.School
	}
	return people.Looked(
		ctx,
		v.people,
		school,
		"leave.reasons",
		string(school),
	)
}
