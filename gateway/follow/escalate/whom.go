package escalate

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// whom is whom a step tells, and whom it would have told.
type whom struct {
	people   []g.UserID
	channels []string
	log      []oncall.CallEntry // of each person, rota and channel; without times and step
}

// resolve finds whom a step names, now. Whoever may not handle alerts any more is skipped and
// named as such.
func (e *Escalator) resolve(
	ctx context.Context, school g.SchoolID, s g.EscalationStep, now time.Time,
) (whom, error) {
	var w whom
	staff, err := e.View.Oncall.Staff(ctx, school)
	if err != nil {
		return w, err
	}
	for _, id := range s.Rotas {
		people, err := e.onDuty(ctx, school, id, now)
		if g.ErrorCode(err) == g.NotFound {
			w.log = append(w.log, oncall.CallEntry{
				What: oncall.CallGone,
				Rota: id,
			})
			continue
		}
		if err != nil {
			return w, err
		}
		if len(people) == 0 {
			w.log = append(w.log, oncall.CallEntry{
				What: oncall.CallNobody,
				Rota: id,
			})
		}
		for _, u := range people {
			w.add(staff, u, id)
		}
	}
	for _, u := range s.Users {
		w.add(staff, u, "")
	}
	for _, m := range staff {
		if m.Able && slices.Contains(s.Roles, m.Role) {
			w.add(staff, m.ID, "")
		}
	}
	return w, e.channels(ctx, s, &w)
}

// channels adds the channels that are still there.
func (e *Escalator) channels(ctx context.Context, s g.EscalationStep, w *whom) error {
	if len(s.Channels) == 0 {
		return nil
	}
	all, err := e.View.Messages.Channels(ctx, "")
	if err != nil {
		return err
	}
	for _, id := range s.Channels {
		what := oncall.CallGone
		if slices.ContainsFunc(all, func(c messages.Channel) bool { return string(c.ID) == id }) {
			what = oncall.CallTold
			w.channels = append(w.channels, id)
		}
		w.log = append(w.log, oncall.CallEntry{
			What:    what,
			Channel: id,
		})
	}
	return nil
}

// add adds a person once.
func (w *whom) add(staff []oncall.Member, u g.UserID, by g.RotaID) {
	if slices.ContainsFunc(w.log, func(x oncall.CallEntry) bool { return u != "" && x.User == u }) {
		return
	}
	able := slices.ContainsFunc(staff, func(m oncall.Member) bool { return m.ID == u && m.Able })
	what := oncall.CallNoRights
	if able {
		what = oncall.CallTold
		w.people = append(w.people, u)
	}
	w.log = append(w.log, oncall.CallEntry{
		What: what,
		User: u,
		Rota: by,
	})
}

// lose takes out those whom no message reaches.
func (w *whom) lose(lost []g.UserID) {
	w.people = slices.DeleteFunc(w.people,
		func(u g.UserID) bool { return slices.Contains(lost, u) })
	for i, x := range w.log {
		if x.What == oncall.CallTold && x.User != "" && slices.Contains(lost, x.User) {
			w.log[i].What = oncall.CallNoWay
		}
	}
}

// onDuty is who is on duty in a rota.
func (e *Escalator) onDuty(
	ctx context.Context, school g.SchoolID, id g.RotaID, now time.Time,
) ([]g.UserID, error) {
	r, err := e.View.Oncall.Rota(ctx, id)
	if err != nil {
		return nil, err
	}
	s, err := e.View.Places.School(ctx, school)
	if err != nil {
		return nil, err
	}
	var off []g.Holiday
	if r.Calendar {
		all, err := e.View.Calendar.Entries(ctx, school)
		if err != nil {
			return nil, err
		}
		off = calendar.Of(school, all).DaysOff()
	}
	plan, err := rota.New(r, s.Location(), off...)
	if err != nil {
		return nil, err
	}
	overrides, err := e.View.Oncall.Overrides(ctx, id, now, now.Add(time.Second))
	if err != nil {
		return nil, err
	}
	return plan.On(now, overrides), nil
}

// entries are the lines of the log for one call.
func (w whom) entries(c oncall.Call, message string, now time.Time) []oncall.CallEntry {
	out := slices.Clone(w.log)
	for i := range out {
		out[i].At, out[i].Due = now.UTC(), c.Due
		out[i].Chain, out[i].Step, out[i].Round = c.Chain, c.Step, c.Round
		if out[i].What == oncall.CallTold {
			out[i].Message = message
		}
	}
	return out
}
