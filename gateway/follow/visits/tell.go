package visits

import (
	"cmp"
	"context"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// tell has the host asked of a visit that nobody has answered, and told of an arrival. It returns when
// the host was asked; zero: they were before, or nobody was found by what was typed.
func (f *Follower) tell(ctx context.Context, x visits.Owed) (asked time.Time, err error) {
	asks := x.State == g.VisitAsked && !x.Barred && x.HostAsked.IsZero()
	if !asks && (x.State != g.VisitOnSite || x.Barred) {
		return asked, nil
	}
	now := f.o.Now()
	if asks && !now.Before(x.To) {
		return asked, nil
	}
	to, ok, err := f.o.View.Messages.Host(ctx, x.School, x.Host)
	if err != nil || !ok {
		return asked, err
	}
	school, err := f.o.View.Places.School(ctx, x.School)
	if err != nil {
		return asked, err
	}
	m := messages.Message{
		ID:     g.MessageID(idOf("msg_", "arrival", x.ID)),
		School: x.School,
		Lane:   messages.Notice,
		Kind:   "arrival",
		Params: f.params(x, school),
	}
	if asks {
		m.ID, m.Kind = g.MessageID(idOf("msg_", "visit", x.ID)), "visit"
		m.Expires = x.To
		if f.o.Base != "" { // else the host answers in the console
			m.Params["link"] = f.o.Base + f.o.Answer(x.ID, cmp.Or(string(to.User), string(to.Person)), x.To)
		}
		asked = now
	}
	_, err = f.o.View.Messages.Send(ctx, m, []messages.To{to})
	if g.ErrorCode(err) == g.NotFound {
		return time.Time{}, nil // the host is gone meanwhile
	}
	return asked, err
}

// params are what both messages say.
func (f *Follower) params(x visits.Owed, school g.School) map[string]string {
	who := x.Name
	if x.Company != "" {
		who += " (" + x.Company + ")"
	}
	out := map[string]string{
		"who":     who,
		"purpose": x.Purpose,
		"host":    x.Host,
		"time":    span(x.From, x.To, school.Location()),
		"school":  school.Name,
	}
	if x.Group > 1 {
		out["group"] = strconv.Itoa(x.Group)
	}
	if x.State == g.VisitOnSite {
		out["time"] = x.Arrived.In(school.Location()).Format("2006-01-02 15:04")
		if x.Escort {
			out["escort"], out["escort_zh"] = "Please fetch them at the gate.", "请到门口接访客。"
		}
	}
	return out
}

// span is from when to when, in the school's time zone.
func span(from, to time.Time, zone *time.Location) string {
	from, to = from.In(zone), to.In(zone)
	last := "15:04"
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		last = "2006-01-02 15:04"
	}
	return from.Format("2006-01-02 15:04") + " – " + to.Format(last)
}
